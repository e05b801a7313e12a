"""What does a server with OpenAI's image API do for us?  Pictures out of words, and edits with or without a mask."""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Any

import aiohttp

from ..domain import NeedsImageError
from ..pool import WorkerPool
from . import Made, Order, Tasks, Tell
from .charges import Note, charged_once
from .failures import ProviderFailedError, ProviderLateError
from .gate import Gate
from .receiving import RATIOS, Finish, ResultFetcher, Sent, made_of, nearest_ratio, prepared, receive, share_of, size_of, worded
from .web import Body, ProviderApi

__all__ = ["OpenAIEngine"]

_MAX_UPLOAD = 20 * 2**20
_SIZES = {
    "gpt-image": {"1024x1024": 1.0, "1536x1024": 1.5, "1024x1536": 1 / 1.5},
    "dall-e-3": {"1024x1024": 1.0, "1792x1024": 1.75, "1024x1792": 1 / 1.75},
    "dall-e-2": {"1024x1024": 1.0},
}
_FREE_SIZES = {
    "1:1": "1024x1024",
    "16:9": "1344x768",
    "9:16": "768x1344",
    "21:9": "1536x640",
    "4:3": "1152x896",
    "3:4": "896x1152",
    "3:2": "1216x832",
    "2:3": "832x1216",
}


def _entries(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The pictures' entries.  Raises ProviderFailedError when there is none."""
    entries = answer.get("data")
    found = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    if not found:
        raise ProviderFailedError("The OpenAI image server sent no picture")
    return found


def _details(answer: dict[str, Any] | None) -> dict[str, Any]:
    if answer is None:
        return {}
    details: dict[str, Any] = {}
    if revised := _entries(answer)[0].get("revised_prompt"):
        details["revised_prompt"] = str(revised)[:2000]
    if isinstance(answer.get("usage"), dict):
        details["tokens"] = answer["usage"].get("total_tokens")
    return details


def _base_of(url: str | None) -> str:
    base = (url or "https://api.openai.com").rstrip("/")
    return base if base.endswith("/v1") else f"{base}/v1"


class OpenAIEngine:
    """OpenAI, LocalAI, LiteLLM, stable-diffusion.cpp: whatever has `/v1/images/generations` and `/edits`."""

    id = "openai"
    features = frozenset({"image_generation", "edit"})

    def __init__(
        self,
        pool: WorkerPool,
        *,
        api_key: str | None,
        base_url: str | None = None,
        model: str = "gpt-image-1",
        private_hosts: bool = False,
        per_minute: float = 60.0,
        seconds: float = 180.0,
        backoff: float = 0.5,
    ) -> None:
        self.missing = None if api_key or base_url else "OPENAI_API_KEY"
        self.models = (model,)
        self.wants_english = not model.startswith("gpt-image")  # models of one's own server mostly know English alone
        self._pool, self._model, self._seconds = pool, model, seconds
        self.gate = Gate("The OpenAI image server", per_minute)
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._api = ProviderApi(self.gate, _base_of(base_url), headers, backoff=backoff)
        self._fetcher = ResultFetcher(private_too=private_hosts)

    async def run(self, order: Order, *, tell: Tell, tasks: Tasks) -> Made:
        """Make the pictures.  Raises the failures of engines/failures.py."""
        seconds = share_of(order, self._seconds)
        try:
            async with asyncio.timeout(seconds):
                return await self._run(order, tell, tasks, seconds)
        except TimeoutError as error:
            raise ProviderLateError(f"The OpenAI image server was not ready in {seconds:.0f} s") from error

    async def _run(self, order: Order, tell: Tell, tasks: Tasks, seconds: float) -> Made:
        path, body, finish = await (self._generation(order) if order.feature == "image_generation" else self._edit(order))
        tell(0.1)

        async def post(repeat: bool, note: Note) -> dict[str, Any]:
            return await self._api.post(path, body, seconds=max(1.0, seconds - 0.5), note=note, repeat=repeat)

        wanted = order.params["num_images"]

        async def pictures_of(answer: dict[str, Any]) -> list[bytes]:
            return [await self._bytes(entry) for entry in _entries(answer)[:wanted]]

        paid = await charged_once(tasks, self.id, f"/v1{path}", 0, post, pictures_of, pictures=wanted)
        tell(0.8)
        pictures = [await receive(self._pool, data, order, provider=self.id, model=self._model, finish=finish) for data in paid.pictures]
        return made_of(pictures, self._model, wanted=wanted, uncertain=paid.uncertain, details=_details(paid.answer))

    async def _bytes(self, entry: dict[str, Any]) -> bytes:
        if isinstance(entry.get("b64_json"), str):
            try:
                return base64.b64decode(entry["b64_json"].rpartition(",")[2])
            except (binascii.Error, ValueError) as error:
                raise ProviderFailedError("The OpenAI image server sent broken base64") from error
        if isinstance(entry.get("url"), str):
            return await self._fetcher.result(entry["url"])
        raise ProviderFailedError("The OpenAI image server sent neither b64_json nor url")

    def _size(self, width: int, height: int) -> tuple[str, Finish]:
        """The size to ask for, and the cut that makes the asked ratio out of it."""
        sizes = next((sizes for family, sizes in _SIZES.items() if self._model.startswith(family)), None)
        name = nearest_ratio(width / height, sizes) if sizes is not None else _FREE_SIZES[nearest_ratio(width / height, RATIOS)]
        return name, Finish(ratio=width / height)

    def _asked_size(self, order: Order) -> tuple[str, Finish]:
        if (asked := size_of(order.params)) is not None:
            return self._size(*asked)[0], Finish(size=asked)
        return self._size(round(RATIOS[order.params["aspect_ratio"]] * 1000), 1000)

    @property
    def _format(self) -> dict[str, str]:
        """gpt-image answers base64 always and refuses to be asked for it."""
        return {} if self._model.startswith("gpt-image") else {"response_format": "b64_json"}

    async def _generation(self, order: Order) -> tuple[str, Body, Finish]:
        size, finish = self._asked_size(order)
        fields = {"model": self._model, "prompt": worded(order), "n": order.params["num_images"], "size": size, **self._format}
        return "/images/generations", lambda: {"json": fields}, finish

    async def _edit(self, order: Order) -> tuple[str, Body, Finish]:
        if order.picture is None:
            raise NeedsImageError("This works on a picture: send one")
        picture: Sent = await self._pool.run(prepared, order.picture, _MAX_UPLOAD, None, None, seconds=20.0)
        mask: Sent | None = None
        if "mask" in order.references:
            shape = (picture.width, picture.height)
            mask = await self._pool.run(prepared, order.references["mask"], _MAX_UPLOAD, "alpha", shape, seconds=20.0)
        if order.params.get("size"):
            size, finish = self._asked_size(order)
        else:
            size, finish = self._size(picture.width, picture.height)

        def form() -> dict[str, Any]:
            fields = aiohttp.FormData()
            parts = {"model": self._model, "prompt": order.prompt, "n": str(order.params["num_images"]), "size": size, **self._format}
            for name, value in parts.items():
                fields.add_field(name, value)
            extension = picture.content_type.removeprefix("image/")
            fields.add_field("image", picture.data, filename=f"image.{extension}", content_type=picture.content_type)
            if mask is not None:
                fields.add_field("mask", mask.data, filename="mask.png", content_type="image/png")
            return {"data": fields}

        return "/images/edits", form, finish

    async def aclose(self) -> None:
        await self._api.aclose()
        await self._fetcher.aclose()
