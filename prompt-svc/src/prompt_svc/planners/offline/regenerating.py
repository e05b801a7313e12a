"""What does a change make of a picture that was drawn?  'But at night', 'in watercolor', 'a dog instead of the cat'."""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re

from photofun_common.contracts.conversation import HistoryEntry

from . import prompts, slots
from .followups import FollowUp, last_plan
from .text import Words

__all__ = ["changed_words", "regenerated"]

_INSTEAD = re.compile(
    r"^(?:(?:no|but|and|now|actually|hmm|ok|okay|nhung|khong|gio|thu|try|same|the same|make it|giong vay|van vay|do it)[,\s]+)*(?:(?:but |nhung |now )?(?:in|as|at|with|without|during|make it|on|under|set in|using|o|vao|kieu|theo|voi|co|khong co|luc|them|thanh|phong cach)\s+)?(?P<w>.+?)\s*(?:instead|thay vi vay|thay vao do|this time|lan nay|version|di|nhe)?[\s.!]*$"
)
_SWAPS = (
    re.compile(r"(?i)^(?:with |make it |use |put |try again with |have )?(?P<new>.+?) (?:instead of|rather than|in place of) (?:the |an? |that )?(?P<old>[^,.]+?)[.!]*$"),
    re.compile(r"(?i)^(?:thay|đổi) (?P<old>.+?) (?:bằng|thành|sang) (?P<new>.+?)(?: đi| nhé)?[.!]*$"),
    re.compile(r"(?i)^(?P<new>.+?) thay (?:vì|cho) (?P<old>.+?)(?: đi| nhé)?[.!]*$"),
)  # fmt: skip
_PREPOSITION = re.compile(r"(?i)(?:(?:at|by|during|in|under|on|before|after|vào|lúc|trong)\s+(?:the\s+)?)+")
_ASKING = re.compile(
    r"(?i)^(?:how about|what about|what if it (?:was|were)|maybe|thử|nếu)\s+|\s*(?:thì sao|được không|nhé|nha|đi|please)?\s*\?*$"
)
# a picture has one of each: naming another takes the first one's place
_ONE_OF = tuple(
    re.compile(rf"(?i)(?<!\w)(?:{words})(?!\w)")
    for words in (
        r"(?:(?:at|by|during|in the|before|after) )?(?:night ?time|night|sunset|sunrise|dawn|dusk|noon|midday|twilight|golden hour|blue hour|early morning|morning|afternoon|evening|day ?time)|(?:(?:vào|lúc|trong) )*(?:ban đêm|buổi sáng|buổi chiều|buổi tối|buổi sớm|sáng sớm|hoàng hôn|bình minh|đêm|giữa trưa|ban ngày)",
        r"(?:(?:in|during) (?:the )?)?(?:winter|summer|autumn|spring)|(?:vào )?mùa (?:đông|hè|hạ|thu|xuân)",
        r"(?:in|under) (?:the |a )?(?:heavy |light )?(?:rain|snow|fog|mist|storm|sunshine)|rainy|snowy|foggy|misty|sunny|stormy|trời (?:mưa|nắng|tuyết|bão)|dưới mưa",
    )
)


def changed_words(base: str, change: str) -> str:
    """The description with the change: a thing swapped, an hour or season replaced, anything else added at the end."""
    change = _ASKING.sub("", change).strip(" ,?")
    for pattern in _SWAPS:
        if (match := pattern.match(change.strip())) and (
            old := re.search(rf"(?i)(?<!\w)(?:an? |the )?{re.escape(match['old'].strip())}(?!\w)", base)
        ):
            return f"{base[: old.start()]}{match['new'].strip()}{base[old.end() :]}"[:2000]
    for pattern in _ONE_OF:
        new, old = pattern.search(change), pattern.search(base)
        if new and old:
            before = _PREPOSITION.match(old[0])
            lead = before[0] if before and not _PREPOSITION.match(new[0]) else ""
            base = f"{base[: old.start()]}{lead}{new[0]}{base[old.end() :]}"
            change = f"{change[: new.start()]}{change[new.end() :]}".strip(" ,")
    return f"{base}, {change}"[:2000].strip(" ,") if re.search(r"\w", change) else base[:2000]


def regenerated(words: Words, history: tuple[HistoryEntry, ...]) -> FollowUp | None:
    """The previous generation with a change: 'but at night', 'in watercolor instead', 'make it 16:9', 'with more clouds'."""
    steps = last_plan(history)
    if not steps or steps[-1].feature not in ("image_generation", "reimagine"):
        return None
    last, key = steps[-1], re.sub(r"^(?:ok|okay|nice|great|good|cool|yes|yeah|hmm|duoc|u|vang)[,.!\s]+", "", words.key.strip())
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
    if style and style[0] and last.feature == "image_generation":
        params["styling"] = {"style": style[0]}
    match = _INSTEAD.match(key)
    change = words.written(match.start("w"), match.end("w")) if match else words.raw
    if ratio and not style and len(key.split()) <= 6:
        change = ""
    if not change:
        return FollowUp(last.feature, params, from_source=last.feature == "reimagine")
    prompt = str(params.get("prompt", ""))
    if last.feature == "reimagine":
        return FollowUp(last.feature, {**params, "prompt": changed_words(prompt, change)}, from_source=True)
    subject = changed_words(prompts.unrefined(prompt), change)
    return FollowUp(last.feature, {**params, "prompt": subject}, from_source=True, subject=subject)
