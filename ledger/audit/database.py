"""The tables read through the database's driver: a million rows through SQLAlchemy cost more than their check.

Only this reads around the store, and only the names of the tables and columns are shared with `ledger.stores`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from ledger.audit.sources import EntryRow, Line
from ledger.audit.state import Known
from ledger.errors import StoreDamaged

if TYPE_CHECKING:
    import psycopg

_ENTRIES = (
    "SELECT seq, leaf_hash, prev, at, kind, actor, on_date, key, of_seq, evidence, policy, body FROM ledger_entry"
    " WHERE book = ? AND seq >= ? AND seq < ? ORDER BY seq"
)
_BATCH = 500


class DatabaseSource:
    """One book in SQLite or PostgreSQL as a `Source`, over a driver's connection."""

    def __init__(self, connection: Any, book: str) -> None:
        self._connection = connection
        self._book = book
        self._postgres = not isinstance(connection, sqlite3.Connection)
        self._errors = _driver_errors(self._postgres)

    def entries(self, start: int, stop: int) -> Sequence[EntryRow]:
        return self._all(_ENTRIES, start, stop)

    def lines(self, start: int, stop: int) -> Sequence[Line]:
        return self._all(
            "SELECT seq, account, minutes, balance_after FROM ledger_posting"
            " WHERE book = ? AND seq >= ? AND seq < ? ORDER BY seq, account",
            start,
            stop,
        )

    def tiles(self, start: int, stop: int) -> dict[int, tuple[bytes, bytes]]:
        rows = self._all(
            "SELECT tile_index, hashes, root FROM ledger_tile"
            " WHERE book = ? AND level = 0 AND tile_index >= ? AND tile_index < ?",
            start,
            stop,
        )
        return {index: (hashes, root) for index, hashes, root in rows}

    def tile_places(self) -> Iterable[tuple[int, int]]:
        return self._all("SELECT level, tile_index FROM ledger_tile WHERE book = ?")

    def checkpoint_sizes(self, start: int, stop: int) -> Sequence[int]:
        query = "SELECT size FROM ledger_checkpoint WHERE book = ? AND size > ? AND size <= ? ORDER BY size"
        return [size for (size,) in self._all(query, start, stop)]

    def accounts(self, names: Sequence[str] | None) -> Iterable[tuple[Any, ...]]:
        columns = "SELECT account, kind, opened_seq, closed_seq, balance FROM ledger_account WHERE book = ?"
        if names is None:
            return self._all(f"{columns} ORDER BY account")
        rows: list[Any] = []
        for at in range(0, len(names), _BATCH):
            some = names[at : at + _BATCH]
            rows += self._all(f"{columns} AND account IN ({', '.join('?' * len(some))})", *some)
        return rows

    def repeated_keys(self, start: int, stop: int) -> Sequence[tuple[int, str, int]]:
        return self._all(
            "SELECT mine.seq, mine.key, other.seq FROM ledger_entry AS mine JOIN ledger_entry AS other"
            " ON other.book = mine.book AND other.key = mine.key AND other.seq <> mine.seq"
            " WHERE mine.book = ? AND mine.seq >= ? AND mine.seq < ?"
            " AND mine.key IS NOT NULL AND other.key IS NOT NULL",
            start,
            stop,
        )

    def has_repeated_keys(self) -> bool:
        """Whether any idempotency key of the whole book is carried twice."""
        query = (
            "SELECT key FROM ledger_entry WHERE book = ? AND key IS NOT NULL GROUP BY key HAVING count(*) > 1 LIMIT 1"
        )
        return bool(self._all(query))

    def joint(self, seq: int) -> tuple[bytes, str] | None:
        """Leaf hash and `at` that are stored for an entry: what the next one joins, to be compared by the caller."""
        rows = self._all("SELECT leaf_hash, at FROM ledger_entry WHERE book = ? AND seq = ?", seq)
        return (rows[0][0], rows[0][1]) if rows else None

    def claims(self) -> dict[str, Known]:
        """What the table of accounts says of all of them, to be compared by the caller."""
        return {str(row[0]): Known(row[1], row[2], row[3], 0) for row in self.accounts(None)}

    def _all(self, query: str, *values: Any) -> Sequence[Any]:
        try:
            if not self._postgres:
                return self._connection.execute(query, (self._book, *values)).fetchall()  # type: ignore[no-any-return]
            with self._connection.cursor(binary=True) as cursor:
                return cursor.execute(query.replace("?", "%s"), (self._book, *values)).fetchall()  # type: ignore[no-any-return]
        except self._errors as error:
            raise StoreDamaged(str(error)) from error


@contextmanager
def opened(url: str) -> Iterator[Any]:
    """A driver's connection that only reads, to a database named as SQLAlchemy names it. Raises StoreDamaged."""
    postgres = not url.startswith("sqlite")
    try:
        connection = _postgres(url) if postgres else _sqlite(url)
    except _driver_errors(postgres) as error:
        raise StoreDamaged(str(error)) from error
    try:
        yield connection
    finally:
        connection.close()


def _driver_errors(postgres: bool) -> type[Exception]:
    """psycopg is loaded only where it is needed: a worker on SQLite starts without it."""
    if not postgres:
        return sqlite3.Error
    import psycopg

    return psycopg.Error


def _sqlite(url: str) -> sqlite3.Connection:
    path = url.partition(":///")[2].partition("?")[0]
    # "rw" makes no file where there is none.
    connection = sqlite3.connect(f"file:{quote(path)}?mode=rw", uri=True, timeout=30, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cache_size = -8000")
    return connection


def _postgres(url: str) -> psycopg.Connection[Any]:
    import psycopg

    parts = urlsplit(url)
    plain = parts._replace(scheme="postgresql").geturl()
    return psycopg.connect(plain, autocommit=True)
