"""What do words change of the step before?  More, less, the other side, again, in blue instead."""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from photofun_common.contracts.conversation import HistoryEntry, SessionPicture
from photofun_common.contracts.prompt import PlannedStep
from photofun_common.contracts.values import PictureRef

from . import slots
from .leftover import FILLER, left_over
from .lexicon import LIGHT_STYLES
from .rules import Facts, without_politeness
from .rules.tones import tones
from .text import Words, read
from .words import split

__all__ = ["FollowUp", "failed_plan", "follow_up", "hangs_in_the_air", "is_again", "last_plan", "source_of_last"]


def last_plan(history: tuple[HistoryEntry, ...]) -> list[PlannedStep]:
    """The steps that were done of the newest answer that made something (of one that failed, those before the failure)."""
    planned = [entry for entry in reversed(history) if entry.role == "assistant" and entry.plan]
    worked = next((entry for entry in planned if entry.status not in ("FAILED", "CANCELED") or entry.edited is not None), None)
    if worked is None:
        return []
    return list(worked.plan)[: worked.done] if worked.status in ("FAILED", "CANCELED") else list(worked.plan)


def failed_plan(history: tuple[HistoryEntry, ...]) -> list[PlannedStep]:
    """The steps of the answer just before, that it failed to do: 'try again' means them."""
    last = next((entry for entry in reversed(history) if entry.role == "assistant"), None)
    return list(last.plan)[last.done :] if last is not None and last.status == "FAILED" else []


def hangs_in_the_air(words: Words) -> bool:
    """'A bit more', 'less', 'the other side': words that change a step, whether or not there is one."""
    key = without_politeness(words).key.strip()
    return any(pattern.match(key) for pattern in (_MORE, _LESS, _OTHER_SIDE, _AGAIN))


def is_again(words: Words) -> bool:
    """'Try again', 'once more', 'thử lại'."""
    return bool(_AGAIN.match(words.key.strip()))


def source_of_last(pictures: tuple[SessionPicture, ...], history: tuple[HistoryEntry, ...]) -> PictureRef | None:
    """The picture that the last plan's last step edited; None after an undo, which went back there itself."""
    for entry in reversed(history):
        if entry.intent == "undo":
            return None
        if entry.role == "assistant" and entry.plan and entry.status not in ("FAILED", "CANCELED"):
            return entry.edited or _source_by_place(pictures, history)
    return None


