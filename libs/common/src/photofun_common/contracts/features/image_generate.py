"""image-generate: a picture out of words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..values import AspectRatio, Bool, Int
from ._base import Feature, FeatureParams, Prompt

Style = Literal["photorealistic", "digital-art", "anime", "watercolor", "oil-painting", "sketch", "3d", "pixel-art"]


class Styling(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    style: Style | None = Field(default=None, title="Style")


class ImageGenerateParams(FeatureParams):
    prompt: Prompt = Field(title="Prompt", description="What to draw, 1 to 2000 characters")
    aspect_ratio: AspectRatio = Field(default="1:1", title="Aspect ratio")
    num_images: Annotated[Int, Field(ge=1, le=4)] = Field(default=1, title="Pictures", description="How many, 1 to 4")
    styling: Styling = Field(default=Styling(), title="Styling")
    seed: Annotated[Int, Field(ge=0, le=2**31 - 1)] | None = Field(
        default=None, title="Seed", description="The same seed gives the same picture"
    )
    refine: Bool = Field(default=True, title="Refine the prompt", description="false keeps your words")
    size: str | None = Field(
        default=None,
        pattern=r"^\d{2,4}x\d{2,4}$",
        title="Size",
        description="WIDTHxHEIGHT in pixels, 64 to 2048 a side; wins over the ratio",
    )


FEATURE = Feature(
    id="image_generation",
    slug="image-generate",
    aliases=("image-generation",),
    title="Create a picture",
    title_vi="Tạo ảnh",
    description="Draws a new picture from your words.",
    description_vi="Vẽ một bức ảnh mới từ mô tả của bạn.",
    params=ImageGenerateParams,
    needs_picture=False,
    references=("style_reference",),
    examples=("Create a sunset over mountains, 16:9", "A misty forest at dawn in watercolor", "Generate a neon city skyline at night"),
    examples_vi=("Tạo cảnh hoàng hôn trên núi, 16:9", "Vẽ khu rừng sương mù buổi sớm kiểu màu nước", "Tạo thành phố về đêm rực ánh đèn"),
)
