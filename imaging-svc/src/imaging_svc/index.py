"""Who has which jobs, and how fast do they end?  A small view of the bucket of records, kept by following its changes."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from photofun_common.contracts.jobs import JobRecord

from .pace import Pace

__all__ = ["JobIndex"]

_UNFINISHED = ("CREATED", "IN_PROGRESS")
_WINDOW = timedelta(seconds=20)
_ENOUGH = 5
_GUESSED_SECONDS = 2.0
_FORGET_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Row:
    user_id: str
    status: str
    created_at: datetime
    updated_at: datetime
    deadline: datetime

    @property
    def is_unfinished(self) -> bool:
        return self.status in _UNFINISHED


@dataclass(slots=True)
class JobIndex:
    """Rows by job id; a job that waits for a person's approval counts as neither finished nor overdue."""

    rows: dict[str, _Row] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)
    _by_user: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _open: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _ends: deque[datetime] = field(default_factory=lambda: deque(maxlen=10_000))
    _forgotten_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def forget(self, job_id: str) -> None:
        """The job's record is gone."""
        row = self.rows.pop(job_id, None)
        if row is not None:
            self._by_user[row.user_id].discard(job_id)
            self._open[row.user_id].discard(job_id)

    def note(self, record: JobRecord) -> None:
        before = self.rows.get(record.job_id)
        row = _Row(record.user_id, record.status, record.created_at, record.updated_at, record.deadline)
        self.rows[record.job_id] = row
        self._by_user[row.user_id].add(record.job_id)
        if row.is_unfinished:
            self._open[row.user_id].add(record.job_id)
            return
        self._close(row.user_id, record.job_id)
        if before is not None and before.is_unfinished:
            self._ends.append(datetime.now(UTC))
            self.pace.note(record)

    def _close(self, user_id: str, job_id: str) -> None:
        if user_id in self._open:
            self._open[user_id].discard(job_id)
            if not self._open[user_id]:
                del self._open[user_id]

    def unfinished(self, user_id: str) -> int:
        return len(self._open.get(user_id, ()))

    def backlog(self, each: int) -> int:
        """How many jobs of all are unfinished, of one person at most `each`: people take turns."""
        return sum(min(len(jobs), each) for jobs in self._open.values())

    def ended_lately(self) -> int:
        """How many ended within the last 20 s."""
        since = datetime.now(UTC) - _WINDOW
        while self._ends and self._ends[0] < since:
            self._ends.popleft()
        return len(self._ends)

    def of(self, user_id: str, status: str | None) -> list[str]:
        """Ids of a person's jobs, newest first."""
        rows = ((self.rows[job_id], job_id) for job_id in self._by_user.get(user_id, ()))
        found = [(row.created_at, job_id) for row, job_id in rows if status is None or row.status == status]
        return [job_id for _, job_id in sorted(found, reverse=True)]

    def ahead_of(self, record: JobRecord) -> int:
        """How many unfinished jobs come before this one when people take turns: their own older ones, and of each other as many."""
        mine = sum(self.rows[job_id].created_at < record.created_at for job_id in self._open.get(record.user_id, ()))
        return mine + sum(min(len(jobs), mine + 1) for user_id, jobs in self._open.items() if user_id != record.user_id)

    def seconds_until_done(self, record: JobRecord) -> float:
        """An estimate, by the pace of the last 20 s; by 2 s a job when hardly one ended."""
        ended = self.ended_lately()
        each = _WINDOW.total_seconds() / ended if ended >= _ENOUGH else _GUESSED_SECONDS
        return each * (1 + self.ahead_of(record))

    def overdue(self, now: datetime) -> list[str]:
        return [job_id for job_id, row in self._unfinished_rows() if row.deadline < now]

    def stalled(self, before: datetime) -> list[str]:
        return [job_id for job_id, row in self._unfinished_rows() if row.updated_at < before]

    def _unfinished_rows(self) -> list[tuple[str, _Row]]:
        return [(job_id, self.rows[job_id]) for jobs in self._open.values() for job_id in jobs]

    def forget_older(self, before: datetime) -> None:
        """Let go of rows untouched since `before`; looks through them all only now and then."""
        if (now := datetime.now(UTC)) < self._forgotten_at + _FORGET_EVERY:
            return
        self._forgotten_at = now
        for job_id in [job_id for job_id, row in self.rows.items() if row.updated_at < before]:
            user_id = self.rows.pop(job_id).user_id
            self._close(user_id, job_id)
            self._by_user[user_id].discard(job_id)
            if not self._by_user[user_id]:
                del self._by_user[user_id]
