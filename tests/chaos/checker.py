"""What became of everything that was accepted?  Asks the studio itself, over HTTP, once the faults have stopped."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx
from photofun_common.jetstream import JetStreamBus
from photofun_common.jobs import JobStore

FINAL = frozenset({"DONE", "COMPLETED", "FAILED", "CANCELED"})
GOOD = frozenset({"DONE", "COMPLETED"})
TERMINAL_SECONDS = 120.0
GALLERY_SECONDS = 60.0
_UNKNOWN_TRIES = 10


@dataclass
class Accepted:
    """One 202: who asked for what, and where its state is told."""

    job: str
    kind: str
    user: str
    path: str
    state: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def status(self) -> str:
        return str(self.state.get("status", "?"))


@dataclass
class Ledger:
    """What the driver was told."""

    accepted: list[Accepted] = field(default_factory=list)
    sessions: dict[str, str] = field(default_factory=dict)  # each for one message: its user
    unanswered: Counter[str] = field(default_factory=Counter)  # by user: calls whose outcome nobody told
    refused: Counter[str] = field(default_factory=Counter)


@dataclass
class Report:
    """The figures of one run."""

    HEAD: ClassVar[str] = (
        "| seed | faults | accepted | terminal | failed | lost | stuck | duplicate rows | duplicate messages | 500s | charges | "
        "second charges | of them in doubt | slowest after the faults |\n" + "|---:" * 14 + "|"
    )
    accepted: int = 0
    terminal: int = 0
    failed: int = 0
    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    duplicate_rows: list[str] = field(default_factory=list)
    duplicate_messages: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    charges: int = 0
    second_charges: int = 0
    doubtful_charges: int = 0
    slowest: float = 0.0
    seed: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def is_clean(self) -> bool:
        """Nothing lost, stuck, doubled or unexpected; paid twice only where the provider's answer was lost, and seldom."""
        found = self.lost or self.stuck or self.duplicate_rows or self.duplicate_messages or self.unexpected
        return not found and self.second_charges <= min(self.doubtful_charges, max(1, self.charges // 100))

    @property
    def unexpected(self) -> int:
        """How many tries were answered 500."""
        return sum(count for reason, count in self.refused.items() if reason.startswith("500"))

    def row(self) -> str:
        figures = (
            self.seed, self.faults.total(), self.accepted, self.terminal, self.failed, len(self.lost), len(self.stuck),
            len(self.duplicate_rows), len(self.duplicate_messages),
            self.unexpected, self.charges, self.second_charges, self.doubtful_charges, f"{self.slowest:.1f} s",
        )  # fmt: skip
        return "| " + " | ".join(str(figure) for figure in figures) + " |"

    def told(self) -> str:
        """Everything, a line each."""
        lines = [f"seed {self.seed}: {self.faults.total()} faults: {_listed(self.faults)}"]
        lines += [f"  accepted {self.accepted} ({_listed(self.kinds)}), terminal {self.terminal}, failed {self.failed}"]
        lines += [f"  failed: {count} x {reason}" for reason, count in self.reasons.most_common()]
        for name in ("lost", "stuck", "duplicate_rows", "duplicate_messages"):
            found = getattr(self, name)
            lines += [f"  {name.replace('_', ' ')}: {len(found)}", *(f"    {one}" for one in found[:20])]
        lines += [f"  charges {self.charges}, second {self.second_charges}, jobs with a call in doubt {self.doubtful_charges}"]
        lines += [f"  tries that were refused or cut off: {_listed(self.refused)}; calls never answered: {self.unanswered}"]
        return "\n".join(lines)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


async def check(http: httpx.AsyncClient, ledger: Ledger) -> Report:
    """Wait until all is over (or long enough) and count."""
    start = time.monotonic()
    lost = await _until_terminal(http, ledger.accepted, start + TERMINAL_SECONDS)
    good = [one for one in ledger.accepted if one.status in GOOD]
    rows, missing = await _gallery(http, good, {one.user for one in ledger.accepted})
    report = Report(
        accepted=len(ledger.accepted), unanswered=ledger.unanswered.total(), refused=ledger.refused,
        terminal=sum(one.status in FINAL for one in ledger.accepted),
        failed=sum(one.status in FINAL - GOOD for one in ledger.accepted),
        kinds=Counter(one.kind for one in ledger.accepted),
        slowest=max((one.seconds for one in ledger.accepted), default=0.0),
    )  # fmt: skip
    report.lost = [f"{one.kind} {one.job} is not found" for one in lost]
    report.lost += [f"{one.kind} {one.job} is {one.status} and in no gallery" for one in missing]
    report.stuck = [f"{one.kind} {one.job}: {one.state}" for one in ledger.accepted if one.status not in FINAL and one not in lost]
    report.reasons = Counter(f"{one.kind}: {_reason(one.state)}" for one in ledger.accepted if one.status in FINAL - GOOD)
    report.duplicate_rows = _doubled(rows, ledger)
    report.duplicate_messages = await _doubled_messages(http, ledger)
    return report


async def doubtful_charges(nats_url: str) -> int:
    """Paid calls that a job's record marks: an earlier one for the same picture may have been charged too."""
    async with JetStreamBus(nats_url, "chaos", manage_topology=False) as bus:
        records = await JobStore(bus).all()
    return sum(task.uncertain for record in records for step in record.steps for task in step.tasks)


async def _until_terminal(http: httpx.AsyncClient, accepted: list[Accepted], end: float) -> list[Accepted]:
    """Poll every job until it is final.  The ones that the studio keeps saying it does not know."""
    start = time.monotonic()
    unknown: Counter[str] = Counter()
    waiting = accepted
    while waiting and time.monotonic() < end:
        for one in waiting:
            answer = await _get(http, one.path, {"user_id": one.user})
            unknown[one.job] = unknown[one.job] + 1 if answer is not None and answer.status_code == 404 else 0
            if answer is not None and answer.status_code == 200:
                one.state, one.seconds = answer.json()["result"], time.monotonic() - start
        waiting = [one for one in waiting if one.status not in FINAL and unknown[one.job] < _UNKNOWN_TRIES]
        await asyncio.sleep(0.3)
    return [one for one in accepted if unknown[one.job] >= _UNKNOWN_TRIES]


async def _gallery(
    http: httpx.AsyncClient, good: list[Accepted], users: set[str]
) -> tuple[dict[str, list[dict[str, Any]]], list[Accepted]]:
    """Every user's rows, once each good job has one; and the good jobs that have none."""
    end = time.monotonic() + GALLERY_SECONDS
    while True:
        rows = {user: await _rows(http, user) for user in sorted(users)}
        present = {(user, row["job_id"]) for user, found in rows.items() for row in found}
        missing = [one for one in good if (one.user, one.job) not in present]
        if not missing or time.monotonic() >= end:
            return rows, missing
        await asyncio.sleep(0.5)


async def _rows(http: httpx.AsyncClient, user: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    query: dict[str, Any] = {"user_id": user, "limit": 100}
    while True:
        answer = await _get(http, "/v1/gallery", query)
        if answer is None or answer.status_code != 200:
            return rows
        rows += answer.json()["result"]
        cursor = answer.json()["meta"]["next_cursor"]
        if not cursor:
            return rows
        query["cursor"] = cursor


def _doubled(rows: dict[str, list[dict[str, Any]]], ledger: Ledger) -> list[str]:
    """Jobs with more than their one row, and rows that come from a call that ran a second time under its key."""
    doubled = []
    known = {one.job for one in ledger.accepted}
    for user, found in rows.items():
        by_job: defaultdict[str, int] = defaultdict(int)
        for row in found:
            by_job[row["job_id"]] += 1
        doubled += [f"{count} rows of job {job}" for job, count in by_job.items() if count > 1]
        unheard = [job for job in by_job if job not in known]
        more = len(unheard) - ledger.unanswered[user]
        doubled += [f"job {job} was made for {user} under a key that was answered with another" for job in unheard[: max(0, more)]]
    return doubled


async def _doubled_messages(http: httpx.AsyncClient, ledger: Ledger) -> list[str]:
    """Sessions, each made for one message, that hold that message more than once."""
    doubled = []
    for session, user in ledger.sessions.items():
        answer = await _get(http, f"/v1/chat/sessions/{session}/messages", {"user_id": user, "limit": 100})
        if answer is not None and answer.status_code == 200:
            said = sum(message["role"] == "user" for message in answer.json()["result"])
            doubled += [f"{said} in session {session}"] if said > 1 else []
    return doubled


def _reason(state: dict[str, Any]) -> str:
    error = state.get("error") or state.get("failure") or {}
    return str(error)[:300] if error else f"{state.get('status')} {state.get('content', '')}"[:300]


async def _get(http: httpx.AsyncClient, path: str, params: dict[str, Any]) -> httpx.Response | None:
    """The answer; None when there is none or the studio is not itself yet."""
    for _ in range(8):
        try:
            answer = await http.get(path, params=params)
        except httpx.TransportError:
            pass
        else:
            if answer.status_code < 500 and answer.status_code != 429:
                return answer
        await asyncio.sleep(0.5)
    return None
