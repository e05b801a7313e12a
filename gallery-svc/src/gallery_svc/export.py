"""How does a gallery leave the house?  As a zip that is written while it is sent."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any

from .domain import Image
from .files import FileStore

__all__ = ["zipped"]

_IN_MEMORY = 2**20
_KINDS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


class _Pipe:
    """Where the zip is written: what came since the last look.  It can't seek, so neither does the zip."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is held open."""

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


async def zipped(
    images: AsyncIterator[Image], reader: FileStore, describe: Callable[[Image], dict[str, Any]], *, now: datetime
) -> AsyncIterator[bytes]:
    """A zip of `images/…` and `manifest.json`, in pieces.  One picture is in memory at a time.

    A picture that can't be read is in the manifest with `file: null` and the reason.
    """
    pipe = _Pipe()
    count = missing = 0
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as manifest, zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as bundle:
        async with aclosing(images) as every:  # type: ignore[type-var]  # async generators close
            async for image in every:
                data = await reader.read(image.key, image.user_id) if image.key else None
                name = _name(image) if data is not None else None
                if name and data is not None:
                    bundle.writestr(_entry(name, image.created_at), data)
                    yield pipe.take()
                reason = None if name else ("missing" if image.key else "external")
                entry = {"file": name, **({"reason": reason} if reason else {}), **describe(image)}
                manifest.write((b",\n" if count else b"") + json.dumps(entry, ensure_ascii=False).encode())
                count, missing = count + 1, missing + (name is None)
        head = {"exported_at": now.isoformat(), "count": count, "missing": missing}
        with bundle.open(_entry("manifest.json", now), "w", force_zip64=True) as out:
            out.write(json.dumps(head).encode()[:-1] + b', "images": [\n')
            manifest.seek(0)
            while piece := manifest.read(256 * 1024):
                out.write(piece)
                yield pipe.take()
            out.write(b"\n]}\n")
    yield pipe.take()


def _entry(name: str, at: datetime) -> zipfile.ZipInfo:
    year = min(max(at.year, 1980), 2107)
    entry = zipfile.ZipInfo(name, (year, at.month, at.day, at.hour, at.minute, at.second))
    entry.external_attr = 0o644 << 16
    return entry


def _name(image: Image) -> str:
    kind = _KINDS.get(image.content_type or "") or str(image.key).rsplit(".", 1)[-1]
    return f"images/{image.created_at:%Y%m%d-%H%M%S}-{image.id}.{kind}"
