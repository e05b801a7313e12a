"""What are the rules of pictures and jobs?  Limits, names that follow from causes, who may run next."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid5

from photofun_common.errors import InvalidError, NotFoundError, PhotoFunError, RateLimitedError, UnavailableError, UnsupportedMediaError

__all__ = [
    "EngineMissingError",
    "FairSlots",
    "FileNotStoredError",
    "ImageTooComplexError",
    "ImageTooLargeError",
    "ImageUndecodableError",
    "ImageUnreachableError",
    "LaneFullError",
    "NeedsImageError",
    "NeedsReferenceError",
    "OverloadedError",
    "TooManyJobsError",
    "UnsafeUrlError",
    "UnsupportedImageError",
    "WorkFailedError",
    "WorkerLostError",
    "check_growth",
    "file_key",
    "picture_id",
]

_PICTURES = UUID("0e7b7a52-6a0f-4a55-8f0a-1d1c1a5f5a77")
MAX_PIXELS = 25_000_000
MAX_OUTPUT_PIXELS = 50_000_000
MAX_SIDE = 8192
MAX_SCANS = 64
_AROUND_SECONDS = 60.0


class NeedsImageError(InvalidError):
    slug, title = "needs-image", "This needs a picture"


class NeedsReferenceError(InvalidError):
    slug, title = "needs-reference", "This needs a reference picture"


class UnsupportedImageError(UnsupportedMediaError):
    slug, title = "unsupported-image", "This picture format is not supported"


class ImageUndecodableError(InvalidError):
    slug, title = "image-undecodable", "This is no picture that can be read"


class ImageTooLargeError(InvalidError):
    slug, title = "image-too-large", "The picture has too many pixels"


def check_growth(feature: str, params: dict[str, Any], width: int, height: int) -> None:
    """Raises ImageTooLargeError when what a feature would make of a picture of that size has too many pixels."""
    if feature == "upscale":
        factor = params["scale_factor"]
        actual = width * height * factor**2
        if actual > MAX_OUTPUT_PIXELS or max(width, height) * factor > 2 * MAX_SIDE:
            limit = MAX_OUTPUT_PIXELS // 10**6
            raise ImageTooLargeError(
                f"{factor} times {width}x{height} is over {limit} megapixels or {2 * MAX_SIDE} pixels a side: "
                "choose a smaller factor or picture",
                limit=MAX_OUTPUT_PIXELS,
                actual=actual,
            )
    elif feature == "image_expand":
        actual = (width + params["left"] + params["right"]) * (height + params["top"] + params["bottom"])
        if actual > MAX_PIXELS:
            raise ImageTooLargeError("The expanded picture would be over 25 megapixels", limit=MAX_PIXELS, actual=actual)


class ImageTooComplexError(InvalidError):
    slug, title = "image-too-complex", "The picture is built to be expensive"


class UnsafeUrlError(InvalidError):
    slug, title = "unsafe-url", "This address may not be fetched"


class ImageUnreachableError(InvalidError):
    slug, title = "image-url-unreachable", "The picture could not be fetched"


class EngineMissingError(InvalidError):
    slug, title = "engine-missing", "No engine here can do that"


class TooManyJobsError(RateLimitedError):
    slug, title = "too-many-jobs", "Too many unfinished jobs"


class OverloadedError(UnavailableError):
    slug, title = "overloaded", "The studio has more work than it can do"


class FileNotStoredError(NotFoundError):
    slug, title = "file-not-found", "There is no such file"


class LaneFullError(UnavailableError):
    slug, title = "engine-busy", "The engine has all hands full"


class WorkFailedError(PhotoFunError):
    slug, title, code = "internal-error", "The picture work failed on our side", 1005


class WorkerLostError(UnavailableError):
    slug, title = "worker-lost", "The worker process was lost"


def picture_id(job_id: str, step: int, index: int) -> str:
    """The id of a job's picture: the same for every repeat."""
    return uuid5(_PICTURES, f"{job_id}/{step}/{index}").hex


def file_key(secret: str, *cause: object, extension: str) -> str:
    """A file's key: 160 bits that nobody guesses and every repeat finds again."""
    digest = hmac.new(secret.encode(), "/".join(map(str, cause)).encode(), hashlib.sha256).hexdigest()
    return f"{digest[:40]}.{extension}"


class FairSlots:
    """So many places at once, handed round robin between users, at most `per_user` to one.

    While others were here within the last minute, one user leaves a place to them.  With `max_waiting` a longer queue is
    refused: LaneFullError.
    """

    def __init__(self, places: int, *, per_user: int, max_waiting: int | None = None) -> None:
        self._places = self._free = places
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._per_user = per_user
        self._max_waiting = max_waiting
        self._running: dict[str, int] = {}
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def place(self, user_id: str, *, patient: bool = False) -> AsyncIterator[None]:
        """Wait for a turn, hold it for the block; the patient wait however long the queue is."""
        if not patient and self._max_waiting is not None and self._free <= 0 and self.waiting >= self._max_waiting:
            raise LaneFullError("Too much of this engine's work is waiting already", retry_after=5)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._notice(user_id)
        self._waiting.setdefault(user_id, deque()).append(turn)
        self._hand_out()
        try:
            await turn
        except asyncio.CancelledError:
            self._withdraw(user_id, turn)
            raise
        try:
            yield
        finally:
            self._give_back(user_id)

    @property
    def waiting(self) -> int:
        return sum(len(turns) for turns in self._waiting.values())

    def _withdraw(self, user_id: str, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self._give_back(user_id)
        elif turn in self._waiting.get(user_id, ()):
            self._waiting[user_id].remove(turn)

    def _give_back(self, user_id: str) -> None:
        self._free += 1
        self._running[user_id] -= 1
        if not self._running[user_id]:
            del self._running[user_id]
        self._hand_out()

    def _notice(self, user_id: str) -> None:
        now = time.monotonic()
        self._seen[user_id] = now
        self._seen.move_to_end(user_id)
        while next(iter(self._seen.values())) < now - _AROUND_SECONDS:
            self._seen.popitem(last=False)

    def _most(self) -> int:
        """How many places one user may hold now."""
        return min(self._per_user, max(1, self._places - (len(self._seen) > 1)))

    def _hand_out(self) -> None:
        for user_id in list(self._waiting):
            if self._free <= 0:
                return
            turns = self._waiting[user_id]
            while turns and turns[0].cancelled():
                turns.popleft()
            if turns and self._running.get(user_id, 0) < self._most():
                self._free -= 1
                self._running[user_id] = self._running.get(user_id, 0) + 1
                turns.popleft().set_result(None)
                self._waiting.move_to_end(user_id)
            if not turns:
                self._waiting.pop(user_id, None)
