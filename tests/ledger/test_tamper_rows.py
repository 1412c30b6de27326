"""One column of one row is changed, by somebody who dropped the triggers first. The audit names the place."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ledger import Kind
from tests.ledger.auditing import ORIGIN, VERIFIERS, audited, other_hash, places
from tests.ledger.books import sql_store, sqlite_url
from tests.ledger.forging import honest, honest_bodies, honest_file, tampered

SIZE = len(honest_bodies())
SEQ = next(e.seq for e in honest().entries(100) if e.kind is Kind.EARN and e.key)
SETTLE = next(e.seq for e in honest().entries(100) if e.kind is Kind.SETTLE)
OTHER = other_hash("other")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return honest_file(tmp_path_factory.mktemp("honest"))


def test_the_honest_file_is_sound(file: Path, tmp_path: Path) -> None:
    assert tampered(file, tmp_path, lambda connection: None, keys=VERIFIERS).findings == ()


def changed_body(body: bytes) -> bytes:
    """The same entry with one hex digit of the nonce changed."""
    at = body.index(b'"nonce":"') + 9
    return body[:at] + (b"0" if body[at : at + 1] != b"0" else b"1") + body[at + 1 :]


ENTRY = [
    ("book", "elsewhere", SEQ, (SEQ, 1, "entry_missing")),
    ("seq", SIZE + 7, SEQ, (SEQ, 1, "entry_missing")),
    ("seq", -1, SEQ, (SEQ, 1, "entry_missing")),
    ("leaf_hash", OTHER, SEQ, (SEQ, 1, "leaf_hash")),
    ("prev", OTHER, SEQ, (SEQ, 3, "projection")),
    ("at", "2026-03-01T08:30:00.001Z", SEQ, (SEQ, 3, "projection")),
    ("kind", "grant", SEQ, (SEQ, 3, "projection")),
    ("actor", "mallory", SEQ, (SEQ, 3, "projection")),
    ("on_date", "2026-03-02", SEQ, (SEQ, 3, "projection")),
    ("on_date", None, SEQ, (SEQ, 3, "projection")),
    ("key", "another", SEQ, (SEQ, 3, "projection")),
    ("key", None, SEQ, (SEQ, 3, "projection")),
    ("of_seq", 1, SETTLE, (SETTLE, 3, "projection")),
    ("of_seq", None, SETTLE, (SETTLE, 3, "projection")),
    ("evidence", OTHER, SEQ, (SEQ, 3, "projection")),
    ("evidence", None, SEQ, (SEQ, 3, "projection")),
    ("policy", OTHER, SEQ, (SEQ, 3, "projection")),
    ("policy", None, SEQ, (SEQ, 3, "projection")),
    ("body", changed_body(honest_bodies()[SEQ]), SEQ, (SEQ, 1, "leaf_hash")),
    ("body", b"garbage", SEQ, (SEQ, 1, "format")),
    ("body", b"", SEQ, (SEQ, 1, "format")),
    ("body", "text", SEQ, (SEQ, 1, "format")),
    ("body", honest_bodies()[SEQ] + b" ", SEQ, (SEQ, 1, "format")),
    ("body", honest_bodies()[SEQ - 1], SEQ, (SEQ, 1, "seq")),
    ("body", changed_body(honest_bodies()[-1]), SIZE - 1, (SIZE - 1, 1, "leaf_hash")),
]
POSTING = [
    ("book", "elsewhere", (SEQ, 3, "posting_missing")),
    ("account", "bob", (SEQ, 3, "posting_missing")),
    ("account", "nobody", (SEQ, 3, "posting_extra")),
    ("seq", 5, (SEQ, 3, "posting_missing")),
    ("seq", 5, (5, 3, "posting_extra")),
    ("seq", SIZE + 1, (SEQ, 3, "posting_missing")),
    ("minutes", 61, (SEQ, 3, "posting")),
    ("minutes", 60.5, (SEQ, 3, "posting")),
    ("minutes", "60 minutes", (SEQ, 3, "posting")),
    ("balance_after", 1_000_000, (SEQ, 3, "balance")),
    ("balance_after", -1, (SEQ, 3, "balance")),
]
ACCOUNT = [
    ("book", "elsewhere", "account_missing"),
    ("account", "anna", "account_missing"),
    ("kind", "issuance", "account_kind"),
    ("kind", "banana", "account_kind"),
    ("opened_seq", 3, "account_opened_seq"),
    ("closed_seq", SIZE - 1, "account_closed_seq"),
    ("balance", 1_000_000, "account_balance"),
]
HEAD = [
    ("book", "elsewhere", (SIZE, 1, "head")),
    ("size", SIZE - 1, (SIZE - 1, 1, "head")),
    ("size", SIZE + 1, (SIZE, 1, "tail_cut")),
    ("size", 2**61, (SIZE, 1, "tail_cut")),
    ("size", -1, (0, 1, "head")),
    ("size", "many", (SIZE, 1, "head")),
    ("leaf_hash", OTHER, (SIZE - 1, 1, "head")),
    ("at", "2026-03-01T08:30:00.000Z", (SIZE - 1, 1, "head")),
]
TILE = [
    ("book", "elsewhere", (0, 2, "tile_missing")),
    ("level", 1, (0, 2, "tile_missing")),
    ("level", 77, (None, 2, "tile_extra")),
    ("tile_index", 1, (None, 2, "tile_extra")),
    ("tile_index", -1, (None, 2, "tile_extra")),
    ("root", OTHER, (0, 2, "tile")),
    ("hashes", b"short", (0, 2, "tile")),
]
CHECKPOINT = [
    ("size", 101, (100, 2, "checkpoint_size")),
    ("size", SIZE + 1, (SIZE, 2, "tail_cut")),
    ("size", -5, (0, 2, "checkpoint_invalid")),
    ("root", OTHER, (99, 2, "checkpoint_root")),
    ("note", "nothing", (99, 2, "checkpoint_invalid")),
    ("signed_at", "2026-03-01T08:30:00.000Z", (99, 2, "checkpoint_time")),
]


@pytest.mark.parametrize(("column", "value", "seq", "place"), ENTRY)
def test_a_column_of_an_entry(
    file: Path, tmp_path: Path, column: str, value: object, seq: int, place: tuple[int, int, str]
) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(f"UPDATE ledger_entry SET {column} = ? WHERE seq = ?", (value, seq))

    report = tampered(file, tmp_path, change)
    assert place in places(report), report.findings[:5]
    finding = next(one for one in report.findings if (one.seq, one.level, one.code) == place)
    assert finding.book == ORIGIN
    assert finding.expected != finding.found
    assert report.state is None
    assert report.count < 20


@pytest.mark.parametrize(("column", "value", "place"), POSTING)
def test_a_column_of_a_posting(
    file: Path, tmp_path: Path, column: str, value: object, place: tuple[int, int, str]
) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(f"UPDATE ledger_posting SET {column} = ? WHERE seq = ? AND account = 'ann'", (value, SEQ))

    report = tampered(file, tmp_path, change)
    assert place in places(report), report.findings[:5]
    assert report.count < 20


@pytest.mark.parametrize(("column", "value", "code"), ACCOUNT)
def test_a_column_of_an_account(file: Path, tmp_path: Path, column: str, value: object, code: str) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(f"UPDATE ledger_account SET {column} = ? WHERE account = 'ann'", (value,))

    opened = honest().account("ann")
    assert opened is not None
    assert (opened.opened_seq, 3, code) in places(tampered(file, tmp_path, change))


@pytest.mark.parametrize(("column", "value", "place"), HEAD)
def test_a_column_of_the_head(
    file: Path, tmp_path: Path, column: str, value: object, place: tuple[int, int, str]
) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(f"UPDATE ledger_head SET {column} = ?", (value,))

    assert place in places(tampered(file, tmp_path, change))


@pytest.mark.parametrize(("column", "value", "place"), TILE)
def test_a_column_of_a_tile(
    file: Path, tmp_path: Path, column: str, value: object, place: tuple[int | None, int, str]
) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(f"UPDATE ledger_tile SET {column} = ? WHERE tile_index = 0", (value,))

    assert place in places(tampered(file, tmp_path, change))


def test_one_hash_in_a_tile(file: Path, tmp_path: Path) -> None:
    def change(connection: sqlite3.Connection) -> None:
        (hashes,) = connection.execute("SELECT hashes FROM ledger_tile").fetchone()
        connection.execute("UPDATE ledger_tile SET hashes = ?", (hashes[: 40 * 32] + OTHER + hashes[41 * 32 :],))

    assert (40, 2, "tile") in places(tampered(file, tmp_path, change))


@pytest.mark.parametrize(("column", "value", "place"), CHECKPOINT)
def test_a_column_of_a_checkpoint(
    file: Path, tmp_path: Path, column: str, value: object, place: tuple[int, int, str]
) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(f"UPDATE ledger_checkpoint SET {column} = ? WHERE size = 100", (value,))

    assert place in places(tampered(file, tmp_path, change))


@pytest.mark.parametrize("line", [0, 1])
def test_a_signature_is_taken_away(file: Path, tmp_path: Path, line: int) -> None:
    """With only one of the two left, half of the promise for the time after quantum computers, or before, is gone."""

    def change(connection: sqlite3.Connection) -> None:
        (note,) = connection.execute("SELECT note FROM ledger_checkpoint WHERE size = 100").fetchone()
        text, _, signatures = note.partition("\n\n")
        left = signatures.splitlines(keepends=True)[1 - line]
        connection.execute("UPDATE ledger_checkpoint SET note = ? WHERE size = 100", (f"{text}\n\n{left}",))

    assert places(tampered(file, tmp_path, change)) == {(99, 2, "unsigned")}


def test_a_checkpoint_that_an_audit_saw_is_gone(file: Path, tmp_path: Path) -> None:
    with sql_store(sqlite_url(file.parent, file.name)) as store:
        since = audited(store).state

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE ledger_checkpoint SET book = 'elsewhere' WHERE size = 290")

    assert places(tampered(file, tmp_path, change, since=since)) == {(289, 2, "checkpoint_missing")}
