"""Which small types do several contracts share?"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

__all__ = [
    "ENGINE_NAMES",
    "AspectRatio",
    "Bool",
    "Fraction",
    "HexColor",
    "Id",
    "Int",
    "Language",
    "LongText",
    "Number",
    "OutputFormat",
    "Percent",
    "Picture",
    "PictureRef",
    "ProblemData",
    "ShortText",
    "Timestamp",
    "UserId",
    "Value",
    "clean_text",
]

_SURROGATE = re.compile("[\ud800-\udfff]")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2060\ufeff\U000e0000-\U000e007f]")


def clean_text(text: str) -> str:
    """Refuse lone surrogates and NUL, drop other control, zero-width and tag characters, trim the ends."""
    if _SURROGATE.search(text):
        raise ValueError("text must be valid Unicode (a lone surrogate was found)")
    if "\x00" in text:
        raise ValueError("text must not contain the NUL character")
    return _FORBIDDEN.sub("", text).strip()


def _strict_number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    return value


Text = Annotated[str, AfterValidator(clean_text)]
ShortText = Annotated[Text, Field(max_length=200)]
LongText = Annotated[Text, Field(max_length=4000)]
UserId = Annotated[str, AfterValidator(clean_text), Field(min_length=1, max_length=128, description="Whose it is")]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Int = Annotated[int, Field(strict=True)]
Bool = Annotated[bool, Field(strict=True)]
Number = Annotated[float, BeforeValidator(_strict_number), Field(strict=True, allow_inf_nan=False)]
Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
Fraction = Annotated[float, BeforeValidator(_strict_number), Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
HexColor = Annotated[str, Field(pattern=r"^(#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6}|[a-zA-Z]{3,20})$")]
Timestamp = datetime
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
AspectRatio = Literal["1:1", "16:9", "9:16", "21:9", "4:3", "3:4", "3:2", "2:3"]
OutputFormat = Literal["png", "jpeg", "webp"]
ENGINE_NAMES = ("local", "freepik", "gemini", "openai", "diffusers")


class Value(BaseModel):
    """A frozen value; unknown fields are ignored, so that newer producers do not hurt older consumers."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class PictureRef(Value):
    """Where a picture is: a stored file's key, an outside URL not fetched yet, or an upload parked in the bus's object store."""

    key: str | None = Field(default=None, max_length=200)
    url: str | None = Field(default=None, max_length=2048)
    upload: str | None = Field(default=None, max_length=64)
    image_id: str | None = Field(default=None, max_length=64)

    @property
    def is_new(self) -> bool:
        """Whether the session it is sent to does not know it yet: what a session knows has an id."""
        return self.image_id is None


class Picture(Value):
    """A stored picture: its key, and what is known of it."""

    image_id: str
    key: str
    width: int
    height: int
    content_type: str
    bytes: int = 0
    seed: int | None = None
    has_alpha: bool = False


class ProblemData(Value):
    """A problem as it travels in a record or an event: what RFC 9457 needs."""

    slug: str
    title: str
    status: int
    detail: str
    code: int = 9999
    retry_after: float | None = None
    extra: dict[str, Any] = Field(default_factory=dict)
