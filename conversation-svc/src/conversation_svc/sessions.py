"""How does a session begin, show itself and go?"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Literal

from photofun_common.bus import Bus
from photofun_common.contracts.conversation import SessionDeleted
from photofun_common.contracts.imaging import KeepQuestion
from photofun_common.contracts.values import Picture
from photofun_common.errors import UnavailableError
from photofun_common.once import id_of_call

from .domain import Session, begun_with, found, now
from .meaning import Meaning
from .records import Records
from .store import Store

__all__ = ["Sessions"]

KEEP = "rpc.imaging.keep"
_KEEP_SECONDS = 30.0


class Sessions:
    """Open, list, rename, delete."""

    def __init__(self, store: Store, bus: Bus, records: Records, meaning: Meaning) -> None:
        self._store, self._bus, self._records, self._meaning = store, bus, records, meaning

    async def open(self, user_id: str, title: str | None, once: str | None = None, *, image_url: str | None = None) -> Session:
        """A new session; the same call made again (`once` names it) gets the one that it made.

        With `image_url` that picture is its first, and what the first message edits.  Raises what is wrong with the picture.
        """
        session_id = id_of_call(once, "session", user_id)
        session = Session(session_id=session_id, user_id=user_id, title=title or None, created_at=now(), updated_at=now())
        if image_url:
            ref = self._meaning.ref_of(image_url, session)
            kept = await self._bus.request(KEEP, KeepQuestion(picture=ref, cause=session_id), Picture, timeout=_KEEP_SECONDS)
            session = begun_with(session, kept)
        return found(await self._store.add_session(session))

    async def get(self, session_id: str, owner: str | None) -> Session:
        """Raises SessionNotFoundError."""
        return found(await self._store.session(session_id, owner))

    async def of(self, owner: str, *, limit: int, before: tuple[datetime, str] | None) -> list[Session]:
        return await self._store.sessions_of(owner, limit=limit, before=before)

    async def rename(self, session_id: str, owner: str | None, title: str) -> Session:
        return found(await self._store.rename(session_id, owner, title, now()))

    async def delete(self, session_id: str, owner: str | None, images: Literal["keep", "trash"]) -> None:
        """Take the session away at once; jobs are canceled and the fact is told now or by the relay."""
        session = found(await self._store.entomb(session_id, owner, images, now()))
        with suppress(UnavailableError):
            await self.bury(session)

    async def bury(self, session: Session) -> None:
        """Do what a deleted session still owes: forget its turns, stop its jobs, tell the fact.  May run twice."""
        burial = session.buried or {"images": "keep", "job_ids": []}
        job_ids = burial["job_ids"]
        if job_ids is None:
            job_ids = await self._store.active_ids(session.session_id)
            await self._store.note_jobs(session.session_id, job_ids)
        await self._store.drop_turns(session.session_id)
        if not self._bus.is_connected:
            return
        for job_id in job_ids:
            await self._records.cancel(job_id)
        await self._bus.publish(
            SessionDeleted(
                job_id=session.session_id, user_id=session.user_id, session_id=session.session_id, images=burial["images"], job_ids=job_ids
            )
        )
        await self._store.buried(session.session_id)
