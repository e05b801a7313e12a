"""How are pictures kept in a folder or an object store?  Through obstore: file, s3, gs, az."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url
from photofun_common.contracts.files import StoredFile

from ..codec import CONTENT_TYPES
from ..domain import FileNotStoredError
from . import StorageUnavailableError

__all__ = ["ObjectStore"]

_from_url: Any = from_url  # its overloads go by the scheme, which only the setting knows
_CLIENT: dict[str, Any] = {"timeout": "30s", "connect_timeout": "3s"}
_RETRY = {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}
_READABLE = timedelta(minutes=15)


class ObjectStore:
    """Options come from the URL's query (`?endpoint=…&region=…&allow_http=true`) and the cloud's usual environment variables."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._is_local = parts.scheme == "file"
        if self._is_local:
            folder = Path(parts.path)
            folder.mkdir(parents=True, exist_ok=True)
            self._store: Any = LocalStore(folder)
            return
        options = dict(parse_qsl(parts.query))
        client = _CLIENT | ({"allow_http": True} if options.pop("allow_http", "").lower() in ("1", "true") else {})
        plain = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
        try:
            self._store = _from_url(plain, config=options or None, client_options=client, retry_config=_RETRY)
        except BaseError as error:
            raise ValueError(f"STORAGE_URL: {str(error).splitlines()[0]}") from error

    @staticmethod
    def _path(key: str) -> str:
        return f"{key[:2]}/{key}"

    async def put(self, key: str, data: bytes) -> None:
        kind = CONTENT_TYPES.get(key.rsplit(".", 1)[-1], "application/octet-stream")
        attributes = None if self._is_local else {"Content-Type": kind}
        try:
            await self._store.put_async(self._path(key), data, attributes=attributes)
        except (BaseError, OSError) as error:  # a bucket that isn't there is a FileNotFoundError
            raise StorageUnavailableError("The picture could not be stored just now") from error

    async def get(self, key: str) -> bytes:
        try:
            found = await self._store.get_async(self._path(key))
            return bytes(await found.bytes_async())
        except FileNotFoundError as error:
            raise FileNotStoredError("There is no such file") from error
        except (BaseError, OSError) as error:
            raise StorageUnavailableError("The picture could not be read just now") from error

    async def size(self, key: str) -> int | None:
        try:
            return int((await self._store.head_async(self._path(key)))["size"])
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise StorageUnavailableError("The picture could not be read just now") from error

    async def delete(self, key: str) -> None:
        try:
            await self._store.delete_async(self._path(key))
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise StorageUnavailableError("The picture could not be removed just now") from error

    async def listed(self, prefix: str) -> list[StoredFile]:
        found: list[StoredFile] = []
        try:
            async for part in self._store.list(prefix):
                found += [
                    StoredFile(key=one["path"].rsplit("/", 1)[-1], bytes=one["size"], modified_at=one["last_modified"]) for one in part
                ]
        except FileNotFoundError:
            return []
        except (BaseError, OSError) as error:
            raise StorageUnavailableError("The files could not be listed just now") from error
        return found

    async def public_url(self, key: str) -> str | None:
        if self._is_local:
            return None
        try:
            return str(await obstore.sign_async(self._store, "GET", self._path(key), _READABLE))
        except (BaseError, OSError, ValueError):  # no credentials that can sign: the gateway's address has to do
            return None

    async def aclose(self) -> None:
        return
