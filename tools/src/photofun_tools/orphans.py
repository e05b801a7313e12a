"""Do files and rows match?  Files that nothing needs, and rows whose file is not there, part by part of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from photofun_common.bus import Bus
from photofun_common.contracts.files import MOST_KEYS, AfterQuestion, Files, Keys, PrefixQuestion, StoredFile
from photofun_common.contracts.jobs import JobRecord
from photofun_common.jobs import JobStore

__all__ = ["Found", "check", "fix"]

_SECONDS = 30.0
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Found:
    """What does not match: files that nothing needs, and keys that rows have and the store has not."""

    files: tuple[StoredFile, ...]
    missing: tuple[str, ...]
    seen: int
    rows: int


async def check(bus: Bus, *, older: timedelta) -> Found:
    """Compare the store with gallery, conversations and jobs.  Files younger than `older` may still be on their way into a row."""
    wanted = {key for record in await JobStore(bus).all() for key in _keys_of(record)}
    before = datetime.now(UTC) - older
    orphans: list[StoredFile] = []
    seen = 0
    for number in range(256):
        part = await bus.request("rpc.imaging.files", PrefixQuestion(prefix=f"{number:02x}"), Files, timeout=_SECONDS)
        seen += len(part.files)
        old = [file for file in part.files if file.modified_at < before and file.key not in wanted]
        for start in range(0, len(old), _AT_ONCE):
            orphans += await _unknown(bus, old[start : start + _AT_ONCE])
    missing, rows = await _missing(bus)
    return Found(tuple(orphans), tuple(missing), seen, rows)


def _keys_of(record: JobRecord) -> set[str]:
    """The files that a job's record names, wherever they stand in it."""
    found: set[str] = set()
    stack: list[object] = [record.model_dump()]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            found |= {value["key"]} if isinstance(value.get("key"), str) else set()
            stack += value.values()
        elif isinstance(value, list | tuple):
            stack += value
    return found


async def _unknown(bus: Bus, files: list[StoredFile]) -> list[StoredFile]:
    asked = Keys(keys=[file.key for file in files])
    known: set[str] = set()
    for subject in ("rpc.gallery.known_files", "rpc.conversation.known_files"):
        known |= set((await bus.request(subject, asked, Keys, timeout=_SECONDS)).keys)
    return [file for file in files if file.key not in known]


async def _missing(bus: Bus) -> tuple[list[str], int]:
    missing: list[str] = []
    after, rows = "", 0
    while keys := (await bus.request("rpc.gallery.files", AfterQuestion(after=after), Keys, timeout=_SECONDS)).keys:
        rows += len(keys)
        for start in range(0, len(keys), _AT_ONCE):
            asked = Keys(keys=keys[start : start + _AT_ONCE])
            missing += (await bus.request("rpc.imaging.missing_files", asked, Keys, timeout=_SECONDS)).keys
        if len(keys) < MOST_KEYS:
            break
        after = keys[-1]
    return missing, rows


async def fix(bus: Bus, found: Found) -> None:
    """Remove the files that nothing needs, and the rows whose file is not there."""
    for subject, keys in (
        ("rpc.imaging.remove_files", [file.key for file in found.files]),
        ("rpc.gallery.forget_files", list(found.missing)),
    ):
        for start in range(0, len(keys), _AT_ONCE):
            await bus.request(subject, Keys(keys=keys[start : start + _AT_ONCE]), Keys, timeout=_SECONDS)
