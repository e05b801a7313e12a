"""How does a short wish become a good prompt?  Light, lens or medium and mood added to the user's own words."""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
import zlib

from .lexicon import KEYWORDS_VI
from .slots import style_in
from .text import Words, read
from .words import split

__all__ = ["MAX_REFINED", "is_scene", "keywords_of", "refined", "unrefined"]

MAX_REFINED = 500
_LIGHT = re.compile(r"\b(?:light|lighting|lit|golden hour|sunlight|backlit|glow\w*|shadows?|neon|moonlight|candle\w*|anh sang|nang)\b")
_MEDIUM = re.compile(
    r"\b(?:photo\w*|lens|mm|bokeh|depth of field|painting|illustration|render\w*|watercolou?r|sketch|drawing|anime|pixel art|digital art|shot|composition|macro|wide-angle|close-up|brush\w*|mau nuoc|son dau|tranh)\b"
)
_MOOD = re.compile(
    r"\b(?:mood\w*|atmospher\w*|serene|calm|peaceful|dramatic|cozy|mysterious|epic|dreamy|joyful|playful|cinematic|melanchol\w*|vibrant|tranquil|romantic|binh yen|lang man|huyen bi|am cung)\b"
)
_DETAIL = re.compile(r"\b(?:detail\w*|sharp|high quality|8k|4k|intricate)\b")

_SCENES: tuple[tuple[str, str, tuple[str, str, str]], ...] = (
    ("logo", r"\b(?:logo|icon|emblem|badge|sticker)\b", ("even light", "clean vector shapes, plain backdrop", "confident mood")),
    ("poster", r"\b(?:posters?|flyers?|banners?|(?:greeting |post|birthday |wedding )?cards?|invitations?|(?:book|album|magazine) covers?|ap phich|to roi|thiep\w*|bia sach|anh bia|hinh bia)\b", ("bright even light", "bold graphic layout with one focal point and room for a title", "inviting mood")),
    ("portrait", r"\b(?:portrait|girl|woman|man|boy|face|person|people|child|baby|king|queen|old man|astronaut|warrior|co gai|chang trai|phu nu|dan ong|em be|chan dung|nguoi)\b", ("soft key light with a gentle rim light", "85mm lens, shallow depth of field", "intimate mood")),
    ("night", r"\b(?:night|neon|stars?|starry|moon|galaxy|space|aurora|milky way|planet|nebula|dem|vu tru|ngan ha)\b", ("glowing light against deep shadows", "wide-angle view, long exposure", "mysterious mood")),
    ("dusk", r"\b(?:sunset|sunrise|dusk|dawn|golden hour|hoang hon|binh minh)\b", ("warm golden light low on the horizon", "wide-angle view, layered depth", "serene mood")),
    ("city", r"\b(?:city|street|skyline|building|town|tower|bridge|shop|cafe|village|castle|house|temple|thanh pho|pho|lang|lau dai|nha)\b", ("directional light with crisp shadows", "24mm wide-angle composition, leading lines", "lively mood")),
    ("food", r"\b(?:food|cake|coffee|pizza|bread|soup|noodles?|fruit|dish|meal|pho bo|banh|mon an|ca phe)\b", ("soft window light from the side", "50mm macro, shallow depth of field", "appetizing, cozy mood")),
    ("animal", r"\b(?:cat|dog|bird|horse|lion|tiger|fox|wolf|dragon|fish|elephant|rabbit|puppy|kitten|meo|cho|chim|ngua|rong|ho)\b", ("soft natural light", "85mm lens, blurred background", "playful mood")),
    ("water", r"\b(?:sea|ocean|beach|lake|river|waterfall|island|underwater|waves?|bien|song|ho|thac|dao)\b", ("clear light glinting on the water", "wide-angle view with foreground interest", "tranquil mood")),
    ("land", r"\b(?:mountains?|forest|valley|field|desert|hills?|landscape|garden|trees?|meadow|jungle|snow|nui|rung|dong|sa mac|vuon|cay|ruong)\b", ("soft directional light", "wide-angle view, layered depth", "peaceful mood")),
    ("abstract", r"\b(?:abstract|pattern|geometric|texture|fractal|truu tuong|hoa tiet)\b", ("luminous gradients of light", "balanced composition", "contemplative mood")),
)  # fmt: skip
_OTHER = ("soft natural light", "balanced composition, fine detail", "calm mood")
_MEDIUM_OF = {
    "watercolor": "watercolor on textured paper", "oil-painting": "oil on canvas, visible brush strokes", "sketch": "pencil on paper, fine hatching", "anime": "clean line art, cel shading",
    "3d": "3D render, global illumination", "pixel-art": "crisp pixel grid, limited palette", "digital-art": "detailed digital painting", "photorealistic": "photorealistic, natural texture",
}  # fmt: skip
_STYLE_NAMES = {
    "watercolor": "watercolor",
    "oil-painting": "oil painting",
    "sketch": "pencil sketch",
    "anime": "anime style",
    "3d": "3D render",
    "pixel-art": "pixel art",
    "digital-art": "digital art",
    "photorealistic": "photorealistic",
}


