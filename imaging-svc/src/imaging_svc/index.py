"""Who has which jobs?  A small view of the bucket of records, kept by following its changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from photofun_common.contracts.jobs import JobRecord

__all__ = ["JobIndex"]

_UNFINISHED = ("CREATED", "IN_PROGRESS")


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

    def note(self, record: JobRecord) -> None:
        self.rows[record.job_id] = _Row(record.user_id, record.status, record.created_at, record.updated_at, record.deadline)

    def unfinished(self, user_id: str) -> int:
        return sum(1 for row in self.rows.values() if row.user_id == user_id and row.is_unfinished)

    def of(self, user_id: str, status: str | None) -> list[str]:
        """Ids of a person's jobs, newest first."""
        found = [
            (row.created_at, job_id)
            for job_id, row in self.rows.items()
            if row.user_id == user_id and (status is None or row.status == status)
        ]
        return [job_id for _, job_id in sorted(found, reverse=True)]

    def ahead_of(self, record: JobRecord) -> int:
        """How many unfinished jobs were accepted before this one."""
        return sum(1 for row in self.rows.values() if row.is_unfinished and row.created_at < record.created_at)

    def overdue(self, now: datetime) -> list[str]:
        return [job_id for job_id, row in self.rows.items() if row.is_unfinished and row.deadline < now]

    def stalled(self, before: datetime) -> list[str]:
        return [job_id for job_id, row in self.rows.items() if row.is_unfinished and row.updated_at < before]

    def forget_older(self, before: datetime) -> None:
        for job_id in [job_id for job_id, row in self.rows.items() if row.updated_at < before]:
            del self.rows[job_id]
