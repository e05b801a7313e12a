"""How do pictures get in, and out again?  Taken from a request, fetched, judged, stored, made smaller, removed."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import re
from dataclasses import dataclass

from photofun_common.contracts.files import Files as FileList
from photofun_common.contracts.files import Keys, PrefixQuestion
from photofun_common.contracts.values import Picture
from photofun_common.errors import DeadlineError, InvalidError, TooLargeError
from photofun_common.fileurls import FileUrls
from photofun_common.http import MAX_PICTURE_BYTES

from . import capture, codec
from .codec import Encoded
from .domain import (
    FileNotStoredError,
    ImageUndecodableError,
    NeedsImageError,
    UnsafeUrlError,
    WorkerLostError,
    WorkFailedError,
    file_key,
    picture_id,
)
from .guard import PictureFetcher
from .pool import WorkerPool
from .stores import BlobStore

__all__ = ["Files", "PictureInput"]

_DATA_URI = re.compile(r"^data:image/[a-zA-Z0-9.+-]+;base64,", re.ASCII)
_THUMBNAIL = re.compile(r"-w\d+\.webp$")
_THUMBNAILS = (64, 128, 256, 320, 512, 768, 1024, 1536, 2048)


@dataclass(frozen=True, slots=True)
class PictureInput:
    """A picture of a request: one of an address, base64 text, or a form's file."""

    url: str | None = None
    data: str | None = None
    file: bytes | None = None

    @property
    def is_given(self) -> bool:
        return self.url is not None or self.data is not None or self.file is not None

    @property
    def source(self) -> str | None:
        return "file" if self.file is not None else "base64" if self.data is not None else "url" if self.url is not None else None


