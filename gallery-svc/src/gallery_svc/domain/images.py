"""What is a picture in the gallery, and what is allowed?  Values, folding of text, cursors, the trash's days."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from photofun_common.errors import ConflictError, InvalidError, NotFoundError

from .words import fold, words_of

__all__ = [
    "MAX_TAGS",
    "Cursors",
    "Facets",
    "Filter",
    "Image",
    "ImageNotDeletedError",
    "ImageNotFoundError",
    "Outcome",
    "Page",
    "Position",
    "check_metadata",
    "clean_tags",
    "days_left",
    "is_plausible",
    "moment",
    "search_text",
]

MAX_TAGS = 32
_MAX_TAG = 64
_MAX_METADATA = 16 * 1024
_MAX_LEVELS = 8
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHAPE = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ](\d\d:\d\d)(:\d\d(?:[.,](\d{1,6})\d*)?)?\s*([Zz]|[+ -]\d\d:?\d\d)?)?")

Outcome = Literal["trashed", "restored", "purged", "unchanged", "not_found", "not_in_trash"]


class ImageNotFoundError(NotFoundError):
    """No such picture, or another person's: nobody can tell which."""

    slug = "image-not-found"

    def __init__(self) -> None:
        super().__init__("Image not found")


class ImageNotDeletedError(ConflictError):
    """Only what is in the trash can be restored."""

    slug, title, status, code = "image-not-deleted", "Image is not deleted", 400, 4000

    def __init__(self) -> None:
        super().__init__("Image is not deleted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture of a person.  It is stored by us (`key`) or lies elsewhere (`url`)."""

    id: str
    user_id: str
    key: str | None = None
    url: str | None = None
    job_id: str | None = None
    step: int | None = None
    index: int | None = None
    session_id: str | None = None
    parent_id: str | None = None
    parent_key: str | None = None
    feature: str | None = None
    intent: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    prompt: str = ""
    refined_prompt: str | None = None
    provider: str | None = None
    model: str | None = None
    degraded: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    content_type: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    title: str | None = None
    tags: tuple[str, ...] = ()
    favorite: bool = False
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ends: the sort moment and the id of its last picture."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which pictures of a person."""

    user_id: str
    trash: bool = False
    intent: str | None = None
    provider: str | None = None
    session_id: str | None = None
    tag: str | None = None
    album_id: str | None = None
    favorite: bool | None = None
    words: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def view(self) -> str:
        """What a cursor belongs to: the person and the list."""
        return f"{'trash' if self.trash else 'live'}/{self.user_id}"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `total` only when it was asked for."""

    images: tuple[Image, ...]
    next_cursor: str | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Facets:
    """How many pictures of each kind."""

    total: int
    favorites: int
    trash: int
    intents: dict[str, int]
    providers: dict[str, int]
    tags: dict[str, int]


def is_plausible(image_id: str) -> bool:
    """Whether this could be an id at all."""
    return _ID.fullmatch(image_id) is not None


def search_text(image: Image) -> str:
    """The words that the text search looks into."""
    return words_of("\n".join(part for part in (image.title, *image.tags, image.prompt, image.refined_prompt) if part))


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags without doubles, in their order.  Raises ValueError for too many or too long ones."""
    found: dict[str, str] = {}
    for tag in tags:
        name = " ".join(tag.split())
        if len(name) > _MAX_TAG:
            raise ValueError(f"a tag may have {_MAX_TAG} characters")
        if name:
            found.setdefault(fold(name), name)
    if len(found) > MAX_TAGS:
        raise ValueError(f"an image may have {MAX_TAGS} tags")
    return tuple(found.values())


def check_metadata(value: dict[str, Any], encoded: bytes) -> dict[str, Any]:
    """The metadata itself.  Raises ValueError when it is too large or too deep."""
    if len(encoded) > _MAX_METADATA:
        raise ValueError(f"may have {_MAX_METADATA} bytes as JSON")
    level = 0
    inner: list[Any] = [value]
    while inner:
        level += 1
        if level > _MAX_LEVELS:
            raise ValueError(f"may be nested {_MAX_LEVELS} levels deep")
        children = [child for item in inner for child in (item.values() if isinstance(item, dict) else item)]
        inner = [child for child in children if isinstance(child, dict | list)]
    return value


def days_left(deleted_at: datetime, now: datetime, keep_days: int) -> int:
    """How many days, begun ones too, until the trash is emptied of it."""
    left = deleted_at + timedelta(days=keep_days) - now
    return max(0, -(-int(left.total_seconds()) // 86400))


def moment(name: str, text: str, *, is_end: bool) -> datetime:
    """A bound of a range out of ISO 8601 text; the end covers all of its last day, minute, second or millisecond.

    Raises InvalidError.  A plus sign that a query turned into a space is understood.
    """
    trouble = InvalidError(
        f"{name}: must be a date or time in ISO 8601", errors=[{"field": name, "message": "must be a date or time in ISO 8601"}]
    )
    shape = _SHAPE.fullmatch(text.strip())
    if shape is None:
        raise trouble
    clock, seconds, fraction, zone = shape.groups()
    try:
        day = date.fromisoformat(text.strip()[:10])
        at = datetime.combine(day, time(0), UTC)
        span = timedelta(days=1)
        if clock:
            digits = (fraction or "").ljust(6, "0")
            at = datetime.combine(day, time.fromisoformat(clock + (seconds or ":00")[:3]), _zone(zone)).replace(microsecond=int(digits))
            span = timedelta(minutes=1) if not seconds else timedelta(microseconds=10 ** (6 - len(fraction or "")))
        at = at.astimezone(UTC)
        return at + span - timedelta(microseconds=1) if is_end else at
    except (ValueError, OverflowError) as error:
        raise trouble from error


def _zone(text: str | None) -> Any:
    if not text or text in "Zz":
        return UTC
    return datetime.strptime(text.replace(" ", "+"), "%z").tzinfo


class Cursors:
    """Makes and reads page cursors: opaque, and signed so that nobody makes one up."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"gallery-cursor|" + secret.encode()).digest()

    def write(self, view: str, position: Position) -> str:
        """The cursor that goes on after this position of this list."""
        micros = (position.at - _EPOCH) // timedelta(microseconds=1)
        payload = struct.pack(">q", micros) + position.id.encode()
        return base64.urlsafe_b64encode(self._sign(view, payload) + payload).rstrip(b"=").decode()

    def read(self, view: str, cursor: str) -> Position:
        """The position again.  Raises InvalidError for what we did not sign for this list."""
        trouble = InvalidError(
            "cursor: use next_cursor of the page before, as it was", errors=[{"field": "cursor", "message": "is not valid"}]
        )
        if not cursor.isascii() or len(cursor) > 400:
            raise trouble
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise trouble from error
        signature, payload = raw[:16], raw[16:]
        if len(payload) < 9 or not hmac.compare_digest(signature, self._sign(view, payload)):
            raise trouble
        return Position(_EPOCH + timedelta(microseconds=struct.unpack(">q", payload[:8])[0]), payload[8:].decode())

    def _sign(self, view: str, payload: bytes) -> bytes:
        return hmac.new(self._key, view.encode() + b"\0" + payload, hashlib.sha256).digest()[:16]
