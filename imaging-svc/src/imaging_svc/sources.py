"""Which pictures did a message come with?  Brought into the store before its first step runs."""

from __future__ import annotations

from photofun_common.bus import Bus
from photofun_common.contracts.imaging import KeepQuestion
from photofun_common.contracts.jobs import JobRecord
from photofun_common.contracts.values import Picture, PictureRef
from photofun_common.jobs import JobStore

from .announcing import Announcer
from .files import Files

__all__ = ["Sources"]


class Sources:
    """Uploads, addresses and stored pictures of messages, as stored pictures."""

    def __init__(self, bus: Bus, jobs: JobStore, files: Files, announcer: Announcer) -> None:
        self._bus, self._jobs, self._files, self._announcer = bus, jobs, files, announcer

    async def resolve(self, record: JobRecord) -> JobRecord:
        """Bring the pictures a message came with into the store, and say so."""
        found: dict[str, Picture] = {}
        for role, ref, known in (("picture", record.picture, record.source), ("reference", record.reference, record.reference_picture)):
            if ref is None or known is not None:
                continue
            found[role] = await self._resolved(record, role, ref)
            if record.session_id and ref.is_new:
                await self._announcer.source_stored(record, record.session_id, role, found[role])
        if not found:
            return record

        def change(before: JobRecord) -> JobRecord:
            reference = found.get("reference", before.reference_picture)
            return before.model_copy(update={"source": found.get("picture", before.source), "reference_picture": reference})

        return await self._jobs.change(record.job_id, change)

    async def keep(self, asked: KeepQuestion) -> Picture:
        """A picture that is to be in the store, whatever it is for.  Raises what is wrong with it."""
        ref = asked.picture
        if ref.key:
            return await self._files.stored(ref.key, ref.image_id)
        data = await self._bus.unpark(ref.upload) if ref.upload else await self._files.fetch(ref.url or "")
        return await self._files.store(data, "kept", asked.cause)

    async def _resolved(self, record: JobRecord, role: str, ref: PictureRef) -> Picture:
        if ref.key:
            return await self._files.stored(ref.key, ref.image_id)
        data = await self._bus.unpark(ref.upload) if ref.upload else await self._files.fetch(ref.url or "")
        return await self._files.store(data, record.job_id, "source", role)
