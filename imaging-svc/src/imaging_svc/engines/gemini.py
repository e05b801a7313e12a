"""What does Gemini do for us?  Pictures out of words, and edits by instruction, through google-genai."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any

from photofun_common.errors import PhotoFunError

from ..codec import Encoded
from ..domain import NeedsImageError
from ..pool import WorkerPool
from . import Made, Order, Tasks, Tell
from .charges import Note, charged_once
from .failures import (
    ModerationBlockedError,
    OutcomeUnknownError,
    ProviderAuthError,
    ProviderCreditsError,
    ProviderDownError,
    ProviderFailedError,
    ProviderLateError,
    ProviderLimitedError,
    ProviderRejectedError,
)
from .gate import Gate
from .receiving import RATIOS, Finish, MaskForm, Sent, made_of, nearest_ratio, prepared, receive, share_of, size_of, worded

__all__ = ["GeminiEngine"]

_MAX_UPLOAD = 7 * 2**20
_REFUSALS = frozenset(
    {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"}
)
_REST_SECONDS = 60.0
_BAD_KEY_SECONDS = 600.0


def _name(value: Any) -> str:
    return str(getattr(value, "value", value) or "")


def _pause(details: Any) -> float | None:
    """The provider's own wish how long to wait: `"retryDelay": "53s"`."""
    with contextlib.suppress(AttributeError, TypeError, ValueError, KeyError):
        for entry in details["error"]["details"]:
            if "retryDelay" in entry:
                return float(entry["retryDelay"].removesuffix("s"))
    return None


def _load() -> None:
    """Import the SDK: it takes seconds, and the event loop has other things to do."""
    from google import genai
    from google.genai import errors, types

    _ = (genai, errors, types)


