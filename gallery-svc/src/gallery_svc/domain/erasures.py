"""What is an erasure, and who must report before it is done?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from photofun_common.errors import NotFoundError

__all__ = ["REPORTERS", "Erasure", "ErasureNotFoundError", "name_of"]

REPORTERS = ("gateway", "conversation-svc", "prompt-svc", "imaging-svc")


class ErasureNotFoundError(NotFoundError):
    slug, title = "erasure-not-found", "There was no erasure"

    def __init__(self) -> None:
        super().__init__("This person was never erased here")


def name_of(user_id: str) -> str:
    """What stands for a person once they are erased: nobody reads them out of it."""
    return hashlib.sha256(b"erased/" + user_id.encode()).hexdigest()[:40]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One person's erasure: how much of what went by now, who reported, how many files are still to be confirmed gone."""

    id: str
    at: datetime
    counts: dict[str, int] = field(default_factory=dict)
    reported: tuple[str, ...] = ()
    files_left: int = 0
    finished_at: datetime | None = None

    @property
    def missing(self) -> list[str]:
        """Who has not reported yet."""
        return [name for name in REPORTERS if name not in self.reported]
