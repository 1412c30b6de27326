"""What an append says to PostgreSQL, through the driver itself: as few round trips under the lock as can be."""

# Only names of our own tables and columns are put into these statements; values are parameters.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg

from ledger.errors import LedgerError, OutcomeUnknown, StoreBusy
from ledger.store import AccountRow, Batch, Found, Head, Row, TileRow, Wanted

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]

_ROW = ", ".join(Row._fields)
_ACCOUNT = ", ".join(AccountRow._fields)

# Nothing is read before this statement has come back: what a statement sees is fixed when it starts.
_LOCK = "SELECT size, leaf_hash, at FROM ledger_head WHERE book = %s FOR UPDATE"
_ACCOUNTS = f"SELECT {_ACCOUNT} FROM ledger_account WHERE book = %s AND (account = ANY(%s) OR kind = ANY(%s))"
_BY_KEY = f"SELECT {_ROW} FROM ledger_entry WHERE book = %s AND key = ANY(%s)"
_BY_SEQ = f"SELECT {_ROW} FROM ledger_entry WHERE book = %s AND seq = ANY(%s)"
_DRAWN = """
SELECT seq FROM ledger_entry JOIN ledger_posting USING (book, seq)
WHERE book = %s AND account = ANY(%s) AND minutes < 0 AND kind = 'hold'
"""
_NAMING = "SELECT seq, kind, of_seq FROM ledger_entry WHERE book = %s AND of_seq = ANY(%s)"

_PUT = f"""
WITH entries AS (
    INSERT INTO ledger_entry (book, {_ROW})
    SELECT %(book)s, * FROM unnest(
        %(seq)s::bigint[], %(leaf_hash)s::bytea[], %(prev)s::bytea[], %(at)s::text[], %(kind)s::text[],
        %(actor)s::text[], %(on_date)s::text[], %(key)s::text[], %(of_seq)s::bigint[], %(evidence)s::bytea[],
        %(policy)s::bytea[], %(body)s::bytea[])
), lines AS (
    INSERT INTO ledger_posting (book, seq, account, minutes, balance_after)
    SELECT %(book)s, * FROM unnest(%(p0)s::bigint[], %(p1)s::text[], %(p2)s::bigint[], %(p3)s::bigint[])
), opened AS (
    INSERT INTO ledger_account (book, {_ACCOUNT})
    SELECT %(book)s, * FROM unnest(%(o0)s::text[], %(o1)s::text[], %(o2)s::bigint[], %(o3)s::bigint[], %(o4)s::bigint[])
), changed AS (
    UPDATE ledger_account AS old SET balance = new.balance, closed_seq = new.closed_seq
    FROM unnest(%(c0)s::text[], %(c1)s::bigint[], %(c2)s::bigint[]) AS new (account, balance, closed_seq)
    WHERE old.book = %(book)s AND old.account = new.account
)
"""
_UPDATE_HEAD = (
    f"{_PUT} UPDATE ledger_head SET size = %(size)s, leaf_hash = %(last)s, at = %(when)s WHERE book = %(book)s"
)
_INSERT_HEAD = (
    f"{_PUT} INSERT INTO ledger_head (book, size, leaf_hash, at) VALUES (%(book)s, %(size)s, %(last)s, %(when)s)"
)
_INSERT_TILE = "INSERT INTO ledger_tile (book, level, tile_index, hashes, root) VALUES (%s, %s, %s, %s, %s)"

# Serialisation, deadlock, lock timeout, and a number or key that somebody else took in the meantime.
_AGAIN = {"40001", "40P01", "55P03", "23505"}
_GONE = {"57P01", "57P02", "57P03", "25006"}
_SYNC_WAIT_CANCELLED = "01000"


