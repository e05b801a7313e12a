"""How does the gallery reach pictures' bytes?  Over HTTP at imaging-svc, which keeps them."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import httpx
from photofun_common.contracts.values import ProblemData
from photofun_common.errors import ProblemError, UnavailableError
from photofun_common.fileurls import FileUrls
from photofun_common.identity import IDENTITY_HEADER, IdentityKeeper
from photofun_common.once import ONCE_HEADER

from .service.imports import StoredPicture

__all__ = ["FileStore"]

_MOST = 64 * 2**20
_STORE_SECONDS = 60.0


class FileStore:
    """Reads stored pictures from imaging-svc, and hands it new ones."""

    def __init__(self, client: httpx.AsyncClient, url: str, files: FileUrls, identity: IdentityKeeper) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._files = files
        self._identity = identity

    async def check(self) -> None:
        """Raises UnavailableError when imaging-svc does not answer at all."""
        try:
            await self._client.get(f"{self._url}/livez", timeout=2)
        except httpx.HTTPError as error:
            raise UnavailableError("The pictures can't be read just now", slug="files-unavailable") from error

    async def read(self, key: str, user_id: str) -> bytes | None:
        """The file's bytes; None when it is missing or can't be had after a second try."""
        query = urlsplit(self._files.url(key)).query
        url = f"{self._url}/v1/files/{key}" + (f"?{query}" if query else "")
        for last in (False, True):
            headers = {IDENTITY_HEADER: self._identity.sign(user_id, audience="imaging-svc")}
            try:
                async with self._client.stream("GET", url, headers=headers) as answer:
                    if answer.status_code == 200:
                        return await _bounded(answer)
                    if answer.status_code < 500:
                        return None
            except httpx.HTTPError:
                pass
            if not last:
                await asyncio.sleep(0.2)
        return None

    async def store(self, data: bytes, user_id: str, *, once: str) -> StoredPicture:
        """Keep a picture; the same `once` is the same file.  Raises what imaging-svc finds wrong with it, or UnavailableError."""
        headers = {IDENTITY_HEADER: self._identity.sign(user_id, audience="imaging-svc"), ONCE_HEADER: once}
        files = {"file": ("picture", data)}
        try:
            answer = await self._client.post(f"{self._url}/v1/files", files=files, headers=headers, timeout=_STORE_SECONDS)
        except httpx.HTTPError as error:
            raise UnavailableError("Pictures can't be stored just now", slug="files-unavailable") from error
        if answer.status_code != 201:
            raise _problem(answer)
        told = answer.json()["result"]
        return StoredPicture(**{name: told.get(name) for name in StoredPicture.__dataclass_fields__})


_STANDARD = frozenset({"type", "title", "status", "detail", "instance", "code", "message", "slug", "retry_after", "request_id"})


def _problem(answer: httpx.Response) -> ProblemError | UnavailableError:
    """imaging-svc's refusal, as our own."""
    if answer.status_code >= 500 or not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return UnavailableError("Pictures can't be stored just now", slug="files-unavailable")
    told: dict[str, Any] = answer.json()
    extra = {name: value for name, value in told.items() if name not in _STANDARD}
    return ProblemError(
        ProblemData(
            slug=told["slug"],
            title=told["title"],
            status=told["status"],
            detail=told["detail"],
            code=told["code"],
            retry_after=told.get("retry_after"),
            extra=extra,
        )
    )


async def _bounded(answer: httpx.Response) -> bytes | None:
    data = bytearray()
    async for chunk in answer.aiter_bytes():
        data += chunk
        if len(data) > _MOST:
            return None
    return bytes(data)
