"""Which service answers this path, and what kind of call is it?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from photofun_common.errors import MalformedError, NotFoundError

__all__ = ["Route", "canonical_path", "route_of"]

_PLAIN = re.compile(r"/[A-Za-z0-9._~/@:-]*")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@:")
_FORBIDDEN = frozenset("/\\\x00")
_API = re.compile(r"/(?:api/)?v1(?:/|$)")

CONVERSATION, PROMPT, IMAGING, GALLERY = "conversation-svc", "prompt-svc", "imaging-svc", "gallery-svc"
_BY_PREFIX = {
    "chat": CONVERSATION,
    "prompt": PROMPT,
    "rec-prompt": PROMPT,
    "features": IMAGING,
    "engines": IMAGING,
    "image": IMAGING,
    "images": IMAGING,
    "models": IMAGING,
    "files": IMAGING,
    "file": IMAGING,
    "jobs": IMAGING,
    "webhooks": IMAGING,
    "gallery": GALLERY,
    "users": GALLERY,
}
_CARRIES_PICTURES = frozenset({"features", "chat", "files", "file", "image", "images"})
_SMALL = 256 * 1024 + 64 * 1024
_LARGE = 45 * 2**20
_IMPORT = 256 * 2**20
_PATIENT_SECONDS = 200.0
_SECONDS = 65.0


@dataclass(frozen=True, slots=True)
class Route:
    """How one call is treated.  `path` is what the service sees."""

    service: str
    path: str
    label: str
    is_public: bool = False
    is_counted: bool = True
    is_paid: bool = False
    is_openai: bool = False
    is_sheddable: bool = True
    body_limit: int = _SMALL
    seconds: float = _SECONDS


def canonical_path(raw: bytes) -> str:
    """The path in its one form: no escapes that need none, no trailing slash.

    Raises MalformedError for what is only ever an attack, NotFoundError for what no route holds.
    """
    try:
        text = raw.decode("ascii")
    except UnicodeDecodeError as error:
        raise MalformedError("The path holds raw bytes beyond ASCII: percent-encode it") from error
    if not _PLAIN.fullmatch(text):
        text = _ESCAPE.sub(_unescape, text)
        if "\\" in text or any(ord(character) < 33 or ord(character) == 127 for character in text):
            raise MalformedError("The path holds characters that no path may hold")
        if not _PLAIN.fullmatch(text):
            raise NotFoundError("There is nothing at this path")
    if "//" in text or "/./" in text or "/../" in text or text.endswith(("/.", "/..")):
        raise NotFoundError("There is nothing at this path")
    return text.rstrip("/") or "/"


def _unescape(found: re.Match[str]) -> str:
    character = chr(int(found.group(1), 16))
    if character in _FORBIDDEN or ord(character) < 32:
        raise MalformedError("The path holds an encoded slash, backslash or control character")
    return character if character in _UNRESERVED else found.group(0)


def is_api(path: str) -> bool:
    return _API.match(path) is not None


@lru_cache(maxsize=4096)
def route_of(method: str, path: str) -> Route | None:
    """The route of a canonical path, or None when there is none."""
    if path.startswith("/api/v1"):
        path = path[4:]
    if not path.startswith("/v1/"):
        return None
    parts = path[4:].split("/")
    service = _BY_PREFIX.get(parts[0])
    if service is None:
        return None
    reads = method in ("GET", "HEAD")
    return Route(
        service=service,
        path=path,
        label=f"/v1/{parts[0]}",
        is_public=_is_public(parts, reads=reads),
        is_counted=parts[0] != "webhooks" and not (reads and _is_poll(parts)),
        is_paid=method == "POST" and _is_paid(parts),
        is_openai=parts[0] in ("images", "models"),
        is_sheddable=parts[-1] not in ("cancel", "events") and "cancel" not in parts,
        body_limit=_body_limit(parts),
        seconds=_PATIENT_SECONDS if _is_patient(method, parts) else _SECONDS,
    )


def _body_limit(parts: list[str]) -> int:
    if parts == ["gallery", "import"]:
        return _IMPORT
    return _LARGE if parts[0] in _CARRIES_PICTURES else _SMALL


def _is_patient(method: str, parts: list[str]) -> bool:
    """Calls that answer when their work is done."""
    return parts[0] == "images" or (method == "POST" and (parts[0] == "features" or parts == ["gallery", "import"]))


def _is_public(parts: list[str], *, reads: bool) -> bool:
    if parts[0] == "webhooks":
        return True
    return reads and ((parts[0] == "features" and len(parts) == 1) or (parts[0] == "files" and len(parts) == 2))


def _is_poll(parts: list[str]) -> bool:
    """Reads of jobs, statuses, messages with their events, and files: these are never counted."""
    if parts[0] in ("jobs", "files", "file"):
        return True
    if parts[0] == "features":
        return len(parts) > 2 and parts[2] == "status"
    return parts[0] == "chat" and len(parts) > 3 and parts[3] == "messages"


def _is_paid(parts: list[str]) -> bool:
    """Calls that make an engine work."""
    if parts[0] == "features":
        return len(parts) == 2 and parts[1] != "adjust"
    if parts[0] == "image":
        return parts[1:] == ["generate"]
    if parts[0] == "images":
        return True
    return parts[0] == "chat" and len(parts) > 3 and parts[3] == "messages" and (len(parts) == 4 or parts[-1] in ("retry", "approve"))
