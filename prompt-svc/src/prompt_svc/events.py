"""Which facts does prompt-svc hear, and what does it answer on the bus?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from photofun_common.bus import Bus, Handler, on
from photofun_common.contracts.conversation import MessageReceived
from photofun_common.contracts.envelope import Event
from photofun_common.contracts.gallery import UserErased
from photofun_common.contracts.prompt import RefineAnswer, RefineQuestion
from photofun_common.errors import InvalidError
from pydantic import ValidationError

from .service import PromptService

__all__ = ["HANDLERS", "REFINE", "dead_letter", "on_message_received", "refine_answer"]

REFINE = "rpc.prompt.refine"


class Planning:
    """What the handlers work with: the service and the bus."""

    def __init__(self, service: PromptService, bus: Bus) -> None:
        self.service = service
        self.bus = bus


@on(MessageReceived, concurrency=16)
async def on_message_received(planning: Planning, event: Event[MessageReceived]) -> None:
    """Plan the message and tell.  A repeat tells the same fact, which the bus drops."""
    outcome = await planning.service.plan_message(event.data)
    await planning.bus.publish(outcome, str(event.data.attempt))


@on(UserErased)
async def on_user_erased(planning: Planning, event: Event[UserErased]) -> None:
    await planning.bus.publish(await planning.service.erase(event.data))


def dead_letter(planning: Planning) -> Callable[[Event[Any], str], Awaitable[None]]:
    """What is told when an event is given up: the message failed."""

    async def dead(event: Event[Any], reason: str) -> None:
        if isinstance(event.data, MessageReceived):
            await planning.bus.publish(planning.service.failed(event.data, reason), str(event.data.attempt))

    return dead


def refine_answer(service: PromptService) -> Callable[[bytes], Awaitable[RefineAnswer]]:
    """Answers `rpc.prompt.refine`."""

    async def answer(raw: bytes) -> RefineAnswer:
        try:
            question = RefineQuestion.model_validate_json(raw)
        except ValidationError as error:
            raise InvalidError("The question can't be read") from error
        return await service.refine(question)

    return answer


HANDLERS: tuple[Handler, ...] = (on_message_received, on_user_erased)
