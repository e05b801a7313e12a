"""How does an import look from outside?"""

from __future__ import annotations

from typing import Any, Literal

from photofun_common.problem import render_problem
from pydantic import BaseModel

from ..service.imports import Imported
from .images import ImageView

__all__ = ["ImportView", "import_view"]


class ImportedView(BaseModel):
    """What came of one file: `existing` was in the gallery already, `skipped` is no picture."""

    name: str
    status: Literal["imported", "existing", "failed", "skipped"]
    image: ImageView | None
    error: dict[str, Any] | None


class ImportView(BaseModel):
    """How many of each, and every file in its order."""

    imported: int
    existing: int
    failed: int
    skipped: int
    results: list[ImportedView]


def import_view(outcomes: list[Imported], images: list[ImageView | None]) -> ImportView:
    counts = {status: sum(outcome.status == status for outcome in outcomes) for status in ("imported", "existing", "failed", "skipped")}
    results = [
        ImportedView(
            name=outcome.name, status=outcome.status, image=image, error=render_problem(outcome.problem) if outcome.problem else None
        )
        for outcome, image in zip(outcomes, images, strict=True)
    ]
    return ImportView(**counts, results=results)
