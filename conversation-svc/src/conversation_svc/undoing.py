"""Where does an undo lead?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from photofun_common.contracts.conversation import MessageReceived
from photofun_common.contracts.prompt import UndoTarget

from .domain import Session, SessionPicture, Turn
from .saying import say

__all__ = ["Moved", "undo"]

TurnOf = Callable[[str], Awaitable[Turn | None]]


@dataclass(frozen=True, slots=True)
class Moved:
    """Where undo leads: the picture, and what there is to say beyond the planner's words."""

    picture: SessionPicture | None
    words: str | None = None


async def undo(session: Session, target: UndoTarget | None, language: str, *, turn_of: TurnOf) -> Moved:
    """The picture that an undo makes current.  Before the first and beyond the last it stays and says so.

    A step back leads to the picture that was current before the message that made this one: the one before it in the session,
    unless the person had gone back to an earlier one first.
    """
    here = session.current_index
    if here is None:
        return Moved(None, say("no_pictures", language))
    count = len(session.pictures)
    if target is not None and target.position is not None:
        index = count + target.position if target.position < 0 else target.position - 1
        if not 0 <= index < count or target.position == 0:
            return Moved(session.pictures[here], say("too_far", language, wanted=abs(target.position), count=count))
        return _at(session, index, language)
    steps = target.steps if target and target.steps is not None else 1
    if steps < 0:
        index = here - steps
        return _at(session, index, language) if index < count else Moved(session.pictures[-1], say("newest", language))
    index = here
    for _ in range(min(steps, count)):
        index = await _before(session, index, turn_of)
    return _at(session, index, language) if index >= 0 else Moved(session.pictures[0], say("first", language))


def _at(session: Session, index: int, language: str) -> Moved:
    return Moved(session.pictures[index], say("moved_to", language, number=index + 1, count=len(session.pictures)))


async def _before(session: Session, index: int, turn_of: TurnOf) -> int:
    """Where the session stood before this picture was made; -1 before the first."""
    if index < 0:
        return -1
    picture = session.pictures[index]
    earlier = [place for place, other in enumerate(session.pictures[:index]) if other.message_id == picture.message_id and other.index == 0]
    if earlier:
        return earlier[-1]
    turn = await turn_of(picture.message_id) if picture.message_id else None
    if turn is None or not turn.request:
        return index - 1
    told = MessageReceived.model_validate_json(turn.request)
    current = next((one.ref.key for one in told.pictures if one.current), None)
    place = next((place for place, other in enumerate(session.pictures[:index]) if other.key == current), None)
    return index - 1 if place is None else place
