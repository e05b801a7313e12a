"""What do words mean after what was said?  Undo, earlier pictures, and follow-ups on the previous step."""

# ruff: noqa: E501, SIM102 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from photofun_common.contracts.conversation import HistoryEntry, SessionPicture
from photofun_common.contracts.prompt import PlannedStep, UndoTarget

from . import slots
from .lexicon import LIGHT_STYLES, NUMBERS
from .rules import IMAGE, Facts, without_politeness
from .text import Words, read

__all__ = ["FollowUp", "Mentioned", "follow_up", "last_plan", "mentioned", "source_of_last", "undo_of"]

_ORDINAL = r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|1st|2nd|3rd|4th|5th|6th|dau tien|dau|thu (?:nhat|hai|ba|tu|nam|sau|bay|tam|\d+)|so \d+|original|goc|ban dau|last|latest|newest|most recent|previous|moi nhat|gan nhat|cuoi cung|cuoi|truoc do|truoc)"
_BACK = r"(?:go(?:ing)? back|back|return|revert|roll ?back|restore|switch back|take me back|bring back|get back|use|lay lai|quay lai|quay ve|tro lai|tro ve|ve lai|dung lai|khoi phuc|lui lai|lui ve|chuyen ve|cho (?:minh|toi) (?:xem )?lai|tra lai)"
_UNDO = re.compile(
    r"^(?:(?:please|no|nope|khong|oh|oops|wait|actually|ok|thoi|hay|xin|not that(?: one)?|i don'?t like (?:it|this|that)|khong thich)[,.!\s]*)*"
    rf"(?:undo\b.*|ctrl ?\+? ?z|revert(?: (?:it|that|this|the last (?:change|edit|step)|back|changes?))?|roll ?back.*|(?:take|step|go|move|change|put|turn|switch|set) (?:it |that |this )?back(?: (?:one|a|two|three|\d+) steps?)?(?: please)?|back|one step back|"
    rf"(?:go back |back |return |revert |switch back |get back |bring back )+(?:to )?(?:the )?(?:one |{IMAGE} |version |step )?(?:before|previous|earlier|how it was|what it was|last one)?.*|(?:the )?(?:previous|earlier|last|prior) (?:one|version|{IMAGE}|step)(?: please)?|(?:the )?one before(?: that| it)?|not that(?: one)?,? (?:the )?(?:one|{IMAGE}) before.*|the (?:one|{IMAGE}|version) before.*|before that|as it was(?: before)?|how it was before|"
    rf"hoan tac.*|quay lai.*|quay ve.*|tro lai.*|tro ve.*|lui lai.*|ve lai (?:anh|buc|cai|nhu|ban).*|(?:lay|tra|dung|khoi phuc) lai (?:mau|anh|hinh|buc|cai|tam|nhu|ban|truoc|ve|phien).*|khoi phuc.*|(?:anh|cai|buc|ban|tam) (?:truoc|truoc do|luc nay|vua nay|ban dau)(?: di| nhe| co)?|bo (?:thay doi|buoc|chinh sua)(?: .*)?|huy (?:bo|thay doi|buoc|chinh sua|thao tac).*|dung nhu (?:cu|truoc)|nhu (?:cu|truoc|ban dau)(?: di)?|(?:khong phai|k phai) cai (?:nay|do),? cai truoc.*|undo di)"
    r"[\s.!?]*$"
)
_EDIT_AFTER = re.compile(r"\b(?:and|then|va|roi|,)\s+(?:\w+ )?(?:make|remove|crop|rotate|upscale|blur|add|xoa|lam|cat|xoay|phong|them)\b")


_PREFERS = re.compile(
    rf"^(?:no,? |hmm,? |actually,? )*(?:i (?:like|liked|prefer|preferred|want)|(?:minh |em |toi )?thich) (?:the |cai |anh |hinh |buc |tam )*{_ORDINAL}(?: (?:{IMAGE}|one|version))?(?: more| better| instead| hon| co)*[\s.!]*$"
)


@dataclass(frozen=True, slots=True)
class Mentioned:
    """An earlier picture that the words name: its position from 1 (-1 the newest), and where the words stand."""

    position: int
    start: int
    end: int