def _source_by_place(pictures: tuple[SessionPicture, ...], history: tuple[HistoryEntry, ...]) -> PictureRef | None:
    """The picture before the current one, for callers that do not say what was edited.

    A plan that was a follow-up itself edited what the plan before it edited, so its own picture is passed over.
    """
    current = next((picture for picture in pictures if picture.current), pictures[-1] if pictures else None)
    if current is None or current.kind != "result":
        return None
    position = current.position
    for index in range(len(history) - 1, 0, -1):
        entry = history[index]
        if entry.role != "assistant" or not entry.plan:
            continue
        before = history[index - 1]
        again = follow_up(read(before.content[:300]), history[: index - 1], Facts()) if before.role == "user" else None
        if again is None or not again.from_source:
            break
        position -= len(entry.plan)
    return next((picture.ref for picture in pictures if picture.position == position - 1), None)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The previous step told anew.  `from_source` means it wants the picture that step had, not its result.

    `subject` is what to draw, in the person's words, when the prompt is to be refined again.
    """

    feature: str
    params: dict[str, Any]
    from_source: bool
    confidence: float = 0.9
    subject: str | None = None


_MORE = re.compile(
    r"^(?:(?:just |even |still |slightly |somewhat |noticeably |a |make it |do it |lam |cho |them )*(?:tiny |little |tad |wee )?(?:bit |lot |touch |much )?(?:more|stronger|further|again more|harder|extra|higher|bigger effect|more intense|wilder|more wild|crazier|bolder|weirder|more creative|more abstract)(?: of (?:that|it|the same))?(?: please| than that| pls)?|more more|not enough|still not enough|too (?:little|weak|subtle)|(?:a bit |a little )?more(?: like that)?|keep going|even more|"
    r"(?:them|tang|manh|dam|ro|hon)(?: len)?(?: \w+){0,3}? ?(?:nua|chut|xiu|ti|hon|len)(?: di| nhe| nao| nha| nua| chut| xiu)*|nua(?: di| nhe| nao| len| nha)*|(?:pha cach|tao bao|dien(?: ro)?|sang tao|khac la) hon(?: nua| di| chut)*|(?:chut|ti|xiu|mot chut|mot ti|mot xiu|chut xiu) nua(?: di| nhe| nha)*|nhieu hon(?: nua| chut| di| mot chut)*|manh (?:hon|len|tay)(?: nua| chut| di| mot chut)*|dam (?:hon|len)(?: nua| chut| di| mot chut)*|chua du(?: .*)?|van chua du.*|it qua|tang (?:them|len)(?: nua| chut| di)*|them (?:nua|chut|ti|xiu|di)(?: di| nua| nhe)*)[\s.!]*$"
)
_LESS = re.compile(
    r"^(?:(?:just |even |still |a |make it |do it |lam )*(?:tiny |little |tad )?(?:bit |lot |touch |much )?(?:less|weaker|softer effect|milder|fewer|subtler|more subtle|gentler|tamer|less wild|lighter effect|not (?:so|that|as|too) much)(?: of (?:that|it))?(?: please| intense| strong| than that)?|too (?:much|strong|intense|heavy|far)(?:,? .*)?|that'?s too (?:much|strong|intense|heavy)(?:,? .*)?|tone it down(?: .*)?|dial it (?:back|down)(?: .*)?|reduce (?:it|that|the effect)(?: .*)?|(?:only |just |by )*half (?:of )?(?:that|as much|it|the (?:amount|effect|strength))|(?:bot|giam)(?: lai| di| xuong| con)* (?:mot |1 )?nua|"
    r"(?:that'?s |it'?s |thats )?(?:a bit|a little|way|rather|kinda|kind of|bit) much(?:,? .*)?|it (?:thoi|hon|lai|di)(?: chut| di| nua| thoi| mot chut)*|(?:bot|giam)(?: lai| xuong| di| no)?(?: \w+){0,2}? ?(?:di|lai|chut|thoi|xuong|xiu|ti)*|nhe (?:hon|lai|thoi|tay|bot)(?: chut| hon| di| thoi| nua| mot chut)*|nhieu qua(?: roi| .*)?|(?:bi |hoi |qua |hoi bi )+(?:nhieu|manh|dam|da|lo|tay|gat|lo tay)(?: roi| .*)?|(?:a bit |a little |way |hmm )*(?:too|over)(?: the top|done|kill)(?:,? .*)?|ease (?:off|up)(?: .*)?|not so (?:much|strong|intense)(?:,? .*)?|manh qua.*|dam qua.*|nhat (?:hon|lai|bot)(?: chut| di| mot chut)*|diu (?:hon|lai|bot)(?: chut| di)*)[\s.!]*$"
)
_OTHER_SIDE = re.compile(
    r"^(?:no,? |not (?:that|this) (?:side|way|one),? |khong,? )?(?:(?:on |to |from |do |try |now )*(?:the )?(?:other|opposite) (?:side|way|direction|one)(?: (?:please|instead|too|round|around|now))*|the wrong (?:side|way)|wrong (?:side|way|direction)|(?:in |to )?reverse|counter-?clockwise instead|"
    r"(?:sang |phia |o |tu |lam |ben )*(?:ben|phia|chieu|huong|mat|phia ben) (?:kia|con lai|nguoc lai|doi dien|khac)(?: di| nhe| co| nua| nha)*|nguoc lai(?: di| nhe)*|(?:sai|nham) (?:ben|huong|chieu|phia)(?: roi)?.*|doi ben(?: di)?)[\s.!]*$"
)
_AGAIN = re.compile(
    r"^(?:(?:do (?:it|that|the same|the same thing) )?(?:again|one more like (?:that|this|it)|another like (?:that|this|it)|more like (?:that|this)|make another|once more|one more time|one more|another(?: one| time| go| try)?|repeat(?: (?:it|that))?|same again|try again|redo|retry|regenerate|another (?:version|variation)|give me another|a different one|different one|new one|next one)(?: please)?|"
    r"(?:lam |thu |tao |ve )?lai(?: di| lan nua| nhe| xem| cai khac)+|(?:mot )?(?:lan|cai|tam|buc|anh|ban|kieu) (?:nua|khac|khac di|nua di)(?: nhe| di| nha)*|(?:lam|ve|tao|thu|cho)(?: minh| toi)? (?:them )?(?:mot )?(?:lan|cai|tam|buc|anh|ban)? ?(?:nua|khac)(?: di| nhe)*|cai khac(?: di)?|tuong tu(?: nua)?)[\s.!]*$"
)
_SOME_MORE = re.compile(
    r"^(?:give me |show me |make |draw |create |cho |ve |tao |lam )*(?:me |minh |toi |them )*(\d|one|two|three|four|mot|hai|ba|bon)(?: more| other| different)*(?: (?:of (?:them|those|these)|like (?:that|this)|versions?|pictures?|images?|ones?|tam|cai|buc|anh|hinh|ban|phien ban|more|nua|khac|please|di|nhe))+[\s.!]*$"
)
_TONE_ONLY = re.compile(r"^(?:(?:make it |a |little |bit |much |even |way |still |lam |cho |them |mot chut |chut |hoi |no )*)(?P<w>brighter|darker|lighter|warmer|cooler|colder|softer|sharper|blurrier|bigger|larger|stronger|more dramatic|more saturated|less saturated|more colorful|more contrast|less contrast|sang hon|toi hon|am hon|lanh hon|net hon|mo hon|mem hon|diu hon|ruc hon|dam hon|nhat hon|to hon|lon hon|kich tinh hon)(?: nua| chut| mot chut| di| nhe| xiu| please| still| a bit| now| nha)*[\s.!]*$")  # fmt: skip
_AMOUNT_KEYS = ("amount", "radius", "degrees")


def follow_up(words: Words, history: tuple[HistoryEntry, ...], facts: Facts) -> FollowUp | None:
    """The previous plan's last step with changed parameters, when the words are a follow-up on it."""
    steps = last_plan(history)
    key = re.sub(
        r"^(?:no|nope|ok|okay|yes|yeah|hmm|um|and|now|but|please|good|nice|great|cool|uh|da|u|vang|duoc|roi|nhung|khong|gio|hay|dep)[,.!\s]+",
        "",
        words.key.strip(),
    )
    if not steps:
        return None
    last = steps[-1]
    key = without_politeness(read(key)).key if len(key) < 200 else key
    if (_MORE.match(key) or _LESS.match(key)) and (middle := _between(history, is_more=bool(_MORE.match(key)))):
        return middle
    if _MORE.match(key):
        factor = (
            2.0
            if re.search(r"\b(?:much|lot|nhieu|rat|even|way)\b", key)
            else 1.4
            if re.search(r"\b(?:bit|little|chut|ti|xiu|touch|tad)\b", key)
            else 1.6
        )
        return _scaled(last, factor, facts)
    if _LESS.match(key):
        factor = (
            0.5
            if re.search(r"\bhalf|nua\b", key)
            else 0.35
            if re.search(r"\b(?:much|lot|way|nhieu)\b", key) and not re.search(r"\b(?:too much|nhieu qua|not (?:so|that|too) much)\b", key)
            else 0.7
            if re.search(r"\b(?:bit|little|chut|ti|xiu|touch|tad)\b", key)
            else 0.55
        )
        return _scaled(last, factor, facts)
    if scaled := _same_tone(key, last, facts):
        return scaled
    turned = re.search(r"\b(?:other|opposite|wrong|reverse) (?:side|way|direction)\b", key)
    if _OTHER_SIDE.match(key) or (
        turned
        and not left_over(
            key, [turned.span()], filler=FILLER | {"move", "facing", "direction", "mirror", "flip", "rotate", "expand", "extend"}
        )
    ):
        return _mirrored(last, tones_too=bool(re.search(r"\b(?:opposite|reverse|nguoc)\b", key)))
    if (more := _SOME_MORE.match(key)) and last.feature == "image_generation":
        count = max(1, min(4, slots.number_of(more[1]) or 1))
        return FollowUp(
            last.feature, {**{name: value for name, value in last.params.items() if name != "seed"}, "num_images": count}, from_source=True
        )
    if _AGAIN.match(key):
        params = {name: value for name, value in last.params.items() if name != "seed"}
        if last.feature in ("image_generation", "reimagine"):
            return FollowUp(last.feature, params, from_source=True)
        return FollowUp(last.feature, params, from_source=False)
    if match := _TONE_ONLY.match(key):
        return _toned(last, match["w"], key)
    if again := refilled(words, key, last, facts):
        return again
    if last.feature == "image_expand" and re.match(
        r"^(?:(?:and |also |now |the |to |on |then |o |ca |va |sang |phia |ben )*)(?:left|right|top|bottom|trai|phai|tren|duoi)(?: (?:too|as well|also|side|nua|luon|now|please|instead))*[\s.!]*$",
        key,
    ):
        size = max(
            (value for name, value in last.params.items() if name in ("left", "right", "top", "bottom") and isinstance(value, int)),
            default=256,
        )
        return FollowUp("image_expand", slots.sides_in(key, default=size), from_source=bool(re.search(r"\binstead\b", key)))
    if last.feature == "adjust" and (
        value := re.match(
            r"^(?:by |to |at |make it |try |thu |len |xuong |lam |thanh |muc )*(-?\d{1,3})\s*(%|percent|degrees?|°|do|px|pixels?|phan tram)?(?: instead| please| di| nhe)*[\s.!]*$",
            key,
        )
    ):
        return _exactly(last, int(value[1]))
    if (
        last.feature == "upscale"
        and (times := slots.factor_of(key))
        and len(key.split()) <= 4
        and re.match(r"^(?:no |make it |try |thu |to |len |gap )*[\dx]+", key)
    ):
        return FollowUp("upscale", {**last.params, "scale_factor": 4 if times > 2 else 2}, from_source=True)
    return None


