"""Whose call is it in open mode?  What the query or the body says, as far as that is cheap to see."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import orjson

from .routing import Route
from .wire import Exchange

__all__ = ["claimed_user", "user_in_query"]

_PEEK = 256 * 1024
_PEEK_FORM = 16 * 1024
_FORM_USER = re.compile(rb'name="(?:user_id|userId)"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]{1,128})\r\n')


def user_in_query(query: bytes) -> str | None:
    if b"user" not in query:
        return None
    for name, value in parse_qsl(query.decode("latin-1"), max_num_fields=100):
        if name in ("user_id", "userId") and 0 < len(value) <= 128:
            return value
    return None


async def claimed_user(exchange: Exchange, route: Route) -> str | None:
    if found := user_in_query(exchange.query):
        return found
    if not exchange.has_body or exchange.method in ("GET", "HEAD"):
        return None
    kind = exchange.header(b"content-type").split(b";")[0].strip().lower()
    if kind == b"application/json" and (exchange.length or 0) <= _PEEK:
        return _user_in_json(await _peek(exchange, route.body_limit), openai=route.is_openai)
    if kind == b"multipart/form-data":
        named = _FORM_USER.search(await _peek(exchange, route.body_limit, most=_PEEK_FORM, until=b"filename="))
        return named.group(1).decode("utf-8", "replace") if named else None
    return None


async def _peek(exchange: Exchange, limit: int, *, most: int = _PEEK, until: bytes | None = None) -> bytes:
    """The beginning of the body, put back for whoever reads it next."""
    chunks: list[bytes] = []
    size = 0
    while size <= most and (chunk := await exchange.chunk(limit)) is not None:
        chunks.append(chunk)
        size += len(chunk)
        if until is not None and until in chunk:
            break
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    exchange.put_back(body)
    return body


def _user_in_json(body: bytes, *, openai: bool) -> str | None:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict):
        return None
    user = value.get("user_id") or value.get("userId") or (value.get("user") if openai else None)
    return user if isinstance(user, str) and 0 < len(user) <= 128 else None