class _Keys:
    """Several keys: one that met its limit rests, the next one goes on."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = keys
        self._rests_until = dict.fromkeys(keys, 0.0)
        self._turn = 0

    def next(self) -> str:
        now = time.monotonic()
        for offset in range(len(self._keys)):
            key = self._keys[(self._turn + offset) % len(self._keys)]
            if self._rests_until[key] <= now:
                self._turn = (self._turn + offset) % len(self._keys)
                return key
        left = min(self._rests_until.values()) - now
        raise ProviderLimitedError("Every Gemini key has met its limit", retry_after=max(1.0, round(left, 1)))

    @property
    def is_one_free(self) -> bool:
        return min(self._rests_until.values()) <= time.monotonic()

    def rest(self, key: str, seconds: float) -> None:
        self._rests_until[key] = time.monotonic() + min(3600.0, max(1.0, seconds))

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Any:
        return iter(self._keys)


class GeminiEngine:
    """The Gemini API's image models.  The SDK is loaded when the first picture is asked for."""

    id = "gemini"
    features = frozenset({"image_generation", "edit"})
    wants_english = False

    def __init__(
        self,
        pool: WorkerPool,
        *,
        api_keys: list[str],
        base_url: str | None = None,
        model: str = "gemini-nano-banana-2.1",
        per_minute: float = 60.0,
        seconds: float = 120.0,
        backoff: float = 0.5,
    ) -> None:
        self.missing = None if api_keys else "GEMINI_API_KEY"
        self.models = (model,)
        self._pool, self._base_url, self._model, self._seconds, self._backoff = pool, base_url, model, seconds, backoff
        self._keys = _Keys(api_keys)
        self.gate = Gate("Gemini", per_minute)
        self._clients: dict[str, Any] = {}
        self._transports: list[Any] = []

    def _client(self, key: str) -> Any:
        if key not in self._clients:
            import httpx2
            from google import genai
            from google.genai import types

            transport = httpx2.AsyncClient(timeout=self._seconds, follow_redirects=False)
            self._transports.append(transport)
            options = types.HttpOptions(
                base_url=self._base_url,
                api_version="v1beta",
                timeout=round(self._seconds * 1000),
                retry_options=types.HttpRetryOptions(attempts=1),
                httpx_async_client=transport,
            )
            self._clients[key] = genai.Client(api_key=key, vertexai=False, http_options=options)
        return self._clients[key]

    async def run(self, order: Order, *, tell: Tell, tasks: Tasks) -> Made:
        """Make the pictures, one call each.  Raises the failures of engines/failures.py."""
        seconds = share_of(order, self._seconds)
        try:
            async with asyncio.timeout(seconds):
                return await self._run(order, tell, tasks, seconds)
        except TimeoutError as error:
            raise ProviderLateError(f"Gemini was not ready in {seconds:.0f} s") from error

    async def _run(self, order: Order, tell: Tell, tasks: Tasks, seconds: float) -> Made:
        await asyncio.to_thread(_load)
        contents, ratio, finish = await self._asked(order)
        count = order.params["num_images"]
        done = 0

        async def one(index: int) -> tuple[Encoded, bool]:
            nonlocal done

            async def call(repeat: bool, note: Note) -> Any:
                return await self._generate(contents, ratio, seconds, note, repeat=repeat)

            async def pictures_of(answer: Any) -> list[bytes]:
                return [self._picture_of(answer)]

            paid = await charged_once(tasks, self.id, f"{self._model}:generateContent", index, call, pictures_of)
            picture = await receive(self._pool, paid.pictures[0], order, provider=self.id, model=self._model, finish=finish)
            done += 1
            tell(0.95 * done / count)
            return picture, paid.uncertain

        outcomes = await asyncio.gather(*(one(index) for index in range(count)), return_exceptions=True)
        made = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
        troubles = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        unexpected = next((trouble for trouble in troubles if not isinstance(trouble, PhotoFunError)), None)
        if unexpected is not None:
            raise unexpected
        if not made:
            raise troubles[0]
        uncertain = any(doubt for _, doubt in made)
        return made_of([picture for picture, _ in made], self._model, wanted=count, uncertain=uncertain)

    async def _asked(self, order: Order) -> tuple[list[Any], str | None, Finish]:
        """The parts of the request, the ratio to ask for, what is left to do on our side."""
        size = size_of(order.params)
        finish = Finish(size=size)
        asked = nearest_ratio(size[0] / size[1], RATIOS) if size else None
        if order.feature == "edit":
            if order.picture is None:
                raise NeedsImageError("This works on a picture: send one")
            parts = [await self._part(order.picture)]
            words = order.prompt
            if "mask" in order.references:
                parts.append(await self._part(order.references["mask"], mask="black"))
                words += "\nChange only what is black in the second picture (a mask); keep everything else as it is."
            return [*parts, words], asked, finish
        parts = []
        words = worded(order)
        if "style_reference" in order.references:
            parts.append(await self._part(order.references["style_reference"]))
            words += "\nTake the style of the picture above, not its content."
        return [*parts, words], asked or order.params["aspect_ratio"], finish

    async def _part(self, data: bytes, *, mask: MaskForm | None = None) -> Any:
        from google.genai import types

        sent: Sent = await self._pool.run(prepared, data, _MAX_UPLOAD, mask, None, seconds=20.0)
        return types.Part.from_bytes(data=sent.data, mime_type=sent.content_type)

    async def _generate(self, contents: list[Any], ratio: str | None, seconds: float, note: Note, *, repeat: bool) -> Any:
        """A paid call.  Made again only after 429 (with another key) and 503, and when no connection came about."""
        for attempt in range(max(3, len(self._keys))):
            key = self._keys.next()
            await self.gate.enter(repeat=repeat or attempt > 0)
            if attempt == 0:
                await note()
            try:
                return await self._once(key, contents, ratio, seconds)
            except ProviderLimitedError as error:
                self._keys.rest(key, error.retry_after or _REST_SECONDS)
                if not self._keys.is_one_free or self.gate.budget.is_spent:
                    raise
            except (ProviderAuthError, ProviderCreditsError):
                if len(self._keys) == 1:
                    self.gate.trip()
                    raise
                self._keys.rest(key, _BAD_KEY_SECONDS)
                if not self._keys.is_one_free or self.gate.budget.is_spent:
                    raise
            except ProviderDownError:
                if attempt >= 2 or self.gate.budget.is_spent:
                    raise
                await asyncio.sleep(self._backoff * 2**attempt)
        raise ProviderLimitedError("Gemini wants fewer calls", retry_after=_REST_SECONDS)

    async def _once(self, key: str, contents: list[Any], ratio: str | None, seconds: float) -> Any:
        import httpx2
        from google.genai import errors, types

        config = types.GenerateContentConfig(
            response_modalities=["TEXT", "IMAGE"], image_config=types.ImageConfig(aspect_ratio=ratio) if ratio else None
        )
        try:
            async with asyncio.timeout(seconds):
                answer = await self._client(key).aio.models.generate_content(model=self._model, contents=contents, config=config)
        except errors.APIError as error:
            code = int(error.code or 0)
            self.gate.note(ok=400 <= code < 500)
            raise self._failure(code, str(error.message or "").replace(key, "…")[:300], error.details) from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            self.gate.note(ok=False)
            raise ProviderDownError("Gemini can't be reached") from error
        except (TimeoutError, httpx2.HTTPError, OSError, json.JSONDecodeError) as error:
            self.gate.note(ok=False)
            raise OutcomeUnknownError(f"Gemini took the request, its answer was lost ({type(error).__name__})") from error
        self.gate.note(ok=True)
        return answer

    @staticmethod
    def _failure(code: int, said: str, details: Any) -> PhotoFunError:
        if code in (401, 403) or "API_KEY_INVALID" in str(details) or "API key not valid" in said:
            return ProviderAuthError(f"Gemini refuses the key: {said}")
        if code == 402 or "FAILED_PRECONDITION" in str(details):
            return ProviderCreditsError(f"Gemini: {said}")
        if code == 429:
            return ProviderLimitedError(f"Gemini wants fewer calls: {said}", retry_after=_pause(details))
        if code == 503:
            return ProviderDownError(f"Gemini answers 503: {said}")
        if code in (400, 422):
            return ProviderRejectedError(f"Gemini: {said}")
        if code in (408, 500, 502, 504):
            return OutcomeUnknownError(f"Gemini answers {code}: {said}")
        return ProviderFailedError(f"Gemini answers {code}: {said}")

    @staticmethod
    def _picture_of(answer: Any) -> bytes:
        """The picture in an answer.  Raises what is there instead of one."""
        blocked = _name(getattr(answer.prompt_feedback, "block_reason", None))
        if blocked:
            raise ModerationBlockedError(f"Gemini does not draw this ({blocked})")
        texts = []
        for candidate in answer.candidates or []:
            for part in (candidate.content.parts if candidate.content else None) or []:
                if part.inline_data is not None and part.inline_data.data and not part.thought:
                    return bytes(part.inline_data.data)
                if part.text and not part.thought:
                    texts.append(part.text)
            reason = _name(candidate.finish_reason)
            if reason in _REFUSALS:
                raise ModerationBlockedError(f"Gemini does not draw this ({reason}) {candidate.finish_message or ''}".strip()[:300])
        said = " ".join(" ".join(texts).split())[:200]
        raise ProviderFailedError(f"Gemini answered without a picture{': ' + said if said else ''}")

    async def aclose(self) -> None:
        for client in self._clients.values():
            with contextlib.suppress(Exception):  # letting go is not worth failing over
                await client.aio.aclose()
                client.close()
        for transport in self._transports:  # the SDK leaves what it was given open
            await transport.aclose()
