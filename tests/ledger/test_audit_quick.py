"""The quick check and the close look come to the same, whatever somebody writes into the tables."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.audit import Report, Workers
from ledger.audit import run as audit_run
from ledger.audit.quick import QuickCheck
from ledger.audit.ranges import Unusual
from tests.ledger.auditing import audited
from tests.ledger.books import sql_store
from tests.ledger.forging import changed, drop_triggers, honest_bodies, honest_file, write_bundle, write_database

SIZE = len(honest_bodies())
COLUMNS = {
    "ledger_entry": (
        "leaf_hash",
        "prev",
        "at",
        "kind",
        "actor",
        "on_date",
        "key",
        "of_seq",
        "evidence",
        "policy",
        "body",
    ),
    "ledger_posting": ("seq", "account", "minutes", "balance_after"),
    "ledger_account": ("account", "kind", "opened_seq", "closed_seq", "balance"),
    "ledger_tile": ("tile_index", "root", "hashes"),
}
VALUES = st.one_of(
    st.none(),
    st.integers(-100, SIZE + 10),
    st.floats(-100, 100),
    st.binary(max_size=40),
    st.text(max_size=8),
    st.sampled_from(
        ["ann", "bob", "gift", "settle", "member", "issuance", "2026-03-01", "2026-03-01T08:30:00.000Z", 60.0]
    ),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = honest_file(tmp_path_factory.mktemp("honest"))
    with closing(sqlite3.connect(path)) as connection:
        drop_triggers(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.commit()
    return path


def both(url: str) -> tuple[Report, Report]:
    """What the audit says, and what it says if every range is looked at closely."""
    with sql_store(url) as store:
        usual = audited(store)
        with patch.object(QuickCheck, "check", side_effect=Unusual):
            return usual, audited(store)


@settings(max_examples=150)
@given(st.data())
def test_any_value_in_any_column(file: Path, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(sorted(COLUMNS)))
    column = data.draw(st.sampled_from(COLUMNS[table]))
    value = data.draw(VALUES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(file, folder))
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            at = data.draw(st.integers(0, rows - 1))
            keys = ", ".join(row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5])
            try:
                connection.execute(
                    f"UPDATE {table} SET {column} = ? WHERE ({keys}) = (SELECT {keys} FROM {table} LIMIT 1 OFFSET ?)",
                    (value, at),
                )
            except sqlite3.IntegrityError:
                # The tables' own constraints are a net beneath that these values don't get through.
                return
            same = connection.total_changes == 0
            connection.commit()
        usual, close = both(f"sqlite:///{path}")
        assert usual.findings == close.findings
        assert (usual.count, usual.root, usual.state) == (close.count, close.root, close.state)
        assert usual.is_sound or not same


POSTING = st.tuples(st.sampled_from(["ann", "bob", "issuance", "escrow", "pool", "x"]), st.integers(-70, 70))
MUTATIONS = st.fixed_dictionaries(
    {},
    optional={
        "actor": st.sampled_from(["staff", "x", 'a"b', "a\\b", "", "a b", "é", "a" * 256]),
        "key": st.one_of(
            st.none(), st.sampled_from(["", "k", 'k","kind":"gift', "earn-1", "k" * 255, "k" * 256, "ключ"])
        ),
        "nonce": st.sampled_from(["0" * 32, "0" * 31, "0" * 33, "A" * 32, '0" * 20', "g" * 32]),
        "at": st.sampled_from(
            [f"{moment}:00.000Z" for moment in ("2026-03-01T09:45", "2026-03-01T24:00", "2026-02-31T09:45")]
        ),
        "on": st.one_of(st.none(), st.sampled_from(["2026-03-01", "2026-13-01", ""])),
        "of": st.one_of(st.none(), st.integers(-2, SIZE)),
        "v": st.sampled_from([1, 2, 0]),
        "policy": st.one_of(st.none(), st.sampled_from(["0" * 64, "0" * 63, "F" * 64])),
        "evidence": st.one_of(st.none(), st.sampled_from(["0" * 64, "0" * 62, "zz"])),
        "postings": st.lists(
            st.tuples(st.sampled_from(["ann", "bob", "issuance", "escrow", "pool", "x"]), st.integers(-70, 70)),
            max_size=3,
        ).map(tuple),
        "data": st.one_of(st.none(), st.just({"a": 1}), st.just({"b": 1, "a": 1}), st.just({"a": 1.5})),
    },
)


@settings(max_examples=150)
@given(st.integers(1, SIZE - 1), MUTATIONS)
def test_any_entry_in_a_chain_that_fits(seq: int, fields: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        usual, close = both(write_database(folder, write_bundle(folder / "bundle", changed(seq, **fields))))
        assert usual.findings == close.findings
        assert (usual.count, usual.root, usual.state) == (close.count, close.root, close.state)


def test_workers_find_what_one_process_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_run, "_ranges", lambda start, stop: iter([(start, 256), (256, stop)]))
    monkeypatch.setattr(audit_run, "_SMALLEST_RANGE", 64)
    for at, fields in enumerate(({"actor": ""}, {"postings": (("ann", 10), ("issuance", -10))}, {"policy": None})):
        folder = tmp_path / str(at)
        folder.mkdir()
        url = write_database(folder, write_bundle(folder / "bundle", changed(150, **fields)))
        with sql_store(url) as store:
            alone = audited(store)
            assert alone == audited(store, workers=Workers(url))
            assert not alone.is_sound
