"""How do sessions and messages look to callers?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from photofun_common.contracts.jobs import JobRecord
from photofun_common.contracts.values import PictureRef
from photofun_common.problem import render_problem
from photofun_common.told import told_step

from .domain import Session, Turn
from .saying import choices_of, content_of, language_of

__all__ = ["Views"]

_STEP_STATUS = {"DONE": "COMPLETED", "FAILED": "FAILED", "CANCELED": "CANCELED"}


class Views:
    """Renders with `url`, which makes a file's URL of its key."""

    def __init__(self, url: Callable[[str], str]) -> None:
        self.url = url

    def session(self, session: Session, messages: list[dict[str, Any]]) -> dict[str, Any]:
        current = session.current_picture
        return {
            "session_id": session.session_id,
            "user_id": session.user_id,
            "title": session.title or "New chat",
            "messages": messages,
            "image_url": self.url(current.key) if current else None,
            "created_at": session.created_at.isoformat(),
            "updated_at": session.updated_at.isoformat(),
        }

    def message(self, turn: Turn, role: str, record: JobRecord | None = None) -> dict[str, Any]:
        return self.answer(turn, record) if role == "assistant" else self.words(turn)

    def words(self, turn: Turn) -> dict[str, Any]:
        """The person's message."""
        sent = [url for ref in turn.sent if (url := self._ref(ref))]
        uploaded = [self.url(picture.key) for picture in turn.uploaded]
        return {
            "message_id": turn.user_message_id,
            "session_id": turn.session_id,
            "role": "user",
            "status": "DONE",
            "content": turn.text,
            "image_url": next(iter(uploaded or sent), None),
            "uploaded_urls": uploaded,
            "created_at": turn.created_at.isoformat(),
            "updated_at": turn.created_at.isoformat(),
        }

    def answer(self, turn: Turn, record: JobRecord | None = None) -> dict[str, Any]:
        """The studio's message: one job."""
        if record is not None and record.run != turn.attempt:
            record = None
        shown = turn.best_picture
        image_url = self._ref(shown) if shown else None
        view: dict[str, Any] = {
            "message_id": turn.message_id,
            "task_id": turn.message_id,
            "session_id": turn.session_id,
            "role": "assistant",
            "status": turn.status,
            "content": content_of(turn),
            "intent": turn.intent,
            "plan": self._plan(turn, record),
            "refined_prompt": self._refined(turn),
            "image_url": image_url,
            "image": {"image_url": image_url, "metadata": self._metadata(turn)} if image_url else None,
            "uploaded_urls": [self.url(picture.key) for picture in turn.uploaded],
            "choices": [choice.model_dump() for choice in choices_of(turn)],
            "progress": 1.0 if turn.status == "DONE" else round(record.progress, 3) if record else 0.0,
            "timeline": [
                {"stage": line.stage, "at": line.at.isoformat(), "ms": line.ms} for line in record.events if line.event != "progress"
            ]
            if record
            else [],
            "mode": turn.mode,
            "attempt": turn.attempt,
            "deadline": turn.deadline.isoformat(),
            "created_at": turn.created_at.isoformat(),
            "updated_at": turn.updated_at.isoformat(),
        }
        if turn.problem is not None and turn.status == "FAILED":
            view["error"] = render_problem(turn.problem)
        return view

    def _ref(self, ref: PictureRef) -> str | None:
        return self.url(ref.key) if ref.key else ref.url

    def _plan(self, turn: Turn, record: JobRecord | None) -> list[dict[str, Any]]:
        live = record.steps if record and len(record.steps) == len(turn.plan) else []
        return [self._step(turn, index, live[index].status if live else None, live) for index in range(len(turn.plan))]

    def _step(self, turn: Turn, index: int, live: str | None, steps: list[Any]) -> dict[str, Any]:
        step = turn.plan[index]
        made = min((picture for picture in turn.results if picture.step == index), key=lambda picture: picture.index, default=None)
        key = made.key if made else steps[index].pictures[0].key if steps and steps[index].pictures else None
        told = turn.steps[index].get("status") if index < len(turn.steps) else None
        status = told or ("COMPLETED" if made else None) or live or _STEP_STATUS.get(turn.status, "PENDING")
        view = {"feature": step.feature, "params": step.params, "status": status, "image_url": self.url(key) if key else None}
        if turn.status == "AWAITING_APPROVAL":
            view["description"] = told_step(step, language_of(turn))
            known = steps[index].metadata if steps else {}
            view |= {name: known[name] for name in ("engine", "estimated_seconds") if name in known}
        return view

    @staticmethod
    def _refined(turn: Turn) -> dict[str, Any] | None:
        if turn.planner is None:
            return None
        return {
            "prompt": turn.refined_prompt or turn.text,
            "original_prompt": turn.text,
            "intent": turn.intent,
            "metadata": turn.planner.model_dump(exclude_none=True),
        }

    @staticmethod
    def _metadata(turn: Turn) -> dict[str, Any]:
        kept = dict(turn.image or {})
        extra = kept.pop("extra", None) or {}
        kept.pop("key", None)
        extra = {name: value for name, value in extra.items() if name != "parent_key"}
        if not kept and turn.results:
            last = max(turn.results, key=lambda picture: (picture.step, -picture.index))
            kept = {"image_id": last.image_id, "width": last.width, "height": last.height, "has_alpha": last.has_alpha}
        return {**extra, **{name: value for name, value in kept.items() if value is not None}}