class PostgresHand:
    """Finds and puts over one connection, whose transaction is somebody else's business."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, book: str, wanted: Wanted, *, begin: bool = False) -> Found:
        """Lock the head and read what is wanted, in one round trip unless drafts name other entries."""
        cursors: dict[str, Cursor] = {}
        execute = self._connection.execute
        with self._connection.pipeline():
            if begin:
                execute("BEGIN")
            head = execute(_LOCK, (book,))
            if wanted.accounts or wanted.kinds:
                cursors["accounts"] = execute(_ACCOUNTS, (book, list(wanted.accounts), list(wanted.kinds)))
            if wanted.keys:
                cursors["by_key"] = execute(_BY_KEY, (book, list(wanted.keys)))
            if wanted.ofs:
                cursors["by_seq"] = execute(_BY_SEQ, (book, list(wanted.ofs)))
        first = head.fetchone()
        found = Found(None if first is None else Head._make(first))
        if found.head is None:
            return found
        if "accounts" in cursors:
            found.accounts = {row[0]: AccountRow._make(row) for row in cursors["accounts"]}
        if "by_key" in cursors:
            found.by_key = {row.key or "": row for row in map(Row._make, cursors["by_key"])}
        if "by_seq" in cursors:
            found.by_seq = {row.seq: row for row in map(Row._make, cursors["by_seq"])}
        if wanted.ofs or wanted.holds_of:
            self._find_named(book, wanted, found)
        return found

    def put(self, book: str, batch: Batch, tiles: Iterable[TileRow], *, commit: bool = False) -> None:
        """Write a batch of at least one entry, and move the head; with `commit`, in the same round trip."""
        with self._connection.pipeline():
            for tile in tiles:
                self._connection.execute(_INSERT_TILE, (book, *tile))
            self._connection.execute(_UPDATE_HEAD if batch.first else _INSERT_HEAD, _arrays(book, batch))
            if commit:
                self._connection.execute("COMMIT")

    def _find_named(self, book: str, wanted: Wanted, found: Found) -> None:
        """The entries that drafts name in `of`, and what became of them."""
        execute = self._connection.execute
        if wanted.holds_of:
            drawn = [seq for (seq,) in execute(_DRAWN, (book, list(wanted.holds_of)))]
            found.by_seq |= {row.seq: row for row in map(Row._make, execute(_BY_SEQ, (book, drawn)))}
        named = execute(_NAMING, (book, list(found.by_seq))).fetchall()
        again = execute(_NAMING, (book, [seq for seq, _, _ in named])).fetchall() if named else []
        found.followers = sorted({*named, *again})


class PostgresWriter:
    """A connection of its own, in autocommit, on which appends are committed one after the other."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._hand = PostgresHand(connection)
        self._warned = False
        connection.add_notice_handler(self._notice)

    def begin(self, book: str, wanted: Wanted) -> Found:
        """Take the lock, then read."""
        return self._hand.find(book, wanted, begin=True)

    def commit(self, book: str, batch: Batch, tiles: Iterable[TileRow]) -> None:
        """Write and commit. Raises OutcomeUnknown if the commit stands here but perhaps not on the other machine."""
        self._warned = False
        self._hand.put(book, batch, tiles, commit=True)
        if self._warned:
            raise OutcomeUnknown("the wait for synchronous replication was cancelled")

    def undo(self) -> None:
        """Roll back whatever was begun."""
        if self._connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()

    def _notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        """A cancelled wait for the other machine is a warning on a commit that succeeded here."""
        if diagnostic.sqlstate == _SYNC_WAIT_CANCELLED and diagnostic.severity_nonlocalized == "WARNING":
            self._warned = True


def busy_error(error: Exception) -> LedgerError | None:
    """StoreBusy, if the SQLSTATE says that nothing was written and that the same may be tried again."""
    if isinstance(error, psycopg.Error) and error.sqlstate in _AGAIN:
        return StoreBusy(str(error))
    return None


def is_gone(error: Exception) -> bool:
    """Whether the connection is lost, so that nobody knows what became of what was sent over it.

    A server that went away gives no SQLSTATE at all; one that is shutting down or was demoted gives one of these.
    """
    if not isinstance(error, psycopg.Error):
        return False
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return state.startswith("08") or state in _GONE


def _arrays(book: str, batch: Batch) -> dict[str, Any]:
    """The batch as one array for each column, so that one statement writes any number of rows."""
    last = batch.rows[-1]
    states = batch.accounts
    opened = [states[name] for name in batch.opened]
    changed = [state for name, state in states.items() if name not in batch.opened]
    values: dict[str, Any] = dict(zip(Row._fields, map(list, zip(*batch.rows, strict=True)), strict=True))
    values |= {f"p{at}": [line[at] for line in batch.postings] for at in range(4)}
    values |= {f"o{at}": [row[at] for row in opened] for at in range(5)}
    values |= {"c0": [row.account for row in changed], "c1": [row.balance for row in changed]}
    values |= {"c2": [row.closed_seq for row in changed]}
    return values | {"book": book, "size": last.seq + 1, "last": last.leaf_hash, "when": last.at}