def _same_tone(key: str, last: PlannedStep, facts: Facts) -> FollowUp | None:
    """'Less warm' after a warmth step is less of that step, 'still too dark' after a brightness step is more of it."""
    ops = last.params.get("operations", [])
    found = tones(key) if len(ops) == 1 and len(key.split()) <= 6 else []
    if len(found) != 1 or found[0].op["op"] != ops[0].get("op") or re.search(r"\d", key):
        return None
    same_way = found[0].op["amount"] * ops[0].get("amount", 0) > 0
    if not same_way and re.search(r"\b(?:less|not (?:so|as|that|too)|bot|giam|it)\b", key):
        return _scaled(last, 0.55, facts)
    if same_way and re.search(r"\b(?:still|even|more|van|con|nua|chua)\b", key):
        return _scaled(last, 1.6, facts)
    return None


_SIDE_WORDS = re.compile(r"\b(?:left|right|top|bottom|above|below|behind|front|trai|phai|tren|duoi|sau|truoc)\b")
_TIMES = re.compile(
    r"\b(?:sunset|sunrise|dusk|dawn|night|noon|midday|golden hour|blue hour|moonlight|candlelight|neon|studio|daylight|hoang hon|binh minh|ban dem|buoi sang|buoi chieu|trua)\b"
)
_SIZES = re.compile(r"\b(?P<up>bigger|larger|huge|big|large|to|lon|phong to)\b|\b(?P<down>smaller|tiny|small|nho|be)\b")
_PLACES = (
    ("top-left", r"(?:top|upper)[- ]left(?: corner)?|(?:goc )?(?:tren )?(?:ben )?trai tren|goc tren (?:ben )?trai|tren (?:ben )?trai"), ("top-right", r"(?:top|upper)[- ]right(?: corner)?|goc tren (?:ben )?phai|tren (?:ben )?phai|(?:ben )?phai tren"),
    ("bottom-left", r"(?:bottom|lower)[- ]left(?: corner)?|goc duoi (?:ben )?trai|duoi (?:ben )?trai"), ("bottom-right", r"(?:bottom|lower)[- ]right(?: corner)?|goc duoi (?:ben )?phai|duoi (?:ben )?phai"),
    ("center", r"center|middle|chinh giua|giua"), ("top", r"top|above|upper|tren cung|phia tren|tren"), ("bottom", r"bottom|below|lower|underneath|duoi cung|phia duoi|duoi"),
)  # fmt: skip
_WORDY = FILLER | frozenset(
    split(
        "text words caption title letters font color colored mau chu background phong corner corners goc edge would nicer better prefer prettier look looks dep thich rather love move shift down over xuong len dich ben dung moi nhin light lighting anh sang "
        "from tu side ben direction huong coming shining chieu ratio format ty le ti kho size co degrees do pixels px"
    )
)


