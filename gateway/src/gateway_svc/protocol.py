"""How long may a client take, and how much may it send before we know what it wants?  uvicorn's protocol with deadlines and caps.

uvicorn never gives up on a request that is still being received, and its parser takes headers of any size.  Here a head has
10 seconds and 16 kB, a body 30 seconds plus what a slow but honest line needs, an unread answer 60 seconds, and one address
so many connections.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections import Counter
from contextlib import suppress
from typing import Any, ClassVar

import httptools
import orjson
from photofun_common.errors import InvalidError, MalformedError, PhotoFunError, UnavailableError
from photofun_common.problem import problem_body
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from .cycle import Cycle

__all__ = ["GatewayProtocol", "protocol_with"]

_HOST = re.compile(rb"[A-Za-z0-9._-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")
_NOT_HTTP_1 = re.compile(rb"[^\r\n]*(?<! HTTP/1\.[01])\r?\n")
_RESET = struct.pack("ii", 1, 0)
_LONGEST_HEAD = 16 * 1024
_LONGEST_URL = 4096
_MOST_HEADERS = 64
_SLACK = 8192


class HeadersTooLargeError(InvalidError):
    slug, title, status = "headers-too-large", "The headers are too large", 431


class UriTooLongError(InvalidError):
    slug, title, status = "uri-too-long", "The URL is too long", 414


class RequestTimeoutError(InvalidError):
    slug, title, status = "request-timeout", "The request came too slowly", 408


class GatewayProtocol(HttpToolsProtocol):
    """One connection.  The class variables are the limits."""

    head_seconds = 9.5
    body_seconds = 29.0
    unread_seconds = 60.0
    slowest_rate = 64 * 1024
    max_per_peer = 256
    max_connections = 2048
    peers: ClassVar[Counter[str]] = Counter()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._in_head = False
        self._in_body = False
        self._head_bytes = 0
        self._body_bytes = 0
        self._body_began = 0.0
        self._connected_at = self.loop.time()
        self._is_first = True
        self._is_counted = False
        self._is_over = False

    # --- the connection

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        peer = self._peer()
        self.peers[peer] += 1
        self._is_counted = True
        if self.peers[peer] > self.max_per_peer or len(self.connections) > self.max_connections:
            self._refuse(UnavailableError("Too many connections are open", slug="too-many-connections", retry_after=5))
            return
        self._arm(self.head_seconds, self._idle_too_long)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_counted:
            self._is_counted = False
            peer = self._peer()
            self.peers[peer] -= 1
            if self.peers[peer] <= 0:
                del self.peers[peer]
        self._disarm()
        self._read_again()
        super().connection_lost(exc)

    def _peer(self) -> str:
        return self.client[0] if self.client else ""

    def pause_writing(self) -> None:
        super().pause_writing()
        self._read_again()
        self._unread = self.loop.call_later(self.unread_seconds, self._unread_too_long)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._read_again()

    def _unread_too_long(self) -> None:
        """Reset the connection: with a plain close the kernel would go on offering what is left."""
        wire = self.transport.get_extra_info("socket")
        if wire is not None:
            with suppress(OSError):
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()

    def _read_again(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    # --- the head

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        if not self._in_body:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_over or self.transport.is_closing() or not self._in_head:
            return
        if len(self.url) > _LONGEST_URL:
            self._refuse(UriTooLongError(f"A URL may have {_LONGEST_URL} characters", limit=_LONGEST_URL))
        elif self._head_bytes == len(data) and _NOT_HTTP_1.match(data):
            self._answer_refusal(MalformedError("Speak HTTP/1.1"))
        elif self._head_bytes > _LONGEST_HEAD + _SLACK:
            self._refuse(HeadersTooLargeError(f"All headers together may have {_LONGEST_HEAD} bytes", limit=_LONGEST_HEAD))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._in_body = True, False
        seconds = self.head_seconds
        if self._is_first:  # the time counts from the connection on
            self._is_first = False
            seconds = max(min(1.0, seconds), seconds - (self.loop.time() - self._connected_at))
        self._arm(seconds, self._head_too_slow)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_body:  # trailers are no headers
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body, self._head_bytes = False, True, 0
        self._body_bytes, self._body_began = 0, self.loop.time()
        refusal = self._judge_head()
        if refusal is not None:
            self._answer_refusal(refusal)
            return
        self._begin_cycle()
        self._arm(self.body_seconds, self._body_too_slow)

    def _begin_cycle(self) -> None:
        """What uvicorn does here, with our own cycle; a path is not decoded, since we go by its raw form."""
        version = self.parser.get_http_version()
        url = httptools.parse_url(self.url)
        scope = self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = version
        scope["path"] = url.path.decode("latin-1")
        scope["raw_path"] = url.path
        scope["query_string"] = url.query or b""
        earlier = self.cycle
        self.cycle = Cycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if earlier is None or earlier.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _judge_head(self) -> PhotoFunError | None:
        version = self.parser.get_http_version()
        if version not in ("1.1", "1.0"):
            return MalformedError("Speak HTTP/1.1")
        if len(self.url) > _LONGEST_URL:
            return UriTooLongError(f"A URL may have {_LONGEST_URL} characters", limit=_LONGEST_URL)
        size = sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > _LONGEST_HEAD or len(self.headers) > _MOST_HEADERS:
            return HeadersTooLargeError(
                f"There may be {_MOST_HEADERS} headers with {_LONGEST_HEAD} bytes together", limit=_LONGEST_HEAD, actual=size
            )
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) > 1 or (not hosts and version == "1.1") or (hosts and not _HOST.fullmatch(hosts[0])):
            return MalformedError("One valid Host header is needed")
        codings = [value for name, value in self.headers if name == b"transfer-encoding"]
        if codings and (version == "1.0" or len(codings) > 1 or codings[0].strip().lower() != b"chunked"):
            return MalformedError("Transfer-Encoding may only be chunked, in HTTP/1.1")
        if codings and any(name == b"content-length" for name, _ in self.headers):
            return MalformedError("Send Content-Length or Transfer-Encoding, not both")
        return None

    # --- the body

    def on_body(self, body: bytes) -> None:
        if self._is_over:
            return
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body = False
        self._disarm()
        if not self._is_over:
            super().on_message_complete()

    # --- deadlines

    def _arm(self, seconds: float, late: Any) -> None:
        self._disarm()
        self._deadline = self.loop.call_later(seconds, late)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _idle_too_long(self) -> None:
        self.transport.close()

    def _head_too_slow(self) -> None:
        if self._is_answering():
            self._arm(self.head_seconds, self._head_too_slow)
        else:
            self._refuse(RequestTimeoutError(f"The head of a request must arrive within {round(self.head_seconds)} s"))

    def _body_too_slow(self) -> None:
        allowed = self.body_seconds + self._body_bytes / self.slowest_rate
        left = self._body_began + allowed - self.loop.time()
        if self.flow.read_paused:  # we are the slow ones
            left = max(left, 1.0)
        if left > 0.05:
            self._arm(left, self._body_too_slow)
        elif self.cycle is not None and self.cycle.response_started:
            self.transport.abort()
        else:
            self._refuse(RequestTimeoutError(f"The body of a request must arrive within {round(self.body_seconds)} s"))

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    # --- refusals

    def _answer_refusal(self, error: PhotoFunError) -> None:
        is_its_own = self._in_body and not self.pipeline and not (self.cycle and self.cycle.response_started)
        if self._is_answering() and not is_its_own:  # an earlier request on this connection is still being answered
            self.transport.abort()
        else:
            self._refuse(error)

    def _refuse(self, error: PhotoFunError) -> None:
        """Answer a problem past the app and close."""
        self._is_over = True
        self._disarm()
        body = orjson.dumps(problem_body(error))
        lines = [STATUS_LINE[error.status], b"content-type: application/problem+json\r\n"]
        if error.retry_after is not None:
            lines.append(b"retry-after: %d\r\n" % error.retry_after)
        lines += [b"content-length: %d\r\n" % len(body), b"x-content-type-options: nosniff\r\n", b"connection: close\r\n\r\n", body]
        if not self.transport.is_closing():
            self.transport.write(b"".join(lines))
            self.transport.close()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def send_400_response(self, msg: str) -> None:
        if not self._is_over:
            self._answer_refusal(MalformedError("That is not an HTTP/1.1 request we can read"))

    def _unsupported_upgrade_warning(self) -> None:
        """Upgrades are ignored, silently."""


def protocol_with(*, max_per_peer: int, max_connections: int, **limits: float) -> type[GatewayProtocol]:
    """The protocol with its own limits (and its own count of peers)."""
    found = {"max_per_peer": max_per_peer, "max_connections": max_connections, "peers": Counter[str](), **limits}
    return type("GatewayProtocol", (GatewayProtocol,), found)
