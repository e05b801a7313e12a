"""Which facts does gallery-svc tell?"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from .envelope import EventData
from .prompt import PlannedStep
from .values import PictureRef

__all__ = ["EditsRequested", "ImagePurged", "UserErased"]


class ImagePurged(EventData):
    """A picture's row is to vanish for good; its file must follow.  `job_id` is the picture's id.  Told until imaging-svc confirms."""

    subject: ClassVar[str] = "photofun.gallery.image_purged.v1"

    image_id: str
    key: str


class EditsRequested(EventData):
    """A recipe's steps are to be done on a picture.  `job_id` follows from run and picture, so a repeat is the same job."""

    subject: ClassVar[str] = "photofun.gallery.edits_requested.v1"

    run_id: str
    steps: list[PlannedStep] = Field(min_length=1)
    picture: PictureRef
    deadline: datetime


class UserErased(EventData):
    """A person wants everything of theirs gone that was there at `at`.  `job_id` is the erasure's; told until everybody reported."""

    subject: ClassVar[str] = "photofun.gallery.user_erased.v1"

    at: datetime