def refilled(words: Words, key: str, last: PlannedStep, facts: Facts) -> FollowUp | None:
    """The last step with another value for one of its slots: 'in blue instead', 'at the top', 'from the left'."""
    if not key or len(key) > 90 or len(key.split()) > 10:
        return None
    ops = [dict(op) for op in last.params.get("operations", []) if isinstance(op, dict)]
    op = ops[-1] if ops else {}
    color = slots.color_in(f"to {key}")
    color_at = [(color[1] - 3, color[2] - 3)] if color else []
    if color and not words.raw.isascii() and not _truly_named(words, key, color):
        color, color_at = None, []
    if last.feature == "remove_background" and color and not left_over(key, color_at, filler=_WORDY):
        return FollowUp(last.feature, {**last.params, "background_color": color[0]}, from_source=True)
    if op.get("op") == "text":
        return _recaptioned(key, last, ops, color)
    if (
        op.get("op") == "rotate"
        and re.search(r"\b(?:left|right|clockwise|counter-?clockwise|trai|phai|nguoc chieu)\b", key)
        and not left_over(
            key,
            [],
            filler=_WORDY | {"left", "right", "clockwise", "counterclockwise", "counter-clockwise", "trai", "phai", "nguoc", "chieu"},
        )
    ):
        back = re.search(r"\b(?:left|counter-?clockwise|trai|nguoc chieu)\b", key)
        ops[-1] = {**op, "degrees": -abs(op["degrees"]) if back else abs(op["degrees"])}
        return FollowUp("adjust", {**last.params, "operations": ops}, from_source=True)
    if op.get("op") == "crop" and (ratio := slots.ratio_in(key, loose=True)) and not left_over(key, [ratio[1:]], filler=_WORDY):
        ops[-1] = {"op": "crop", "aspect_ratio": ratio[0]}
        return FollowUp("adjust", {**last.params, "operations": ops}, from_source=True)
    if last.feature == "image_expand":
        return _re_expanded(key, last, facts)
    if last.feature == "relight":
        return _relit(words, key, last, color)
    if last.feature == "image_generation" and color and not left_over(key, color_at, filler=_WORDY):
        prompt = f"{last.params.get('prompt', '')}, {words.raw.strip(' .!')}"[:2000]
        return FollowUp(
            last.feature, {**{name: value for name, value in last.params.items() if name != "seed"}, "prompt": prompt}, from_source=True
        )
    return None


