"""Many at once, on real databases with real commits: nothing is spent twice, verified twice or numbered twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from ledger import Draft, Kind
from ledger.audit import Workers
from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.domain import errors
from timebank.services import audits, hours, policies, redemptions, transfers
from timebank.services.redemptions import AskForCare
from timebank.storage import checking

CROWD = 8
FORGET = {
    "sqlite": [
        "drop trigger ledger_entry_no_update",
    ],
    "postgresql": ["alter table ledger_entry disable trigger all"],
}
"""How whoever has the database gets past the trigger that refuses an UPDATE."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world that commits, on each engine."""
    more = {}
    if request.param == "postgresql":
        more["TIMEBANK_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    bank = make_bank(settings_in(tmp_path, **more))
    yield build_world(bank)
    bank.engine.dispose()


def crowd(one: Callable[[int], object]) -> list[object]:
    """What each of many at once got: its answer, or its refusal."""

    def guarded(number: int) -> object:
        try:
            return one(number)
        except errors.TimebankError as error:
            return error

    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(guarded, range(CROWD)))


def refused(outcomes: list[object]) -> list[errors.TimebankError]:
    return [one for one in outcomes if isinstance(one, errors.TimebankError)]


def test_hours_are_spent_once_whoever_asks_at_the_same_time(busy: World) -> None:
    member = busy.rich(120)
    form = AskForCare(member.person_id, member.person_id, "cleaning", 60, NOW + timedelta(days=2))
    outcomes = crowd(lambda _: redemptions.ask(busy.bank, member, form, now=NOW))
    assert len(outcomes) - len(refused(outcomes)) == 2
    assert all(isinstance(one, errors.BalanceTooLow | errors.StaleVersion | errors.Busy) for one in refused(outcomes))
    assert busy.balance(member) == 0
    assert audits.run_now(busy.bank, busy.staff["auditor"], full=True, now=NOW).verdict == "sound"


def test_a_record_is_verified_once(busy: World) -> None:
    volunteer = busy.member()
    record = busy.confirmed(volunteer, busy.member(), minutes=60)
    worker = busy.staff["worker A"]
    outcomes = crowd(lambda _: hours.verify(busy.bank, worker, [record.id], now=NOW)[0].refusal)
    assert outcomes.count(None) == 1
    assert busy.balance(volunteer) == 60
    assert audits.run_now(busy.bank, busy.staff["auditor"], full=True, now=NOW).verdict == "sound"


def test_desks_that_verify_at_the_same_moment_share_commits(busy: World) -> None:
    elder, worker = busy.member(), busy.staff["worker A"]
    volunteers = [busy.member() for _ in range(CROWD)]
    records = [busy.confirmed(one, elder, ago=timedelta(days=n + 1)) for n, one in enumerate(volunteers)]
    waiting = busy.logged(busy.member(), elder, ago=timedelta(days=CROWD + 1))

    def verify(number: int) -> tuple[hours.Verified, ...]:
        return hours.verify(busy.bank, worker, [records[number].id, waiting.id, "no such record"], now=NOW)

    outcomes = crowd(verify)
    for number, answer in enumerate(outcomes):
        assert isinstance(answer, tuple)
        done, unconfirmed, unknown = answer
        assert (done.record_id, done.refusal, done.credited_minutes) == (records[number].id, None, 60)
        assert isinstance(unconfirmed.refusal, errors.ElderConfirmationMissing)
        assert isinstance(unknown.refusal, errors.NotFound)
    assert len({answer[0].entry_seq for answer in outcomes if isinstance(answer, tuple)}) == CROWD
    assert [busy.balance(one) for one in volunteers] == [60] * CROWD
    steps = hours.trail(busy.bank, volunteers[0], records[0].id)
    assert [one.state for one in steps] == ["logged", "confirmed", "verified"]
    assert audits.run_now(busy.bank, busy.staff["auditor"], full=True, now=NOW).verdict == "sound"


