"""image-expand: what was beyond the frame."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from ..values import Int
from ._base import Feature, FeatureParams, OptionalPrompt

Edge = Annotated[Int, Field(ge=0, le=2048)]


class ImageExpandParams(FeatureParams):
    left: Edge = Field(default=0, title="Left", description="Pixels to add, 0 to 2048")
    right: Edge = Field(default=0, title="Right")
    top: Edge = Field(default=0, title="Top")
    bottom: Edge = Field(default=0, title="Bottom")
    prompt: OptionalPrompt = Field(default="", title="Prompt")
    seed: Annotated[Int, Field(ge=0, le=2**31 - 1)] | None = Field(default=None, title="Seed")

    @model_validator(mode="after")
    def some_edge_grows(self) -> Self:
        if not (self.left or self.right or self.top or self.bottom):
            raise ValueError("at least one of left, right, top, bottom must be greater than 0")
        return self


FEATURE = Feature(
    id="image_expand",
    slug="image-expand",
    title="Expand",
    title_vi="Mở rộng ảnh",
    description="Extends the picture beyond its edges.",
    description_vi="Mở rộng ảnh ra ngoài các cạnh.",
    params=ImageExpandParams,
    needs_picture=True,
    examples=("Expand 200 pixels to the left", "Extend the picture on all sides", "Widen the scene"),
    examples_vi=("Mở rộng 200 pixel sang trái", "Nới ảnh ra mọi phía", "Mở rộng khung cảnh"),
)