_MENTION = re.compile(
    rf"(?:\b(?:on|of|for|to|from|in|tren|cua|cho|o|voi)\s+)?\b(?:the |my |that |cai )?(?P<a>first|second|third|fourth|fifth|sixth|seventh|eighth|1st|2nd|3rd|4th|5th|6th|original|last|latest|newest|previous|earlier)\s+(?P<n>{IMAGE}|one|version|result|upload)\b"
    rf"|\b(?P<b>pictures?|images?|photos?)\s+(?:number |no\.? ?|#)?(?P<num>\d{{1,2}}|one|two|three|four|five)\b(?!\s*(?:px|pixel|%|x|:|\d))"
    r"|(?:\b(?:tren|cua|cho|o|voi|ve)\s+)?\b(?:anh|hinh|buc|tam|cai|buc anh|tam anh|hinh anh|buc tranh|buc hinh|ban)\s+(?:(?:thu|so)\s+)(?P<v>nhat|hai|ba|tu|nam|sau|bay|tam|\d{1,2})\b|\b(?:anh|hinh|buc|tam|cai|buc anh|tam anh|hinh anh|buc hinh|ban)\s+(?P<w>dau tien|dau|goc|ban dau|moi nhat|gan nhat|cuoi cung|cuoi|truoc do|truoc)\b|\b(?:anh|hinh)\s+(?P<vn>[1-9])\b(?!\s*(?:px|lan|%|do|x|:|\d))"
    r"|\bthe (?P<c>original)\b"
)


def mentioned(key: str, *, current: int | None = None) -> list[Mentioned]:
    """The earlier pictures named, in order."""
    out = []
    for match in _MENTION.finditer(key):
        word = next((match[name] for name in ("a", "num", "v", "w", "vn", "c") if match[name]), "")
        position = _position(word, current)
        if position is not None:
            out.append(Mentioned(position, *match.span()))
    return out


def _position(word: str, current: int | None) -> int | None:
    if word in ("original", "goc", "ban dau", "dau", "dau tien"):
        return 1
    if word in ("last", "latest", "newest", "moi nhat", "gan nhat", "cuoi cung", "cuoi"):
        return -1
    if word in ("previous", "earlier", "truoc", "truoc do"):
        return max(1, current - 1) if current else None
    if word.isdigit():
        return int(word) or None
    return NUMBERS.get(word)


def undo_of(words: Words) -> UndoTarget | None:
    """Where 'undo', 'go back to the second one', 'hoàn tác' goes; None when the words are no such thing."""
    if _PREFERS.match(words.key.strip()) and (liked := mentioned(words.key)):
        return UndoTarget(position=liked[0].position)
    key = without_politeness(words).key.strip()
    whole = words.key.strip()
    if not _UNDO.match(whole) and not _UNDO.match(key):
        if not re.match(
            rf"^(?:show me |i want |i prefer |let'?s use |lay |cho minh xem |minh muon )?{_BACK}\s+(?:to |ve |lai )*(?:the |my |cai |buc |anh |hinh |tam )*{_ORDINAL}(?:\s+(?:{IMAGE}|one|version))?(?: please| di| nhe| nha)?[.!\s]*$",
            key,
        ):
            return None
    if _EDIT_AFTER.search(key) and not re.match(r"^undo\b", key):
        return None
    if re.match(r"^quay (?:anh|hinh)?\s*(?:\d+|ngang|doc|trai|phai)", key):
        return None
    found = mentioned(whole)
    if found and found[0].position is not None:
        return UndoTarget(position=found[0].position)
    if match := re.search(
        r"\b(?:to|ve|lai)\s+(?:the |cai |anh |hinh |buc |tam )*(?:thu |so )?(first|second|third|fourth|fifth|original|beginning|start|very first|goc|ban dau|dau tien|dau|nhat|hai|ba|tu|nam|\d{1,2})(?: (?:one|version))?(?!\s*(?:steps?|buoc|lan))\b",
        whole,
    ):
        word = match[1]
        return UndoTarget(position=1 if word in ("beginning", "start", "very first") else _position(word, None) or 1)
    if re.search(r"\b(?:everything|all|tat ca|het|the whole thing)\b", whole):
        return UndoTarget(position=1)
    if match := re.search(
        r"\b(\d{1,2}|one|two|three|four|five|mot|hai|ba|bon|nam)\s+(?:steps?|changes?|edits?|times|buoc|lan|thao tac)\b", whole
    ):
        return UndoTarget(steps=max(1, min(50, slots.number_of(match[1]) or 1)))
    if re.search(r"\btwice\b", whole):
        return UndoTarget(steps=2)
    return UndoTarget(steps=1)


def last_plan(history: tuple[HistoryEntry, ...]) -> list[PlannedStep]:
    """The steps of the newest answer that had some."""
    return next((list(entry.plan) for entry in reversed(history) if entry.role == "assistant" and entry.plan), [])


