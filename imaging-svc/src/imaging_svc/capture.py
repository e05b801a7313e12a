"""When was this photo taken?  The one thing of its EXIF that outlives normalisation; runs in a worker process."""

from __future__ import annotations

import io
import re
import warnings
from datetime import datetime
from typing import Any

__all__ = ["taken_at"]

_EXIF_IFD = 0x8769
_MOMENTS = (
    (_EXIF_IFD, 0x9003, 0x9011),
    (_EXIF_IFD, 0x9004, 0x9012),
    (None, 0x0132, 0x9010),
)  # taken, digitised, changed; with their offsets
_DATE = re.compile(r"(\d{4})[:\-/](\d\d)[:\-/](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-]\d\d):?(\d\d)|Z")


def taken_at(data: bytes) -> str | None:
    """The moment in ISO 8601, with its offset when the camera wrote one; None when the picture does not say."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exif = Image.open(io.BytesIO(data)).getexif()
            inner = exif.get_ifd(_EXIF_IFD)
    except Exception:  # whatever is wrong with its EXIF, the picture itself was decoded: it has no date then
        return None
    for ifd, tag, offset in _MOMENTS:
        moment = _moment((inner if ifd else exif).get(tag), inner.get(offset))
        if moment is not None:
            return moment
    return None


def _moment(value: Any, offset: Any) -> str | None:
    found = _DATE.search(_text(value))
    if found is None:
        return None
    try:
        local = datetime(*(int(part) for part in found.groups()))  # type: ignore[arg-type]  # six numbers
    except ValueError:
        return None
    zone = _OFFSET.fullmatch(_text(offset))
    if zone is None:
        return local.isoformat()
    return local.isoformat() + ("+00:00" if zone.group(1) is None else f"{zone.group(1)}:{zone.group(2)}")


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.replace("\0", "").strip() if isinstance(value, str) else ""
