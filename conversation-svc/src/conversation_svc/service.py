"""What can a conversation do?  One verb-room each, put together."""

from __future__ import annotations

from dataclasses import dataclass

from photofun_common.bus import Bus
from photofun_common.fileurls import FileUrls
from photofun_common.jobs import JobStore

from .following import Following
from .limits import Room
from .meaning import Meaning
from .outbox import Outbox
from .reading import Reading
from .records import Records
from .sending import Sending
from .sessions import Sessions
from .steering import Steering
from .store import Store
from .tending import Tending

__all__ = ["Conversations", "open_conversations"]


@dataclass(frozen=True, slots=True)
class Conversations:
    """The verbs.  Whatever is published was written down first."""

    sessions: Sessions
    sending: Sending
    reading: Reading
    records: Records
    steering: Steering
    following: Following
    tending: Tending
    outbox: Outbox
    room: Room


def open_conversations(
    store: Store, bus: Bus, jobs: JobStore, files: FileUrls, *, job_deadline: float, max_queued: int, max_backlog: int, signed: bool
) -> Conversations:
    """`job_deadline` in seconds; `signed`: file URLs count only with their signature."""
    records = Records(jobs, bus)
    outbox = Outbox(store, bus, records)
    room = Room(store, each=max_queued, most=max_backlog)
    reading = Reading(store)
    meaning = Meaning(store, bus, files, signed=signed)
    sessions = Sessions(store, bus, records, meaning)
    following = Following(store, outbox, records, room)
    return Conversations(
        sessions=sessions,
        sending=Sending(store, outbox, meaning, room, job_deadline=job_deadline),
        reading=reading,
        records=records,
        steering=Steering(store, outbox, reading, room, job_deadline=job_deadline),
        following=following,
        tending=Tending(store, bus, outbox, sessions, following, records, room),
        outbox=outbox,
        room=room,
    )
