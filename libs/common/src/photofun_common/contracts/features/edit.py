"""edit: a change in free words, for engines that edit by instruction."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..values import Int
from ._base import Feature, FeatureParams, Prompt


class EditParams(FeatureParams):
    prompt: Prompt = Field(title="Instruction", description="What to change, in your words")
    num_images: Annotated[Int, Field(ge=1, le=4)] = Field(default=1, title="Pictures")
    size: str | None = Field(default=None, pattern=r"^\d{2,4}x\d{2,4}$", title="Size")


FEATURE = Feature(
    id="edit",
    slug="edit",
    title="Edit with words",
    title_vi="Sửa bằng lời",
    description="Changes what you describe; needs a key for Gemini, Freepik or an OpenAI-compatible server.",
    description_vi="Thay đổi theo mô tả; cần một engine biết sửa theo lời (khóa Gemini, Freepik hoặc máy chủ tương thích OpenAI).",
    params=EditParams,
    needs_picture=True,
    references=("mask",),
    examples=("Put a red hat on him", "Remove the people in the back", "Replace the sky with a starry night"),
    examples_vi=("Đội cho anh ấy chiếc mũ đỏ", "Xóa những người phía sau", "Thay bầu trời bằng đêm đầy sao"),
)
