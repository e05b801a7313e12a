"""Are light and colours to go up or down?  Nouns with a direction, comparatives, wishes and complaints."""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .. import slots

__all__ = ["POP", "Tone", "tones"]

_UP = r"more|increase|raise|boost|add|higher|up|bump|pump|crank|push|lift|gain|stronger|extra|enhance|intensify|deepen|tang|them|nang|day|len|cao|manh"
_DOWN = r"less|fewer|decrease|reduce|reducing|lower|down|drop|cut|flatten|soften|dial back|tone down|tone it down|take off|pull back|ease|weaker|minus|giam|bot|ha|xuong|thap|diu bot"
_WISH = re.compile(
    r"\b(?:make|making|turn|want|wants|need|get|give|go|let|should be|could be|to be|look(?:s)? more|lam|cho|chinh|muon|bien|keo|day|cang|tro nen)\b"
)
_LAMENT = re.compile(
    r"\b(?:too|so|hella|way|pretty|kinda|kind of|sort of|sorta|very|really|quite|rather|super|a bit|a little|bit|look|looks|looking|looked|seem|seems|feels?|is|are|was|it'?s|its|that'?s|came out|turned out|appears|has an?|have an?|got an?|there'?s an?|hate|dislike|mad|crazy|stupidly|awfully|terribly|somewhat|overly|everything'?s|pic'?s|picture'?s|image'?s|photo'?s|bi|hoi|qua|kha|rat|con|van|van con|still|trong|nhin|thay|sao ma|sao)\s+(?:\w+\s+){0,2}$"
)
_LAMENT_AFTER = re.compile(
    r"^\s*(?:qua(?! (?:them|len))|the$|ghe|vay$|vcl|om\b|thui|mu\b|lam(?! (?:sao|net|mo|sang|toi|am|cho)))\b|^\s*(?:af|as hell|asf|lol)\b"
)
# states that nobody wishes for unless he says so
_BAD = re.compile(
    r"over-? ?exposed|under-? ?exposed|blown[- ]?out|glaring|blinding|glary|burnt out|choi|choi loa|chay sang|gloomy|murky|thieu sang|am u|washed[- ]?out|dull|lifeless|drab|dead|garish|gaudy|over-?saturated|loe loet|long loet|choet|choe|xin mau|bet mau|nhot nhat|hazy|milky|(?:yellow|orange) (?:tint|cast|tinge)|blue (?:tint|cast|tinge)|cast (?:vang|xanh)"
)
_NOT = re.compile(r"\b(?:not (?:so|as|too|that)|isn'?t|aren'?t|is not|not|khong|chua|ko|chang)\s+(?:\w+\s+){0,2}$")
_ENOUGH = re.compile(r"^\s*(?:\w+\s+)?(?:enough|du|lam)\b")


@dataclass(frozen=True, slots=True)
class _Dimension:
    """How a tone is spoken of: its nouns, the words for more and for less of it, and for having much or little of it.

    `high` and `low` are states: 'make it X' wishes for them, 'too X' complains of them.
    """

    op: str
    nouns: str
    more: str
    less: str
    high: str
    low: str


