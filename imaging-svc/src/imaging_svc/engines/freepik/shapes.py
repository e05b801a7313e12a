"""What do Freepik's replies say?  Wrapped or not, `status` or `task_status`, captions among the addresses."""

from __future__ import annotations

from typing import Any

from ..failures import ModerationBlockedError, ProviderFailedError
from ..web import is_moderation

__all__ = ["listed_ids", "one_address", "state_of"]


def state_of(body: dict[str, Any]) -> tuple[str | None, str, dict[str, Any]]:
    """Task id, status and the rest of a reply."""
    data = body.get("data", body)
    if not isinstance(data, dict):
        return None, "", {}
    task_id = data.get("task_id")
    return str(task_id) if task_id else None, str(data.get("status") or data.get("task_status") or ""), data


def one_address(data: dict[str, Any]) -> str:
    """The result's address.  Raises what the task ended with instead of one."""
    said = str(data.get("error") or "")
    has_nsfw = data.get("has_nsfw")
    if is_moderation(said) or (isinstance(has_nsfw, list) and has_nsfw and all(has_nsfw)):
        raise ModerationBlockedError(f"Freepik: {said or 'the result was withheld as not safe for work'}"[:300])
    generated = data.get("generated")
    entries = generated if isinstance(generated, list) else []
    found = next((text for text in entries if isinstance(text, str) and text.startswith(("https://", "http://"))), None)
    if found is None:
        raise ProviderFailedError(f"Freepik made no picture{': ' + said if said else ''}"[:300])
    return found


def listed_ids(body: dict[str, Any]) -> list[str] | None:
    """The ids in a list of tasks, None when it is no list."""
    found = body.get("data")
    if not isinstance(found, list):
        return None
    return [str(entry["task_id"]) for entry in found if isinstance(entry, dict) and entry.get("task_id")]