def _truly_named(words: Words, key: str, color: tuple[str, int, int]) -> bool:
    """Whether the colour is written as one: 'đỏ', not 'đó'."""
    start, end = _at(words, key, (color[1] - 3, color[2] - 3))
    written = words.written(start, end).lower()
    return written.isascii() or any(name in written for name in ("đỏ", "tím", "đen", "bạc", "hồng", "nâu", "vàng", "trắng", "xám", "xanh"))


def _recaptioned(key: str, last: PlannedStep, ops: list[dict[str, Any]], color: tuple[str, int, int] | None) -> FollowUp | None:
    op, spans = dict(ops[-1]), []
    place = next(((name, found.span()) for name, pattern in _PLACES if (found := re.search(rf"\b(?:{pattern})\b", key))), None)
    if place:
        op["position"] = place[0]
        spans.append(place[1])
    if color:
        op["color"] = color[0]
        spans.append((color[1] - 3, color[2] - 3))
    if exact := re.search(r"\b(\d{1,3})\s*(?:px|pt|pixels?)?\b", key):
        op["size"] = max(6, min(1000, int(exact[1])))
        spans.append(exact.span())
    elif sized := _SIZES.search(key):
        now = op.get("size") or 48
        op["size"] = max(6, min(1000, round(now * 1.6) if sized["up"] else round(now / 1.6)))
        spans.append(sized.span())
    if not spans or left_over(key, spans, filler=_WORDY | {"much", "lot", "nhieu", "chut", "xiu"}):
        return None
    return FollowUp("adjust", {**last.params, "operations": [*ops[:-1], op]}, from_source=True)


