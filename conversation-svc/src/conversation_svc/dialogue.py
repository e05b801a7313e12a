"""What does the planner hear of the conversation so far?"""

from __future__ import annotations

from collections.abc import Sequence

from photofun_common.contracts.conversation import HistoryEntry
from photofun_common.contracts.conversation import SessionPicture as ToldPicture
from photofun_common.contracts.values import PictureRef

from .domain import Session, Turn
from .saying import choices_of, content_of

__all__ = ["HISTORY_TURNS", "history", "pictures"]

HISTORY_TURNS = 4
_PICTURES = 50


def pictures(session: Session) -> list[ToldPicture]:
    """The session's pictures as the planner hears of them: the last 50, each with its right position."""
    here = session.current_picture
    told = [
        ToldPicture(
            position=index, ref=picture.ref, kind=picture.kind, current=picture is here, width=picture.width, height=picture.height,
            has_alpha=picture.has_alpha,
        )
        for index, picture in enumerate(session.pictures, 1)
    ]  # fmt: skip
    return told[-_PICTURES:]


def history(turns: Sequence[Turn]) -> list[HistoryEntry]:
    """The earlier messages, short, oldest first."""
    entries: list[HistoryEntry] = []
    for turn in turns:
        if not turn.user_deleted:
            entries.append(HistoryEntry(role="user", content=turn.text[:1000]))
        if not turn.answer_deleted:
            entries.append(
                HistoryEntry(
                    role="assistant", content=content_of(turn)[:500], intent=turn.intent, plan=list(turn.plan), status=turn.status,
                    done=len({picture.step for picture in turn.results}), edited=_edited(turn), choices=choices_of(turn),
                )
            )  # fmt: skip
    return entries[-2 * HISTORY_TURNS :]


def _edited(turn: Turn) -> PictureRef | None:
    """The picture that the last step with a result worked on: the result before it, or the one the message began with."""
    made = sorted({picture.step for picture in turn.results})
    if not made:
        return None
    before = [picture for picture in turn.results if picture.step == made[-1] - 1 and picture.index == 0]
    if before:
        return before[0].ref
    if made[-1] != 0:
        return None
    sent = next(iter(turn.uploaded), None)
    return turn.picture if turn.picture is not None and turn.picture.key else sent.ref if sent else None
