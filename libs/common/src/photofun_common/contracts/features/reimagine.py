"""reimagine: the same picture, told anew."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..values import AspectRatio, Int
from ._base import Feature, FeatureParams, OptionalPrompt


class ReimagineParams(FeatureParams):
    prompt: OptionalPrompt = Field(default="", title="Direction", description="Optional words: a style, a mood")
    imagination: Literal["subtle", "vivid", "wild", "moderate", "creative", "extreme"] = Field(default="subtle", title="Imagination")
    aspect_ratio: AspectRatio | None = Field(default=None, title="Aspect ratio")
    seed: Annotated[Int, Field(ge=0, le=2**31 - 1)] | None = Field(default=None, title="Seed")


FEATURE = Feature(
    id="reimagine",
    slug="reimagine",
    title="Reimagine",
    title_vi="Sáng tạo lại",
    description="A variation of the picture, from a gentle touch to a wild new look.",
    description_vi="Một biến thể của ảnh, từ nhẹ nhàng đến phá cách.",
    params=ReimagineParams,
    needs_picture=True,
    examples=("Reimagine this as a watercolor", "Give me a wild variation", "Make it look like an oil painting"),
    examples_vi=("Biến ảnh này thành tranh màu nước", "Cho mình một phiên bản phá cách", "Làm giống tranh sơn dầu"),
)
