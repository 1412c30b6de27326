"""What an attacker does: change rows after dropping the triggers, or write a history of his own with good hashes."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from ledger import Book, Entry, decode
from ledger.audit import Report
from ledger.bundle import BundleStore
from ledger.chain import leaf_hash
from ledger.store import CheckpointRow, Reading
from ledger.stores.memory import MemoryStore
from ledger.tiles import WIDTH, TileAddress, encode_entries, encode_path
from tests.ledger.auditing import ORIGIN, audited, full_book
from tests.ledger.books import make_schema, sql_store, sqlite_url
from tests.ledger.replaying import copy_book

Change = Callable[[sqlite3.Connection], object]


@cache
def honest() -> Book:
    """The book that attackers start from, in memory. Nobody may write to it."""
    return full_book(MemoryStore())


@cache
def honest_bodies() -> tuple[bytes, ...]:
    return tuple(row.body for row in honest().store.rows(ORIGIN))


def honest_file(folder: Path) -> Path:
    """The same as an SQLite file, made once for each test session."""
    path = folder / "honest.db"
    make_schema(sqlite_url(folder, path.name))
    with sql_store(sqlite_url(folder, path.name)) as store:
        copy_book(honest(), store)
    return path


def tampered(honest_path: Path, folder: Path, change: Change, **options: Any) -> Report:
    """What an audit says of a copy of the file that somebody changed."""
    path = folder / "tampered.db"
    for ending in ("", "-wal"):
        if Path(f"{honest_path}{ending}").exists():
            shutil.copy(f"{honest_path}{ending}", f"{path}{ending}")
    with closing(sqlite3.connect(path)) as connection:
        drop_triggers(connection)
        change(connection)
        connection.commit()
    with sql_store(sqlite_url(folder, path.name)) as store:
        return audited(store, **options)


def drop_triggers(connection: sqlite3.Connection) -> None:
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")


def changed(seq: int, **fields: Any) -> list[bytes]:
    """The honest bodies with another entry at `seq`, and the links after it made good."""
    bodies = list(honest_bodies())
    bodies[seq] = _encode(msgspec.structs.replace(decode(bodies[seq]), **fields))
    return linked(bodies, seq)


def linked(bodies: Iterable[bytes], first: int) -> list[bytes]:
    """Bodies numbered and linked anew from `first` on."""
    result = list(bodies)
    for seq in range(first, len(result)):
        prev = leaf_hash(result[seq - 1]).hex() if seq else "0" * 64
        result[seq] = _encode(msgspec.structs.replace(decode_any(result[seq]), seq=seq, prev=prev))
    return result


def decode_any(body: bytes) -> Entry:
    return msgspec.json.decode(body, type=Entry)


def _encode(entry: Entry) -> bytes:
    return msgspec.json.encode(entry)


def write_bundle(folder: Path, bodies: Sequence[bytes], checkpoints: Iterable[CheckpointRow] = ()) -> BundleStore:
    """A bundle of whatever somebody wants to be a book."""
    folder.mkdir()
    for start in range(0, len(bodies), WIDTH):
        part = bodies[start : start + WIDTH]
        path = folder / encode_path(TileAddress(None, start // WIDTH, len(part)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_entries(part))
    last = bodies[-1]
    try:
        at = decode_any(last).at
    except msgspec.MsgspecError:
        at = ""
    manifest = {"format": 1, "book": ORIGIN, "size": len(bodies), "leaf_hash": leaf_hash(last).hex(), "at": at}
    (folder / "bundle.json").write_text(json.dumps(manifest))
    lines = [json.dumps({**row._asdict(), "root": row.root.hex()}) + "\n" for row in checkpoints]
    (folder / "checkpoints.jsonl").write_text("".join(lines))
    return BundleStore(folder)


def write_database(folder: Path, source: Reading) -> str:
    """A database with everything that follows from the entries of a bundle, right or wrong. Gives its URL."""
    url = sqlite_url(folder, "forged.db")
    make_schema(url)
    with closing(sqlite3.connect(folder / "forged.db")) as connection:
        drop_triggers(connection)
        # Without the constraints too: whoever has the file can leave them out.
        connection.execute("CREATE TABLE free AS SELECT * FROM ledger_entry")
        connection.execute("DROP TABLE ledger_entry")
        connection.execute("ALTER TABLE free RENAME TO ledger_entry")
        _insert(connection, "ledger_entry", source.rows(ORIGIN))
        _insert(connection, "ledger_posting", source.postings(ORIGIN))
        connection.execute("PRAGMA ignore_check_constraints = ON")
        _insert(connection, "ledger_account", source.accounts(ORIGIN))
        _insert(connection, "ledger_tile", source.tiles(ORIGIN))
        _insert(connection, "ledger_checkpoint", source.checkpoints(ORIGIN))
        _insert(connection, "ledger_head", [source.head(ORIGIN)])
        connection.commit()
    return url


def _insert(connection: sqlite3.Connection, table: str, rows: Iterable[Any]) -> None:
    for row in rows:
        names = ", ".join(("book", *row._fields))
        marks = ", ".join("?" * (len(row) + 1))
        connection.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", (ORIGIN, *row))
