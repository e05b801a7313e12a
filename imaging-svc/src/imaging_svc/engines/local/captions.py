"""How is a caption set on a picture?  Real type with Vietnamese, wrapped to the width, readable on any background."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter, ImageFont

from .rendering import Pixels

__all__ = ["Caption", "draw_caption"]

_FONT = "DejaVuSans-Bold.ttf"
_SMALLEST = 6
_MEASURED = 128
"""The size in pixels at which words are measured."""
_HINTED = 1.02
"""How much wider than that measure a line may come out at another size: letters are fitted to whole pixels."""
_ANCHORS = {"left": 0.0, "center": 0.5, "right": 1.0, "top": 0.0, "middle": 0.5, "bottom": 1.0}


@dataclass(frozen=True, slots=True)
class Caption:
    """What to write and where.

    `position` is "top", "center", "bottom" or a corner such as "top-left"; `size` is the letter height in pixels (None:
    a fifteenth of the shorter side) and shrinks when the words would not fit the picture; `color` is any CSS colour.
    """

    text: str
    position: str = "bottom"
    size: int | None = None
    color: str = "#ffffff"


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that fit: `size` in pixels, `width` and `height` of the block without its margin."""

    lines: tuple[str, ...]
    size: int
    stroke: int
    width: int
    height: int


def draw_caption(picture: Pixels, caption: Caption) -> tuple[Pixels, str]:
    """Write `caption` on a copy of `picture` (h, w, 3 | 4); return it and the characters that the font lacks.

    Those characters (emoji, mostly) are left out rather than drawn as empty boxes. Raises ValueError when nothing of
    the text can be drawn, or the colour is none.
    """
    text, missing = _drawable(caption.text)
    if not text.strip():
        raise ValueError(f"the caption font has no shape for any of {caption.text!r}; use letters or digits")
    block = _fit(text, caption.size, height=picture.shape[0], width=picture.shape[1])
    layer = _paint(block, _rgb(caption.color), align=_horizontal(caption.position))
    return _blend(picture, layer, caption.position, margin=_margin(picture.shape[0], picture.shape[1])), missing


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(BytesIO(files(__package__).joinpath("fonts", _FONT).read_bytes()), size)


@lru_cache(maxsize=4096)
def _is_drawable(character: str) -> bool:
    if character.isspace() or unicodedata.combining(character):
        return True
    shape, unknown = (_font(32).getmask(sign) for sign in (character, "\U0010fffe"))
    return shape.size != unknown.size or bytes(shape) != bytes(unknown)


def _drawable(text: str) -> tuple[str, str]:
    """`text` composed (NFC) and without what the font lacks, and the characters left out, each once."""
    composed = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\t", " ")
    kept = [sign for sign in composed if sign == "\n" or unicodedata.category(sign)[0] != "C"]
    missing = "".join(dict.fromkeys(sign for sign in kept if not _is_drawable(sign)))
    joined = "".join(sign for sign in kept if sign not in missing and sign not in "\ufe0e\ufe0f")
    return joined.strip(), missing


def _rgb(color: str) -> tuple[int, int, int]:
    try:
        red, green, blue = ImageColor.getrgb(color)[:3]
    except ValueError as error:
        raise ValueError(f"{color!r} is not a colour; write #rrggbb or a name such as white") from error
    return red, green, blue


def _margin(height: int, width: int) -> int:
    return max(1, round(0.04 * min(height, width)))


def _fit(text: str, size: int | None, *, height: int, width: int) -> _Block:
    """The largest setting, not above `size`, whose wrapped lines stay inside the margins; 6 px letters at the least."""
    room_x, room_y = (side - 2 * _margin(height, width) for side in (width, height))
    candidate = max(_SMALLEST, size or max(14, round(min(height, width) / 15)))
    while True:
        block = _set(text, candidate, room_x)
        if candidate == _SMALLEST or (block.height <= room_y and block.width <= max(room_x, 1)):
            return block
        candidate = max(_SMALLEST, int(candidate * 0.9))


def _set(text: str, size: int, room: int) -> _Block:
    stroke = max(1, round(size / 14))
    lines = tuple(line for paragraph in text.split("\n") for line in _balanced(paragraph, size, room - 2 * stroke))
    widest = max(_font(size).getlength(line) for line in lines)
    return _Block(lines, size, stroke, round(widest) + 2 * stroke, len(lines) * _line_height(size) + 2 * stroke)


@lru_cache(maxsize=4096)
def _em(text: str) -> float:
    """How wide a word is, in letter heights; measured once, for every size."""
    return _font(_MEASURED).getlength(text) / _MEASURED