_DIMENSIONS = (
    _Dimension(
        "brightness",
        nouns=r"brightness|exposure|luminosity|do sang|phoi sang|light(?=$| (?:up|down|by|in|a|level)|\s*[.,!+-])|lights?(?= (?:up|down))|anh sang(?! (?:tu|ben|phia|diu|am|lanh|vang|trai|phai|chieu|studio|dien|hoang|neon|cuc|tu nhien|san khau))",
        more=r"brighter|brighten\w*|lighter|lighten\w*|illuminate it|sang (?:hon|len|ra|them|sua|chut|mot|nhieu|ro|bung|nua|ti|ti xiu)|bung sang|(?:lam|cho|chinh|tang|nang|them)(?: (?!bot|it|giam)\w+){0,3} sang(?! (?:trai|phai|ben|mau|den|trang|kieu|thanh|tao|qua|tong|tone|dang|dinh|jpg|png|webp|vintage|anime|son))",
        less=r"darker|darken\w*|dimmer|(?:toi|dam) (?:hon|lai|di|xuong|bot|chut|mot chut|nhieu)(?! mau)|(?:lam|cho|chinh|keo)(?: (?!bot|it|giam)\w+){0,3} toi(?! (?:di|qua|uu|da|gian))",
        high=r"bright|overexposed|over-exposed|over exposed|blown[- ]?out|glaring|blinding|glary|burnt out|choi|choi loa|chay sang|sang(?= qua| the\b| ghe)|(?<=bot )sang|(?<=giam )sang|(?<=bi )sang|(?<=con )sang|(?<=hoi )sang|(?<=qua )sang",
        low=r"dark(?! (?:blue|green|red|gr[ae]y|background|brown|pink|purple|theme|wood|forest|knight|side))|dim|underexposed|under-exposed|gloomy|murky|shadowy|pitch black|(?<=bot )toi|toi(?= (?:qua|thui|om|mu|the|ghe|u|tam))|(?<=bi )toi|(?<=con )toi|(?<=van )toi|(?<=hoi )toi|(?<=qua )toi|(?<=kha )toi|(?<=rat )toi|toi tam|am u|thieu sang|u toi",
    ),
    _Dimension(
        "contrast",
        nouns=r"contrast|tuong phan",
        more=r"contrastier|more contrasty|punchier",
        less=r"flatter",
        high=r"contrasty|harsh(?! light)|punchy",
        low=r"flat|hazy|foggy|milky|bet mau",
    ),
    _Dimension(
        "saturation",
        nouns=r"saturation|vibrance|vibrancy|colou?rs?(?! (?:cast|temperature|tone|of|to|from|palette|palettes))|bao hoa|mau sac|do ruc|do tuoi",
        more=r"saturate(?! ?d)|more saturated|richer|deeper colors?|juicier|ruc (?:ro )?(?:hon|len)|(?:dam|tuoi|ruc)(?: mau)? (?:hon|len|ra|them)|tuoi (?:tan|tre|sang)(?: hon)?|len mau|mau (?:sac )?(?:hon|tuoi|dam|ruc)(?: hon)?",
        less=r"desaturat\w*|mute(?! ?d)|duller|paler|tram (?:hon|lai|xuong)|mau tram|fade(?! (?:the|it|into|out|in))|nhat (?:mau|hon|bot|di|lai)|bot (?:ruc|dam|mau)|diu mau(?: lai)?|mau (?:nhat|diu)(?: hon| lai)",
        high=r"vivid|vibrant|colou?rful|saturated|loud|garish|gaudy|oversaturated|over-saturated|neon-?ish|eye-?popping|ruc ro|ruc|sac so|loe loet|long loet|choet|choe|tuoi tan|tuoi|dam(?= mau| qua)|(?<=mau )dam",
        low=r"washed[- ]?out|faded|dull|lifeless|pale|drab|muted|bland|boring colors?|colorless|dead|nhat nhoa|nhot nhat|nhat|xin mau|mau diu",
    ),
    _Dimension(
        "warmth",
        nouns=r"warmth|(?:color )?temperature|do am|nhiet do mau|nhiet do",
        more=r"warmer|warm (?:it |this |that |the \w+ )?up|warming|toastier|cozier|cosier|am (?:hon|len|them|chut|mot chut|ap hon|nong hon)|nong hon|(?:lam|cho|chinh|tang)(?: (?!bot|it|giam)\w+){0,3} am(?! (?:thanh|nhac|u))",
        less=r"cooler|colder|cool (?:it |this |that |the \w+ )?down|chillier|icier|bluer|lanh (?:hon|di|lai|chut|mot chut|ngat hon|len)|mat (?:hon|me hon)|bot (?:am|vang)|(?:lam|cho|chinh)(?: (?!bot|it|giam)\w+){0,3} lanh",
        high=r"warm|toasty|cozy|cosy|sunny(?! (?:day|beach|field|side|afternoon|morning))|yellowish|orange-?ish|(?<=too )(?:yellow|orange|red)|(?<=so )(?:yellow|orange)|(?:yellow|orange) (?:tint|cast|tinge)|cast vang|am vang|(?<=bi )(?:vang|am)|(?<=qua )(?:vang|am)|(?<=hoi )(?:vang|am)|vang(?= qua| khe| vot)|(?:tong|mau|sac|tone|gam)(?: mau)? am|am ap|am am|(?<=cho )am|(?<=no )am|(?<=hinh )am",
        low=r"cool(?! (?:pictures?|images?|photos?|robot|car|thing|stuff|idea|looking|one|,|!|\.|$))|cold|chilly|icy|bluish|blueish|blue-ish|frosty|(?<=too )blue|(?<=so )blue|blue (?:tint|cast|tinge)|cast xanh|(?<=bi )(?:xanh|lanh)|(?<=qua )(?:xanh|lanh)|(?<=hoi )(?:xanh|lanh)|(?:tong|mau|sac|tone|gam)(?: mau)? lanh|lanh leo|mat me|(?<=cho )lanh|(?<=no )lanh|(?<=hinh )lanh",
    ),
)
_DIRECTED_GAP = r"(?:\s+(?:the|its|my|some|a|an|of|on|in|it|this|up|down|bit|bit of|little|little bit of|lot of|touch of|tad|much|chut|mot chut|them|cho|ti|overall|whole|do|muc|phan|hinh|picture'?s?|image'?s?|photo'?s?|color)\b)*\s+"
POP = re.compile(
    r"\bpop\b(?! art)|\bpops\b|\bpopping\b|\bmore (?:oomph|punch|impact|life|zing|wow)\b|\bwow (?:factor|effect)\b|\bnoi bat (?:hon|len)\b|\ban tuong hon\b|\bbat mat\b"
)


