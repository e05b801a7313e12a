"""Where are the bytes of pictures kept?  A folder, an object store, or Cloudinary: one interface, opened by its URL."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

from photofun_common.contracts.files import StoredFile
from photofun_common.errors import InvalidError, UnavailableError

__all__ = ["BlobStore", "NotListableError", "StorageUnavailableError", "open_store"]


class StorageUnavailableError(UnavailableError):
    slug, title = "storage-unavailable", "The file store is not reachable"


class NotListableError(InvalidError):
    slug, title = "storage-not-listable", "The file store can't be listed"


class BlobStore(Protocol):
    """Files by key (`<40 hex>.<extension>`).  Writes replace; a repeat writes the same bytes.

    Everything raises StorageUnavailableError.  When there is no such file `get` raises FileNotStoredError, `size` answers None,
    `delete` is content.
    """

    async def put(self, key: str, data: bytes) -> None: ...
    async def get(self, key: str) -> bytes: ...
    async def size(self, key: str) -> int | None: ...
    async def delete(self, key: str) -> None: ...
    async def listed(self, prefix: str) -> list[StoredFile]:
        """All files whose key begins with these two digits.  A store that can't tell raises NotListableError."""
        ...

    async def public_url(self, key: str) -> str | None:
        """An address of the store's own from which the file can be fetched for the next minutes, if it has any."""
        ...

    async def aclose(self) -> None: ...


def open_store(url: str) -> BlobStore:
    """`file://…`, `s3://…`, `gs://…`, `az://…`, `cloudinary://key:secret@cloud`.  Raises ValueError for what can't be one."""
    scheme = urlsplit(url).scheme
    if scheme == "cloudinary":
        from .cloud import CloudinaryStore

        return CloudinaryStore(url)
    if scheme not in ("file", "s3", "gs", "az"):
        raise ValueError(f"STORAGE_URL: '{scheme}://' is none of file://, s3://, gs://, az://, cloudinary://")
    from .objects import ObjectStore

    return ObjectStore(url)