def _balanced(paragraph: str, size: int, room: float) -> list[str]:
    """`paragraph` in as few lines as fit into `room` pixels, and those about equally long: no last line of one word."""
    fewest = _wrap(paragraph, size, room)
    if len(fewest) == 1:
        return fewest
    narrow, wide = 0.4 * room, room
    while wide - narrow > max(2.0, 0.02 * room):
        middle = (narrow + wide) / 2
        if len(_wrap(paragraph, size, middle)) > len(fewest):
            narrow = middle
        else:
            wide = middle
    return _wrap(paragraph, size, wide)


def _line_height(size: int) -> int:
    ascent, descent = _font(size).getmetrics()
    return ascent + descent


def _wrap(paragraph: str, size: int, room: float) -> list[str]:
    """`paragraph` broken between words, and inside a word only when it alone is wider than `room` pixels."""
    most = room / (size * _HINTED)
    space = _em(" ")
    lines: list[str] = []
    line, length = "", 0.0
    for word in paragraph.split():
        wide = _em(word)
        if line and length + space + wide <= most:
            line, length = f"{line} {word}", length + space + wide
            continue
        lines += [line] if line else []
        *full, line = [word] if wide <= most else _break(word, most)
        length = _em(line)
        lines += full
    return [*lines, line]


def _break(word: str, most: float) -> list[str]:
    pieces, length = [""], 0.0
    for sign in word:
        if pieces[-1] and length + _em(sign) > most:
            pieces.append("")
            length = 0.0
        pieces[-1] += sign
        length += _em(sign)
    return pieces


def _horizontal(position: str) -> str:
    return next((side for side in ("left", "right") if side in position), "center")


def _vertical(position: str) -> str:
    return next((side for side in ("top", "bottom") if side in position), "middle")


def _paint(block: _Block, color: tuple[int, int, int], *, align: str) -> Image.Image:
    """The block as an RGBA layer: letters, an outline that contrasts with them, and a soft shadow around both."""
    light = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
    edge = (16, 16, 20) if light > 110 else (248, 248, 248)
    outline = _write(block, align, stroke=block.stroke)
    coarse = max(1, _blur(block) // 4)
    shadow = outline.reduce(coarse).filter(ImageFilter.GaussianBlur(_blur(block) / coarse)).point(lambda value: round(value * 0.6))
    layer = Image.new("RGBA", outline.size, (*edge, 0))
    layer.putalpha(ImageChops.screen(shadow.resize(outline.size, Image.Resampling.BILINEAR), outline))
    layer.paste((*color, 255), mask=_write(block, align, stroke=0))
    return layer


def _blur(block: _Block) -> int:
    return max(1, block.size // 10)


def _write(block: _Block, align: str, *, stroke: int) -> Image.Image:
    """Where there is ink, 0 to 255: the letters, or the letters grown by `stroke` pixels."""
    font, edge = _font(block.size), 2 * _blur(block) + block.stroke
    ink = Image.new("L", (block.width + 4 * _blur(block), block.height + 4 * _blur(block)), 0)
    draw = ImageDraw.Draw(ink)
    for row, line in enumerate(block.lines):
        spare = block.width - 2 * block.stroke - font.getlength(line)
        where = (edge + _ANCHORS[align] * spare, edge + row * _line_height(block.size))
        draw.text(where, line, font=font, fill=255, stroke_width=stroke)
    return ink


def _blend(picture: Pixels, layer: Image.Image, position: str, *, margin: int) -> Pixels:
    """`layer` over the part of `picture` that `position` names; only that part is converted, so 12 MP stays cheap."""
    height, width = picture.shape[:2]
    left = _place(width, layer.width, margin, _ANCHORS[_horizontal(position)])
    top = _place(height, layer.height, margin, _ANCHORS[_vertical(position)])
    box = (max(left, 0), max(top, 0), min(left + layer.width, width), min(top + layer.height, height))
    area = (slice(box[1], box[3]), slice(box[0], box[2]))
    over = layer.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top))
    under = Image.fromarray(np.ascontiguousarray(picture[area]))
    if under.mode == "RGBA":
        under.alpha_composite(over)
    else:
        under.paste(over.convert("RGB"), mask=over.getchannel("A"))
    written = picture.copy()
    written[area] = np.asarray(under)
    return written


def _place(side: int, length: int, margin: int, anchor: float) -> int:
    """Where a block of `length` starts on a side: `margin` from either end or between; centred when it hardly fits."""
    spare = side - length
    return spare // 2 if spare < 2 * margin else round(margin + anchor * (spare - 2 * margin))