@dataclass(frozen=True, slots=True)
class Tone:
    """A change of one tone and where the words for it stand."""

    start: int
    end: int
    op: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Patterns:
    op: str
    noun: re.Pattern[str]
    ranked: tuple[tuple[re.Pattern[str], int], ...]
    states: tuple[tuple[re.Pattern[str], int], ...]


def _compiled(one: _Dimension) -> _Patterns:
    return _Patterns(
        one.op,
        re.compile(rf"\b(?:{one.nouns})\b"),
        ((re.compile(rf"\b(?:{one.more})\b"), 1), (re.compile(rf"\b(?:{one.less})\b"), -1)),
        ((re.compile(rf"\b(?:{one.high})(?![\w-])"), 1), (re.compile(rf"\b(?:{one.low})(?![\w-])"), -1)),
    )


_PATTERNS = tuple(_compiled(one) for one in _DIMENSIONS)
_UP_BEFORE = re.compile(rf"\b(?:{_UP}){_DIRECTED_GAP}$")
_DOWN_BEFORE = re.compile(rf"\b(?:{_DOWN}){_DIRECTED_GAP}$")
_UP_AFTER = re.compile(
    r"^\s*(?:should (?:be|go) |needs? (?:to be |to go )?|is |a bit |a little |la |cho |can |nen )*(?:up|higher|stronger|\+|more|len|cao|tang|manh hon|pop|punch\w*|oomph)\b|^\s*(?:by |to )?\+\s?\d|^\s*(?:more )?(?:punch|pop)"
)
_DOWN_AFTER = re.compile(
    r"^\s*(?:should (?:be|go) |needs? (?:to be |to go )?|is |a bit |a little |la |cho |can |nen )*(?:down|lower|weaker|less|xuong|thap|giam|bot)\b|^\s*(?:by |to )?-\s?\d"
)
_TOO_AFTER = re.compile(
    r"^\s*(?:is |are |looks? |bi |la |hoi |trong |nhin )*(?:too|way too|qua|so|hoi|rat)\s+(?:\w+\s+)?(?P<w>high|strong|intense|much|cao|manh|gat|loud|low|weak|thap|yeu|kem)\b|^\s*(?:qua |hoi |bi )(?P<v>cao|manh|gat|thap|yeu|kem)\b"
)
_SPLIT = re.compile(r"\b(?:and|va|but|nhung|plus|also|then|roi)\b|[,;&]|\+(?!\s?\d)")


