"""upscale: more pixels, and sharper ones."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..values import Percent
from ._base import Feature, FeatureParams


class UpscaleParams(FeatureParams):
    flavor: Literal["photo", "sublime", "photo_denoiser"] = Field(
        default="photo", title="Flavor", description="photo, sublime for drawings, photo_denoiser for noisy photos"
    )
    scale_factor: Literal[2, 4] = Field(default=2, title="Factor", description="Twice or four times the sides")
    sharpen: Percent = Field(default=0, title="Sharpen")
    smart_grain: Percent = Field(default=0, title="Smart grain")
    ultra_detail: Percent = Field(default=0, title="Ultra detail")


FEATURE = Feature(
    id="upscale",
    slug="upscale",
    title="Upscale",
    title_vi="Phóng to nét hơn",
    description="Makes the picture two or four times as large, with real detail.",
    description_vi="Phóng ảnh lớn gấp hai hoặc bốn lần mà vẫn nét.",
    params=UpscaleParams,
    needs_picture=True,
    examples=("Make it twice as big", "Upscale 4x", "Enhance the resolution and remove the noise"),
    examples_vi=("Phóng to gấp đôi", "Làm nét ảnh lên 4 lần", "Tăng độ phân giải và khử nhiễu"),
)
