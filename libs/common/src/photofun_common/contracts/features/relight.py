"""relight: another light on the same picture."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..values import Fraction
from ._base import Feature, FeatureParams, OptionalPrompt


class RelightParams(FeatureParams):
    prompt: OptionalPrompt = Field(default="", title="Light", description="Direction, colour, mood: 'warm light from the left'")
    light_transfer_strength: Fraction = Field(default=0.8, title="Strength", description="0 to 1")
    style: Literal["standard", "dramatic", "soft", "natural", "darker_but_realistic", "clean", "smooth", "cinematic"] = Field(
        default="standard", title="Style"
    )


FEATURE = Feature(
    id="relight",
    slug="relight",
    title="Relight",
    title_vi="Đổi ánh sáng",
    description="Changes where the light comes from, its colour and its mood.",
    description_vi="Thay đổi hướng, màu sắc và không khí của ánh sáng.",
    params=RelightParams,
    needs_picture=True,
    references=("reference_image",),
    examples=("Warm light from the left", "Make it look like golden hour", "Dramatic cinematic lighting"),
    examples_vi=("Ánh sáng ấm từ bên trái", "Chỉnh sáng như hoàng hôn", "Ánh sáng điện ảnh, kịch tính"),
)