class Files:
    """The pictures of all jobs.  Keys follow from causes, so a repeat writes the same file."""

    def __init__(self, blobs: BlobStore, pool: WorkerPool, fetcher: PictureFetcher, urls: FileUrls, secret: str) -> None:
        self._blobs, self._pool, self._fetcher, self.urls, self._secret = blobs, pool, fetcher, urls, secret

    async def take(self, given: PictureInput, name: str) -> bytes:
        """The bytes of a request's picture.  Raises what is wrong with it: 422, 413, 415."""
        if given.file is not None:
            data = given.file
        elif given.data is not None:
            data = self._from_base64(given.data, name)
        elif given.url is not None:
            data = await self.fetch(given.url)
        else:
            raise NeedsImageError(
                f"Send the picture as {name}_url, {name}_data or {name}_file", errors=[{"field": f"{name}_url", "message": "is required"}]
            )
        if not data:
            raise ImageUndecodableError(f"{name}: the picture is empty")
        return data

    @staticmethod
    def _from_base64(text: str, name: str) -> bytes:
        body = text.strip()
        if body[:5].lower() == "data:":
            head = _DATA_URI.match(body)
            if head is None:
                raise InvalidError(
                    f"{name}_data: a data URI looks like data:image/png;base64,…",
                    errors=[{"field": f"{name}_data", "message": "bad data URI"}],
                )
            body = body[head.end() :]
        if len(body) > MAX_PICTURE_BYTES * 4 // 3 + 8:
            raise TooLargeError(f"{name}_data: a picture may have 10 MB", limit=MAX_PICTURE_BYTES, actual=len(body) * 3 // 4)
        body = "".join(body.split())
        try:
            return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidError(f"{name}_data: is not base64", errors=[{"field": f"{name}_data", "message": "is not base64"}]) from error

    async def fetch(self, url: str) -> bytes:
        """The picture at an address: the studio's own from the store, any other through the guard."""
        key = self.urls.key_of(url)
        if key is not None and self.urls.is_signed_url(url) and await self._blobs.size(key) is not None:
            return await self._blobs.get(key)
        if self.urls.is_ours(url):
            raise UnsafeUrlError("Of the studio's own addresses only a current /v1/files/… of an existing picture can be an image_url")
        return await self._fetcher.fetch(url)

    async def own(self, given: PictureInput) -> Picture | None:
        """The picture that a request names by the studio's own address: used as it is, so that its descent is known."""
        key = self.urls.key_of(given.url) if given.url is not None and given.data is None and given.file is None else None
        if key is None or not self.urls.is_signed_url(given.url or "") or await self._blobs.size(key) is None:
            return None
        return await self.stored(key, None)

    async def store(self, data: bytes, *cause: object) -> Picture:
        """Judge, normalise and keep a picture that came from outside."""
        try:
            encoded = await self._pool.run(codec.normalised, data, seconds=15.0)
        except (WorkerLostError, WorkFailedError) as error:
            raise ImageUndecodableError("The picture cannot be read: it brought the decoder down") from error
        key = file_key(self._secret, *cause, extension=encoded.extension)
        await self._blobs.put(key, encoded.data)
        return _picture(encoded, key, picture_id("/".join(map(str, cause)), -1, 0))

    async def taken_at(self, data: bytes) -> str | None:
        """When a photo was taken, as its camera wrote it.  A worker that dies over it has no answer."""
        try:
            found: str | None = await self._pool.run(capture.taken_at, data, seconds=5.0)
        except (DeadlineError, WorkerLostError, WorkFailedError):
            return None
        return found

    async def keep(self, encoded: Encoded, job_id: str, step: int, index: int, *, seed: int | None) -> Picture:
        """Keep a picture that a step made."""
        key = file_key(self._secret, job_id, step, index, extension=encoded.extension)
        await self._blobs.put(key, encoded.data)
        return _picture(encoded, key, picture_id(job_id, step, index), seed=seed)

    async def keep_answer(self, data: bytes, *cause: object) -> str:
        """Keep what a provider answered as it came, until it is made into a picture.  Raises what `codec.sniff` raises."""
        kind = codec.sniff(data).lower()
        key = file_key(self._secret, *cause, "answer", extension="jpg" if kind == "jpeg" else kind)
        await self._blobs.put(key, data)
        return key

    async def discard(self, key: str) -> None:
        """Remove a file that never had thumbnails."""
        await self._blobs.delete(key)

    async def stored(self, key: str, image_id: str | None) -> Picture:
        """What is known of a picture that is in the store already."""
        data = await self._blobs.get(key)
        facts = await self._pool.run(codec.inspect, data, True, seconds=15.0)
        return Picture(
            image_id=image_id or picture_id(key, -1, 0),
            key=key,
            width=facts.width,
            height=facts.height,
            content_type=codec.CONTENT_TYPES[key.rsplit(".", 1)[-1]],
            bytes=len(data),
            has_alpha=facts.has_alpha,
        )

    async def public_url(self, key: str) -> str:
        """An address where a provider can fetch the file: the store's own when it has one, else the gateway's."""
        return await self._blobs.public_url(key) or self.urls.url(key)

    async def listed(self, asked: PrefixQuestion) -> FileList:
        """The files of a part of the store; a thumbnail whose picture is gone stands for it."""
        found = {one.key: one for one in await self._blobs.listed(asked.prefix)}
        stems = {key.rsplit(".", 1)[0] for key in found if not _THUMBNAIL.search(key)}
        lost = (key for key in found if _THUMBNAIL.search(key) and _THUMBNAIL.sub("", key) not in stems)
        return FileList(files=[found[key] for key in sorted({*(key for key in found if not _THUMBNAIL.search(key)), *lost})])

    async def missing(self, asked: Keys) -> Keys:
        """Which of these are not in the store."""
        sizes = await asyncio.gather(*(self._blobs.size(key) for key in asked.keys))
        return Keys(keys=[key for key, size in zip(asked.keys, sizes, strict=True) if size is None])

    async def removed(self, asked: Keys) -> Keys:
        """Remove these files and their thumbnails."""
        await asyncio.gather(*(self.delete(key) for key in asked.keys))
        return asked

    async def read(self, key: str) -> bytes:
        return await self._blobs.get(key)

    async def thumbnail(self, key: str, width: int) -> bytes:
        """A WebP of at most that width (rounded up to a stored size), made once."""
        rounded = next((size for size in _THUMBNAILS if size >= width), _THUMBNAILS[-1])
        name = f"{key.split('.')[0]}-w{rounded}.webp"
        with contextlib.suppress(FileNotStoredError):
            return await self._blobs.get(name)
        made = await self._pool.run(codec.thumbnail, await self._blobs.get(key), rounded, seconds=15.0)
        await self._blobs.put(name, made.data)
        return made.data

    async def delete(self, key: str) -> None:
        """Remove a file and its thumbnails."""
        for size in _THUMBNAILS:
            await self._blobs.delete(f"{key.split('.')[0]}-w{size}.webp")
        await self._blobs.delete(key)


def _picture(encoded: Encoded, key: str, image_id: str, *, seed: int | None = None) -> Picture:
    return Picture(
        image_id=image_id,
        key=key,
        width=encoded.width,
        height=encoded.height,
        content_type=encoded.content_type,
        bytes=len(encoded.data),
        seed=seed,
        has_alpha=encoded.has_alpha,
    )
