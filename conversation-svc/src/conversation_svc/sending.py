"""How is a message accepted?"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from photofun_common.contracts.conversation import MessageReceived
from photofun_common.errors import UnavailableError
from photofun_common.logs import traceparent
from photofun_common.once import id_of_call

from . import dialogue
from .domain import Session, Turn, found, now, title_of
from .limits import Room
from .meaning import Meaning, Wish
from .outbox import CLAIM, Outbox
from .store import NumberTakenError, Store

__all__ = ["Sending"]

_TRIES = 50
_LOOKS, _LOOK_SECONDS = 20, 0.1


class Sending:
    """Take a message: one write is the acceptance."""

    def __init__(self, store: Store, outbox: Outbox, meaning: Meaning, room: Room, *, job_deadline: float) -> None:
        self._store, self._outbox, self._meaning, self._room = store, outbox, meaning, room
        self._deadline = timedelta(seconds=job_deadline)

    async def send(self, session_id: str, user_id: str, wish: Wish, once: str | None = None) -> Turn:
        """Write down both messages and the event that is owed, then publish it; the relay does it when the bus is away.

        The same call made again (`once` names it) gets the turn that it made, even when its answer was deleted.
        """
        message_id = id_of_call(once, session_id, user_id)
        if once is not None and (made := await self._store.made(message_id)) is not None:
            return made
        async with self._room.turn():
            await self._room.take(user_id)
            session, recent = await asyncio.gather(
                self._store.session(session_id, user_id),
                self._store.turns(session_id, limit=dialogue.HISTORY_TURNS),
            )
        session = await self._with_what_came(found(session), recent)
        turn = await self._drafted(message_id, session, recent, wish)
        async with self._room.places:
            turn = await self._written(turn)
        await asyncio.gather(self._outbox.start(turn), self._touch(session, turn))
        return turn

    async def _with_what_came(self, session: Session, recent: list[Turn]) -> Session:
        """The session once the picture of the message before is in it: a picture sent with a greeting is stored after its answer."""
        before = recent[-1] if recent else None
        awaited = (
            before is not None and before.picture is not None and before.picture.is_new and not before.uploaded and before.status == "DONE"
        )
        for _ in range(_LOOKS if awaited else 0):
            if before is None or any(picture.message_id == before.message_id for picture in session.pictures):
                break
            await asyncio.sleep(_LOOK_SECONDS)
            session = found(await self._store.session(session.session_id, session.user_id))
        return session

    async def _drafted(self, message_id: str, session: Session, recent: list[Turn], wish: Wish) -> Turn:
        at = now()
        named = await self._meaning.pictures(session, wish)
        current = session.current_picture
        picture = named[0] if named else (current.ref if current else None)
        reference = named[1] if len(named) > 1 else None
        received = MessageReceived(
            job_id=message_id, user_id=session.user_id, session_id=session.session_id, text=wish.text, mode=wish.mode, refine=wish.refine,
            picture=picture, reference=reference, pictures=dialogue.pictures(session), history=dialogue.history(recent),
            feature_params=wish.feature_params, deadline=at + self._deadline,
        )  # fmt: skip
        came = named[:1] if wish.brings_picture else []
        number = max([session.last_seq, *(turn.seq for turn in recent)]) + 1
        return Turn(
            message_id=message_id, user_message_id=uuid4().hex, session_id=session.session_id, user_id=session.user_id, seq=number,
            rank=number, text=wish.text, status="PROCESSING", created_at=at, updated_at=at, deadline=received.deadline, mode=wish.mode,
            request=received.model_dump_json(), picture=picture, reference=reference,
            sent=tuple(ref for ref in came if ref.upload is None), outbox="message",
            traceparent=traceparent.get() or None,
        )  # fmt: skip

    async def _written(self, turn: Turn) -> Turn:
        """The turn as it was written, with the next free number of its session."""
        for _ in range(_TRIES):
            try:
                return await self._store.add_turn(turn, now() + CLAIM)
            except NumberTakenError:
                newest = await self._store.turns(turn.session_id, limit=1)
                number = max(turn.seq, *(other.seq for other in newest)) + 1
                turn = replace(turn, seq=number, rank=number)
        raise UnavailableError("Too many messages arrive in this session at once")

    async def _touch(self, session: Session, turn: Turn) -> None:
        """Note in the session what was said; a session that was deleted meanwhile takes the message with it."""
        title = title_of(turn.text) if session.title is None else None
        try:
            lives = await self._store.touch(session.session_id, turn.seq, turn.created_at, title)
        except UnavailableError:
            return  # the message is accepted all the same
        if not lives:
            await self._outbox.withdraw(turn)