def _re_expanded(key: str, last: PlannedStep, facts: Facts) -> FollowUp | None:
    """'And 200 more on the right' adds a side to the result, 'on the right instead' does the step anew."""
    if not _SIDE_WORDS.search(key) or left_over(
        re.sub(r"\d+\s*(?:px|pixels?|%)?", " ", key),
        [match.span() for match in _SIDE_WORDS.finditer(key)] if not re.search(r"\d", key) else (),
        filler=_WORDY | _SIDES | {"both", "sides", "hai"},
    ):
        return None
    size = max((value for name, value in last.params.items() if name in _SIDES and isinstance(value, int)), default=256)
    sides = slots.sides_in(key, width=facts.width, height=facts.height, default=size)
    is_instead = bool(re.search(r"\b(?:instead|thay vi|khong phai|not|moi dung|dung hon)\b", key))
    return FollowUp("image_expand", sides, from_source=is_instead)


_SIDES = frozenset(split("left right top bottom above below behind front trai phai tren duoi sau truoc"))


def _relit(words: Words, key: str, last: PlannedStep, color: tuple[str, int, int] | None) -> FollowUp | None:
    """The light from another side, of another colour or hour."""
    spans = [match.span() for pattern in (_SIDE_WORDS, _TIMES) for match in pattern.finditer(key)]
    if color:
        spans.append((color[1] - 3, color[2] - 3))
    style = next((name for name in sorted(LIGHT_STYLES, key=len, reverse=True) if re.search(rf"\b{re.escape(name)}\b", key)), None)
    if style and (found := re.search(rf"\b{re.escape(style)}\b", key)):
        spans.append(found.span())
    if not spans or left_over(key, spans, filler=_WORDY):
        return None
    before = str(last.params.get("prompt", ""))
    side = _SIDE_WORDS.search(key)
    if side and _SIDE_WORDS.search(read(before).key) and len(spans) == 1:
        prompt = re.sub(
            r"(?i)\b(?:left|right|above|below|behind|front|trái|phải|trên|dưới|sau|trước)\b",
            words.written(*_at(words, key, side.span())),
            before,
            count=1,
        )
    else:
        prompt = f"{before}, {words.raw.strip(' .!')}".strip(" ,")
    params = {**last.params, "prompt": prompt[:2000]}
    if style:
        params["style"] = LIGHT_STYLES[style]
    return FollowUp("relight", params, from_source=True)


def _at(words: Words, key: str, span: tuple[int, int]) -> tuple[int, int]:
    """Where a span of the shortened key stands in the whole one."""
    shift = words.key.find(key)
    return span[0] + max(shift, 0), span[1] + max(shift, 0)


def _between(history: tuple[HistoryEntry, ...], *, is_more: bool) -> FollowUp | None:
    """Half-way back, when the amount went the other way just before: 25, 'more', 40, 'too much' is 32."""
    plans = [entry.plan for entry in history if entry.role == "assistant" and entry.plan and entry.status not in ("FAILED", "CANCELED")][
        -2:
    ]
    if len(plans) < 2 or any(len(plan) != 1 or plan[0].feature != "adjust" for plan in plans):
        return None
    before, now = ([dict(op) for op in plan[0].params.get("operations", [])] for plan in plans)
    if len(before) != 1 or len(now) != 1 or before[0].get("op") != now[0].get("op"):
        return None
    name = next(
        (name for name in _AMOUNT_KEYS if isinstance(now[0].get(name), int | float) and isinstance(before[0].get(name), int | float)), None
    )
    if name is None:
        return None
    old, new = before[0][name], now[0][name]
    if old * new <= 0 or (abs(new) > abs(old)) == is_more or old == new:
        return None
    return FollowUp("adjust", {**plans[1][0].params, "operations": [{**now[0], name: round((old + new) / 2)}]}, from_source=True)


