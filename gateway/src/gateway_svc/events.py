"""NATS in: the gateway keeps answers for their Idempotency-Keys, and forgets those of a person who is erased."""

from __future__ import annotations

from dataclasses import dataclass

from photofun_common.bus import Bus, Handler, on
from photofun_common.contracts.envelope import Event
from photofun_common.contracts.erasure import AnswersErased
from photofun_common.contracts.gallery import UserErased

from .idempotency import IdempotencyKeeper

__all__ = ["HANDLERS", "Forgetting"]


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What the handler works with."""

    bus: Bus
    idempotency: IdempotencyKeeper


@on(UserErased)
async def on_user_erased(forgetting: Forgetting, event: Event[UserErased]) -> None:
    number = await forgetting.idempotency.erase(event.data.user_id)
    report = AnswersErased(job_id=event.data.job_id, user_id=event.data.user_id, counts={"answers": number})
    await forgetting.bus.publish(report, str(number))


HANDLERS: tuple[Handler, ...] = (on_user_erased,)
