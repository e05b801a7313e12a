"""What is a feature?  Its names, its parameters and its phrases, declared once for planner, engines, routes and page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ..values import OutputFormat, clean_text

__all__ = ["Feature", "FeatureParams", "OptionalPrompt", "Prompt"]

Prompt = Annotated[str, AfterValidator(clean_text), Field(min_length=1, max_length=2000)]
OptionalPrompt = Annotated[str, AfterValidator(clean_text), Field(max_length=2000)]


class FeatureParams(BaseModel):
    """Parameters that every feature takes.  Numbers are strict: `"2"` and `true` are no numbers."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    model: str | None = Field(default=None, max_length=100, title="Model", description="An engine's model by name; unknown names are fine")
    output_format: OutputFormat | None = Field(
        default=None, title="Format", description="png, jpeg or webp; follows the input when left out"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One AI feature.

    `id` is the intent and the word in plans (`remove_background`), `slug` the path segment (`remove-background`).
    `references` names the extra pictures it takes (`reference_image` gives `reference_image_url`, `_data`, `_file`).
    """

    id: str
    slug: str
    title: str
    title_vi: str
    description: str
    description_vi: str
    params: type[FeatureParams]
    needs_picture: bool
    examples: tuple[str, ...]
    examples_vi: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    reference_required: bool = False
    synchronous: bool = False
    paid: bool = True
