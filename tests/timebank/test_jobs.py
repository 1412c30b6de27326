"""Periodic work: claimed once, taken over when a claimer died, logged when it failed, due again when it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from tests.timebank.world import NOW, make_bank, settings_in
from timebank.domain import errors
from timebank.jobs.table import JOBS, Job, run_due
from timebank.services import Bank, beginning, leases
from timebank.web.observe import init_logs

LEASE = timedelta(minutes=10)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    """A bank with a book and nothing in it."""
    bank = make_bank(settings_in(tmp_path))
    beginning.begin(bank, software="tests", now=NOW)
    yield bank
    bank.engine.dispose()


class Work:
    """Counts how often it was done, and fails when it is told to."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.done = 0
        self.failure = failure

    def __call__(self, bank: Bank, *, now: datetime) -> int:
        self.done += 1
        if self.failure is not None:
            raise self.failure
        return self.done


def test_due_work_is_done_and_is_due_again_later(bank: Bank) -> None:
    work = Work()
    job = Job("count", work, timedelta(minutes=5))
    assert run_due(bank, job, now=NOW)
    assert not run_due(bank, job, now=NOW + timedelta(minutes=4))
    assert run_due(bank, job, now=NOW + timedelta(minutes=5))
    assert work.done == 2


def test_of_two_claimers_one_wins(bank: Bank) -> None:
    leases.finish(bank, "race", leases.claim(bank, "race", lease=LEASE, now=NOW) or 0, due_at=NOW, now=NOW)
    for turn in range(5):
        now, start = NOW + timedelta(hours=turn + 1), Barrier(2)

        def claim(now: datetime = now, start: Barrier = start) -> int | None:
            start.wait()
            return leases.claim(bank, "race", lease=LEASE, now=now)

        with ThreadPoolExecutor(2) as pool:
            fences = [one.result() for one in (pool.submit(claim), pool.submit(claim))]
        assert sorted(fence is None for fence in fences) == [False, True], fences


def test_the_first_claim_of_all_has_one_winner_too(bank: Bank) -> None:
    start = Barrier(2)

    def claim() -> int | None:
        start.wait()
        return leases.claim(bank, "new", lease=LEASE, now=NOW)

    with ThreadPoolExecutor(2) as pool:
        fences = [one.result() for one in (pool.submit(claim), pool.submit(claim))]
    assert sorted(fence is None for fence in fences) == [False, True], fences


def test_who_lost_the_lease_has_nothing_to_finish(bank: Bank) -> None:
    first = leases.claim(bank, "slow", lease=LEASE, now=NOW)
    assert first is not None
    assert leases.claim(bank, "slow", lease=LEASE, now=NOW + timedelta(minutes=9)) is None
    later = NOW + LEASE
    second = leases.claim(bank, "slow", lease=LEASE, now=later)
    assert second is not None
    assert second > first
    assert not leases.finish(bank, "slow", first, due_at=later, now=later)
    assert leases.claim(bank, "slow", lease=LEASE, now=later) is None
    assert leases.finish(bank, "slow", second, due_at=later + LEASE, now=later)


def test_a_failure_is_logged_without_its_words_and_tried_when_the_lease_ran_out(
    bank: Bank, capsys: pytest.CaptureFixture[str]
) -> None:
    init_logs()
    work = Work(errors.ReasonMissing())
    job = Job("fails", work, timedelta(minutes=1), lease=LEASE)
    assert not run_due(bank, job, now=NOW)
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["event"], line["job"], line["kind"]) == ("job failed", "fails", "ReasonMissing")
    assert not run_due(bank, job, now=NOW + timedelta(minutes=5))
    assert work.done == 1
    work.failure = None
    assert run_due(bank, job, now=NOW + LEASE)
    assert work.done == 2


def test_an_error_that_nobody_foresaw_is_logged_and_ends_its_own_job_only(
    bank: Bank, capsys: pytest.CaptureFixture[str]
) -> None:
    init_logs()
    behind = Work()
    fails = Job("fails", Work(ZeroDivisionError("张三 13800000000")), timedelta(minutes=1), lease=LEASE)
    outcomes = [run_due(bank, job, now=NOW) for job in (fails, Job("behind", behind))]
    assert (outcomes, behind.done) == ([False, True], 1)
    out = capsys.readouterr().out
    line = json.loads(next(text for text in out.splitlines() if "job failed" in text))
    assert (line["job"], line["kind"]) == ("fails", "ZeroDivisionError")
    assert "13800000000" not in out


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 9, 14, 17, 59, tzinfo=UTC), datetime(2026, 9, 14, 18, 0, tzinfo=UTC)),
        (datetime(2026, 9, 14, 18, 0, tzinfo=UTC), datetime(2026, 9, 15, 18, 0, tzinfo=UTC)),
        (datetime(2026, 9, 14, 18, 1, tzinfo=UTC), datetime(2026, 9, 15, 18, 0, tzinfo=UTC)),
        (datetime(2026, 12, 31, 15, 59, tzinfo=UTC), datetime(2026, 12, 31, 18, 0, tzinfo=UTC)),
    ],
)
def test_daily_work_is_due_at_its_local_time(now: datetime, due: datetime) -> None:
    job = Job("nightly", Work(), at=time(2, 0))
    assert job.next_due(now, "Asia/Shanghai").astimezone(UTC) == due


def test_the_table_runs_whole_on_an_empty_book(bank: Bank) -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)
    for job in JOBS:
        assert run_due(bank, job, now=NOW), job.name
        assert not run_due(bank, job, now=NOW), job.name
