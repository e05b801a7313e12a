"""What does one clause ask for?  Commands and slots in English and Vietnamese, read from folded words."""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from . import slots
from .lexicon import COLORS, IMAGINATION, LIGHT_STYLES
from .text import Words

__all__ = ["Facts", "Found", "is_command", "read_clause", "without_politeness"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules may know beyond the words."""

    has_picture: bool = False
    has_reference: bool = False
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A step read out of a clause.  `subject` is what to draw, as written."""

    feature: str
    params: dict[str, Any] = field(default_factory=dict)
    confidence: float = 0.95
    subject: Words | None = None


_POLITE = re.compile(
    r"^(?:(?:hi|hey|hello|hi there|ok|okay|okey|so|well|alright|great|nice|perfect|cool(?=[,.!])|good|thanks|thank you|awesome|now|and|then|also|next|first|finally|lastly|just|please|kindly|"
    r"can you|could you|would you|will you|can u|could we|can we|i want you to|i want to|i'd like you to|i'd like to|i would like (?:you )?to|i need you to|i need to|"
    r"let's|lets|let us|help me(?: to)?|try to|go ahead and|what if you|maybe|after that|afterwards|once done|when done|do me a favor and|yo|bro|hmm|um|uh|but|oh|"
    r"chao|alo|xin chao|oke|da|ui|nay|ban oi|em oi|ad oi|bot oi|shop oi|ban co the|co the|ban hay|hay|lam on|xin|vui long|giup minh|giup toi|giup em|giup|gium minh|gium|cho minh|cho toi|cho em|minh muon|toi muon|em muon|"
    r"minh can|toi can|em can|nho ban|nho|roi|sau do|tiep theo|tiep|xong|va|cuoi cung|dau tien|bay gio|gio|thi|ban|dong thoi|em|minh|toi(?! (?:hon|di|lai|bot|xuong|qua|chut|mot|nhieu|them)))\b[\s,.!:]*)+"
)  # fmt: skip


def without_politeness(words: Words) -> Words:
    """The clause from its first word that matters."""
    match = _POLITE.match(words.key)
    if match and match.end() < len(words.key):
        return words.slice(match.end(), len(words.key))
    return words


IMAGE = r"(?:pictures?|images?|photos?|pics?|shots?|snaps?|photographs?|anh|hinh|hinh anh|buc anh|tam anh|buc hinh|tam hinh|buc tranh)"
IT = rf"(?:it|this|that|the|my|everything|{IMAGE}|no|nay|cai nay)"
BG = r"(?:back ?grounds?|backdrops?|phong nen|hinh nen phia sau|hau canh|phong(?! cach)|nen|back ?round)"
REMOVE = r"(?:remove|removing|delete|erase|clear|strip|take (?:out|away|off)|get rid of|getting rid of|cut (?:out|away|off)|eliminate|drop|kill|ditch|lose|wipe|no|without|xoa|bo|loai bo|loai|tach|cat bo|cat|khu|lay|xoa bo|go|go bo|boc|lam sach)"

# --- generation

_MAKE = r"(?:create|generate|draw|paint|sketch|render|design|imagine|illustrate|produce|compose|show me|give me|make me|make|visualize|dream up|tao|ve|sinh|sinh ra|thiet ke|dung|sang tac|lam|hien thi|phac hoa|i want|i need|i'd like|i would like|want|need|muon|can)"
_TO_WHOM = r"(?:\s+(?:me|us|for me|cho minh|cho toi|cho em|giup minh|giup toi|giup em|giup|gium minh|gium|ra|nen|luon|hinh anh|anh cho))*"
_A = r"(?:\s+(?:a|an|the|one|some|new|another|mot|cai|cho|mot cai|nhung|moi))*"
_COUNT = r"(?:\s+(?P<count>\d{1,2}|two|three|four|five|six|hai|ba|bon|nam|a couple of)(?=\s+(?:different |various |new |nice |cool |beautiful )*(?:pictures?|images?|photos?|versions?|variations?|options?|paintings?|drawings?|illustrations?|buc|tam|anh|hinh|phien ban|ban)\b))?"
_KIND = rf"(?:\s+(?:different|various|new|nice|beautiful|cool|high quality|{IMAGE}|buc tranh|buc|tam|canh|versions?|variations?)(?=\s|$))*(?:\s+(?:of|about|showing|depicting|with|ve|cua|mo ta|the hien))?"
_GENERATE = re.compile(rf"^(?P<verb>{_MAKE}){_TO_WHOM}{_A}{_COUNT}{_KIND}\s+(?P<subject>.+)$")
_PICTURE_OF = re.compile(
    rf"^(?:{_A.strip()}\s*)?(?:\w+\s+)?(?:picture|image|illustration|photo|photograph|painting|drawing|portrait|poster|logo|wallpaper|anh|hinh|tranh|buc tranh|buc anh|tam anh)\s+(?:of|about|showing|ve|cua|chup)\s+(?P<subject>.+)$"
)
_NEEDS_ARTICLE = frozenset(
    {"make", "lam", "give me", "show me", "i want", "i need", "i'd like", "i would like", "want", "need", "muon", "can", "dung", "sinh"}
)
_MAKES_OTHER = re.compile(
    rf"^(?:make|lam|muon|i want|i need|i'd like|want|need|can)\s+(?:the\s+|cho\s+)?{IMAGE}\b(?! (?:of|about|ve|cua|chup))|^(?:{_MAKE})\s+(?:me\s+|cho minh\s+)?(?:(?:a|an|the|some|mot|this|that|my|it|these)\s+)?(?:(?:it|this|that|my|everything|no|nay)\b(?! (?:of|about|ve|cua))|them\b|lai\b|background|nen\b|phong\b|colors?\b|lights?\b|lighting\b|anh sang\b|"
    r"(?:\w+\s+)?(?:variations?|variants?|version|remix|bien the|phien ban|ban khac|cutout|mask|black and white|grayscale)\b|sang\b|toi\b|net\b|mo\b|dep\b|am\b|lanh\b|nho\b|lon\b|to\b|ro\b|min\b|muot\b|cho (?:no|anh|hinh)\b|"
    r"more\b|less\b|undo|help|hinh (?:nay|do|tren|goc)|anh (?:nay|do|tren|goc)|transparent|nhu\b|giong\b|diu\b|dam\b|nhat\b|tuoi\b|ruc\b|him\b|her\b|them\b|everyone\b|no\b)"
)  # fmt: skip


_DRAWS = frozenset({"create", "generate", "draw", "paint", "render", "illustrate", "tao", "ve", "phac hoa", "thiet ke"})
_SAYS_IT = re.compile(
    r"^(?:\s+(?:a|an|the|mot|some|me|cho minh))*\s+(?:\w+\s+)?(?:variations?|variants?|version|remix|bien the|phien ban|ban khac|cutout|mask)\b|^(?:\s+(?:a|an|the|mot))*\s+(?:it|this|that|my|them|lai|no|nay|undo|help|background|nen|phong|more|him|her|anh sang|hinh (?:nay|do)|hieu ung)\b"
)


def _generation(words: Words, facts: Facts) -> Found | None:
    key = words.key
    picture_of = _PICTURE_OF.match(key)
    match = _GENERATE.match(key)
    if not match and not picture_of:
        return None
    if match:
        verb = match["verb"]
        if _MAKES_OTHER.match(key) and not (verb in _DRAWS and not _SAYS_IT.match(key[match.end("verb") :])):
            return None
        rest = key[match.start("verb") + len(verb) :]
        if verb in _NEEDS_ARTICLE and not re.match(
            rf"{_TO_WHOM}\s+(?:a|an|another|some|mot|\d+|two|three|four|hai|ba|bon|buc|tam|{IMAGE}|canh|new|tranh|logo|poster)\b", rest
        ):
            return None
        if verb == "tao" and re.match(r"\s+(?:bong|hieu ung|vien|phong nen|nen)\b", rest):
            return None
        start = match.start("subject")
        if re.match(r"^(?:different|style|it|them|this|that|one|mot cai|no|khac|nua)$", match["subject"]):
            return None
    else:
        assert picture_of
        start = picture_of.start("subject")
        head = re.match(r"^(?:an? |the |mot )?((?:\w+ )?(?:painting|drawing|portrait|poster|logo|wallpaper|illustration|tranh))", key)
        if head:
            start = head.start(1)
    return _generated(words, start, key)


def _generated(words: Words, start: int, whole: str, *, confidence: float = 0.95) -> Found | None:
    params: dict[str, Any] = {}
    subject = words.slice(start, len(words.key))
    if ratio := slots.ratio_in(subject.key):
        params["aspect_ratio"] = ratio[0]
        subject = _cut(subject, ratio[1], ratio[2])
    elif ratio := slots.ratio_in(whole):
        params["aspect_ratio"] = ratio[0]
    if (size := slots.size_of(subject.key)) and all(64 <= side <= 2048 for side in size):
        params["size"] = f"{size[0]}x{size[1]}"
    if (count := slots.count_of(whole)) and count >= 1:
        params["num_images"] = min(count, 4)
    if (style := slots.style_in(whole)) and style[0]:
        params["styling"] = {"style": style[0]}
    if seed := re.search(r"\bseed\s*[:=]?\s*(\d{1,9})\b", subject.key):
        params["seed"] = int(seed[1])
        subject = _cut(subject, *seed.span())
    subject = _trimmed(subject)
    if not re.search(r"\w", subject.key):
        return None
    return Found("image_generation", {"prompt": subject.raw, **params}, confidence, subject)


_TAIL = re.compile(
    r"(?:[\s,.!?]|\b(?:please|thanks|thank you|for me|nhe|nha|di|voi|giup minh|giup toi|giup em|a|ty le|ti le|theo ty le|kho|format|in|with|at|ratio|aspect ratio|cho minh|cho toi)\b)+$"
)


def _trimmed(words: Words) -> Words:
    """Without politeness and slot leftovers at the end."""
    while (match := _TAIL.search(words.key)) and match.start() > 0:
        if match[0].strip() == "" and match.end() == match.start():
            break
        words = words.slice(0, match.start())
    return words.slice(0, len(words.key))


def _cut(words: Words, start: int, end: int) -> Words:
    """The words without the part from start to end."""
    low, high = words.at[start], words.at[min(end, len(words.at) - 1)]
    raw = (
        words.raw[:low].rstrip(" ,")
        + (" " if words.raw[:low].strip() and words.raw[high:].strip() and words.raw[high] not in ",." else "")
        + words.raw[high:].lstrip(" ")
    )
    from .text import read

    return read(raw.strip(" ,"))


# --- the background

_REMOVE_BG = re.compile(
    rf"\b{REMOVE}\b[\w\s']{{0,40}}?\b{BG}\b|\b{BG}\b[\w\s]{{0,20}}\b(?:removed|removal|gone|transparent|trong suot|away|out|off|bo di|xoa di|di)\b|"
    rf"\b(?:transparent|clear|empty|see.?through)\s+(?:png|{BG})|\btransparent\b|\btrong suot\b|\bcut ?out\b|\bcut\s+(?:\w+\s+){{1,4}}out\b|\bisolate\b|\bextract (?:the|my|this|him|her)\b|"
    r"\btach (?:rieng )?(?:chu the|nguoi|doi tuong|vat the|san pham|nhan vat|con|cai|hinh)\b|\bcat (?:rieng )?(?:chu the|nguoi|doi tuong|nhan vat|con \w+|san pham) ra\b|\bmask only\b|\b(?:only|just) (?:keep )?the (?:main )?(?:subject|person|product|foreground)\b|\bkeep (?:only|just) the (?:subject|person|product|foreground)\b|\bchi giu(?: lai)? (?:chu the|nguoi|san pham|nhan vat)|\bknock ?out\b|\bnen trang\b|\bsilhouette mask\b"
)  # fmt: skip
_ON_COLOR = re.compile(
    rf"\b(?:put|place|set|dat|cho|de|move)\b[\w\s]{{0,24}}?\b(?:on|onto|over|against|in front of|len|tren)\b\s+(?:an?\s+|the\s+|mot\s+)?(?:solid\s+|plain\s+|pure\s+|bright\s+)?(?:{BG}\s+)?(?:mau\s+)?(?P<c>[\w# ]+?)(?:\s+{BG})?$"
)
_BG_COLOR = re.compile(
    rf"\b(?P<before>[\w#]+(?: [\w]+)?)\s+(?:solid\s+)?(?:color(?:ed)?\s+)?{BG}\b|\b{BG}\b(?:\s+(?:color|mau|cua (?:anh|hinh)|anh|nay|cua no|sang|thanh|to|into|with|be|is|as|trong|qua|la|in|solid|plain|a|phia sau|dang sau|hinh|it|the|no))*\s+(?P<after>[\w#]+(?: [\w]+){{0,2}})"
)


def _background(words: Words, facts: Facts) -> Found | None:
    key = words.key
    if re.search(
        r"\b(?:blur\w*|lam mo|lam nhoe|xoa mo|mo nen|mo phong|phong mo|nen mo|mo (?:cai )?background|mo hau canh|mo (?:phia|dang) sau|bokeh|unfocus|defocus|out of focus)\b",
        key,
    ):
        return None
    if re.search(
        r"\b(?:people|person|man|woman|text|watermark|logo|objects?|car|cars|tourists?|nguoi|chu|vat)\b[\w\s]{0,12}\b(?:in|from|on|o|trong)\b[\w\s]{0,6}\b(?:background|nen|phong)",
        key,
    ):
        return None
    color = "#ffffff" if re.search(rf"\bwhiten (?:out )?(?:the |my )?{BG}\b", key) else _background_color(key)
    if color:
        return Found("remove_background", {"background_color": color})
    if not _REMOVE_BG.search(key) or (re.search(r"\bnen trang\b", key) and not re.search(REMOVE, key)):
        return None
    if re.search(r"\b(?:thay|replace|change|swap|doi)\b", key) and not re.search(r"\btransparent|trong suot", key):
        return None
    return Found(
        "remove_background",
        {"mask_only": True} if re.search(r"\b(?:mask only|only the mask|just the mask|chi (?:lay )?mask)\b", key) else {},
    )


def _background_color(key: str) -> str | None:
    if match := _ON_COLOR.search(key):
        found = slots.color_in("on " + match["c"])
        if found and found[2] - found[1] >= len(match["c"].strip()) - 8:
            return found[0]
    if re.search(r"\b(?:a cat|a dog|create|generate|draw|ve|tao)\b", key):
        return None
    for match in re.finditer(rf"\b{BG}\b", key):
        after = key[match.end() :]
        after = re.sub(
            r"^(?:\s+(?:colou?r|mau|cua (?:anh|hinh|no)|anh|hinh|nay|sang|thanh|to|into|with|be|is|as|qua|la|in|solid|plain|pure|an?|phia sau|dang sau|it|the|don sac|bang))*\s+",
            " ",
            after,
        )
        found = slots.color_in("nen" + after[:24])
        if found and found[1] <= 4:
            return found[0]
        before = key[: match.start()]
        name = re.search(r"((?:[\w#]+ )?[\w#]+)\s+(?:colou?r(?:ed)?\s+)?$", before)
        if name:
            for candidate in (name[1], name[1].split()[-1]):
                bare = candidate.removeprefix("plain ").removeprefix("solid ").removeprefix("a ").removeprefix("pure ")
                if (bare in COLORS and bare not in ("be", "do", "cam", "den", "bac", "tim", "kem")) or re.fullmatch(
                    r"#[0-9a-f]{3,6}", bare
                ):
                    return COLORS.get(bare, bare)
    return None


# --- size

_UPSCALE = re.compile(
    r"\bup-?\s?(?:scal\w*|res|siz\w*)\b|\b(?:enlarge|embiggen|magnify|blow (?:it |this )?up|super.?resolution)\b|\b(?:increase|improve|raise|boost|enhance|higher|better|double|quadruple|more|bump(?: up)?|tang|nang|nang cap|nang cao|cai thien)\b[\w\s]{0,22}\b(?:resolution|res|quality|pixels|size|dimensions|do phan giai|chat luong|kich thuoc|kich co)\b|"
    r"\b(?:twice|doubled?|tripled?|quadrupled?|\d+\s*(?:x|times))\b[\w\s]{0,16}\b(?:big|large|size|bigger|larger|resolution)\b|\b(?:make|want|need)\b[\w\s]{0,16}\b(?:bigger|larger)\b|^(?:a (?:bit|lot) |much |even |way )?(?:bigger|larger)\b|\b(?:high(?:er)?.?(?:res|resolution|quality)|hi-?res|hd|4k|8k|full hd|ultra hd|uhd)\b|"
    r"\bphong (?:to|lon|dai)\b|\bphong anh\b|\blam (?:cho )?(?:no |anh |hinh |anh nay )?(?:to|lon)\b|\b(?:to|lon) (?:hon|len|gap|ra)\b|\blam net\b[\w\s]{0,16}\b(?:lan|gap|x\d|\dx)\b|\b(?:gap doi|gap 2|gap bon|gap 4|nhan doi)\b|\b(?:khu|giam|bo) (?:nhieu|noise|hat)\b|\bde-?noise\b|\b(?:remove|reduce|clean up|get rid of|less)\b[\w\s]{0,10}\b(?:noise|grain)\b|"
    r"\b(?:double|quadruple) (?:it|this|that|the (?:picture|image|photo))\b|\b\d(?:\.\d)?\s?x\b(?!\s*\d)|\bx\s?[248]\b|\bphan giai cao\b|\btang do phan giai\b|\bsuper resolution\b|\b(?:\d|hai|bon) lan\b|\blow.?res\b|\bpixelated\b|\bpixely\b|\b(?:bi )?(?:vo hat|be hat|vo net|vo hinh)\b|\benhance (?:it|this|the (?:picture|image|photo|quality)|quality|my (?:picture|photo|image))\b|\bdo phan giai\b|\bzoom to\b"
)  # fmt: skip


def _upscale(words: Words, facts: Facts) -> Found | None:
    key = words.key
    if not _UPSCALE.search(key) or slots.size_of(key) or slots.pixels_of(key):
        return None
    if re.search(r"\b(?:brightness|contrast|saturation|text|chu|border|zoom out)\b", key):
        return None
    by = re.search(r"\bby (?:a factor of )?([2-8])\b(?!\s*(?:%|px|percent))", key)
    factor = slots.factor_of(key) or (float(by[1]) if by else 2.0)
    if re.search(r"\b(?:8k|4 lan|bon lan)\b", key):
        factor = 4.0
    params: dict[str, Any] = {"scale_factor": 4 if factor > 2 else 2}
    if re.search(r"\b(?:noise|noisy|grain|grainy|denoise|de-noise|nhieu hat|khu nhieu|giam nhieu|bo nhieu|noise|bi nhieu)\b", key):
        params["flavor"] = "photo_denoiser"
    elif re.search(r"\b(?:drawing|illustration|painting|anime|artwork|tranh|hinh ve)\b", key):
        params["flavor"] = "sublime"
    if re.search(r"\b(?:sharpen|sharper|sharp|net hon|sac net)\b", key):
        params["sharpen"] = slots.strength_of(re.sub(r"\d+\s*(?:%|percent|phan tram)", "", key), default=50)
    if re.search(r"\b(?:more detail|details?|chi tiet)\b", key):
        params["ultra_detail"] = 50
    return Found("upscale", params)


_EXPAND = re.compile(
    r"\b(?:expand|extend|outpaint|out-paint|uncrop|un-crop|widen|broaden|enlarge the canvas|stretch out)\w*\b|\bzoom out\b|\bzoom (?:it|this) out\b|\b(?:more|extra|add) (?:space|room|canvas|sky|scenery|surroundings?|background|margin)\b|"
    r"\badd\s+\d+\s*(?:px|pixels?|%|percent)[\w\s]{0,12}\b(?:left|right|top|bottom|side|above|below)|\b(?:mo|noi|keo|trai) (?:rong|dai)\b|\bnoi (?:anh|hinh|khung|them|ra|phia|ben|sang|len|xuong|rong)\b|\bmo (?:anh|hinh|khung) (?:rong|ra|nay ra)|\bthem (?:khong gian|khoang trong|vien canh|canh|nen|\d+ ?(?:px|pixels?))\b[\w\s]{0,20}|\b(?:wider|taller)\b|\bvuon\b|\bve tiep\b|\bkeo (?:anh|hinh)\b|\brong (?:hon|ra|them)\b|\bbigger canvas\b|\b(?:outside|beyond) the (?:frame|edges?|borders?)\b|\bsee more of\b|\bshow more of the (?:scene|surround|room|place)|\b(?:more|further) to the (?:left|right)\b"
)  # fmt: skip


def _expand(words: Words, facts: Facts) -> Found | None:
    key = words.key
    if not _EXPAND.search(key) or re.search(r"\b(?:add more (?:stars|clouds|trees))\b", key):
        return None
    if (ratio := slots.ratio_in(key)) and facts.width and facts.height and not re.search(r"\d+\s*(?:px|pixel|%)", key):
        across, down = (int(part) for part in ratio[0].split(":"))
        want = round(facts.height * across / down)
        if want > facts.width:
            half = min(2048, max(1, (want - facts.width + 1) // 2))
            return Found("image_expand", {"left": half, "right": half})
        tall = round(facts.width * down / across)
        if tall > facts.height:
            half = min(2048, max(1, (tall - facts.height + 1) // 2))
            return Found("image_expand", {"top": half, "bottom": half})
    if ratio:
        key = key[: ratio[1]] + key[ratio[2] :]
        wide = int(ratio[0].split(":")[0]) >= int(ratio[0].split(":")[1])
        if not re.search(r"\b(?:left|right|top|bottom|trai|phai|tren|duoi)\b", key):
            return Found("image_expand", {"left": 256, "right": 256} if wide else {"top": 256, "bottom": 256})
    if re.search(r"\b(?:more|extra|add) sky\b|\bthem bau troi\b", key) and not re.search(r"\b(?:left|right|bottom)\b", key):
        key += " top"
    params: dict[str, Any] = dict(slots.sides_in(key, width=facts.width, height=facts.height))
    if extra := re.search(r"\bwith (?:more )?(?!\d)([\w\s]{3,80})$", key):
        params["prompt"] = words.written(extra.start(1), extra.end(1))
    return Found("image_expand", params)


# --- light and style

_RELIGHT = re.compile(
    r"\bre-?light\w*\b|\blighting\b|\b(?:light|sunlight|moonlight|glow|shadows?|lit)\b[\w\s]{0,14}\b(?:from|on (?:the|his|her|my)|by|behind|left|right|above|below)\b|\b(?:golden hour|blue hour|backlit|back ?light|rim light|candle ?light|studio light\w*|spot ?light|neon light\w*|sunset light|sunrise light|moonlight|sunlight|day ?light|warm light|cold light|soft(?:er)? light|hard light|stage light)\b|"
    r"\b(?:dramatic|cinematic|moody|soft|natural|warm|cool|harsh|better|different|new|change the|fix the|improve the) (?:light|lights|lighting)\b|\b(?:make|get|look)\b[\w\s]{0,40}\b(?:sunset|sunrise|night|day time|daytime|evening|morning|night ?time|nighttime|moonlit|dusk|dawn|golden hour|dramatic|cinematic|moody)\b|\b(?:light|illuminate) (?:it|this|the|him|her|my)\b|^(?:more )?(?:dramatic|cinematic|moody)\b|"
    r"\banh (?:sang(?! (?:len|ra|xiu|chut|trai|phai|hon|nhieu|mot chut|them))|nang|den(?! trang)|lamp|moon)\b|\bchieu sang\b|\bchieu (?:den|lamp|tu)\b|\b(?:den|lamp) (?:chieu|studio|neon|san khau)\b|\bdoi sang\b|\bnguoc sang\b|\bkieu (?:hoang hon|binh minh)\b|\b(?:nhu|giong) (?:hoang hon|binh minh|ban dem|buoi toi|luc hoang hon|dang hoang hon)\b|\bgio vang\b|\bkich tinh\b|\bnang (?:chieu|sang|vang|tu|ben|phia)\b"
)  # fmt: skip


def _relight(words: Words, facts: Facts) -> Found | None:
    key = words.key
    if not _RELIGHT.search(key):
        return None
    if re.search(
        r"\b(?:tang|giam|them|bot|increase|reduce|more|less|decrease)\s+(?:\w+\s+)?(?:anh sang|light)\b(?!\w)", key
    ) and not re.search(r"\b(?:from|tu|left|right|trai|phai|phia)\b", key):
        return None
    params: dict[str, Any] = {"prompt": _trimmed(words).raw}
    style = next(
        (LIGHT_STYLES[name] for name in sorted(LIGHT_STYLES, key=len, reverse=True) if re.search(rf"\b{re.escape(name)}\b", key)), None
    )
    if style:
        params["style"] = style
    if (percent := slots.percent_of(key)) is not None:
        params["light_transfer_strength"] = percent / 100
    elif match := re.search(r"\b(?:strength|do manh|cuong do)\D{0,6}(0?\.\d+|[01](?:\.0)?)\b", key):
        params["light_transfer_strength"] = float(match[1])
    return Found("relight", params)


_OTHER = r"(?:second|other|reference|sample|this painting|that painting|attached|next|ref|2nd|last|third|(?:picture|image|photo) (?:2|two)|the (?:painting|one))"
_TRANSFER = re.compile(
    rf"\b(?:transfer|copy|apply|use|borrow|take|steal|match)\b[\w\s]{{0,24}}\b(?:style|look|colors?|palette|aesthetic|vibe|texture)\b|\bstyle transfer\b|\b(?:style|look|colors?) of (?:the |this |that |my |an? )?(?:\w+ )?(?:{_OTHER}|picture|image|photo|painting|one|artwork)\b|\b(?:look|looks|looking) like (?:the |my )?{_OTHER}\b|\bin the (?:same )?style of (?:the |my |this |that )(?:\w+ )?(?:picture|image|photo|painting|reference|one|other)\b|"
    r"\bchuyen (?:doi )?phong cach\b|\bphong cach (?:cua )?(?:anh|hinh|buc|tam)\b|\b(?:dung|lay|ap dung|theo|sao chep|copy)\b[\w\s]{0,10}\b(?:phong cach|style|mau sac) (?:cua |theo |tu )?(?:anh|hinh|buc|tam|cai)|\bgiong (?:nhu )?(?:phong cach |style )?(?:cua )?(?:anh|hinh|buc|tam|cai) (?:kia|thu hai|mau|tranh|nay|2|con lai|tham khao|sau)\b|\btheo (?:anh|hinh|buc|tranh) (?:mau|tham khao|kia|thu hai)\b|\bsame style as\b|\b(?:giong|cung) (?:phong cach|style) (?:voi )?(?:anh|hinh|buc|tam)"
)  # fmt: skip


def _transfer(words: Words, facts: Facts) -> Found | None:
    key = words.key
    if not _TRANSFER.search(key):
        return None
    style = slots.style_in(key)
    if style and not facts.has_reference and not re.search(rf"\b(?:{_OTHER}|kia|thu hai|mau$|tham khao)\b", key):
        return _reimagined(words, style[1], key)
    params: dict[str, Any] = {}
    strength = slots.percent_of(key)
    if strength is not None:
        params["style_strength"] = strength / 100
    elif re.search(r"\b(?:subtl\w+|slightly|a (?:bit|little)|lightly|nhe|chut|mot chut)\b", key):
        params["style_strength"] = 0.4
    elif re.search(r"\b(?:strongly|fully|completely|heavily|manh|hoan toan)\b", key):
        params["style_strength"] = 1.0
    if re.search(r"\b(?:portrait|chan dung)\b", key):
        params["is_portrait"] = True
    return Found("style_transfer", params)


_REIMAGINE = re.compile(
    r"\bre-?imagin\w*\b|\b(?:variations?|variants?|remix|re-?interpret\w*|reinvent|re-?create|redo it differently|restyle|stylize|stylise|re-?style|re-?draw|re-?paint)\b|\b(?:another|a different|alternate|alternative|new|different) (?:version|take|look|spin|interpretation)\b|\b(?:wild|crazy|creative) (?:version|take)\b|"
    r"\bbien the\b|\bphien ban (?:khac|moi|pha cach|sang tao|\w+)\b|\bsang tao lai\b|\bbien tau\b|\bve lai\b|\btuong tuong lai\b|\blam lai (?:kieu|theo|phong cach|anh)\b|\bmot kieu khac\b|\bpha cach\b|\bsurprise me\b"
)  # fmt: skip
_INTO_STYLE = re.compile(
    r"\b(?:turn|make|convert|transform|change|render|redraw|repaint|bien|chuyen|lam|doi|ve|cho|style|see|want|do|get|look|looks?|nhin)\b[\w\s,']{0,40}|^(?:in|as|like|to|into|kieu|theo|phong cach|style|an?)\b|\b(?:version|style|effect|look|filter|kieu|phong cach|hieu ung)\b"
)


def _reimagine(words: Words, facts: Facts) -> Found | None:
    key = words.key
    style = slots.style_in(key)
    if re.search(r"\b(?:sepia|black and white|grayscale)\b", key):
        return None
    explicit = _REIMAGINE.search(key)
    if not explicit:
        if not style or not _INTO_STYLE.search(key):
            return None
        if re.match(r"^(?:put|add|place|them|dat|write|viet|remove|xoa|bo)\b", key):
            return None
    return _reimagined(words, style[1] if style else "", key)


def _reimagined(words: Words, style: str, key: str) -> Found:
    params: dict[str, Any] = {}
    imagination = next(
        (IMAGINATION[name] for name in sorted(IMAGINATION, key=len, reverse=True) if re.search(rf"\b{re.escape(name)}\b", key)), None
    )
    params["imagination"] = imagination or ("vivid" if style else "subtle")
    prompt = _trimmed(words).raw
    match = re.search(
        r"\b(?:as|into|like|in|with|thanh|kieu|nhu|giong|theo phong cach|phong cach|but|set in|(?<!^)sang(?! tao))\s+(?!(?:it|this|that|the same|khac|mot chut)\b)(.+)$",
        words.key,
    )
    if match:
        prompt = _trimmed(words.slice(match.start(1), len(words.key))).raw
        prompt = re.sub(r"(?i)^(?:an?|the|một|mot)\s+", "", prompt)
    if style or match:
        params["prompt"] = prompt if not style or style.split()[-1].lower() in prompt.lower() else f"{prompt}, {style}"
    if ratio := slots.ratio_in(key):
        params["aspect_ratio"] = ratio[0]
    return Found("reimagine", params)


# --- objects

_EDIT = re.compile(
    r"^(?:(?:now|then|please)\s+)?(?:add|put|place|insert|replace|swap|change|turn|give|dress|remove|delete|erase|get rid of|take (?:out|away|off)|clean up|fix|retouch|paint|color|colour|recolor|make|move|close|open|hide|smooth|whiten|swap out|substitute|draw|wipe|"
    r"them|dat|dan|chen|thay|doi|xoa|bo|mac|doi cho|cho|lam|sua|bien|ve them|gan|to mau|to|chinh|di chuyen|xoa bo|loai bo|go|thay the|chuyen|ghep|deo)\b"
)
_OBJECT = re.compile(
    r"\b(?:hat|cap|glasses|sunglasses|shirt|dress|jacket|coat|hair|eyes?|face|skin|teeth|smile|beard|mustache|shoes|tie|scarf|person|people|man|woman|guy|girl|boy|kid|child|crowd|tourists?|car|cars|bike|tree|trees|flowers?|clouds?|sky|sea|grass|ground|wall|floor|table|chair|dog|cat|bird|birds|moon|sun|stars|rainbow|snow|rain|fire|smoke|boat|house|building|window|door|sign|"
    r"watermark|logo|stain|scratch|scratches|wrinkles?|pimples?|acne|blemish\w*|shadow|reflection|pole|wires?|object|objects|thing|fence|trash|him|her|them|his|background|water|road|"
    r"mu|non|kinh|ao|vay|quan|toc|mat|da|rang|rau|giay|nguoi|anh ay|co ay|chi ay|xe|cay|hoa|dam may|troi|bau troi|bien|tuong|san|ban|ghe|con cho|chu cho|meo|chim|trang|sao|mat troi|cau vong|tuyet|mua|lua|khoi|thuyen|nha|cua so|mun|vet|seo|nep nhan|bong|cot|day dien|vat the|vat|rac|hang rao|chu nuoc|hinh mo|dong ho|nen|canh|em be|tre em)\b"
)  # fmt: skip


def _edit(words: Words, facts: Facts) -> Found | None:
    key = words.key
    if not _EDIT.match(key) or len(key.split()) < 2:
        return None
    if re.match(
        r"^(?:make|lam|cho|change|doi|chinh|fix|sua)\s+(?:it|this|that|no|anh|hinh|them)(?:\s+(?:better|nice|nicer|pretty|dep|dep hon|tot hon|look good|look better|nay|lai|khac))*$",
        key,
    ):
        return None
    known = bool(_OBJECT.search(key))
    strong = re.match(
        r"^(?:add|put|place|insert|replace|swap|dress|remove|delete|erase|get rid of|take out|them|dat|chen|thay|xoa|bo|mac|doi cho|ve them|ghep|deo|give)\b",
        key,
    )
    if not known and not strong:
        return None
    return Found("edit", {"prompt": _trimmed(words).raw}, 0.9 if known else 0.75)


# --- everyday adjustments

_MORE = r"(?:more|increase|raise|boost|add|higher|up|turn up|bump(?: up)?|pump(?: up)?|tang|them|nang|day|crank(?: up)?|stronger)"
_FEWER = r"(?:less|decrease|reduce|lower|down|turn down|drop|cut|remove some|giam|bot|ha|tone down|weaker)"
_GAP = r"[\w\s']{0,18}?"
_TONES: tuple[tuple[str, int, str], ...] = (
    ("brightness", 1, rf"\bbright(?:er|en|ens|ened|ening)?\b|\blight(?:er|en|ened)\b|\b{_MORE}{_GAP}\b(?:brightness|exposure|light)\b|\bbrightness (?:up|\+)|\btoo dark\b|\bunderexposed\b|\bnot bright enough\b|\bsang (?:hon|len|ra|them|sua|chut|mot|nhieu|ro|bung|xiu|nua)\b|\b(?:lam|cho|chinh|tang|chinh cho)(?: \w+){{0,3}} sang\b(?! (?:trai|phai|ben|mau|den trang|kieu|thanh|tao|hinh den|hinh trang))|\b(?:tang|them|nang){_GAP}\b(?:do sang|anh sang)\b|\b(?:bi |hoi |qua )+toi\b|\btoi qua\b|\bdo sang (?:\+|len|cao)"),
    ("brightness", -1, rf"\bdark(?:er|en|ens|ened)?\b(?! (?:blue|green|red|gr[ae]y|background))|\b{_FEWER}{_GAP}\b(?:brightness|exposure|light)\b|\btoo bright\b|\bdim(?:mer|med)?\b|\boverexposed\b|\bbrightness (?:down|-)|\btoi (?:hon|lai|di|xuong|bot|chut|mot|nhieu)\b|\b(?:lam|cho|chinh)(?: \w+){{0,3}} toi\b|\b(?:giam|bot|ha){_GAP}\b(?:do sang|anh sang|sang)\b|\b(?:bi |hoi |qua )+(?:sang|choi)\b|\bsang qua\b|\bchoi qua\b"),
    ("contrast", -1, rf"\b{_FEWER}{_GAP}\b(?:contrasty?|tuong phan)\b|\bcontrast (?:down|-|lower)|\blow contrast\b|\btoo (?:much )?contrasty?\b|\bflatter\b"),
    ("contrast", 1, r"\bcontrast\w*\b|\bpunchier\b|\bpunchy\b|\bmake it pop\b|\btuong phan\b"),
    ("saturation", -1, rf"\b{_FEWER}{_GAP}\b(?:saturat\w+|colorful|vivid|vibran\w+|colors?|bao hoa|ruc ro|mau sac|ruc)\b|\bdesaturat\w*\b|\b(?:mute|muted|fade|faded|washed)\b|\bsaturation (?:down|-)|\btoo (?:saturated|colorful|vivid)\b|\bnhat (?:mau|hon|bot|di)\b|\bbot (?:ruc|dam|mau)\b|\bmau (?:nhat|diu)\b"),
    ("saturation", 1, rf"\bsaturat\w*\b|\b(?:more )?(?:colorful|vivid|vibran\w+)\b|\b{_MORE}{_GAP}\bcolors?\b|\b(?:stronger|richer|intense|deeper|pop) colors?\b|\bcolors? (?:pop|stronger|richer)\b|\bbao hoa\b|\bruc (?:ro|hon|mau|len)\b|\bmau (?:sac |cho |len )?(?:tuoi|dam|ruc|ruc ro|tuoi tan)\b|\btuoi (?:hon|len|mau|tan|sang)\b|\bdam (?:mau|hon|len)\b|\bmau sac hon\b"),
    ("warmth", 1, rf"\bwarm(?:er|th|en|ed|ish)?\b|\b{_MORE}{_GAP}\bwarmth\b|\btoo (?:cold|cool|blue)\b|\bbluish\b|\bbi xanh\b|\bcast xanh\b|\bam (?:hon|len|ap|them|chut|mot|ap hon)\b|\b(?:tong|mau|sac|tone|gam)(?: mau)? am\b|\b(?:lam|cho)(?: \w+){{0,2}} am\b|\b(?:bi |hoi |qua )lanh\b"),
    ("warmth", -1, rf"\b(?:cool|cold)(?:er)?\b(?! (?:pictures?|images?|photos?|robot|car))|\b{_FEWER}{_GAP}\bwarm\w*\b|\btoo warm\b|\btoo (?:yellow|orange)\b|\b(?:yellow|orange)ish\b|\b(?:bi|hoi|qua) (?:am|vang)\b|\b(?:cast|am) vang\b|\blanh (?:hon|di|lai|chut|mot)\b|\b(?:tong|mau|sac|tone|gam)(?: mau)? lanh\b|\b(?:lam|cho)(?: \w+){{0,2}} lanh\b|\bbot am\b|\bmat hon\b|\b(?:bi |hoi |qua )am\b(?! xanh)"),
)  # fmt: skip
_GRAYSCALE = re.compile(
    r"\bblack (?:and|&|n|'n) ?white\b|\bblack-and-white\b|\bgr[ae]y-? ?scale\b|\bmonochrom\w*\b|\b(?:den|trang)[ -]+(?:va )?(?:trang|den)\b|\btrang den\b|\bb ?& ?w\b|\bremove (?:all )?(?:the )?colors?\b(?! cast)|\bno colors?\b|\bnoir\b|\bdon sac\b|\bxoa mau\b|\bgray(?:ed)? (?:it )?out\b"
)
_SEPIA = re.compile(
    r"\bsepia\b|\bold (?:photo|picture|time|fashioned)\b|\blook(?:s|ing)? (?:old|aged)\b|\baged (?:photo|look)\b|\bnau co\b|\b(?:anh|hinh) (?:co|cu|xua)\b|\bmau (?:nau|co|xua|hoai co)\b(?! (?:nen|cho))|\bhoai co\b"
)
_BLUR_BG = re.compile(
    rf"\b(?:blur\w*|unfocus|defocus|soften|lam mo|mo|lam nhoe|nhoe|xoa mo|xoa phong)\b[\w\s']{{0,24}}\b(?:{BG}|behind|phia sau|dang sau|xung quanh|surroundings)\b|\bbehind\b[\w\s]{0, 24}\bblur\w*|\b{BG}\b[\w\s]{{0,20}}\b(?:blur\w*|out of focus|mo|nhoe|mo di|mo ao)\b|\bbokeh\b|\bportrait mode\b|\bshallow depth\b|\bche do chan dung\b|\bxoa phong(?: \w+)?$|\bblurry {BG}\b"
)
_BLUR = re.compile(
    r"\bblur\w*\b|\bgaussian\b|\bsoft focus\b|\b(?:lam|cho)(?: \w+){0,2} (?:mo|nhoe)\b|\blam nhoe\b|\b(?:nhoe|mo) (?:hon|di|anh|hinh|ao)\b|\bhieu ung mo\b|\bout of focus\b"
)
_SHARPEN = re.compile(
    r"\bsharp(?:en|er|ness|ened|ening)?\b|\bcrisp(?:er|en)?\b|\bclearer\b|\bmore (?:clear|detailed|defined)\b|\bless blurry\b|\btoo blurry\b|\bunblur\b|\bde-?blur\b|\blam (?:cho )?(?:\w+ ){0,2}(?:sac )?net\b|\b(?:sac )?net (?:hon|len|cang)\b|\btang (?:do )?(?:sac )?net\b|\bdo (?:sac )?net\b|\blam ro\b|(?<!ruc )\bro (?:net|hon)\b|\bbi (?:mo|nhoe)\b|\bfocus(?:ed)?\b(?! on)"
)
_ROTATE = re.compile(
    r"\brotat\w*\b|\bturn\b[\w\s]{0,24}\b(?:degrees?|clockwise|counter-?clockwise|anti-?clockwise|left|right|upside|sideways|around|90|180|270)\b|\bupside down\b|\bxoay\b|\bquay (?:anh|hinh|no|sang|trai|phai|\d+|ngang|doc|nguoc|lai \d+)\b|\bnghieng\b|\btilt\w*\b|\bspin\b|\bstraighten\b|\bdung thang\b|\blon nguoc\b|\bdao nguoc\b|\b(?:counter|anti)-?clockwise\b|\bclockwise\b|\b\d+ ?(?:degrees|deg|°)|\bxoay nguoc\b"
)
_FLIP = re.compile(
    r"\bflip\w*\b|\bmirror\w*\b|\breflect it\b|\blat\b(?! mat)|\bdoi xung\b|\b(?:phan chieu|guong)\b|\bdao chieu\b|\blat nguoc\b"
)
_CROP = re.compile(
    r"\bcrop\w*\b|\btrim\b|\bcut (?:it |this |the (?:picture|image|photo) |my photo )?(?:to|into|down to|in)\b|\bcat (?:anh|hinh|xen|cup|vuong|thanh|theo|ve|lai|ti le|ty le|kho|gon|no|bot|tam|buc|con|giup|ra)\b|\bcat\b(?= \d)|\bmake (?:it|this|the (?:picture|image|photo)) (?:an? )?(?:squared?|portrait|landscape|vertical|horizontal|\d+ ?[:x] ?\d+)\b|\bto (?:an? )?square\b|\bsquare (?:it|crop)\b|\b(?:lam|chuyen|cho|doi)(?: \w+){0,3} (?:vuong|doc|ngang|thanh vuong|hinh vuong|ty le|ti le)\b|\binstagram (?:square|post)\b|^squared?$|^vuong$|\baspect ratio\b|\bchange (?:the )?ratio\b|^(?:to |in )?\d+:\d+$|\bty le \d+|\bti le \d+|^(?:make )?(?:it )?(?:to )?\d+:\d+\b"
)
_RESIZE = re.compile(
    r"\bre-?size\w*\b|\bscale (?:it |this |the (?:picture|image|photo) )?(?:down|to)\b|\bshrink\b|\b(?:width|height|wide|tall|chieu rong|chieu cao|chieu ngang|be rong|rong|cao)\b[\w\s]{0,10}\d{2,5}|\d{2,5}\s*(?:px|pixels?)?\s*(?:wide|tall|in width|in height|chieu rong|chieu cao)\b|\bsmaller\b|\b(?:thu|lam) nho\b|\bnho (?:lai|hon|di|xuong)\b|\bdoi (?:lai )?kich (?:thuoc|co)\b|\bchinh kich (?:thuoc|co)\b|\bkich (?:thuoc|co)\b|\bhalf (?:the |its |as )?(?:size|big)\b|\bgiam kich\b|\bve (?:size|co) \d|\bthanh \d{2,4} ?x ?\d{2,4}|\bto \d{2,4} ?x ?\d{2,4}|^\d{3,4} ?x ?\d{3,4}$|\bgiam (?:mot )?nua\b"
)
_ROUND = re.compile(
    r"\bround(?:ed|ing)?\b[\w\s]{0,14}\bcorners?\b|\bcorners?\b[\w\s]{0,14}\bround\w*\b|\bbo (?:tron |cac |4 |bon )*goc\b|\bgoc (?:bo )?tron\b|\blam tron (?:cac |4 |bon )?goc\b|\bborder.?radius\b|\bround (?:it|them) off\b|\bbo tron\b"
)
_TEXT = re.compile(
    r"\b(?:write|caption|captioned|text|title|words?|label|watermark|letters|type|inscribe|say(?:s|ing)?|overlay|viet|chu|ghi|dong chu|tieu de|chu thich|caption la|chen|de chu|dien)\b"
)


@dataclass(frozen=True, slots=True)
class _Op:
    start: int
    end: int
    op: dict[str, Any]


def _adjust(words: Words, facts: Facts) -> Found | None:
    text = _caption(words, facts)
    if text:
        return text
    key = words.key
    ops: list[_Op] = []

    def add(match: re.Match[str] | None, op: dict[str, Any]) -> None:
        if match and not any(match.start() < other.end and other.start < match.end() for other in ops):
            ops.append(_Op(match.start(), match.end(), op))

    add(_GRAYSCALE.search(key), {"op": "grayscale"})
    add(_SEPIA.search(key), {"op": "sepia"})
    add(_BLUR_BG.search(key), {"op": "blur-background", "amount": slots.strength_of(key, default=50)})
    if not any(op.op["op"] == "blur-background" for op in ops):
        sharpen = _SHARPEN.search(key)
        add(sharpen, {"op": "sharpen", "amount": slots.strength_of(key, default=50)})
        if not sharpen:
            add(_BLUR.search(key), {"op": "blur", "amount": slots.strength_of(key, default=50)})
    add(_ROUND.search(key), {"op": "round-corners", "radius": _radius(key, facts)})
    rotate = None if _FLIP.search(key) and not re.search(r"\brotat|xoay|degree|clockwise|\d+ ?do\b", key) else _ROTATE.search(key)
    add(rotate, {"op": "rotate", "degrees": _degrees(key)})
    flip = None if rotate else _FLIP.search(key)
    add(flip, {"op": "flip", "direction": _direction(key)})
    if not flip and not rotate:
        add(_CROP.search(key), _crop(key, facts))
        resize = _RESIZE.search(key)
        if resize and not any(op.op["op"] == "crop" for op in ops) and (size := _resize(key, facts)):
            add(resize, size)
    for name, sign, pattern in _TONES:
        if any(op.op["op"] in ("grayscale", "sepia") for op in ops) and name in ("saturation",):
            continue
        for match in re.finditer(pattern, key):
            part = _around(key, match.start(), match.end())
            low = sign
            if sign > 0 and re.search(
                rf"\b(?:{_FEWER}|not (?:so|as|too)|decrease)\b(?!.*\b(?:and|va)\b)", key[max(0, match.start() - 14) : match.start()]
            ):
                low = -1
            add(match, {"op": name, "amount": slots.amount_of(part, sign=low)})
            break
    if not ops:
        return None
    ops.sort(key=lambda op: op.start)
    usable = [op.op for op in ops if op.op]
    return Found("adjust", {"operations": usable[:16]}) if usable else None


def _around(key: str, start: int, end: int) -> str:
    """The clause's part that speaks of one operation: from the last 'and' or comma to the next."""
    before = max((match.end() for match in re.finditer(r"\b(?:and|va|but|nhung)\b|,", key[:start])), default=0)
    after = min((match.start() for match in re.finditer(r"\b(?:and|va|but|nhung)\b|,", key[end:])), default=len(key) - end)
    return key[before : end + after]


def _radius(key: str, facts: Facts) -> int:
    match = re.search(r"(?<![\d.])(\d{1,4})(?!\d)(?!\s*(?:corners|goc|%))", key)
    if match and int(match[1]) > 4:
        return min(int(match[1]), 4096)
    if (percent := slots.percent_of(key)) is not None and facts.width:
        return min(4096, round(facts.width * percent / 100))
    little = re.search(r"\b(?:slightly|a (?:bit|little)|nhe|chut)\b", key)
    much = re.search(r"\b(?:very|fully|a lot|nhieu|that)\b", key)
    return 20 if little else 120 if much else 48


def _degrees(key: str) -> float:
    counter = bool(
        re.search(
            r"\b(?:counter-?\s?clockwise|anti-?\s?clockwise|to the left|left|nguoc chieu(?: kim dong ho)?|sang trai|trai|nguoc kim)\b", key
        )
    )
    found = slots.degrees_of(key)
    if found is None:
        match = re.search(r"(-?\d{1,3})\b(?!\s*(?:px|%|x))", key)
        if match and abs(int(match[1])) <= 360:
            found = float(match[1])
        elif re.search(r"\b(?:upside down|half(?: a)? turn|lon nguoc|dao nguoc|nguoc lai|nua vong)\b", key):
            found = 180.0
        elif re.search(r"\b(?:slightly|a (?:bit|little)|chut|tilt|nghieng|straighten|xiu)\b", key):
            found = 5.0
        else:
            found = 90.0
    found = -abs(found) if counter else found
    return int(found) if found == int(found) else found


def _direction(key: str) -> str:
    vertical = re.search(
        r"\b(?:vertical(?:ly)?|upside down|up and down|top to bottom|doc|tren duoi|chieu doc|theo chieu doc|len xuong|tren xuong duoi)\b",
        key,
    )
    return "vertical" if vertical else "horizontal"


def _crop(key: str, facts: Facts) -> dict[str, Any]:
    if (size := slots.size_of(key)) and min(size) > 40:
        place = re.search(r"\b(?:at|from|tai|tu)\s+(\d{1,5})\s*,\s*(\d{1,5})", key)
        corner = {"x": int(place[1]), "y": int(place[2])} if place else {}
        if not place and facts.width and facts.height:
            corner = {"x": max(0, (facts.width - size[0]) // 2), "y": max(0, (facts.height - size[1]) // 2)}
        return {"op": "crop", **corner, "width": min(size[0], 30000), "height": min(size[1], 30000)}
    if ratio := slots.ratio_in(key, loose=True):
        return {"op": "crop", "aspect_ratio": ratio[0]}
    if (percent := slots.percent_of(key)) and facts.width and facts.height and percent < 100:
        share = (100 - percent) / 100 if re.search(r"\b(?:by|off|bot|di)\b", key) else percent / 100
        width, height = max(1, round(facts.width * share)), max(1, round(facts.height * share))
        return {"op": "crop", "x": (facts.width - width) // 2, "y": (facts.height - height) // 2, "width": width, "height": height}
    off = re.search(r"\b(?:top|bottom|left|right|tren|duoi|trai|phai)\b", key)
    if off and re.search(r"\b(?:off|bot|phan|bo|away|out|from)\b", key):
        return _crop_side(off[0], facts)
    return {"op": "crop", "aspect_ratio": "1:1"}


def _crop_side(side: str, facts: Facts) -> dict[str, Any]:
    """A fifth off one side; nothing when the picture's size is not known."""
    if not facts.width or not facts.height:
        return {}
    across, down = max(1, facts.width // 5), max(1, facts.height // 5)
    wide = side in ("left", "right", "trai", "phai")
    return {
        "op": "crop",
        "x": across if side in ("left", "trai") else 0,
        "y": down if side in ("top", "tren") else 0,
        "width": max(1, facts.width - across) if wide else facts.width,
        "height": facts.height if wide else max(1, facts.height - down),
    }


def _resize(key: str, facts: Facts) -> dict[str, Any] | None:
    if (size := slots.size_of(key)) and min(size) >= 8:
        return {"op": "resize", "width": min(size[0], 8192), "height": min(size[1], 8192)}
    number = re.search(r"(?<![\d.])(\d{2,5})\s*(?:px|pixels?|diem anh)?\b(?!\s*(?:%|percent|phan tram))", key)
    if number and 1 <= int(number[1]) <= 8192 and not slots.percent_of(key):
        tall = re.search(r"\b(?:height|tall|high|chieu cao|cao)\b", key)
        return {"op": "resize", "height" if tall else "width": int(number[1])}
    share = None
    if (percent := slots.percent_of(key)) is not None and percent > 0:
        smaller_by = re.search(r"\b(?:by|smaller|giam|bot|di)\b", key) and not re.search(r"\b(?:to|con|xuong con|xuong)\b", key)
        share = (100 - percent) / 100 if smaller_by and percent < 100 else percent / 100
    elif re.search(r"\b(?:half|smaller|shrink|scale (?:it |this )?down|nho|thu nho|mot nua|nua|giam)\b", key):
        share = 0.5
    if share is None:
        return None
    return {"op": "resize", "width": max(1, min(8192, round((facts.width or 1024) * share)))}


_QUOTED = re.compile(r"\"([^\"]{1,300})\"|(?<![a-z0-9])'([^']{1,300})'(?![a-z0-9])")
_WRITE = re.compile(
    r"\b(?:write|type|add (?:the |a |some )?(?:text|caption|title|words?|label|watermark)|put (?:the |a )?(?:text|caption|title|words?|label|watermark)|caption(?: it)?(?: with)?|overlay (?:the )?(?:text|words?)|text(?: saying| that says)?|title(?: it)?|label it|"
    r"viet(?: len| vao)?(?: anh| hinh)?(?: dong)?(?: chu)?|(?:chen|them|ghi|dat|de|dien)(?: vao)?(?: \w+){0,2}? (?:chu|text|dong chu|tieu de|caption|chu thich)|ghi(?: chu)?|chen chu|them chu)\b(?:\s+(?:saying|that says|which says|with|reading|la|noi|voi noi dung|noi dung|:))*\s*:?\s*(?P<text>.+)$"
)
_PLACE = (
    ("top-left", r"top[- ]left|upper[- ]left|(?:goc )?(?:tren|phia tren)(?: ben)? trai|goc trai(?: phia)? tren"),
    ("top-right", r"top[- ]right|upper[- ]right|(?:goc )?(?:tren|phia tren)(?: ben)? phai|goc phai(?: phia)? tren"),
    ("bottom-left", r"bottom[- ]left|lower[- ]left|(?:goc )?(?:duoi|phia duoi)(?: ben)? trai|goc trai(?: phia)? duoi"),
    ("bottom-right", r"bottom[- ]right|lower[- ]right|(?:goc )?(?:duoi|phia duoi)(?: ben)? phai|goc phai(?: phia)? duoi"),
    ("center", r"(?:center|middle|giua|chinh giua|o giua|trung tam)"),
    ("top", r"(?:top|above|upper|tren cung|phia tren|o tren|tren dau|ben tren|phan tren)"),
    ("bottom", r"(?:bottom|below|lower|underneath|duoi cung|phia duoi|o duoi|ben duoi|phan duoi|cuoi anh)"),
)  # fmt: skip


def _caption(words: Words, facts: Facts) -> Found | None:
    key = words.key
    quoted = _QUOTED.search(key)
    written = _WRITE.search(key)
    if not written and not (quoted and (_TEXT.search(key) or re.match(r"^(?:put|add|place|show|them|dat|them vao|cho)\b", key))):
        return None
    if re.match(r"^(?:remove|delete|erase|replace|change|swap|xoa|bo|get rid|thay|doi)\b", key):
        return None
    if quoted:
        group = 1 if quoted[1] is not None else 2
        text = words.written(quoted.start(group), quoted.end(group))
        rest = key[: quoted.start()] + key[quoted.end() :]
    else:
        assert written
        start, end = written.span("text")
        rest = key[: written.start("text")]
        tail = re.search(
            r"\s*,?\s*\b(?:(?:at|on|in|to|near|along|across|o|vao|len|tai|phia|ben)\s+(?:the |phia |ben |goc )*(?:very )?(?:top|bottom|center|middle|upper|lower|corner|left|right|tren|duoi|giua|goc|chinh giua|trung tam)\b.*|in (?:big |large |small |bold )?(?:white|black|red|yellow|blue|green|orange|pink|purple|gold)\b.*|(?:mau|chu mau)\s+(?:trang|den|do|vang|xanh|hong|tim|cam)\b.*|(?:phia tren|phia duoi|tren cung|duoi cung|chinh giua|goc (?:tren|duoi|trai|phai))\b.*|(?:on|onto|vao|len) (?:it|the (?:picture|image|photo)|anh|hinh)\b.*)$",
            key[start:end],
        )
        if tail:
            rest += " " + tail[0]
            end = start + tail.start()
        text = words.written(start, end).strip(" .,:\"'")
        if not text or text.lower() in ("it", "text", "chữ", "something", "on it"):
            return None
    op: dict[str, Any] = {"op": "text", "text": text}
    place = next((name for name, pattern in _PLACE if re.search(rf"\b{pattern}\b", rest)), None)
    if place:
        op["position"] = place
    if color := slots.color_in(rest):
        op["color"] = color[0]
    if size := re.search(r"\b(?:size|co chu|co)\s*[:=]?\s*(\d{1,4})\b|\b(\d{1,4})\s*(?:px|pt|pixels?)\b", rest):
        op["size"] = max(6, min(1000, int(size[1] or size[2])))
    return Found("adjust", {"operations": [op]})


_READERS = (_caption, _background, _generation, _transfer, _expand, _upscale, _reimagine, _relight, _adjust, _edit)

_HARD_EDIT = re.compile(
    r"^(?:put|add|place|insert|give|dress|replace|swap|them|dat|dan|thay|ghep|doi cho|mac|deo)\b(?!\s+(?:more |some |a bit of |a little |them |chut |mot chut )?(?:brightness|contrast|saturation|warmth|sharpness|blur|light\b|text|caption|title|words|rounded|round|do|tuong phan|bao hoa|anh sang|chu|sang|am|mau sac|phong cach|style|sepia|noise|grain|space|room|vien|khong gian|khoang|\d|canvas|dong chu|tieu de|sky|detail|chi tiet))"
)
_OBJECT_COLOR = re.compile(
    r"^(?:change|make|turn|paint|color|colour|recolor|doi|bien|lam|to|chuyen|cho|nhuom|son|dye|paint|son lai|to lai)\s+(?:the |his |her |my |their |mau )?(?:color of (?:the |his |her )?)?(?:car|shirt|dress|hair|eyes?|sky|wall|house|hat|jacket|coat|door|flowers?|grass|shoes|t-?shirt|sea|water|ao|vay|toc|xe|mat|bau troi|troi|tuong|nha|mu|non|quan|giay|cua|hoa)\b"
)
_REMOVE_OBJECT = re.compile(
    rf"^take (?:the |that |those |all )*[\w ]{{2,30}} (?:out|away|off)\b|^(?!cut out|cut away|cat|tach|no |without |lay )(?:{REMOVE})\s+(?:the |all (?:the )?|those |these |that |this |my |his |her |any |some |nhung |cac |het |may |cai |con |vat )*(?:people|person|man|woman|guy|girl|boy|tourists?|crowd|cars?|watermarks?|logos?|text|stain|scratch\w*|wrinkles?|pimples?|acne|blemish\w*|pole|wires?|objects?|trash|fence|sign|glasses|hat|tree|dog|cat|shadow|reflection|glare|red.?eye|nguoi|xe|chu|mun|vet|seo|nep nhan|day dien|vat the|rac|logo|watermark|bong|cot|kinh|mu|cay|cho|meo)"
)


_DESCRIBES = re.compile(
    r"^(?:an?|two|three|some|mot|hai|ba|nhung)\s+(?!(?:bit|little|lot|few|touch|tad|chut|ti|xiu|it|lan|cai|ban|kieu|transparent|white|black|square|different|new|cleaner|better|bigger|larger|brighter|darker|warmer|crop|blur|sharper|softer|plain|solid|phien)\b)\w+"
)
_SPEAKS_OF_IT = re.compile(
    r"\b(?:it|this|that|my|version|variations?|look|effect|filter|phien ban|bien the|hieu ung|more|less|please make|around|frame|hon|nay|background (?:removed|gone)|corners?|degrees|px|pixels|lighting|caption)\b"
)


def read_clause(words: Words, facts: Facts) -> Found | None:
    """The step that a clause asks for, or None when no rule knows it."""
    words = without_politeness(words)
    key = words.key.strip()
    if not key:
        return None
    if re.search(r"\bsepia\b", key) and not re.match(r"^(?:create|generate|draw|paint|ve)\b", key) and (toned := _adjust(words, facts)):
        return toned
    if _OBJECT_COLOR.match(key) or (_REMOVE_OBJECT.match(key) and not re.search(rf"\b{BG}$", key)):
        return _edit(words, facts) or Found("edit", {"prompt": _trimmed(words).raw}, 0.9)
    if _HARD_EDIT.match(key) and _OBJECT.search(key):
        first = _caption(words, facts) or _background(words, facts) or _transfer(words, facts)
        return first or _edit(words, facts)
    if (
        re.match(rf"^(?:change|replace|swap|doi|thay)\b[\w\s]{{0,10}}\b{BG}\b", key)
        and not _background(words, facts)
        and not _BLUR_BG.search(key)
    ):
        return Found("edit", {"prompt": _trimmed(words).raw}, 0.9)
    if (
        _DESCRIBES.match(key)
        and not _SPEAKS_OF_IT.search(key)
        and len(key.split()) >= 4
        and (drawn := _generated(words, 0, key, confidence=0.85))
    ):
        return drawn
    for reader in _READERS:
        if found := reader(words, facts):
            return found
    return None


_IMPERATIVE = re.compile(
    r"^(?:(?:please|also|just|now|then|finally|hay|giup minh|roi)\s+)*(?:remove|delete|erase|cut|isolate|put|place|make|turn|upscale|enlarge|double|expand|extend|widen|rotate|flip|mirror|crop|resize|shrink|brighten|darken|lighten|sharpen|blur|increase|decrease|reduce|add|write|caption|convert|change|replace|swap|relight|reimagine|apply|transfer|use|round|give|boost|desaturate|saturate|"
    r"enhance|straighten|trim|scale|set|warm|cool|adjust|improve|outpaint|denoise|zoom|stylize|invert|get|create|generate|draw|paint|"
    r"xoa|bo|tach|phong|mo rong|noi|xoay|lat|cat|lam|doi|them|viet|chen|chuyen|bien|tang|giam|thay|dat|bo goc|bo tron|cho|dung|ap dung|thu nho|chinh|quay|ghi|loai|khu|tao|ve|nang|to|sang|lam net|xoa mo|dan)\b"
)


def is_command(words: Words, facts: Facts, *, after: str | None) -> bool:
    """Whether a piece after 'and' or a comma is a request of its own; after a generation it must begin with a verb."""
    piece = without_politeness(words)
    found = read_clause(piece, facts)
    if found is None:
        return False
    if after in ("image_generation", "edit", "reimagine", "relight"):
        return bool(_IMPERATIVE.match(piece.key)) and not (after == "image_generation" and found.feature in ("image_generation", "edit"))
    return bool(_IMPERATIVE.match(piece.key)) or found.feature == "adjust" or (found.confidence >= 0.9 and found.feature != "relight")
