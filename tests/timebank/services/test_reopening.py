"""A backup that is behind what was signed: refused as it is, gone on with under a new origin, and what that proves."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from ledger import Kind
from ledger.bundle import BundleStore
from ledger.checkpoints import Checkpoint, sign_checkpoint
from ledger.cli import main as ledger_command
from ledger.errors import BookExists, BundleInvalid, NoteInvalid
from ledger.exporting import export
from ledger.notes import SigningKey
from ledger.reopening import check_continues
from ledger.stations import added_text
from tests.timebank.services.test_succession import successor
from tests.timebank.stationed import Device
from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.domain.roles import Actor
from timebank.services import Bank, audits, hours, keys, passbook, publishing, sessions, station_keys, succession
from timebank.storage.checking import store_of
from timebank.storage.keys import signing_keys

NEW = "timebank.example/lunan-2"


@dataclass
class Lost:
    """An installation whose database was restored from yesterday's backup, and what it had signed since."""

    world: World
    saver: Actor
    left: int
    note: str
    folder: Path
    device: Device
    key_seq: int


@pytest.fixture
def lost(tmp_path: Path) -> Iterator[Lost]:
    world = build_world(make_bank(settings_in(tmp_path / "old")))
    worker = world.staff["worker A"]
    saver = world.member()
    device = Device(world, "A")
    world.verified(saver, world.member())
    seq = device.enrol(worker)
    record = world.confirmed(saver, world.member(), service="cleaning", minutes=60, ago=timedelta(hours=6))
    assert device.verify(worker, record.id, seq=seq)[0].refusal is None
    publishing.publish(world.bank, now=NOW)
    left = world.size()
    world.bank.engine.dispose()
    database = Path(str(world.bank.engine.url.database))
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(database, tmp_path / "backup.db")
    late = world.confirmed(world.member(), world.member())
    assert device.verify(worker, late.id, seq=seq)[0].refusal is None
    note = publishing.publish(world.bank, now=NOW)
    assert note.size > left
    signed = publishing.checkpoint(world.bank).note
    world.bank.engine.dispose()
    for ending in ("", "-wal", "-shm"):
        Path(f"{database}{ending}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", database)
    assert world.size() == left
    succession.hand_over(world.bank, tmp_path / "folder", now=NOW)
    yield Lost(world, saver, left, signed, tmp_path / "folder", device, seq)
    world.bank.engine.dispose()


