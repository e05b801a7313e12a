"""Where are the bytes of pictures kept?  One library for folders and object stores: obstore."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from photofun_common.errors import UnavailableError

from .domain import FileNotStoredError

__all__ = ["BlobStore"]


class StorageUnavailableError(UnavailableError):
    slug, title = "storage-unavailable", "The file store is not reachable"


class BlobStore:
    """Files by key: `file://`, `s3://`, `gs://`, `az://`.  Writes replace; a repeat writes the same bytes."""

    def __init__(self, url: str) -> None:
        from obstore.store import LocalStore, from_url

        if urlsplit(url).scheme == "file":
            folder = Path(urlsplit(url).path)
            folder.mkdir(parents=True, exist_ok=True)
            self._store: Any = LocalStore(folder)
        else:
            self._store = from_url(url)

    @staticmethod
    def _path(key: str) -> str:
        return f"{key[:2]}/{key}"

    async def put(self, key: str, data: bytes) -> None:
        """Keep the bytes.  Raises StorageUnavailableError."""
        try:
            await self._store.put_async(self._path(key), data)
        except Exception as error:  # obstore's errors differ per backend
            raise StorageUnavailableError("The picture could not be stored just now") from error

    async def get(self, key: str) -> bytes:
        """The bytes.  Raises FileNotStoredError, StorageUnavailableError."""
        try:
            found = await self._store.get_async(self._path(key))
            return bytes(await found.bytes_async())
        except FileNotFoundError as error:
            raise FileNotStoredError("There is no such file") from error
        except Exception as error:  # see put
            raise StorageUnavailableError("The picture could not be read just now") from error

    async def size(self, key: str) -> int | None:
        """Bytes of the file, None when there is none."""
        try:
            return int((await self._store.head_async(self._path(key)))["size"])
        except FileNotFoundError:
            return None
        except Exception as error:  # see put
            raise StorageUnavailableError("The picture could not be read just now") from error

    async def delete(self, key: str) -> None:
        """Remove the file; one that is gone already is fine."""
        try:
            await self._store.delete_async(self._path(key))
        except FileNotFoundError:
            return
        except Exception as error:  # see put
            raise StorageUnavailableError("The picture could not be removed just now") from error
