"""Are light and colours to go up or down?"""

# ruff: noqa: E501 - tables of phrases read best a phrase pattern a line
from __future__ import annotations

import re

__all__ = ["FEWER", "TONES", "around"]

_MORE = r"(?:more|increase|raise|boost|add|higher|up|turn up|bump(?: up)?|pump(?: up)?|tang|them|nang|day|crank(?: up)?|stronger)"

FEWER = r"(?:less|decrease|reduce|lower|down|turn down|drop|cut|remove some|giam|bot|ha|tone down|weaker)"

_GAP = r"[\w\s']{0,18}?"

TONES: tuple[tuple[str, int, str], ...] = (
    ("brightness", 1, rf"\bbright(?:er|en|ens|ened|ening)?\b|\blight(?:er|en|ened)\b|\b{_MORE}{_GAP}\b(?:brightness|exposure|light)\b|\bbrightness (?:up|\+)|\btoo dark\b|\bunderexposed\b|\bnot bright enough\b|\bsang (?:hon|len|ra|them|sua|chut|mot|nhieu|ro|bung|xiu|nua)\b|\b(?:lam|cho|chinh|tang|chinh cho)(?: \w+){{0,3}} sang\b(?! (?:trai|phai|ben|mau|den trang|kieu|thanh|tao|hinh den|hinh trang))|\b(?:tang|them|nang){_GAP}\b(?:do sang|anh sang)\b|\b(?:bi |hoi |qua )+toi\b|\btoi qua\b|\bdo sang (?:\+|len|cao)"),
    ("brightness", -1, rf"\bdark(?:er|en|ens|ened)?\b(?! (?:blue|green|red|gr[ae]y|background))|\b{FEWER}{_GAP}\b(?:brightness|exposure|light)\b|\btoo bright\b|\bdim(?:mer|med)?\b|\boverexposed\b|\bbrightness (?:down|-)|\btoi (?:hon|lai|di|xuong|bot|chut|mot|nhieu)\b|\b(?:lam|cho|chinh)(?: \w+){{0,3}} toi\b|\b(?:giam|bot|ha){_GAP}\b(?:do sang|anh sang|sang)\b|\b(?:bi |hoi |qua )+(?:sang|choi)\b|\bsang qua\b|\bchoi qua\b"),
    ("contrast", -1, rf"\b{FEWER}{_GAP}\b(?:contrasty?|tuong phan)\b|\bcontrast (?:down|-|lower)|\blow contrast\b|\btoo (?:much )?contrasty?\b|\bflatter\b"),
    ("contrast", 1, r"\bcontrast\w*\b|\bpunchier\b|\bpunchy\b|\bmake it pop\b|\btuong phan\b"),
    ("saturation", -1, rf"\b{FEWER}{_GAP}\b(?:saturat\w+|colorful|vivid|vibran\w+|colors?|bao hoa|ruc ro|mau sac|ruc)\b|\bdesaturat\w*\b|\b(?:mute|muted|fade|faded|washed)\b|\bsaturation (?:down|-)|\btoo (?:saturated|colorful|vivid)\b|\bnhat (?:mau|hon|bot|di)\b|\bbot (?:ruc|dam|mau)\b|\bmau (?:nhat|diu)\b"),
    ("saturation", 1, rf"\bsaturat\w*\b|\b(?:more )?(?:colorful|vivid|vibran\w+)\b|\b{_MORE}{_GAP}\bcolors?\b|\b(?:stronger|richer|intense|deeper|pop) colors?\b|\bcolors? (?:pop|stronger|richer)\b|\bbao hoa\b|\bruc (?:ro|hon|mau|len)\b|\bmau (?:sac |cho |len )?(?:tuoi|dam|ruc|ruc ro|tuoi tan)\b|\btuoi (?:hon|len|mau|tan|sang)\b|\bdam (?:mau|hon|len)\b|\bmau sac hon\b"),
    ("warmth", 1, rf"\bwarm(?:er|th|en|ed|ish)?\b|\b{_MORE}{_GAP}\bwarmth\b|\btoo (?:cold|cool|blue)\b|\bbluish\b|\bbi xanh\b|\bcast xanh\b|\bam (?:hon|len|ap|them|chut|mot|ap hon)\b|\b(?:tong|mau|sac|tone|gam)(?: mau)? am\b|\b(?:lam|cho)(?: \w+){{0,2}} am\b|\b(?:bi |hoi |qua )lanh\b"),
    ("warmth", -1, rf"\b(?:cool|cold)(?:er)?\b(?! (?:pictures?|images?|photos?|robot|car))|\b{FEWER}{_GAP}\bwarm\w*\b|\btoo warm\b|\btoo (?:yellow|orange)\b|\b(?:yellow|orange)ish\b|\b(?:bi|hoi|qua) (?:am|vang)\b|\b(?:cast|am) vang\b|\blanh (?:hon|di|lai|chut|mot)\b|\b(?:tong|mau|sac|tone|gam)(?: mau)? lanh\b|\b(?:lam|cho)(?: \w+){{0,2}} lanh\b|\bbot am\b|\bmat hon\b|\b(?:bi |hoi |qua )am\b(?! xanh)"),
)  # fmt: skip


def around(key: str, start: int, end: int) -> str:
    """The clause's part that speaks of one operation: from the last 'and' or comma to the next."""
    before = max((match.end() for match in re.finditer(r"\b(?:and|va|but|nhung)\b|,", key[:start])), default=0)
    after = min((match.start() for match in re.finditer(r"\b(?:and|va|but|nhung)\b|,", key[end:])), default=len(key) - end)
    return key[before : end + after]
