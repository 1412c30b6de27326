"""What an append says to SQLite, through the driver itself: it is the hot path, and short under the lock."""

# Only names of our own tables and columns are put into these statements; values are parameters.
# ruff: noqa: S608

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from ledger.entries import Kind
from ledger.errors import LedgerError, StoreBusy
from ledger.store import AccountRow, Batch, Found, Head, Row, TileRow, Wanted

_ROW = ", ".join(Row._fields)
_ACCOUNT = ", ".join(AccountRow._fields)

_HEAD = "SELECT size, leaf_hash, at FROM ledger_head WHERE book = ?"
# Takes the write lock, if the transaction does not have it yet, before anything is read.
_LOCK = "UPDATE ledger_head SET size = size WHERE book = ?"
_ONE_ACCOUNT = f"SELECT {_ACCOUNT} FROM ledger_account WHERE book = ? AND account = ?"
_KINDS = f"SELECT {_ACCOUNT} FROM ledger_account WHERE book = ? AND kind IN (SELECT value FROM json_each(?))"
_BY_KEY = f"SELECT {_ROW} FROM ledger_entry WHERE book = ? AND key = ?"
_BY_SEQ = f"SELECT {_ROW} FROM ledger_entry WHERE book = ? AND seq = ?"
_DRAWN = "SELECT seq FROM ledger_posting WHERE book = ? AND account = ? AND minutes < 0"
_NAMING = "SELECT seq, kind, of_seq FROM ledger_entry WHERE book = ? AND of_seq = ?"

_INSERT_ENTRY = f"INSERT INTO ledger_entry (book, {_ROW}) VALUES (?{', ?' * len(Row._fields)})"
_INSERT_POSTING = "INSERT INTO ledger_posting (book, seq, account, minutes, balance_after) VALUES (?, ?, ?, ?, ?)"
_INSERT_ACCOUNT = f"INSERT INTO ledger_account (book, {_ACCOUNT}) VALUES (?, ?, ?, ?, ?, ?)"
_UPDATE_ACCOUNT = "UPDATE ledger_account SET balance = ?, closed_seq = ? WHERE book = ? AND account = ?"
_INSERT_TILE = "INSERT INTO ledger_tile (book, level, tile_index, hashes, root) VALUES (?, ?, ?, ?, ?)"
_INSERT_HEAD = "INSERT INTO ledger_head (book, size, leaf_hash, at) VALUES (?, ?, ?, ?)"
_UPDATE_HEAD = "UPDATE ledger_head SET size = ?, leaf_hash = ?, at = ? WHERE book = ?"

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class SqliteHand:
    """Finds and puts over one connection, whose transaction is somebody else's business."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()

    def lock(self, book: str) -> Head | None:
        """Take the write lock and say where the book ends. Raises sqlite3's busy error after a long wait."""
        self._cursor.execute(_LOCK, (book,))
        return self.head(book)

    def head(self, book: str) -> Head | None:
        """Where the book ends."""
        head = self._cursor.execute(_HEAD, (book,)).fetchone()
        return None if head is None else Head._make(head)

    def find(self, book: str, head: Head | None, wanted: Wanted) -> Found:
        """What is wanted, as of the head."""
        cursor = self._cursor
        found = Found(head)
        if head is None:
            return found
        for account in wanted.accounts:
            for row in cursor.execute(_ONE_ACCOUNT, (book, account)):
                found.accounts[account] = AccountRow._make(row)
        if wanted.kinds:
            for row in cursor.execute(_KINDS, (book, json.dumps(sorted(wanted.kinds)))):
                found.accounts[row[0]] = AccountRow._make(row)
        for key in wanted.keys:
            for row in cursor.execute(_BY_KEY, (book, key)):
                found.by_key[key] = Row._make(row)
        if wanted.ofs or wanted.holds_of:
            self._find_named(book, wanted, found)
        return found

    def put(self, book: str, batch: Batch, tiles: Iterable[TileRow]) -> None:
        """Write a batch of at least one entry, and move the head."""
        cursor = self._cursor
        cursor.executemany(_INSERT_ENTRY, [(book, *row) for row in batch.rows])
        cursor.executemany(_INSERT_POSTING, [(book, *line) for line in batch.postings])
        states = batch.accounts
        if batch.opened:
            cursor.executemany(_INSERT_ACCOUNT, [(book, *states[account]) for account in batch.opened])
        changed = states.keys() - batch.opened
        cursor.executemany(
            _UPDATE_ACCOUNT, [(states[name].balance, states[name].closed_seq, book, name) for name in changed]
        )
        for tile in tiles:
            cursor.execute(_INSERT_TILE, (book, *tile))
        last = batch.rows[-1]
        if batch.first:
            cursor.execute(_UPDATE_HEAD, (last.seq + 1, last.leaf_hash, last.at, book))
        else:
            cursor.execute(_INSERT_HEAD, (book, last.seq + 1, last.leaf_hash, last.at))

    def _find_named(self, book: str, wanted: Wanted, found: Found) -> None:
        """The entries that drafts name in `of`, and what became of them."""
        cursor = self._cursor
        drawn = {seq for account in wanted.holds_of for (seq,) in cursor.execute(_DRAWN, (book, account)).fetchall()}
        for seq in wanted.ofs | drawn:
            for row in map(Row._make, cursor.execute(_BY_SEQ, (book, seq)).fetchall()):
                if seq in wanted.ofs or row.kind == Kind.HOLD:
                    found.by_seq[seq] = row
        named = {line for seq in found.by_seq for line in cursor.execute(_NAMING, (book, seq)).fetchall()}
        named |= {line for seq, _, _ in named for line in cursor.execute(_NAMING, (book, seq)).fetchall()}
        found.followers = sorted(named)


class SqliteWriter:
    """A connection of its own, on which appends are committed one after the other."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._hand = SqliteHand(connection)

    def begin(self, book: str) -> Head | None:
        """Begin a transaction with the write lock; says where the book ends."""
        self._connection.execute("BEGIN IMMEDIATE")
        return self._hand.head(book)

    def find(self, book: str, head: Head | None, wanted: Wanted) -> Found:
        """What is wanted, as of the head."""
        return self._hand.find(book, head, wanted)

    def commit(self, book: str, batch: Batch, tiles: Iterable[TileRow]) -> None:
        """Write and commit."""
        self._hand.put(book, batch, tiles)
        self._connection.execute("COMMIT")

    def commit_at_once(self, book: str, batch: Batch) -> bool:
        """Lock, write and commit, if the head is still where the batch begins and no key is taken.

        Says whether it was; if not, nothing was written.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        head = self._hand.head(book)
        if head is None or head.size != batch.first or head.leaf_hash != batch.rows[0].prev:
            self._connection.execute("ROLLBACK")
            return False
        try:
            self._hand.put(book, batch, ())
        except sqlite3.IntegrityError:
            self._connection.execute("ROLLBACK")
            return False
        self._connection.execute("COMMIT")
        return True

    def confirm(self) -> None:
        """End a transaction that wrote nothing."""
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


def busy_error(error: Exception) -> LedgerError | None:
    """StoreBusy, if that is what the driver's error means: somebody else has the lock, and nothing was written."""
    code = getattr(error, "sqlite_errorcode", None)
    # The lower byte is the kind of error, what stands above it only tells more about it.
    if isinstance(error, sqlite3.OperationalError) and code is not None and code & 0xFF in _BUSY:
        return StoreBusy(str(error))
    return None
