"""What is plugged into what?  The bus, the planners, the suggestions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from photofun_common.bus import Bus, subscriptions_of
from photofun_common.contracts.conversation import Said, SaidQuestion
from photofun_common.jetstream import JetStreamBus
from photofun_common.tasks import stop_tasks

from .domain import Ask, Planner
from .events import HANDLERS, REFINE, Planning, dead_letter, refine_answer
from .planners.gemini import FallbackPlanner, GeminiPlanner
from .planners.offline import OfflinePlanner
from .planners.offline.classifier import Classifier
from .planners.offline.references import undo_of
from .planners.offline.text import read
from .service import PromptService
from .settings import Settings
from .suggestions import Suggestions

__all__ = ["Context", "build_service", "open_context"]

log = logging.getLogger(__name__)
_BUCKET = "suggestions"
_SAID, _SAID_SECONDS = "rpc.conversation.said", 1.0


@dataclass(frozen=True, slots=True)
class Context:
    """What requests and handlers work with."""

    service: PromptService
    bus: Bus

    def checks(self) -> dict[str, Callable[[], Awaitable[bool]]]:
        async def nats() -> bool:
            return self.bus.is_connected

        return {"nats": nats}


def is_local(ask: Ask) -> bool:
    """What no model is asked about: undo moves the session's picture."""
    return undo_of(read(ask.text[:4000])) is not None


def build_service(settings: Settings, bus: Bus, *, transport: Any = None) -> tuple[PromptService, GeminiPlanner | None]:
    """The service on a bus; `transport` replaces Gemini's network in tests."""
    offline = OfflinePlanner(Classifier(embeddings=settings.prompt_embeddings))
    planner: Planner = offline
    gemini = None
    if settings.gemini_keys:
        gemini = GeminiPlanner(
            settings.gemini_keys,
            model=settings.gemini_text_model,
            base_url=settings.gemini_base_url,
            timeout_seconds=settings.prompt_gemini_timeout,
            transport=transport,
        )
        planner = FallbackPlanner(gemini, offline, local_first=is_local)

    async def said(user_id: str) -> list[str]:
        answer = await bus.request(_SAID, SaidQuestion(user_id=user_id), Said, timeout=_SAID_SECONDS)
        return answer.texts

    suggestions = Suggestions(lambda: bus.key_value(_BUCKET), said)
    return PromptService(planner, suggestions), gemini


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[Context]:
    """Open the bus and what listens on it; close in reverse."""
    async with JetStreamBus(settings.nats_url, "prompt-svc") as bus:
        service, gemini = build_service(settings, bus)
        planning = Planning(service, bus)
        bus.subscribe(planning, subscriptions_of(HANDLERS), dead=dead_letter(planning))
        answering = asyncio.create_task(bus.answer(REFINE, refine_answer(service)))
        warming = asyncio.gather(*(asyncio.to_thread(warm) for warm in (OfflinePlanner().warm, *([gemini.warm] if gemini else []))))
        try:
            yield Context(service, bus)
        finally:
            await asyncio.gather(warming, return_exceptions=True)
            await stop_tasks([answering])
            if gemini is not None:
                await gemini.aclose()