def source_of_last(pictures: tuple[SessionPicture, ...], history: tuple[HistoryEntry, ...]) -> SessionPicture | None:
    """The picture that the last plan's last step edited, when the session's order tells it.

    A plan that was a follow-up itself edited what the plan before it edited, so its own picture is passed over.
    """
    current = next((picture for picture in pictures if picture.current), pictures[-1] if pictures else None)
    if current is None or current.kind != "result":
        return None
    position = current.position
    for index in range(len(history) - 1, 0, -1):
        entry = history[index]
        if entry.intent == "undo":
            return None
        if entry.role != "assistant" or not entry.plan:
            continue
        before = history[index - 1]
        again = follow_up(read(before.content[:300]), history[: index - 1], Facts()) if before.role == "user" else None
        if again is None or not again.from_source:
            break
        position -= len(entry.plan)
    return next((picture for picture in pictures if picture.position == position - 1), None)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The previous step told anew.  `from_source` means it wants the picture that step had, not its result."""

    feature: str
    params: dict[str, Any]
    from_source: bool
    confidence: float = 0.9


_MORE = re.compile(
    r"^(?:(?:just |even |still |a |make it |do it |lam |cho |them )*(?:tiny |little |tad |wee )?(?:bit |lot |touch |much )?(?:more|stronger|further|again more|harder|extra|higher|bigger effect|more intense|wilder|more wild|crazier)(?: of (?:that|it|the same))?(?: please| than that| pls)?|more more|not enough|still not enough|too (?:little|weak|subtle)|(?:a bit |a little )?more(?: like that)?|keep going|even more|"
    r"(?:them|tang|manh|dam|ro|hon)(?: len)?(?: \w+){0,3}? ?(?:nua|chut|xiu|ti|hon|len)(?: di| nhe| nao| nha| nua| chut| xiu)*|nua(?: di| nhe| nao| len| nha)*|(?:chut|ti|xiu|mot chut|mot ti|mot xiu|chut xiu) nua(?: di| nhe| nha)*|nhieu hon(?: nua| chut| di| mot chut)*|manh (?:hon|len|tay)(?: nua| chut| di| mot chut)*|dam (?:hon|len)(?: nua| chut| di| mot chut)*|chua du(?: .*)?|van chua du.*|it qua|tang (?:them|len)(?: nua| chut| di)*|them (?:nua|chut|ti|xiu|di)(?: di| nua| nhe)*)[\s.!]*$"
)
_LESS = re.compile(
    r"^(?:(?:just |even |still |a |make it |do it |lam )*(?:tiny |little |tad )?(?:bit |lot |touch |much )?(?:less|weaker|softer effect|milder|fewer|subtler|more subtle|gentler|tamer|less wild|lighter effect|not (?:so|that|as|too) much)(?: of (?:that|it))?(?: please| intense| strong| than that)?|too (?:much|strong|intense|heavy|far)(?:,? .*)?|that'?s too (?:much|strong|intense|heavy)(?:,? .*)?|tone it down(?: .*)?|dial it (?:back|down)(?: .*)?|reduce (?:it|that|the effect)(?: .*)?|half (?:of )?(?:that|as much)|"
    r"it (?:thoi|hon|lai|di)(?: chut| di| nua| thoi| mot chut)*|(?:bot|giam)(?: lai| xuong| di| no)?(?: \w+){0,2}? ?(?:di|lai|chut|thoi|xuong|xiu|ti)*|nhe (?:hon|lai|thoi|tay|bot)(?: chut| di| thoi| nua| mot chut)*|nhieu qua(?: roi| .*)?|(?:bi |hoi |qua )+(?:nhieu|manh|dam|da|lo)(?: roi| .*)?|manh qua.*|dam qua.*|nhat (?:hon|lai|bot)(?: chut| di| mot chut)*|diu (?:hon|lai|bot)(?: chut| di)*)[\s.!]*$"
)
_OTHER_SIDE = re.compile(
    r"^(?:no,? |not (?:that|this) (?:side|way|one),? |khong,? )?(?:(?:on |to |from |do |try |now )*(?:the )?(?:other|opposite) (?:side|way|direction|one)(?: (?:please|instead|too|round|around|now))*|the wrong (?:side|way)|wrong (?:side|way|direction)|(?:in |to )?reverse|counter-?clockwise instead|"
    r"(?:sang |phia |o |tu |lam |ben )*(?:ben|phia|chieu|huong|mat|phia ben) (?:kia|con lai|nguoc lai|doi dien|khac)(?: di| nhe| co| nua| nha)*|nguoc lai(?: di| nhe)*|(?:sai|nham) (?:ben|huong|chieu|phia)(?: roi)?.*|doi ben(?: di)?)[\s.!]*$"
)
_AGAIN = re.compile(
    r"^(?:(?:do (?:it|that) )?(?:again|once more|one more time|one more|another(?: one| time| go| try)?|repeat(?: (?:it|that))?|same again|try again|redo|retry|regenerate|another (?:version|variation)|give me another|a different one|different one|new one|next one)(?: please)?|"
    r"(?:lam |thu |tao |ve )?lai(?: di| lan nua| nhe| xem| cai khac)+|(?:mot )?(?:lan|cai|tam|buc|anh|ban|kieu) (?:nua|khac|khac di|nua di)(?: nhe| di| nha)*|(?:lam|ve|tao|thu|cho)(?: minh| toi)? (?:them )?(?:mot )?(?:lan|cai|tam|buc|anh|ban)? ?(?:nua|khac)(?: di| nhe)*|cai khac(?: di)?|tuong tu(?: nua)?)[\s.!]*$"
)
_TONE_ONLY = re.compile(r"^(?:(?:make it |a |little |bit |much |even |way |still |lam |cho |them |mot chut |chut |hoi |no )*)(?P<w>brighter|darker|lighter|warmer|cooler|colder|softer|sharper|blurrier|bigger|larger|stronger|more dramatic|more saturated|less saturated|more colorful|more contrast|less contrast|sang hon|toi hon|am hon|lanh hon|net hon|mo hon|mem hon|diu hon|ruc hon|dam hon|nhat hon|to hon|lon hon|kich tinh hon)(?: nua| chut| mot chut| di| nhe| xiu| please| still| a bit| now| nha)*[\s.!]*$")  # fmt: skip
_INSTEAD = re.compile(
    r"^(?:(?:no|but|and|now|actually|hmm|ok|okay|nhung|khong|gio|thu|try|same|the same|make it|giong vay|van vay|do it)[,\s]+)*(?:(?:but |nhung |now )?(?:in|as|at|with|without|during|make it|on|under|set in|using|o|vao|kieu|theo|voi|co|khong co|luc|them|thanh|phong cach)\s+)?(?P<w>.+?)\s*(?:instead|thay vi vay|thay vao do|this time|lan nay|version|di|nhe)?[\s.!]*$"
)
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
            0.35
            if re.search(r"\b(?:much|lot|way|nhieu)\b", key) and not re.search(r"\b(?:too much|nhieu qua|not (?:so|that|too) much)\b", key)
            else 0.7
            if re.search(r"\b(?:bit|little|chut|ti|xiu|touch|tad)\b", key)
            else 0.55
        )
        return _scaled(last, factor, facts)
    if _OTHER_SIDE.match(key):
        return _mirrored(last)
    if _AGAIN.match(key):
        params = {name: value for name, value in last.params.items() if name != "seed"}
        if last.feature in ("image_generation", "reimagine"):
            return FollowUp(last.feature, params, from_source=True)
        return FollowUp(last.feature, params, from_source=False)
    if match := _TONE_ONLY.match(key):
        return _toned(last, match["w"], key)
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


def regenerated(words: Words, history: tuple[HistoryEntry, ...]) -> FollowUp | None:
    """The previous generation with a change: 'but at night', 'in watercolor instead', 'make it 16:9', 'with more clouds'."""
    steps = last_plan(history)
    if not steps or steps[-1].feature not in ("image_generation", "reimagine"):
        return None
    last, key = steps[-1], words.key.strip()
    changed = re.match(r"^(?:no,? |hmm,? )?(?:but|nhung|same|the same|giong vay|van vay|try|thu)\b", key) or re.search(
        r"\b(?:instead|this time|lan nay|thay vi vay|thay vao do)\b", key
    )
    ratio = slots.ratio_in(key, loose=bool(re.search(r"\b(?:version|format|make it|kho|instead)\b", key)))
    bare_ratio = ratio and len(key.split()) <= 6 and not re.search(r"\bcrop|cat\b", key)
    bare_style = (
        (style := slots.style_in(key))
        and re.match(r"^(?:now |and |try |thu )?(?:in|as|kieu|theo phong cach|theo kieu|phong cach)\b", key)
        and len(key.split()) <= 7
    )
    bare_with = (
        re.match(
            r"^(?:with|without|voi|co them|khong co|at night|in (?:the )?(?:winter|summer|autumn|fall|spring|rain|snow|morning|evening|dark)|ban dem|vao (?:ban dem|mua|buoi|luc))\b",
            key,
        )
        and last.feature == "image_generation"
    )
    if not (changed or bare_ratio or bare_style or bare_with):
        return None
    params = {name: value for name, value in last.params.items() if name != "seed"}
    if ratio:
        params["aspect_ratio"] = ratio[0]
    if style:
        if style[0] and last.feature == "image_generation":
            params["styling"] = {"style": style[0]}
    match = _INSTEAD.match(key)
    change = words.written(match.start("w"), match.end("w")) if match else words.raw
    if ratio and not style and len(key.split()) <= 6:
        change = ""
    base = str(params.get("prompt", ""))
    if change:
        params["prompt"] = f"{base}, {change}"[:2000].strip(" ,")
    return FollowUp(last.feature, params, from_source=last.feature == "reimagine")


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
                    if abs(value - float(op[name])) < 5 and name == "amount":
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


def _mirrored(step: PlannedStep) -> FollowUp | None:
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
            elif isinstance(op.get("amount"), int) and op.get("op") in ("brightness", "contrast", "saturation", "warmth"):
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
