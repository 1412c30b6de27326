"""The annual report: drafted by one, frozen by another with an audit of the book, corrected by a further version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ledger import Kind, jcs
from tests.timebank.reported import LATER, YEAR, county2, fill
from tests.timebank.services.test_audits import tamper
from tests.timebank.world import World, build_world, make_bank, settings_in
from timebank.domain import errors
from timebank.services import audits, publishing, statistics, surroundings


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[World]:
    """A world of its own, in which something of every figure happened."""
    world = build_world(make_bank(settings_in(tmp_path)))
    fill(world)
    yield world
    world.bank.engine.dispose()


def rows(world: World) -> list[Any]:
    """All reports with what can change of them, and how many audits were kept."""
    with world.bank.read() as unit:
        found = unit._session.execute(text("select id, state, digest, entry_seq from annual_report order by id")).all()
        return [*found, unit._session.scalar(text("select count(*) from audit_run"))]


def refused(world: World, error: type[errors.TimebankError], deed: Callable[[], Any]) -> None:
    """The deed is refused so, and neither the book nor a report has changed."""
    before = world.size(), rows(world)
    with pytest.raises(error):
        deed()
    assert (world.size(), rows(world)) == before


def drafted(world: World, reason: str = "") -> str:
    return statistics.draft(world.bank, world.staff["county"], YEAR, reason, now=LATER)


def frozen(world: World, reason: str = "") -> int:
    return statistics.freeze(world.bank, county2(world), drafted(world, reason), now=LATER)


def test_a_report_is_the_report_of_an_audit_in_the_book(filled: World) -> None:
    size = filled.size()
    seq = frozen(filled)
    assert seq == size
    view = statistics.see(filled.bank, YEAR)
    with filled.bank.read() as unit:
        entry = unit.book.entry(seq)
    assert entry.kind is Kind.AUDIT
    assert entry.data == {"digest": hashlib.sha256(view.body).hexdigest(), "level": [1, 2, 3, 4], "result": "sound",
                          "size": size}  # fmt: skip
    assert jcs(view.document) == view.body, "canonical bytes"
    told = view.document
    assert (told["year"], told["version"], told["corrects"], told["ledger"]["size"]) == (YEAR, 1, None, size)
    assert (told["audit"]["result"], told["audit"]["findings"]) == ("sound", [])
    assert told["definitions"]["version"] == 1
    assert told["software"].startswith("timebank ")
    run = audits.history(filled.bank, filled.staff["auditor"])[0]
    assert (run.scope, run.verdict, run.entry_seq, run.report["root"]) == ("year", "sound", seq, told["ledger"]["root"])


def test_the_book_goes_on_as_before(filled: World) -> None:
    """The next audit goes on from the report's; checkpoint, receipt and full audit take its entry like any other."""
    seq = frozen(filled)
    assert audits.run_incremental(filled.bank, now=LATER + timedelta(minutes=1)) == "sound"
    assert audits.history(filled.bank, filled.staff["auditor"])[0].first_seq == seq
    with pytest.raises(errors.ReceiptNotYet):
        statistics.receipt(filled.bank, YEAR)
    publishing.publish(filled.bank, now=LATER)
    assert f"index {seq}\n" in statistics.receipt(filled.bank, YEAR)
    assert audits.run_full(filled.bank, now=LATER) == "sound"


def test_small_cells_stay_empty_in_what_is_public(filled: World) -> None:
    frozen(filled)
    values = statistics.see(filled.bank, YEAR).document["values"]
    assert values["complaints_received"]["LN-A"][""] is None, "three complaints by one member"
    assert values["inspections"]["LN-A"][""] == 1, "an inspection points at nobody"
    names = ("张桂芳", "李秀英", "赵敏")
    body = statistics.see(filled.bank, YEAR).body.decode()
    assert not [name for name in names if name in body]
    with filled.bank.read() as unit:
        people = {row.person_id for row in unit.members.of_stations(filled.stations.values(), "active")}
    assert not [one for one in people if one in body]


def test_who_may_not_and_what_is_too_early(filled: World) -> None:
    bank, county = filled.bank, filled.staff["county"]
    for who in ("worker A", "street", "auditor", "admin"):
        refused(filled, errors.Forbidden, lambda who=who: statistics.draft(
            bank, filled.staff[who], YEAR, now=LATER))  # fmt: skip
    refused(filled, errors.ReportYearNotOver, lambda: statistics.draft(bank, county, 2027, now=LATER))
    refused(filled, errors.ReportYearNotOver, lambda: statistics.draft(bank, county, 1999, now=LATER))
    one = drafted(filled)
    refused(filled, errors.ReportDraftWaits, lambda: drafted(filled))
    refused(filled, errors.SecondPersonNeeded, lambda: statistics.freeze(bank, county, one, now=LATER))
    refused(filled, errors.Forbidden, lambda: statistics.freeze(bank, filled.staff["auditor"], one, now=LATER))
    refused(filled, errors.NotFound, lambda: statistics.freeze(bank, county2(filled), "0" * 32, now=LATER))
    refused(filled, errors.NotFound, lambda: statistics.withdraw(bank, county, "0" * 32, now=LATER))
    refused(filled, errors.Forbidden, lambda: statistics.withdraw(bank, filled.staff["street"], one, now=LATER))
    refused(filled, errors.NotFound, lambda: statistics.see(bank, YEAR))
    assert statistics.see_draft(bank, county2(filled), one).may_freeze
    assert not statistics.see_draft(bank, county, one).may_freeze
    statistics.withdraw(bank, county, one, now=LATER)
    refused(filled, errors.ReportStateConflict, lambda: statistics.freeze(bank, county2(filled), one, now=LATER))
    refused(filled, errors.ReportStateConflict, lambda: statistics.withdraw(bank, county, one, now=LATER))
    refused(filled, errors.NotFound, lambda: statistics.see_draft(bank, county, one))


