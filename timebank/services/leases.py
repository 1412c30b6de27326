"""Leases of periodic work: rows with an end and a fencing number, so that any number of schedulers is harmless."""

from __future__ import annotations

from datetime import datetime, timedelta

from timebank.storage.audits import JobLease
from timebank.storage.unit import Bank


def claim(bank: Bank, job: str, *, lease: timedelta, now: datetime) -> int | None:
    """The fence of a claim, or None if the job is not due yet or another has it. One claimer of many wins."""
    with bank.unit() as unit:
        row = unit.audits.lease(job)
        if row is None:
            unit.audits.add(JobLease(book=unit.origin, job=job, fence=1, leased_until=now + lease, due_at=now))
            return 1
        if row.due_at > now or row.leased_until > now:
            return None
        fence = row.fence
        return fence + 1 if unit.audits.claim(job, fence, now + lease) else None


def finish(bank: Bank, job: str, fence: int, *, due_at: datetime, now: datetime) -> bool:
    """The work is done; it is due again at `due_at`. False if the lease ran out and another took the job."""
    with bank.unit() as unit:
        row = unit.audits.lease(job)
        if row is None or row.fence != fence:
            return False
        row.leased_until, row.due_at, row.finished_at = now, due_at, now
        return True