def is_scene(key: str) -> bool:
    """Whether the words name something to draw."""
    return any(re.search(pattern, key) for _, pattern, _ in _SCENES) or bool(translated(key))


def translated(key: str) -> list[str]:
    """English words for the Vietnamese ones that are known, longest first, each part once."""
    rest, out = f" {key} ", []
    for name in sorted(KEYWORDS_VI, key=len, reverse=True):
        match = re.search(rf"\b{re.escape(name)}\b", rest)
        if match:
            out.append((match.start(), KEYWORDS_VI[name]))
            rest = rest[: match.start()] + "#" * (match.end() - match.start()) + rest[match.end() :]
    return list(dict.fromkeys(word for _, word in sorted(out)))


def refined(words: Words, *, language: str, style: str | None = None, topic: str | None = None) -> str:
    """The user's words with what a picture needs added: at most 500 characters, never losing a word of theirs."""
    base = words.raw.strip(" ,.;")
    parts = [base]
    english = translated(words.key) if language == "vi" else []
    if english:
        parts.append(" ".join(english) if len(english) < 2 else ", ".join(english))
    key = f"{words.key}, {', '.join(english)}"
    declared = (style or "").strip().lower()
    if declared and declared not in key:
        parts.append(_STYLE_NAMES.get(declared, declared))
    if topic and topic.strip().lower() not in key:
        parts.append(topic.strip())
    found = style_in(key)
    medium_style = declared if declared in _MEDIUM_OF else (found[0] if found else None)
    light, lens, mood = next((words_of for _, pattern, words_of in _SCENES if re.search(pattern, key)), _OTHER)
    additions = []
    if medium_style and medium_style != "photorealistic":
        lens = _MEDIUM_OF[medium_style]
    if not _LIGHT.search(key):
        additions.append(light)
    if (medium_style and _MEDIUM_OF[medium_style].split(",")[0] not in key) or not _MEDIUM.search(key):
        additions.append(lens)
    if not _MOOD.search(key):
        additions.append(mood)
    if not _DETAIL.search(key) and len(additions) < 3:
        additions.append(("fine detail", "rich texture")[zlib.crc32(key.encode()) % 2])
    for extra in [*parts[1:], *additions]:
        if len(base) + 2 + len(extra) <= MAX_REFINED:
            base = f"{base}, {extra}"
    return base[:2000]


_ADDED = frozenset(
    part
    for words in (*(part for _, _, parts in _SCENES for part in parts), *_OTHER, *_MEDIUM_OF.values(), "fine detail", "rich texture")
    for part in words.split(", ")
)


def unrefined(prompt: str) -> str:
    """What a refined prompt began with: the person's own words."""
    parts = prompt.split(", ")
    translated_too = frozenset(KEYWORDS_VI.values()) if not prompt.isascii() else frozenset()
    while len(parts) > 1 and (parts[-1] in _ADDED or parts[-1] in translated_too):
        parts.pop()
    return ", ".join(parts)


_LONGEST = 1000
_STOP = frozenset(
    split(
        "a an the of in on at and or with to for from by is are be it this that some very my your me i you we as over under into mot "
        "va cua cho voi trong tren duoi nhung cac la co nay kia do thi rat cai con buc tam anh hinh"
    )
)


def keywords_of(text: str, *, limit: int = 12) -> tuple[str, ...]:
    """The words of a prompt that carry it, as written."""
    words = re.findall(r"[^\W_][\w'-]*", text[:_LONGEST].lower())
    seen = dict.fromkeys(word for word in words if len(word) > 2 and read(word).key not in _STOP)
    return tuple(list(seen)[:limit])
