"""Which facts does gallery-svc tell?"""

from __future__ import annotations

from typing import ClassVar

from .envelope import EventData

__all__ = ["ImagePurged"]


class ImagePurged(EventData):
    """A picture's row is to vanish for good; its file must follow.  `job_id` is the picture's id."""

    subject: ClassVar[str] = "photofun.gallery.image_purged.v1"

    image_id: str
    key: str