def fresh(lost: Lost, folder: Path, origin: str = NEW, **more: str) -> Bank:
    """An empty installation of the new origin, with the old master key and no signing key."""
    bank = successor(lost.world, folder, TIMEBANK_BOOK=origin, **more)
    (folder / "keys" / "book.vkeys").unlink()
    return bank


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_the_book_goes_on_under_a_new_origin(
    lost: Lost, tmp_path: Path, engine: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publishing.publish(lost.world.bank, now=NOW).size is None
    more = {"TIMEBANK_DATABASE_URL": request.getfixturevalue("postgres_url")} if engine == "postgresql" else {}
    bank = fresh(lost, tmp_path / "new", **more)
    done = succession.reopen(bank, lost.folder, lost.note, now=NOW)
    assert (done.book, done.entries) == (NEW, lost.left)

    with bank.read() as unit:
        genesis = unit.book.entry(0).data or {}
        assert genesis["after"]["book"] == lost.world.bank.settings.book
        assert genesis["after"]["size"] == lost.left
        assert genesis["after"]["lost"]["size"] > lost.left
    me = Actor(NEW, lost.saver.person_id, lost.saver.roles, "web")
    before = passbook.own(lost.world.bank, lost.saver, now=NOW)
    after = passbook.own(bank, me, now=NOW)
    assert [(line.seq, line.minutes) for line in after.lines] == [(line.seq, line.minutes) for line in before.lines]

    # The service goes on: the same people sign in, the station signs with the key that it had, the log is published.
    secret = sessions.sign_in(bank, "workera", "three green apples", device="x", address="1", now=NOW)
    worker = sessions.who(bank, secret, now=NOW).actor
    world = World(bank, lost.world.stations, {"worker A": worker}, serial=100)
    record = world.confirmed(world.member(), world.member())
    statements = hours.statements(bank, worker, [record.id], now=NOW)
    given = {
        one.record_id: hours.StationSignature(lost.key_seq, lost.device.sign(one.text), one.salt) for one in statements
    }
    assert hours.verify(bank, worker, [record.id], now=NOW, signatures=given)[0].refusal is None
    assert publishing.publish(bank, now=NOW).size == world.size()
    assert publishing.checkpoint(bank).note.startswith(f"{NEW}\n{world.size()}\n")
    assert audits.run_full(bank, now=NOW) == "sound"
    second = Device(world, "A", 2)
    found = station_keys.add(
        bank, worker, second.station_id, key=second.text, possession=second.possession(2),
        by=lost.key_seq, signature=lost.device.sign(added_text(NEW, second.station_id, 2, second.text)), now=NOW,
    )  # fmt: skip
    assert found.keys[-1].vouched
    keys.rotate(bank, now=NOW)
    assert {view.text.split("+")[0] for view in keys.every(bank)} == {NEW}
    assert audits.run_full(bank, now=NOW) == "sound"

    # Anybody who has both can compare.
    with store_of(bank) as store:
        export(store, NEW, tmp_path / "again")
    old, new = BundleStore(lost.folder / "book"), BundleStore(tmp_path / "again")
    assert check_continues(old, new) == lost.left
    assert ledger_command(["continues", str(lost.folder / "book"), str(tmp_path / "again")]) == 0
    assert str(lost.left) in capsys.readouterr().out
    assert ledger_command(["continues", str(tmp_path / "again"), str(lost.folder / "book")]) == 1
    with pytest.raises(BookExists):
        succession.reopen(bank, lost.folder, lost.note, now=NOW)
    bank.engine.dispose()


def test_twice_in_a_row(lost: Lost, tmp_path: Path) -> None:
    """Signatures of stations from under the first origin are still right under the third."""
    first = fresh(lost, tmp_path / "first")
    succession.reopen(first, lost.folder, lost.note, now=NOW)
    succession.hand_over(first, tmp_path / "again", now=NOW)
    tree = Checkpoint(NEW, lost.left + 5, bytes(32))
    signed = sign_checkpoint(tree, signing_keys(first), 0).encode()
    third = fresh(lost, tmp_path / "third", "timebank.example/lunan-3")
    succession.reopen(third, tmp_path / "again", signed, now=NOW)
    assert audits.run_full(third, now=NOW) == "sound"
    with third.read() as unit:
        after = (unit.book.entry(0).data or {})["after"]
        assert (after["book"], after["after"]["book"]) == (NEW, lost.world.bank.settings.book)
        assert [entry.kind for entry in unit.book.entries(0, 1)] == [Kind.GENESIS]
    first.engine.dispose()
    third.engine.dispose()


def test_what_is_no_ceremony_is_refused(lost: Lost, tmp_path: Path) -> None:
    bank, old = fresh(lost, tmp_path / "new"), lost.world.bank
    book = BundleStore(lost.folder / "book")
    last = book.checkpoint(old.settings.book)
    assert last is not None
    # Nothing is lost: the last that was signed is in the copy.
    with pytest.raises(BundleInvalid, match="nothing that was signed is lost"):
        succession.reopen(bank, lost.folder, last.note, now=NOW)
    # Not signed by the keys of the old book.
    keys.make_first(bank)
    strangers = [SigningKey(old.settings.book, key.type, bytes(32)) for key in signing_keys(bank)]
    stranger = sign_checkpoint(Checkpoint(old.settings.book, 999, bytes(32)), strangers, 0).encode()
    with pytest.raises(NoteInvalid):
        succession.reopen(bank, lost.folder, stranger, now=NOW)
    with pytest.raises(NoteInvalid):
        succession.reopen(bank, lost.folder, "nonsense", now=NOW)
    same = successor(lost.world, tmp_path / "same")
    with pytest.raises(BundleInvalid, match="old origin"):
        succession.reopen(same, lost.folder, lost.note, now=NOW)
    file = lost.folder / "tables" / "purse.jsonl"
    file.write_text("".join(line + "\n" for line in file.read_text().splitlines()[1:]))
    with pytest.raises(BundleInvalid):
        succession.reopen(bank, lost.folder, lost.note, now=NOW)
    with bank.read() as unit:
        assert not unit.has_book()
    for one in (bank, same):
        one.engine.dispose()