def tones(key: str, *, colorless: bool = False) -> list[Tone]:
    """The tone changes that the words ask for, in order.  `colorless` leaves saturation alone."""
    found: list[Tone] = []
    for start, end in _segments(key):
        part = key[start:end]
        for one in _PATTERNS:
            if one.op == "saturation" and colorless:
                continue
            hit = _read(one, part)
            if hit is None or any(start + hit[0] < other.end and other.start < start + hit[1] for other in found):
                continue
            found.append(Tone(start + hit[0], start + hit[1], {"op": one.op, "amount": slots.amount_of(part, sign=hit[2])}))
        if (pop := POP.search(part)) and not any(start <= other.start < end for other in found):
            amount = slots.amount_of(part, sign=1, default=20)
            found += [Tone(start + pop.start(), start + pop.end(), {"op": op, "amount": amount}) for op in ("contrast", "saturation")]
    return sorted(found, key=lambda tone: tone.start)


def _segments(key: str) -> list[tuple[int, int]]:
    """The parts between 'and' and commas; a part of nothing but amounts belongs to the one before."""
    cuts = [0, *(match.start() for match in _SPLIT.finditer(key)), len(key)]
    return [(low, high) for low, high in pairwise(cuts) if re.search(r"[a-z]", key[low:high])]


def _read(one: _Patterns, part: str) -> tuple[int, int, int] | None:
    """Where one tone is spoken of in a part, and the sign of the change."""
    for pattern, sign in one.ranked:
        if match := pattern.search(part):
            return (
                match.start(),
                match.end(),
                -sign if re.search(rf"\b(?:{_DOWN}|not (?:so|as|too)){_DIRECTED_GAP}$", part[: match.start()] + " ") else sign,
            )
    for pattern, sign in one.states:
        for match in pattern.finditer(part):
            if (wanted := _wanted(part, match, sign)) is not None:
                return match.start(), match.end(), wanted
    if match := one.noun.search(part):
        is_color = "color" in match[0] or match[0] == "mau sac"
        sign = _direction(part[: match.start()], part[match.end() :], is_color=is_color, bare_light=match[0] in ("light", "lights"))
        if sign:
            return match.start(), match.end(), sign
    return None


def _wanted(part: str, match: re.Match[str], sign: int) -> int | None:
    """The sign of the change that a state asks for: towards it when wished for, away from it when complained of."""
    before, after = part[: match.start()], part[match.end() :]
    if _NOT.search(before):
        return sign if _ENOUGH.match(after) or not re.search(r"\b(?:so|as|too|that)\s+(?:\w+\s+)?$", before) else -sign
    if re.search(rf"\b(?:{_DOWN})\s+(?:the |its |do |bot )?$", before):
        return -sign
    if re.search(r"\b(?:more|them|tang|even)\s+$", before):
        return sign
    wishes = _WISH.search(before)
    laments = _LAMENT.search(before) or _LAMENT_AFTER.match(after)
    if _BAD.fullmatch(match[0]) and not wishes:
        return -sign
    if laments and (
        not wishes
        or re.search(r"\btoo\s+(?:\w+\s+)?$", before)
        or (_LAMENT_AFTER.match(after) and not re.search(r"\b(?:lam|cho|chinh)\b", before))
    ):
        return -sign
    return sign


def _direction(before: str, after: str, *, is_color: bool, bare_light: bool) -> int:
    """Up or down for a noun by the words around it; 0 when a bare word for colour says nothing."""
    if too := _TOO_AFTER.match(after):
        return 1 if (too["w"] or too["v"]) in ("low", "weak", "thap", "yeu", "kem") else -1
    if re.search(r"\btoo (?:much|many)\s+$|\bqua nhieu\s+$", before):
        return -1
    if re.search(r"\b(?:too little|not enough|lacks?|lacking|needs?|thieu|can them)\s+(?:\w+\s+)?$", before):
        return 1
    if _DOWN_BEFORE.search(before) or _DOWN_AFTER.match(after):
        return -1
    if _UP_BEFORE.search(before) or _UP_AFTER.match(after):
        return 1
    if is_color:
        return 1 if re.search(r"\b(?:stronger|richer|intense|deeper|bolder|pop)\s+$", before) else 0
    if re.search(r"\w\s+$", before) and bare_light:
        return 0
    return -1 if re.search(r"\b(?:kill|remove|no|xoa|bo)\s+(?:the |some )?$|\blow\s+$", before) else 1
