"""Which words are left when what was understood is taken away?  Nothing left means that all was understood."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .words import split

__all__ = ["FILLER", "left_over"]

FILLER = frozenset(
    split(
        "a an the it its it's this that these those one ones of to in on at for with and or but so now then just only also too please "
        "pls ok okay hmm um uh no nah nope not yes yeah oh well actually instead again rather maybe i i'd i'm we you can could would "
        "should let's lets me my let do does be is was make put use set change turn try go get give have want need like same version "
        "time thing things as here there by way more side still kinda bit little think round around picture image photo pic shot anh "
        "hinh buc tam cai con chiec nay kia ay y di nha nhe nhen nghen nao nua thoi luon ha ad oi ban minh em toi tui cho lam doi "
        "thanh sang chuyen sua chinh de o ben phia qua thu voi va ma thi la co hay van giong vay nhung lai thay vi vao hon duoc dc "
        "khong xem muon giup gium ko da vang u roi dum xin nhu cung tiep kieu nen chu dong"
    )
)


def left_over(key: str, spans: Iterable[tuple[int, int]] = (), *, filler: frozenset[str] = FILLER) -> list[str]:
    """The words of a key outside the spans that are no filler."""
    chars = list(key)
    for start, end in spans:
        chars[start:end] = " " * (end - start)
    return [word for word in re.findall(r"[a-z0-9#&'%]+", "".join(chars)) if word not in filler]
