"""How is a provider's JSON API called?  Bounded, never redirected, and never twice when that could be charged twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Callable
from typing import Any

import aiohttp
from photofun_common.errors import PhotoFunError

from .charges import Note
from .failures import (
    ModerationBlockedError,
    OutcomeUnknownError,
    ProviderAuthError,
    ProviderCreditsError,
    ProviderDownError,
    ProviderFailedError,
    ProviderLimitedError,
    ProviderRejectedError,
)
from .gate import Gate

__all__ = ["ProviderApi", "is_moderation"]

_MAX_ANSWER = 160 * 2**20
_ATTEMPTS = 3
_BIG = 2**20
_MODERATION = ("moderation", "content violation", "content_policy", "content policy", "nsfw", "safety system", "sensitive content")
Body = Callable[[], dict[str, Any]]


def is_moderation(text: str) -> bool:
    return any(word in text.lower() for word in _MODERATION)


def _message(body: Any, text: str) -> str:
    """What an error answer says, in any of the shapes seen."""
    found = body.get("problem") or body.get("error") or body if isinstance(body, dict) else None
    if isinstance(found, str):
        return found[:300]
    if not isinstance(found, dict):
        return " ".join(text.split())[:200]
    parts = [str(found.get("message") or found.get("code") or "")]
    code = found.get("code")
    if isinstance(code, str) and code not in parts[0]:
        parts.append(f"({code})")
    params = found.get("invalid_params")
    if isinstance(params, list):
        parts += [f"{item.get('name')}: {item.get('reason')}" for item in params[:5] if isinstance(item, dict)]
    return " ".join(filter(None, parts))[:300]


def _pause(headers: Any) -> float | None:
    with contextlib.suppress(ValueError):
        return max(0.0, min(3600.0, float(headers.get("Retry-After", ""))))
    return None


class ProviderApi:
    """One provider's API.  `post` is for paid calls, `get` for calls that cost nothing."""

    def __init__(self, gate: Gate, base_url: str, headers: dict[str, str], *, backoff: float = 0.5) -> None:
        self.title = gate.title
        self._base = base_url.rstrip("/")
        self._headers = headers
        self._gate, self._backoff = gate, backoff
        self._session: aiohttp.ClientSession | None = None

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=32),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "PhotoFun/1.0", **self._headers},
            )
        return self._session

    async def post(self, path: str, body: Body, *, seconds: float, note: Note, repeat: bool = False) -> dict[str, Any]:
        """A paid call.  `body` makes aiohttp's `json=` or `data=` afresh; `note` writes the call down when it is about to be made, not
        while it waits for its turn; `repeat` says that one failed before.

        Sent again only after 429, 503 and a connection that never came about, and while the minute's budget of repeats lasts.
        Raises OutcomeUnknownError when the answer is lost.
        """
        for attempt in range(_ATTEMPTS):
            await self._gate.enter(repeat=repeat or attempt > 0)
            if attempt == 0:
                await note()
            try:
                return await self._once("POST", path, body(), seconds, paid=True)
            except (ProviderAuthError, ProviderCreditsError):
                self._gate.trip()
                raise
            except (ProviderLimitedError, ProviderDownError) as error:
                pause = error.retry_after if error.retry_after is not None else self._backoff * 2**attempt
                if attempt == _ATTEMPTS - 1 or pause > 5 or self._gate.budget.is_spent:
                    raise
                await asyncio.sleep(pause * random.uniform(0.8, 1.2))
        raise ProviderDownError(f"{self.title} can't be reached")

    async def get(self, path: str, *, seconds: float = 15.0) -> dict[str, Any]:
        """A call that costs nothing, made once: who polls asks again anyway."""
        await self._gate.limiter.turn()
        return await self._once("GET", path, {}, seconds, paid=False)

    async def _once(self, method: str, path: str, body: dict[str, Any], seconds: float, *, paid: bool) -> dict[str, Any]:
        try:
            async with asyncio.timeout(seconds):
                async with self._client().request(method, self._base + path, allow_redirects=False, **body) as answer:
                    text = await self._text(answer)
                    found = await self._parsed(text)
                    return self._judged(answer, found, text, paid=paid)
        except aiohttp.ClientConnectorError as error:
            self._note(ok=False, paid=paid)
            raise ProviderDownError(f"{self.title} can't be reached") from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            self._note(ok=False, paid=paid)
            if paid:
                raise OutcomeUnknownError(f"{self.title} took the request, its answer was lost ({type(error).__name__})") from error
            raise ProviderDownError(f"{self.title} does not answer ({type(error).__name__})") from error

    def _note(self, *, ok: bool, paid: bool) -> None:
        """Only paid calls count for the breaker: a list that answers is no sign that work is done."""
        if paid:
            self._gate.note(ok=ok)

    @staticmethod
    async def _text(answer: aiohttp.ClientResponse) -> str:
        chunks, size = [], 0
        async for chunk in answer.content.iter_chunked(262144):
            size += len(chunk)
            if size > _MAX_ANSWER:
                raise aiohttp.ClientPayloadError("the answer is too long")
            chunks.append(chunk)
        return b"".join(chunks).decode("utf-8", "replace")

    @staticmethod
    async def _parsed(text: str) -> Any:
        try:
            return await asyncio.to_thread(json.loads, text) if len(text) > _BIG else json.loads(text)
        except (ValueError, RecursionError):
            return None

    def _judged(self, answer: aiohttp.ClientResponse, body: Any, text: str, *, paid: bool) -> dict[str, Any]:
        status = answer.status
        if 200 <= status < 300 and isinstance(body, dict):
            self._note(ok=True, paid=paid)
            return body
        self._note(ok=400 <= status < 500, paid=paid)
        raise self._error(status, _message(body, text), _pause(answer.headers), paid=paid)

    def _error(self, status: int, said: str, pause: float | None, *, paid: bool) -> PhotoFunError:
        for key in self._headers.values():
            said = said.replace(key, "…")
        if 200 <= status < 300:
            lost = f"{self.title} answered {status} with something that is no JSON object"
            return OutcomeUnknownError(lost) if paid else ProviderDownError(lost)
        if status in (401, 403):
            return ProviderAuthError(f"{self.title} refuses the key: {said}")
        if status == 402 or "insufficient_quota" in said:
            return ProviderCreditsError(f"{self.title}: {said}")
        if status == 429:
            return ProviderLimitedError(f"{self.title} wants fewer calls: {said}", retry_after=pause)
        if status in (400, 413, 415, 422):
            kind = ModerationBlockedError if is_moderation(said) else ProviderRejectedError
            return kind(f"{self.title}: {said}")
        if status == 503 or (not paid and (status >= 500 or status == 408)):
            return ProviderDownError(f"{self.title} answers {status}: {said}", retry_after=pause)
        if paid and (status >= 500 or status == 408):
            return OutcomeUnknownError(f"{self.title} answers {status}: {said}")
        return ProviderFailedError(f"{self.title} answers {status}: {said}")

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
