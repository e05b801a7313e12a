"""What does a step do, in words?  English and Vietnamese, from the parameters of the plan and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .contracts.features import by_id
from .contracts.prompt import PlannedStep

__all__ = ["told_plan", "told_step"]

_Params = Mapping[str, Any]
_LONGEST = 60

_TONES = {
    "brightness": (("brighter", "darker"), ("sáng hơn", "tối hơn")),
    "contrast": (("more contrast", "less contrast"), ("tương phản hơn", "bớt tương phản")),
    "saturation": (("stronger colours", "calmer colours"), ("màu đậm hơn", "màu nhạt hơn")),
    "warmth": (("warmer", "cooler"), ("ấm hơn", "lạnh hơn")),
}
_EFFECTS = {
    "grayscale": ("black and white", "đen trắng"),
    "sepia": ("sepia", "tông nâu cổ điển"),
    "blur": ("blurred by {amount} %", "làm mờ {amount} %"),
    "blur-background": ("background blurred by {amount} %", "làm mờ phông {amount} %"),
    "sharpen": ("sharpened by {amount} %", "làm nét {amount} %"),
    "round-corners": ("corners rounded by {radius} px", "bo góc {radius} px"),
}
_PLACES = {
    "top": ("at the top", "ở trên"), "center": ("in the middle", "ở giữa"), "bottom": ("at the bottom", "ở dưới"),
    "top-left": ("top left", "góc trên bên trái"), "top-right": ("top right", "góc trên bên phải"),
    "bottom-left": ("bottom left", "góc dưới bên trái"), "bottom-right": ("bottom right", "góc dưới bên phải"),
}  # fmt: skip
_SIDES = {"left": ("left", "trái"), "right": ("right", "phải"), "top": ("top", "trên"), "bottom": ("bottom", "dưới")}
_COLORS = {
    "#ffffff": ("white", "trắng"), "#000000": ("black", "đen"), "#ff0000": ("red", "đỏ"), "#008000": ("green", "xanh lá"),
    "#0000ff": ("blue", "xanh dương"), "#ffff00": ("yellow", "vàng"), "#ffa500": ("orange", "cam"), "#800080": ("purple", "tím"),
    "#ffc0cb": ("pink", "hồng"), "#808080": ("gray", "xám"), "#8b4513": ("brown", "nâu"), "#008080": ("teal", "xanh mòng két"),
    "#000080": ("navy", "xanh hải quân"), "#87ceeb": ("sky blue", "xanh da trời"), "#add8e6": ("light blue", "xanh dương nhạt"),
    "#f5f5dc": ("beige", "be"), "#fffdd0": ("cream", "kem"), "#40e0d0": ("turquoise", "xanh ngọc"), "#ffd700": ("gold", "vàng kim"),
}  # fmt: skip
_LEVELS = {"subtle": ("gently", "nhẹ nhàng"), "vivid": ("freely", "phóng khoáng"), "wild": ("wildly", "phá cách")}


def told_plan(steps: Sequence[PlannedStep], language: str) -> str:
    """The steps in one line, in order."""
    joint = ", rồi " if language == "vi" else ", then "
    return joint.join(told_step(step, language) for step in steps)


def told_step(step: PlannedStep, language: str) -> str:
    """One step: 'warmer (+12), cropped to 1:1', 'xóa phông nền'."""
    say = _SAYERS.get(step.feature)
    vi = language == "vi"
    if say is None:
        feature = by_id(step.feature)
        return (feature.title_vi if vi else feature.title) if feature else step.feature
    words = say(step.params, vi)
    if kind := step.params.get("output_format"):
        words = f"{words}, {'lưu thành' if vi else 'saved as'} {str(kind).upper()}".removeprefix(", ")
    return words


def _adjusted(params: _Params, vi: bool) -> str:
    return ", ".join(_operation(op, vi) for op in params.get("operations") or ())


def _operation(op: _Params, vi: bool) -> str:
    name = str(op.get("op", ""))
    if name in _TONES:
        amount = int(op.get("amount", 0))
        return f"{_TONES[name][vi][amount < 0]} ({amount:+d})".replace("-", "−")
    if name in _EFFECTS:
        return _EFFECTS[name][vi].format(amount=op.get("amount", 50), radius=op.get("radius", 0))
    return _SHAPES[name](op, vi) if name in _SHAPES else name


def _cropped(op: _Params, vi: bool) -> str:
    size = op.get("aspect_ratio") or f"{op.get('width')} × {op.get('height')} px"
    return f"cắt theo {size}" if vi else f"cropped to {size}"


def _rotated(op: _Params, vi: bool) -> str:
    degrees = op.get("degrees", 0)
    way = ("sang phải" if vi else "clockwise") if degrees >= 0 else ("sang trái" if vi else "counterclockwise")
    return f"xoay {abs(degrees):g}° {way}" if vi else f"rotated {abs(degrees):g}° {way}"


def _flipped(op: _Params, vi: bool) -> str:
    if op.get("direction") == "vertical":
        return "lật dọc" if vi else "flipped upside down"
    return "lật ngang" if vi else "mirrored left to right"


def _resized(op: _Params, vi: bool) -> str:
    width, height = op.get("width"), op.get("height")
    if width and height:
        size = f"{width} × {height} px"
    elif width:
        size = f"rộng {width} px" if vi else f"{width} px wide"
    else:
        size = f"cao {height} px" if vi else f"{height} px high"
    return f"đổi kích thước {size}" if vi else f"resized to {size}"


def _captioned(op: _Params, vi: bool) -> str:
    place = _PLACES.get(str(op.get("position", "bottom")), _PLACES["bottom"])[vi]
    look = "".join(
        [f", {'màu ' if vi else ''}{_color(op['color'], vi)}" if op.get("color") else "", f", {op['size']} px" if op.get("size") else ""]
    )
    return f"chữ {_quoted(op.get('text'))} {place}{look}" if vi else f"{_quoted(op.get('text'))} written {place}{look}"


_SHAPES: dict[str, Callable[[_Params, bool], str]] = {
    "crop": _cropped, "rotate": _rotated, "flip": _flipped, "resize": _resized, "text": _captioned,
}  # fmt: skip


def _color(color: object, vi: bool) -> str:
    code = str(color).lower()
    return _COLORS[code][vi] if code in _COLORS else code


def _cut_out(params: _Params, vi: bool) -> str:
    if params.get("mask_only"):
        return "lấy mặt nạ của chủ thể" if vi else "the subject's mask"
    if color := params.get("background_color"):
        return f"đổi phông thành màu {_color(color, vi)}" if vi else f"background changed to {_color(color, vi)}"
    if params.get("background") == "picture":
        return "đặt chủ thể lên ảnh kia" if vi else "subject put on the other picture"
    return "xóa phông nền" if vi else "background removed"


def _upscaled(params: _Params, vi: bool) -> str:
    factor = params.get("scale_factor", 2)
    quiet = params.get("flavor") == "photo_denoiser"
    if vi:
        return f"phóng to {factor} lần{', khử nhiễu' if quiet else ''}"
    return f"{factor} times as large{', noise reduced' if quiet else ''}"


def _expanded(params: _Params, vi: bool) -> str:
    sides = [(side, params[side]) for side in _SIDES if params.get(side)]
    amounts = {amount for _, amount in sides}
    names = ", ".join(f"{_SIDES[side][vi]} {amount} px" for side, amount in sides)
    if len(sides) == len(_SIDES) and len(amounts) == 1:
        names = f"{amounts.pop()} px {'mọi phía' if vi else 'on every side'}"
    return f"mở rộng: {names}" if vi else f"expanded: {names}"


def _relit(params: _Params, vi: bool) -> str:
    words = _quoted(params.get("prompt"))
    return f"{'đổi ánh sáng' if vi else 'relit'}{': ' + words if words else ''}"


def _reimagined(params: _Params, vi: bool) -> str:
    level = _LEVELS.get(str(params.get("imagination", "subtle")), _LEVELS["subtle"])[vi]
    words = _quoted(params.get("prompt"))
    return f"{'sáng tạo lại' if vi else 'reimagined'} {level}{': ' + words if words else ''}"


def _styled(params: _Params, vi: bool) -> str:
    return "theo phong cách của ảnh mẫu" if vi else "in the style of the reference picture"


def _edited(params: _Params, vi: bool) -> str:
    return f"{'sửa theo lời' if vi else 'edited'}: {_quoted(params.get('prompt'))}"


def _drawn(params: _Params, vi: bool) -> str:
    count = int(params.get("num_images", 1))
    words = f": {quoted}" if (quoted := _quoted(params.get("prompt"))) else ""
    if vi:
        return f"vẽ {'một' if count == 1 else count} bức ảnh mới{words}"
    return f"{'a new picture' if count == 1 else f'{count} new pictures'} drawn{words}"


def _quoted(text: object) -> str:
    words = " ".join(str(text or "").split())
    if not words:
        return ""
    return f"“{words if len(words) <= _LONGEST else words[: _LONGEST - 1].rstrip() + '…'}”"


_SAYERS: dict[str, Callable[[_Params, bool], str]] = {
    "adjust": _adjusted, "remove_background": _cut_out, "upscale": _upscaled, "image_expand": _expanded, "relight": _relit,
    "reimagine": _reimagined, "style_transfer": _styled, "edit": _edited, "image_generation": _drawn,
}  # fmt: skip