def _scaled(step: PlannedStep, factor: float, facts: Facts) -> FollowUp | None:
    """The step with its amounts times `factor`, within their limits."""
    params = dict(step.params)
    if step.feature == "adjust":
        operations = [dict(op) for op in params.get("operations", []) if isinstance(op, dict)]
        changed = False
        for op in operations:
            for name in _AMOUNT_KEYS:
                if isinstance(op.get(name), int | float):
                    top = {"amount": 100, "radius": 4096, "degrees": 360}[name]
                    value = float(op[name]) * factor
                    if factor != 0.5 and abs(value - float(op[name])) < 5 and name == "amount":
                        value = float(op[name]) + (5 if factor > 1 else -5) * (1 if op[name] >= 0 else -1)
                    value = max(-top, min(top, value))
                    op[name] = round(value) if name != "degrees" or float(value).is_integer() else round(value, 1)
                    changed = True
            for name in ("width", "height"):
                if op.get("op") == "resize" and isinstance(op.get(name), int):
                    op[name], changed = max(1, min(8192, round(op[name] / factor))), True
        if not changed:
            return FollowUp("adjust", params, from_source=False, confidence=0.6) if operations else None
        return FollowUp("adjust", {**params, "operations": operations}, from_source=True)
    if step.feature == "image_expand":
        for name in ("left", "right", "top", "bottom"):
            if isinstance(params.get(name), int) and params[name] > 0:
                params[name] = max(1, min(2048, round(params[name] * factor)))
        return FollowUp(step.feature, params, from_source=True)
    if step.feature == "upscale":
        return FollowUp(step.feature, {**params, "scale_factor": 4 if factor > 1 else 2}, from_source=True)
    if step.feature == "relight":
        strength = float(params.get("light_transfer_strength", 0.8)) * (min(factor, 1.25) if factor > 1 else factor)
        return FollowUp(step.feature, {**params, "light_transfer_strength": round(min(1.0, strength), 2)}, from_source=True)
    if step.feature == "style_transfer":
        strength = float(params.get("style_strength", 0.75)) * (min(factor, 1.34) if factor > 1 else factor)
        return FollowUp(step.feature, {**params, "style_strength": round(min(1.0, strength), 2)}, from_source=True)
    if step.feature == "reimagine":
        order = ["subtle", "vivid", "wild"]
        names = {"moderate": "vivid", "creative": "vivid", "extreme": "wild"}
        now = str(params.get("imagination", "subtle"))
        index = order.index(names.get(now, now)) + (1 if factor > 1 else -1)
        return FollowUp(step.feature, {**params, "imagination": order[max(0, min(2, index))]}, from_source=True)
    if step.feature == "image_generation":
        return FollowUp(step.feature, {name: value for name, value in params.items() if name != "seed"}, from_source=True, confidence=0.6)
    return FollowUp(step.feature, params, from_source=False, confidence=0.6)


def _mirrored(step: PlannedStep, *, tones_too: bool) -> FollowUp | None:
    """The step to the other side."""
    params = dict(step.params)
    if step.feature == "image_expand":
        swapped = {
            "left": params.get("right", 0),
            "right": params.get("left", 0),
            "top": params.get("bottom", 0),
            "bottom": params.get("top", 0),
        }
        return FollowUp(step.feature, {**params, **swapped}, from_source=True)
    if step.feature == "relight":
        return FollowUp(step.feature, {**params, "prompt": _other_way(str(params.get("prompt", "")))}, from_source=True)
    if step.feature == "adjust":
        operations = [dict(op) for op in params.get("operations", []) if isinstance(op, dict)]
        turned = False
        for op in operations:
            if op.get("op") == "rotate":
                op["degrees"], turned = -op["degrees"], True
            elif op.get("op") == "flip":
                op["direction"], turned = ("vertical" if op.get("direction") == "horizontal" else "horizontal"), True
            elif op.get("op") == "text" and op.get("position"):
                op["position"], turned = _other_position(str(op["position"])), True
            elif tones_too and isinstance(op.get("amount"), int) and op.get("op") in ("brightness", "contrast", "saturation", "warmth"):
                op["amount"], turned = -op["amount"], True
        return FollowUp("adjust", {**params, "operations": operations}, from_source=True) if turned else None
    if "prompt" in params:
        return FollowUp(step.feature, {**params, "prompt": _other_way(str(params["prompt"]))}, from_source=True, confidence=0.75)
    return None