def test_a_cap_holds_for_many_records_of_one_volunteer_at_once(busy: World) -> None:
    document = json.loads(policies.template("demo")) | {"cap": {"minutes": 150, "above": "pool"}}
    policies.decide(busy.bank, busy.staff["county"], json.dumps(document), NOW, now=NOW)
    volunteer, elder, worker = busy.member(), busy.member(), busy.staff["worker A"]
    records = [busy.confirmed(volunteer, elder, ago=timedelta(days=n + 1)) for n in range(CROWD)]
    outcomes = crowd(lambda n: hours.verify(busy.bank, worker, [records[n].id], now=NOW)[0].refusal)
    assert outcomes == [None] * CROWD
    assert busy.balance(volunteer) == 150
    assert transfers.pool_minutes(busy.bank) == 60 * CROWD - 150
    assert audits.run_now(busy.bank, busy.staff["auditor"], full=True, now=NOW).verdict == "sound"


def test_the_same_time_is_logged_once(busy: World) -> None:
    volunteer, elder = busy.member(), busy.member()
    outcomes = crowd(lambda _: hours.log(busy.bank, volunteer, busy.told(elder), now=NOW))
    assert len(outcomes) - len(refused(outcomes)) == 1
    assert len(hours.mine(busy.bank, volunteer)) == 1


def test_a_gift_is_carried_out_once_by_any_number_of_schedulers(busy: World) -> None:
    giver = busy.rich(120)
    transfers.donate(busy.bank, giver, 60, now=NOW)
    crowd(lambda _: transfers.carry_out_due(busy.bank, now=NOW + timedelta(minutes=11)))
    assert transfers.pool_minutes(busy.bank) == 60
    assert busy.balance(giver) == 60


def test_an_audit_sees_entries_and_documents_of_one_moment(busy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is destroyed while the audit reads is still there for the audit, as its entry is."""
    busy.verified(busy.member(), busy.member())
    removed = []
    real = checking.audit

    def late(store: Any, book: str, **rest: Any) -> Any:
        store.head(book)  # the audit's moment
        with busy.bank.engine.begin() as connection:
            removed.append(connection.execute(text("update person set wrapped_key = :none"), {"none": b""}).rowcount)
        return real(store, book, **rest)

    monkeypatch.setattr(checking, "audit", late)
    report = checking.audit_book(busy.bank, None)
    assert removed[0] >= 3
    assert (report.verdict, report.documents_erased) == ("sound", 0)
    monkeypatch.undo()
    assert checking.audit_book(busy.bank, None).documents_erased >= 1


def test_workers_find_what_one_process_finds(busy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A book that is long enough for the parallel audit, sound and tampered with."""
    busy.verified(busy.member(), busy.member())
    with busy.bank.unit() as unit:
        drafts = [
            Draft(Kind.OPEN, "worker", data={"account": f"m-{n:016x}", "account_kind": "member"}) for n in range(20_000)
        ]
        unit.append_many(drafts, now=NOW)
    started = []
    real = checking.Workers

    def noted(url: str, count: int) -> Workers:
        started.append(count)
        return real(url, count)

    monkeypatch.setattr(checking, "Workers", noted)
    assert checking.audit_book(busy.bank, None).verdict == "sound"
    assert started == [2]
    with busy.bank.engine.begin() as connection:
        for statement in FORGET[busy.bank.engine.dialect.name]:
            connection.execute(text(statement))
        connection.execute(text("update ledger_entry set actor = 'somebody' where seq = 15000"))
    together = checking.audit_book(busy.bank, None)
    monkeypatch.setattr(checking, "_workers", lambda bank: None)
    alone = checking.audit_book(busy.bank, None)
    assert together.verdict == alone.verdict == "broken"
    assert [(one.seq, one.level, one.field) for one in together.findings] == [(15000, 3, "actor column")]
    assert together.findings == alone.findings
