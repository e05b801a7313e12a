"""adjust: the everyday edits, exact and in order."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from ..values import AspectRatio, HexColor, Int, Number, Percent, clean_text
from ._base import Feature, FeatureParams

Side = Annotated[Int, Field(ge=1, le=8192)]
Signed = Annotated[Int, Field(ge=-100, le=100)]


class _Op(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Crop(_Op):
    op: Literal["crop"]
    x: Annotated[Int, Field(ge=0, le=30000)] | None = None
    y: Annotated[Int, Field(ge=0, le=30000)] | None = None
    width: Annotated[Int, Field(ge=1, le=30000)] | None = None
    height: Annotated[Int, Field(ge=1, le=30000)] | None = None
    aspect_ratio: AspectRatio | Annotated[str, Field(pattern=r"^[1-9]\d{0,2}:[1-9]\d{0,2}$")] | None = None

    @model_validator(mode="after")
    def box_or_ratio(self) -> Self:
        if self.aspect_ratio is None and (self.width is None or self.height is None):
            raise ValueError("crop takes x, y, width and height, or aspect_ratio")
        return self


class Rotate(_Op):
    op: Literal["rotate"]
    degrees: Annotated[Number, Field(ge=-360, le=360)]


class Flip(_Op):
    op: Literal["flip"]
    direction: Literal["horizontal", "vertical"] = "horizontal"


class Resize(_Op):
    op: Literal["resize"]
    width: Side | None = None
    height: Side | None = None

    @model_validator(mode="after")
    def one_side_at_least(self) -> Self:
        if self.width is None and self.height is None:
            raise ValueError("resize takes width, height or both")
        return self


class Tone(_Op):
    op: Literal["brightness", "contrast", "saturation", "warmth"]
    amount: Signed


class Grayscale(_Op):
    op: Literal["grayscale", "sepia"]


class Effect(_Op):
    op: Literal["blur", "blur-background", "sharpen"]
    amount: Percent = 50


class RoundCorners(_Op):
    op: Literal["round-corners"]
    radius: Annotated[Int, Field(ge=0, le=4096)]


class Caption(_Op):
    op: Literal["text"]
    text: Annotated[str, AfterValidator(clean_text), Field(min_length=1, max_length=300)]
    position: Literal["top", "center", "bottom", "top-left", "top-right", "bottom-left", "bottom-right"] = "bottom"
    size: Annotated[Int, Field(ge=6, le=1000)] | None = None
    color: HexColor | None = None


Operation = Annotated[Crop | Rotate | Flip | Resize | Tone | Grayscale | Effect | RoundCorners | Caption, Field(discriminator="op")]


class AdjustParams(FeatureParams):
    operations: Annotated[list[Operation], Field(max_length=16)] = Field(
        default_factory=list,
        validate_default=True,
        title="Operations",
        description="Run in order, 1 to 16; may be left out when output_format is given",
    )

    @field_validator("operations")
    @classmethod
    def something_to_do(cls, operations: list[Operation], others: ValidationInfo) -> list[Operation]:
        if not operations and others.data.get("output_format") is None:
            raise ValueError("adjust takes at least one operation, or an output_format to convert to")
        return operations


FEATURE = Feature(
    id="adjust",
    slug="adjust",
    title="Adjust",
    title_vi="Chỉnh ảnh",
    description="Crop, rotate, flip, resize, light and colour, blur, sharpen, round corners, captions, another file format.",
    description_vi="Cắt, xoay, lật, đổi kích thước, sáng và màu, làm mờ, làm nét, bo góc, chèn chữ, đổi định dạng.",
    params=AdjustParams,
    needs_picture=True,
    paid=False,
    examples=("Make it black and white", "Rotate it 90 degrees", "Crop to a square and make it brighter"),
    examples_vi=("Chuyển sang đen trắng", "Xoay ảnh 90 độ", "Cắt vuông và làm sáng hơn"),
)
