"""style-transfer: the colours and the brush of one picture on another."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..values import Bool, Fraction, Int
from ._base import Feature, FeatureParams, OptionalPrompt


class StyleTransferParams(FeatureParams):
    prompt: OptionalPrompt = Field(default="", title="Prompt")
    style_strength: Fraction = Field(default=0.75, title="Style strength", description="0 keeps the picture, 1 is all style")
    structure_strength: Fraction = Field(default=0.75, title="Structure strength", description="How much of the drawing stays")
    is_portrait: Bool = Field(default=False, title="Portrait")
    portrait_style: Literal["standard", "pop", "super_pop"] | None = Field(default=None, title="Portrait style")
    seed: Annotated[Int, Field(ge=0, le=2**31 - 1)] | None = Field(default=None, title="Seed")


FEATURE = Feature(
    id="style_transfer",
    slug="style-transfer",
    title="Transfer a style",
    title_vi="Chuyển phong cách",
    description="Takes colours and texture from a reference picture.",
    description_vi="Lấy màu sắc và chất liệu từ một ảnh mẫu.",
    params=StyleTransferParams,
    needs_picture=True,
    references=("reference_image",),
    reference_required=True,
    examples=("Make the first picture look like the second", "Use the style of this painting", "Transfer the style of the reference"),
    examples_vi=("Làm ảnh này giống phong cách ảnh kia", "Dùng phong cách của bức tranh này", "Chuyển phong cách theo ảnh mẫu"),
)
