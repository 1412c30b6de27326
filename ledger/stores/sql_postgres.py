"""What an append says to PostgreSQL, through the driver itself: as few round trips under the lock as can be."""

# Only names of our own tables and columns are put into these statements; values are parameters.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg

from ledger.errors import LedgerError, OutcomeUnknown, StoreBusy, StoreDamaged
from ledger.store import AccountRow, Batch, Found, Head, Row, TileRow, Wanted
from ledger.stores.sql_postgres_put import put_statement

Connection = psycopg.Connection[tuple[Any, ...]]

_ROW = ", ".join(Row._fields)
_ACCOUNT = ", ".join(AccountRow._fields)

# Nothing is read before this statement has come back: what a statement sees is fixed when it starts.
_LOCK = "SELECT size, leaf_hash, at FROM ledger_head WHERE book = %s FOR UPDATE"
_ACCOUNTS = f"SELECT {_ACCOUNT} FROM ledger_account WHERE book = %s AND account = ANY(%s)"
_KINDS = f"SELECT {_ACCOUNT} FROM ledger_account WHERE book = %s AND kind = ANY(%s)"
_BY_KEY = f"SELECT {_ROW} FROM ledger_entry WHERE book = %s AND key = ANY(%s)"
_BY_SEQ = f"SELECT {_ROW} FROM ledger_entry WHERE book = %s AND seq = ANY(%s)"
_DRAWN = """
SELECT seq FROM ledger_entry JOIN ledger_posting USING (book, seq)
WHERE book = %s AND account = ANY(%s) AND minutes < 0 AND kind = 'hold'
"""
_NAMING = "SELECT seq, kind, of_seq FROM ledger_entry WHERE book = %s AND of_seq = ANY(%s)"

_INSERT_TILE = "INSERT INTO ledger_tile (book, level, tile_index, hashes, root) VALUES (%s, %s, %s, %s, %s)"

# Serialisation, deadlock, lock timeout, and a number or key that somebody else took in the meantime.
_AGAIN = {"40001", "40P01", "55P03", "23505"}
_GONE = {"57P01", "57P02", "57P03", "25006"}
_SYNC_WAIT_CANCELLED = "01000"


class PostgresHand:
    """Finds and puts over one connection, whose transaction is somebody else's business."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()

    def lock(self, book: str) -> Head | None:
        """Lock the head and say where it is. Nothing else may be read before this has come back."""
        head = self._connection.execute(_LOCK, (book,)).fetchone()
        return None if head is None else Head._make(head)

    def find(self, book: str, head: Head | None, wanted: Wanted) -> Found:
        """What is wanted, as of the locked head; in one round trip, unless drafts name other entries."""
        found = Found(head)
        if head is None:
            return found
        asked = [(_ACCOUNTS, wanted.accounts), (_KINDS, wanted.kinds), (_BY_KEY, wanted.keys), (_BY_SEQ, wanted.ofs)]
        answers: list[list[tuple[Any, ...]]] = self._ask(book, asked)
        found.accounts = {row[0]: AccountRow._make(row) for row in answers[0] + answers[1]}
        found.by_key = {row.key or "": row for row in map(Row._make, answers[2])}
        found.by_seq = {row.seq: row for row in map(Row._make, answers[3])}
        if wanted.ofs or wanted.holds_of:
            self._find_named(book, wanted, found)
        return found

    def _ask(self, book: str, asked: list[tuple[str, frozenset[Any]]]) -> list[list[tuple[Any, ...]]]:
        """The answers to those questions that name anything."""
        needed = [(query, list(names)) for query, names in asked if names]
        if len(needed) == 1:
            query, names = needed[0]
            cursors = [self._connection.execute(query, (book, names))]
        else:
            with self._connection.pipeline():
                cursors = [self._connection.execute(query, (book, names)) for query, names in needed]
        answers = iter([cursor.fetchall() for cursor in cursors])
        return [next(answers) if names else [] for _, names in asked]

    def put(self, book: str, batch: Batch, tiles: Iterable[TileRow]) -> bool:
        """Write a batch of at least one entry and move the head, unless the head is not where the batch begins."""
        statement, values = put_statement(book, batch)
        done = self._cursor.execute(statement, values).fetchone()
        for tile in tiles:
            self._connection.execute(_INSERT_TILE, (book, *tile))
        return bool(done and done[0])

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

    def begin(self, book: str) -> Head | None:
        """Begin a transaction with the lock on the book's head."""
        self._connection.execute("BEGIN")
        return self._hand.lock(book)

    def find(self, book: str, head: Head | None, wanted: Wanted) -> Found:
        """What is wanted, as of the locked head."""
        return self._hand.find(book, head, wanted)

    def commit(self, book: str, batch: Batch, tiles: Iterable[TileRow]) -> None:
        """Write and commit. Raises OutcomeUnknown if the commit stands here but perhaps not on the other machine."""
        if not self._hand.put(book, batch, tiles):
            raise StoreDamaged(f"the head of {book} moved under its lock")
        self._warned = False
        self._connection.execute("COMMIT")
        self._require_no_warning()

    def commit_at_once(self, book: str, batch: Batch) -> bool:
        """Lock, write and commit in one round trip, if the head is still where the batch begins and no key is taken.

        Says whether it was; if not, nothing was written.
        """
        self._warned = False
        try:
            written = self._hand.put(book, batch, ())
        except psycopg.errors.UniqueViolation:
            return False
        self._require_no_warning()
        return written

    def confirm(self) -> None:
        """End a transaction that wrote nothing. Its lock makes the commit wait for the other machine all the same, so
        an entry that is answered by its key is as safe as one that is written. Raises OutcomeUnknown as `commit`."""
        self._warned = False
        self._connection.execute("COMMIT")
        self._require_no_warning()

    def close(self) -> None:
        self._connection.close()

    def _require_no_warning(self) -> None:
        if self._warned:
            raise OutcomeUnknown("the wait for synchronous replication was cancelled")

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