_PAIRS = (
    ("left", "right"),
    ("above", "below"),
    ("top", "bottom"),
    ("front", "behind"),
    ("trái", "phải"),
    ("trai", "phai"),
    ("trên", "dưới"),
)


def _other_way(text: str) -> str:
    for one, two in _PAIRS:
        if re.search(rf"(?i)\b(?:{one}|{two})\b", text):
            return re.sub(rf"(?i)\b({one}|{two})\b", lambda match, one=one, two=two: two if match[0].lower() == one else one, text)  # type: ignore[misc]
    return f"{text}, from the other side".strip(" ,")


def _other_position(position: str) -> str:
    if position in ("top", "bottom"):
        return "bottom" if position == "top" else "top"
    if "-" in position:
        vertical, side = position.split("-")
        return f"{vertical}-{'right' if side == 'left' else 'left'}"
    return position


_TONE_WORDS: dict[str, tuple[str, int]] = {
    "brighter": ("brightness", 1), "lighter": ("brightness", 1), "sang hon": ("brightness", 1), "darker": ("brightness", -1), "toi hon": ("brightness", -1), "warmer": ("warmth", 1), "am hon": ("warmth", 1),
    "cooler": ("warmth", -1), "colder": ("warmth", -1), "lanh hon": ("warmth", -1), "sharper": ("sharpen", 1), "net hon": ("sharpen", 1), "blurrier": ("blur", 1), "mo hon": ("blur", 1), "more saturated": ("saturation", 1),
    "more colorful": ("saturation", 1), "ruc hon": ("saturation", 1), "less saturated": ("saturation", -1), "more contrast": ("contrast", 1), "less contrast": ("contrast", -1),
}  # fmt: skip


def _toned(last: PlannedStep, word: str, key: str) -> FollowUp | None:
    """'warmer' after a relight is a warmer light; 'brighter' after a brightness step is more of it."""
    if last.feature == "relight":
        params = dict(last.params)
        style = LIGHT_STYLES.get(word.removeprefix("more ").removesuffix(" hon"))
        if style:
            params["style"] = style
        params["prompt"] = f"{params.get('prompt', '')}, {word}".strip(" ,")
        return FollowUp("relight", params, from_source=True)
    if last.feature == "adjust" and word in _TONE_WORDS:
        name, sign = _TONE_WORDS[word]
        operations = [dict(op) for op in last.params.get("operations", []) if isinstance(op, dict)]
        same = next(
            (
                op
                for op in operations
                if (op.get("op") == name or (name == "blur" and op.get("op") == "blur-background")) and isinstance(op.get("amount"), int)
            ),
            None,
        )
        if same is None:
            return None
        delta = round(slots.strength_of(key, default=25) * 0.6)
        low = 0 if same["op"] in ("sharpen", "blur", "blur-background") else -100
        same["amount"] = max(low, min(100, same["amount"] + sign * delta))
        return FollowUp("adjust", {**last.params, "operations": operations}, from_source=True)
    if last.feature == "upscale" and word in ("bigger", "larger", "to hon", "lon hon"):
        return FollowUp("upscale", {**last.params, "scale_factor": 4}, from_source=True)
    if word in ("stronger", "dam hon"):
        return _scaled(last, 1.6, Facts())
    if word in ("softer", "mem hon", "diu hon", "nhat hon"):
        return _scaled(last, 0.6, Facts())
    return None


def _exactly(step: PlannedStep, number: int) -> FollowUp | None:
    operations = [dict(op) for op in step.params.get("operations", []) if isinstance(op, dict)]
    if not operations:
        return None
    op = operations[-1]
    name = next((name for name in _AMOUNT_KEYS if name in op), None)
    if name is None:
        return None
    op[name] = -abs(number) if op[name] < 0 and number > 0 and name == "amount" else number
    return FollowUp("adjust", {**step.params, "operations": operations}, from_source=True)
