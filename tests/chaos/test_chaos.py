"""Everything is killed and frozen for a while: whatever was accepted ends, and every picture appears once."""

from __future__ import annotations

import pytest

from .driver import Plan, run_chaos


@pytest.mark.e2e
@pytest.mark.slow
def test_nothing_accepted_is_lost_stuck_or_doubled_under_random_faults() -> None:
    report = run_chaos(Plan(seed=1, seconds=18.0, users=2, patience=6.0))

    assert report.accepted > 0, report.told()
    assert report.faults.total() >= 4, report.told()
    assert report.is_clean, report.told()
