"""What may be asked about stored files, by whoever compares them with what is known of them?"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from .values import Value

__all__ = ["AfterQuestion", "Files", "Keys", "PrefixQuestion", "StoredFile"]

MOST_KEYS = 2000


class StoredFile(Value):
    """A file of the store, thumbnails left out; `bytes` is its own size."""

    key: str
    bytes: int
    modified_at: datetime


class PrefixQuestion(Value):
    """Files whose key begins like this: two hexadecimal digits make 256 parts of the store."""

    prefix: str = Field(pattern=r"^[0-9a-f]{2}$")


class Files(Value):
    """The files of a part of the store."""

    files: list[StoredFile] = Field(default_factory=list)


class AfterQuestion(Value):
    """So many keys after this one, in their order."""

    after: str = ""
    limit: int = Field(default=MOST_KEYS, ge=1, le=MOST_KEYS)


class Keys(Value):
    """Keys of files: asked about, or answered."""

    keys: list[str] = Field(default_factory=list)
