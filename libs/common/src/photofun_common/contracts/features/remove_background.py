"""remove-background: the subject alone, on transparency, a colour or another picture."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..values import Bool, HexColor
from ._base import Feature, FeatureParams


class RemoveBackgroundParams(FeatureParams):
    mask_only: Bool = Field(default=False, title="Mask only", description="Answer the mask in grey instead of the cut-out")
    background: Literal["picture"] | None = Field(
        default=None, title="Background", description="In chat: 'picture' puts the message's second picture behind the subject"
    )
    background_color: HexColor | None = Field(default=None, title="Background colour", description="#rrggbb or a basic colour name")


FEATURE = Feature(
    id="remove_background",
    slug="remove-background",
    title="Remove the background",
    title_vi="Xóa phông nền",
    description="Cuts the subject out; the rest becomes transparent, a colour, or another picture.",
    description_vi="Tách chủ thể; phần còn lại trong suốt, thành một màu hoặc ảnh khác.",
    params=RemoveBackgroundParams,
    needs_picture=True,
    references=("background_image",),
    synchronous=True,
    examples=("Remove the background", "Cut out the boat", "Put it on a white background"),
    examples_vi=("Xóa phông nền giúp mình", "Tách nền ảnh này", "Đổi nền thành màu trắng"),
)
