"""How are pictures kept at Cloudinary?  Its SDK in threads of its own, with a time-out a call and its ways with errors."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import aiohttp
from photofun_common.contracts.files import StoredFile

from ..domain import FileNotStoredError
from . import NotListableError, StorageUnavailableError

__all__ = ["CloudinaryStore"]

_SECONDS = 30.0
_READABLE_SECONDS = 900
_NOT_STORED = "The picture could not be stored just now"
_NOT_READ = "The picture could not be read just now"


class CloudinaryStore:
    """`cloudinary://key:secret@cloud[/folder][?upload_prefix=…&signature_algorithm=sha256]`.

    Files are assets of the type `authenticated`: nobody reads them but by a signed address.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if not (parts.username and parts.password and parts.hostname):
            raise ValueError("A Cloudinary address looks like cloudinary://key:secret@cloud")
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self._account: dict[str, Any] = {
            "cloud_name": parts.netloc.rpartition("@")[2],
            "api_key": unquote(parts.username),
            "api_secret": unquote(parts.password),
            **{name: query[name] for name in ("upload_prefix", "signature_algorithm") if name in query},
        }
        self._folder = parts.path.strip("/") or "photofun"
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="cloudinary")
        self._session: aiohttp.ClientSession | None = None

    def _name(self, key: str) -> tuple[str, str]:
        """Public id and format."""
        stem, _, extension = key.rpartition(".")
        return f"{self._folder}/{stem}", "jpg" if extension == "jpeg" else extension

    async def _call(self, verb: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        """One call of the Upload API; its errors come back as `{"error": {"message", "http_code"}}`, texts of time-outs included."""
        from cloudinary import uploader
        from cloudinary.exceptions import Error

        def work() -> Any:
            return getattr(uploader, verb)(*arguments, **self._account, **options, timeout=_SECONDS, return_error=True)

        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (Error, ValueError, TypeError, OSError) as error:  # TypeError: an `error` in the answer that is no object
            raise StorageUnavailableError(f"Cloudinary could not be asked ({type(error).__name__})") from error
        return answer if isinstance(answer, dict) else {}

    async def put(self, key: str, data: bytes) -> None:
        public_id, form = self._name(key)
        answer = await self._call(
            "upload",
            data,
            filename=f"{key[:8]}.{form}",
            public_id=public_id,
            type="authenticated",
            overwrite=True,
            unique_filename=False,
        )
        if answer.get("public_id") != public_id:  # an error; or a broken answer with none in it
            raise self._trouble(answer, _NOT_STORED)

    async def get(self, key: str) -> bytes:
        async with self._opened(key) as answer:
            return await answer.read()

    async def size(self, key: str) -> int | None:
        try:
            async with self._opened(key) as answer:
                return answer.content_length if answer.content_length is not None else len(await answer.read())
        except FileNotStoredError:
            return None

    @asynccontextmanager
    async def _opened(self, key: str) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS, connect=5))
        try:
            async with self._session.get(self._signed(key), allow_redirects=False) as answer:
                if answer.status == 404:
                    raise FileNotStoredError("There is no such file")
                if answer.status != 200:
                    limited = answer.status in (420, 429)
                    raise StorageUnavailableError(f"{_NOT_READ} (Cloudinary answers {answer.status})", retry_after=60 if limited else None)
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise StorageUnavailableError(f"{_NOT_READ} ({type(error).__name__})") from error

    async def delete(self, key: str) -> None:
        public_id, _ = self._name(key)
        answer = await self._call("destroy", public_id, type="authenticated", invalidate=True)
        if answer.get("result") not in ("ok", "not found"):
            raise self._trouble(answer, "The picture could not be removed just now")

    async def listed(self, prefix: str) -> list[StoredFile]:
        raise NotListableError("Cloudinary lists its assets by its Admin API only, which has a limit an hour: compare them in its console")

    async def public_url(self, key: str) -> str | None:
        return self._signed(key)

    def _signed(self, key: str) -> str:
        from cloudinary import utils

        public_id, form = self._name(key)
        until = int(time.time()) + _READABLE_SECONDS
        return str(
            utils.private_download_url(public_id, form, **self._account, resource_type="image", type="authenticated", expires_at=until)
        )

    @staticmethod
    def _trouble(answer: dict[str, Any], said: str) -> StorageUnavailableError:
        error = answer.get("error")
        code = error.get("http_code") if isinstance(error, dict) else None
        limited = code in (420, 429)
        return StorageUnavailableError(f"{said}{f' (Cloudinary answers {code})' if code else ''}", retry_after=60 if limited else None)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
