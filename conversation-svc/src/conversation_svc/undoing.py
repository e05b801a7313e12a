"""Where does an undo lead?"""

from __future__ import annotations

from dataclasses import dataclass

from photofun_common.contracts.prompt import UndoTarget

from .domain import Session, SessionPicture
from .saying import say

__all__ = ["Moved", "undo"]


@dataclass(frozen=True, slots=True)
class Moved:
    """Where undo leads: the picture, and what there is to say beyond the planner's words."""

    picture: SessionPicture | None
    words: str | None = None


def undo(session: Session, target: UndoTarget | None, language: str) -> Moved:
    """The picture that an undo makes current.  Before the first and beyond the last it stays and says so."""
    here = session.current_index
    if here is None:
        return Moved(None, say("no_pictures", language))
    count = len(session.pictures)
    position = target.position if target else None
    if position is not None:
        index = count + position if position < 0 else position - 1
        if not 0 <= index < count or position == 0:
            return Moved(session.pictures[here], say("too_far", language, wanted=abs(position), count=count))
        return Moved(session.pictures[index])
    steps = target.steps if target and target.steps is not None else 1
    index = here - steps
    if index < 0:
        return Moved(session.pictures[0], say("first", language))
    if index >= count:
        return Moved(session.pictures[-1], say("newest", language))
    return Moved(session.pictures[index])
