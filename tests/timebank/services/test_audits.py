"""Audits and checkpoints of the service's book; what a finding sets in motion."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.domain import errors
from timebank.services import audits, mail, publishing, redemptions, surroundings
from timebank.services.redemptions import AskForCare
from timebank.storage.vault import MAC_BYTES


@pytest.fixture
def lively(tmp_path: Path) -> Iterator[World]:
    """A world on a database of its own, with earned, held, paid and settled hours."""
    bank = make_bank(settings_in(tmp_path))
    world = build_world(bank)
    member = world.rich(240)
    for settle in (True, False):
        form = AskForCare(member.person_id, member.person_id, "cleaning", 60, NOW + timedelta(days=2))
        view = redemptions.ask(bank, member, form, now=NOW)
        redemptions.deliver(bank, world.staff["worker A"], view.id, 45, delivered_at=NOW, now=NOW)
        if settle:
            redemptions.settle(bank, world.staff["second A"], view.id, now=NOW)
    yield world
    bank.engine.dispose()


def tamper(world: World, *statements: str) -> None:
    """Change the database file as who runs the server could: without the triggers."""
    path = world.bank.settings.instance / "timebank.db"
    with sqlite3.connect(path) as connection:
        triggers = connection.execute("select name from sqlite_master where type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"drop trigger {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount == 1
    connection.close()


def test_a_sound_book_passes_all_four_levels_and_says_so_in_the_book(lively: World) -> None:
    size = lively.size()
    view = audits.run_now(lively.bank, lively.staff["auditor"], full=True, now=NOW)
    assert (view.verdict, view.size, view.report["levels"]) == ("sound", size, [1, 2, 3, 4])
    assert view.report["documents"] > 3
    with lively.bank.read() as unit:
        entry = unit.book.entry(view.entry_seq or 0)
    assert entry.data is not None
    assert entry.data["result"] == "sound"
    again = audits.run_now(lively.bank, lively.staff["auditor"], full=False, now=NOW)
    assert (again.verdict, again.first_seq) == ("sound", size)


def test_a_damaged_memory_of_the_last_audit_means_that_all_is_checked(lively: World) -> None:
    audits.run_now(lively.bank, lively.staff["auditor"], full=True, now=NOW)
    tamper(lively, "update audit_run set state = x'00'")
    again = audits.run_now(lively.bank, lively.staff["auditor"], full=False, now=NOW)
    assert (again.verdict, again.first_seq) == ("sound", 0)


def test_a_forged_memory_of_the_last_audit_hides_nothing(lively: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Who can write the database makes a well-formed state of all entries, and changes one of them."""
    audits.run_now(lively.bank, lively.staff["auditor"], full=True, now=NOW)
    path = lively.bank.settings.instance / "timebank.db"
    with sqlite3.connect(path) as connection:
        (kept,) = connection.execute("select state from audit_run").fetchone()
    connection.close()
    tamper(lively, f"update audit_run set state = x'{kept[MAC_BYTES:].hex()}'")  # without MAC, as once
    assert audits.run_now(lively.bank, lively.staff["auditor"], full=False, now=NOW).first_seq == 0
    forged = bytes(MAC_BYTES) + kept[MAC_BYTES:]
    tamper(
        lively,
        f"update audit_run set state = x'{forged.hex()}' where id = (select max(id) from audit_run)",
        "update ledger_entry set body = cast(replace(body, '120', '180') as blob)"
        " where seq = (select min(seq) from ledger_entry where kind = 'earn')",
    )
    view = audits.run_now(lively.bank, lively.staff["auditor"], full=False, now=NOW)
    assert (view.verdict, view.first_seq) == ("broken", 0)
    assert "not this service's" in capsys.readouterr().out


def test_an_edited_minute_is_found_named_and_told(lively: World) -> None:
    assert publishing.publish(lively.bank, now=NOW).size == lively.size()
    with lively.bank.read() as unit:
        seq = next(entry.seq for entry in unit.book.entries() if str(entry.kind) == "earn")
    tamper(lively, f"update ledger_entry set body = cast(replace(body, '120', '180') as blob) where seq = {seq}")
    view = audits.run_now(lively.bank, lively.staff["auditor"], full=True, now=NOW)
    assert view.verdict == "broken"
    finding = view.report["findings"][0]
    assert (finding["seq"], finding["level"]) == (seq, 1)
    assert finding["expected"] != finding["found"]
    alarms = surroundings.see(lively.bank, lively.staff["worker A"]).alarms
    assert len(alarms) == 1
    assert surroundings.see(lively.bank, None).alarms == ()
    assert mail.send_due(lively.bank, now=NOW) == 1
    assert "#" in next((lively.bank.settings.instance / "mail").glob("*.eml")).read_text()


def test_no_checkpoint_while_a_finding_is_open(lively: World) -> None:
    bank, admin = lively.bank, lively.staff["admin"]
    tamper(lively, "update ledger_account set balance = balance + 60 where kind = 'member' and balance > 0")
    audits.run_now(bank, lively.staff["auditor"], full=True, now=NOW)
    assert publishing.publish(bank, now=NOW).size is None
    alert = audits.alerts(bank, admin)[0]
    with pytest.raises(errors.Forbidden):
        audits.acknowledge(bank, lively.staff["worker A"], alert.id, "x", now=NOW)
    with pytest.raises(errors.ReasonMissing):
        audits.acknowledge(bank, admin, alert.id, " ", now=NOW)
    tamper(lively, "update ledger_account set balance = balance - 60 where kind = 'member' and balance > 0")
    audits.acknowledge(bank, admin, alert.id, "put right from the backup", now=NOW)
    with pytest.raises(errors.AlertAlreadyAcknowledged):
        audits.acknowledge(bank, admin, alert.id, "again", now=NOW)
    assert publishing.publish(bank, now=NOW).size == lively.size()
    assert audits.alerts(bank, admin)[0].reason == "put right from the backup"


def test_an_edited_service_record_is_found_at_level_four(lively: World) -> None:
    first = "(select min(id) from document where kind = 'hours')"
    tamper(lively, f"update document set salt = randomblob(32) where id = {first}")
    view = audits.run_now(lively.bank, lively.staff["auditor"], full=True, now=NOW)
    assert {finding["level"] for finding in view.report["findings"]} == {4}


def test_a_cut_tail_is_seen_because_the_signer_remembers(lively: World) -> None:
    bank = lively.bank
    size = publishing.publish(bank, now=NOW).size or 0
    last = size - 1
    path = bank.settings.instance / "timebank.db"
    tamper(lively)
    with sqlite3.connect(path) as connection:
        for table in ("ledger_entry", "ledger_posting"):
            connection.execute(f"delete from {table} where seq = {last}")
        connection.execute("delete from ledger_checkpoint")
    connection.close()
    view = audits.run_now(bank, lively.staff["auditor"], full=True, now=NOW)
    assert view.verdict == "broken"


def test_only_who_may_runs_and_reads_audits(world: World) -> None:
    with pytest.raises(errors.Forbidden):
        audits.run_now(world.bank, world.staff["worker A"], full=True, now=NOW)
    with pytest.raises(errors.Forbidden):
        audits.history(world.bank, world.member())
    with pytest.raises(errors.NotFound):
        audits.see(world.bank, world.staff["auditor"], "0" * 32)
