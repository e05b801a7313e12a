"""Which messages does somebody see?"""

from __future__ import annotations

from .domain import MessageNotFoundError, Turn
from .store import Store

__all__ = ["Line", "Reading"]

Line = tuple[Turn, str]


class Reading:
    """Look messages up; a line is (turn, role)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def message(self, message_id: str, session_id: str, owner: str | None) -> Turn:
        """The turn whose answer has this id.  Raises MessageNotFoundError."""
        turn = await self._store.turn(message_id, session_id=session_id, owner=owner)
        if turn is None:
            raise MessageNotFoundError("There is no message with this id in the session")
        return turn

    async def any_message(self, message_id: str, session_id: str, owner: str | None) -> Line:
        """The message with this id, an answer or a person's words."""
        turn = await self._store.turn_of_any(message_id, session_id, owner)
        if turn is not None:
            if turn.message_id == message_id and not turn.answer_deleted:
                return turn, "assistant"
            if turn.user_message_id == message_id and not turn.user_deleted:
                return turn, "user"
        raise MessageNotFoundError("There is no message with this id in the session")

    async def page(self, session_id: str, *, limit: int, before: str | None, owner: str | None) -> tuple[list[Line], str | None]:
        """A page of messages, oldest first, and the id to ask before of for older ones."""
        below: int | None = None
        tail: list[Line] = []
        if before is not None:
            turn = await self._store.turn_of_any(before, session_id, owner)
            if turn is None:
                raise MessageNotFoundError("before: there is no message with this id in the session")
            below = turn.seq
            if before == turn.message_id and not turn.user_deleted:
                tail = [(turn, "user")]
        turns = await self._store.turns(session_id, limit=limit + 1, before=below)
        lines = [
            (turn, role)
            for turn in turns
            for role, gone in (("user", turn.user_deleted), ("assistant", turn.answer_deleted))
            if not gone
        ] + tail  # fmt: skip
        shown = lines[-limit:]
        return shown, (_id_of(shown[0]) if shown and len(lines) > limit else None)


def _id_of(line: Line) -> str:
    turn, role = line
    return turn.message_id if role == "assistant" else turn.user_message_id