def test_what_changed_since_the_draft_is_not_frozen_unseen(filled: World) -> None:
    one = drafted(filled)
    filled.verified(filled.member(), filled.member())
    refused(filled, errors.ReportChanged, lambda: statistics.freeze(filled.bank, county2(filled), one, now=LATER))


def test_what_is_frozen_stays_and_a_correction_says_why(filled: World) -> None:
    frozen(filled)
    first = statistics.see(filled.bank, YEAR)
    refused(filled, errors.ReportFrozen, lambda: drafted(filled))
    with filled.bank.read() as unit:
        report_id = unit._session.scalar(text("select id from annual_report"))
    refused(filled, errors.ReportStateConflict, lambda: statistics.freeze(
        filled.bank, county2(filled), report_id, now=LATER))  # fmt: skip
    refused(filled, errors.ReportStateConflict, lambda: statistics.withdraw(
        filled.bank, filled.staff["county"], report_id, now=LATER))  # fmt: skip
    filled.verified(filled.member(), filled.member())
    frozen(filled, "漏计一件服务记录")
    second = statistics.see(filled.bank, YEAR)
    assert second.document["corrects"] == {"digest": first.digest, "reason": "漏计一件服务记录", "version": 1}
    assert (second.edition, second.newest, second.digest != first.digest) == (2, True, True)
    before = statistics.see(filled.bank, YEAR, 1)
    assert (before.body, before.newest) == (first.body, False)
    assert [one.edition for one in statistics.every(filled.bank)] == [2, 1]
    assert [one["version"] for one in statistics.documents(filled.bank)] == [2]
    hidden = {(place, part) for place, parts in before.document["values"]["records_verified"].items()
              for part, value in parts.items() if value is None}  # fmt: skip
    after = second.document["values"]["records_verified"]
    assert all(after[place][part] is None for place, part in hidden)


@pytest.mark.parametrize("statement", ["update annual_report set document = x'00'", "delete from annual_report"])
def test_the_database_itself_refuses_to_change_a_frozen_report(filled: World, statement: str) -> None:
    frozen(filled)
    with pytest.raises(DBAPIError, match="append-only"), filled.bank.engine.begin() as connection:
        connection.execute(text(statement))
    assert (
        hashlib.sha256(statistics.see(filled.bank, YEAR).body).hexdigest() == statistics.see(filled.bank, YEAR).digest
    )


@pytest.mark.postgres
def test_postgresql_refuses_it_too_and_grants_no_delete(postgres_url: str, tmp_path: Path) -> None:
    world = build_world(make_bank(settings_in(tmp_path, TIMEBANK_DATABASE_URL=postgres_url)))
    fill(world)
    frozen(world)
    refused_statements = (
        "update annual_report set document = ''",
        "delete from annual_report",
        "truncate annual_report",
    )
    for statement in refused_statements:
        with pytest.raises(DBAPIError, match="append-only"), world.bank.engine.begin() as connection:
            connection.execute(text(statement))
    with world.bank.engine.connect() as connection:
        connection.execute(text("set local role timebank_app"))
        with pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(text("delete from annual_report"))
    assert statistics.see(world.bank, YEAR).result == "sound"
    world.bank.engine.dispose()


def test_a_broken_book_is_reported_as_broken(filled: World) -> None:
    one = drafted(filled)
    tamper(filled, "update ledger_account set balance = balance + 60 where account = 'pool'")
    seq = statistics.freeze(filled.bank, county2(filled), one, now=LATER)
    view = statistics.see(filled.bank, YEAR)
    assert (view.result, view.document["audit"]["result"]) == ("broken", "broken")
    assert view.document["audit"]["count"] >= 1
    finding = view.document["audit"]["findings"][0]
    assert set(finding) == {"seq", "level", "field", "code"}
    with filled.bank.read() as unit:
        entry = unit.book.entry(seq)
    assert entry.data is not None
    assert entry.data["result"] == "broken"
    assert surroundings.see(filled.bank, filled.staff["worker A"]).alarms, "and everybody is told"


def test_a_report_of_nothing_can_be_made(tmp_path: Path) -> None:
    """A county in its first days: every figure is there, and zero."""
    world = build_world(make_bank(settings_in(tmp_path)))
    frozen(world)
    values = json.loads(statistics.see(world.bank, YEAR).body)["values"]
    assert {base: list(values[base].values()) for base in ("records_verified", "complaints_received")} == {
        "records_verified": [], "complaints_received": [],
    }  # fmt: skip
    world.bank.engine.dispose()
