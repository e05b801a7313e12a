"""How does the gateway read a request and write an answer?  Bytes in, bytes out, no framework between."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import orjson
from photofun_common.errors import MalformedError, PhotoFunError, TooLargeError
from photofun_common.problem import problem_body

__all__ = ["Answer", "ClientGoneError", "Exchange", "Pairs", "json_answer", "problem_answer"]

Pairs = list[tuple[bytes, bytes]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class ClientGoneError(Exception):
    """The client hung up: nobody is left to answer."""


class Answer:
    """A whole answer in memory."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes = b"", headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.status, self.body, self.headers = status, body, list(headers)


def json_answer(value: Any, status: int = 200, *, headers: Iterable[tuple[bytes, bytes]] = (), kind: bytes = b"application/json") -> Answer:
    return Answer(status, orjson.dumps(value), [(b"content-type", kind), *headers])


def problem_answer(error: PhotoFunError, *, instance: str, is_openai: bool = False) -> Answer:
    """The error as an answer; the OpenAI facade's also carries OpenAI's `error` member."""
    body = problem_body(error, instance=instance)
    headers: Pairs = []
    if error.retry_after is not None:
        headers.append((b"retry-after", str(max(1, math.ceil(error.retry_after))).encode()))
    elif error.status in (503, 504):
        headers.append((b"retry-after", b"2"))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if not is_openai:
        return json_answer(body, error.status, headers=headers, kind=b"application/problem+json")
    kind = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}.get(
        error.status, "invalid_request_error" if error.status < 500 else "server_error"
    )
    body["error"] = {"message": error.detail, "type": kind, "param": None, "code": error.slug}
    return json_answer(body, error.status, headers=headers)


class Exchange:
    """One request and the answer to it.  `extra` headers go onto whatever is answered, `defaults` where the answer has none."""

    __slots__ = (
        "_at_once",
        "_first",
        "_receive",
        "_send",
        "defaults",
        "extra",
        "fields",
        "is_ended",
        "is_read",
        "is_started",
        "method",
        "peer",
        "query",
        "raw_path",
        "read_bytes",
        "request_id",
        "scope",
        "status",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        self.query: bytes = scope["query_string"]
        self.fields: Pairs = scope["headers"]
        self.peer: str = (scope.get("client") or ("", 0))[0]
        self.extra: Pairs = []
        self.defaults: Pairs = []
        self.status = 0
        self.is_started = self.is_ended = self.is_read = False
        self.read_bytes = 0
        self._receive, self._send = receive, send
        self._at_once = scope.get("extensions", {}).get("photofun.whole")
        self._first: list[bytes] = []
        given = self.header(b"x-request-id").decode("latin-1")
        self.request_id = given if _SANE_ID.fullmatch(given) else secrets.token_hex(16)

    # --- the request

    def header(self, name: bytes) -> bytes:
        for key, value in self.fields:
            if key == name:
                return value
        return b""

    def headers(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.fields if key == name]

    @property
    def length(self) -> int | None:
        """The declared length of the body; None when it comes in chunks."""
        declared = self.header(b"content-length")
        if not declared:
            return None if self.header(b"transfer-encoding") else 0
        if not declared.isdigit() or len(declared) > 15:
            raise MalformedError("Content-Length is not a number")
        return int(declared)

    @property
    def has_body(self) -> bool:
        return self.length != 0

    async def chunk(self, limit: int) -> bytes | None:
        """The next piece of the body, None at its end.  Raises TooLargeError over `limit`, ClientGoneError."""
        if self._first:
            return self._first.pop(0)
        while not self.is_read:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            body: bytes = message.get("body", b"")
            self.is_read = not message.get("more_body", False)
            self.read_bytes += len(body)
            if self.read_bytes > limit:
                raise TooLargeError("The body is too large", limit=limit, actual=self.read_bytes)
            if body:
                return body
        return None

    def at_hand(self, length: int) -> bytes | None:
        """The whole body when it was read already (and put back)."""
        if not self.is_read or self.read_bytes != length:
            return None
        body = b"".join(self._first)
        self._first.clear()
        return body

    def put_back(self, chunk: bytes) -> None:
        """Let the next reader have this piece first."""
        if chunk:
            self._first.insert(0, chunk)

    async def gone(self) -> None:
        """Return when the client has hung up.  Only after the body was read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    # --- both, for an app that speaks ASGI itself

    async def receive(self) -> MutableMapping[str, Any]:
        return await self._receive()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.is_started, self.status = True, message["status"]
            message = {**message, "headers": self._all([(name.lower(), value) for name, value in message["headers"]])}
        elif message["type"] == "http.response.body":
            self.is_ended = not message.get("more_body", False)
        await self._send(message)

    # --- the answer

    def _all(self, headers: Pairs) -> Pairs:
        present = {name for name, _ in headers}
        return [*headers, *self.extra, *(pair for pair in self.defaults if pair[0] not in present)]

    async def start(self, status: int, headers: Pairs) -> None:
        self.is_started, self.status = True, status
        await self._send({"type": "http.response.start", "status": status, "headers": self._all(headers)})

    async def whole(self, status: int, headers: Pairs, body: bytes) -> None:
        """A whole answer at once, which the gateway's own protocol writes at once."""
        if self._at_once is None:
            await self.start(status, headers)
            await self.write(body, more=False)
            return
        self.is_started = self.is_ended = True
        self.status = status
        await self._at_once(status, self._all(headers), body)

    async def write(self, body: bytes, *, more: bool) -> None:
        self.is_ended = not more
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def answer(self, answer: Answer) -> None:
        headers = answer.headers
        if answer.status not in (204, 304):
            headers = [*headers, (b"content-length", b"%d" % len(answer.body))]
        await self.start(answer.status, headers)
        await self.write(b"" if self.method == "HEAD" else answer.body, more=False)
