"""Commits appends of many threads in groups. One book has one head: its writers stand in line, and whoever is first
takes along all that wait behind. The price of a commit is then paid once for a group.
"""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg
from sqlalchemy import Engine

from ledger.errors import LedgerError, OutcomeUnknown, StoreBusy
from ledger.lines import Line, Turn
from ledger.store import AccountRow, Batch, Found, Head, Plan, TileRow, Wanted
from ledger.stores import sql_postgres, sql_sqlite
from ledger.stores.filling import advance
from ledger.stores.sql_engine import open_postgres, open_sqlite
from ledger.stores.sql_postgres import PostgresWriter
from ledger.stores.sql_sqlite import SqliteWriter
from ledger.tiles import fills_tile

GROUP_LIMIT = 256
TRIES = 5
ACCOUNTS_REMEMBERED = 20_000
DISTRUSTED_GROUPS = 16

Writer = SqliteWriter | PostgresWriter
Tiles = Callable[[str, Batch], list[TileRow]]


class _Request(Turn):
    """One call of append, waiting for its turn. It is woken with a batch or an error, or to lead the next group."""

    __slots__ = ("batch", "error", "plan", "wanted")

    def __init__(self, wanted: Wanted, plan: Plan) -> None:
        super().__init__()
        self.wanted = wanted
        self.plan = plan
        self.batch: Batch | None = None
        self.error: BaseException | None = None

    @property
    def done(self) -> bool:
        return self.batch is not None or self.error is not None

    def result(self) -> Batch:
        if self.batch is None:
            raise self.error or StoreBusy("the append was not carried out")
        return self.batch


class _Line(Line[_Request]):
    """The line in front of one book's head, and what is remembered of the book since this process last wrote it."""

    def __init__(self) -> None:
        super().__init__()
        self.head: Head | None = None
        self.accounts: dict[str, AccountRow] = {}
        self.distrust = 0

    def remembered(self, wanted: Wanted) -> Found | None:
        """What is wanted, as it was when this process last wrote; None if not all of it is remembered.

        Keys are taken to be new: if one is not, the database refuses it. Whether the rest is still true is asked by
        writing only if the head has not moved, for nothing changes in a book without moving its head.
        """
        if self.distrust:
            self.distrust -= 1
            return None
        if self.head is None or wanted.kinds or wanted.ofs or wanted.holds_of:
            return None
        try:
            return Found(self.head, {account: self.accounts[account] for account in wanted.accounts})
        except KeyError:
            return None

    def remember(self, found: Found, batch: Batch) -> None:
        """Note where the head is and what was seen under its lock. `found` was advanced past the batch."""
        if self.head is None or self.head.size != batch.first or len(self.accounts) > ACCOUNTS_REMEMBERED:
            self.accounts = {}
        self.head = found.head
        self.accounts |= found.accounts

    def forget(self) -> None:
        """Somebody else writes this book too: for a while, ask first."""
        self.head, self.accounts, self.distrust = None, {}, DISTRUSTED_GROUPS


class Committer:
    """The writers of one store in this process."""

    def __init__(self, engine: Engine, tiles: Tiles) -> None:
        self._engine = engine
        self._tiles = tiles
        self._lines: dict[str, _Line] = defaultdict(_Line)
        self._idle: list[Writer] = []
        self._process = os.getpid()

    def append(self, book: str, wanted: Wanted, plan: Plan) -> Batch:
        """Stand in line and be written. Raises what the plan raises, StoreBusy, OutcomeUnknown."""
        self._forget_after_fork()
        request = _Request(wanted, plan)
        line = self._lines[book]
        line.stand(request)
        if not request.done:
            group = line.next_group(GROUP_LIMIT)
            try:
                self._write(book, group)
            finally:
                line.leave(group, request)
        return request.result()

    def close(self) -> None:
        """Close the connections that nobody writes on."""
        if self._process == os.getpid():
            while self._idle:
                self._idle.pop().close()

    def _forget_after_fork(self) -> None:
        """A connection belongs to the process that opened it: two on one would garble what both say."""
        if self._process != os.getpid():
            self._lines, self._idle, self._process = defaultdict(_Line), [], os.getpid()

    def _write(self, book: str, group: list[_Request]) -> None:
        """Write a group in one commit. If the database refuses that for any reason, each is tried alone."""
        try:
            self._try(book, group)
        except LedgerError as error:
            alone = [] if len(group) == 1 or isinstance(error, OutcomeUnknown) else group
            for request in alone:
                self._write(book, [request])
            for request in group:
                if not request.done:
                    request.error = error
        except BaseException as error:
            for request in group:
                request.error = request.error or error
            raise

    def _try(self, book: str, group: list[_Request]) -> None:
        for left in reversed(range(TRIES)):
            writer = self._take()
            try:
                if not self._at_once(writer, book, group):
                    self._under_lock(writer, book, group)
            except StoreBusy:
                # If it was a connection that died, those that idle beside it are likely dead too.
                self.close()
                if not left:
                    raise
                continue
            self._idle.append(writer)
            return

    def _at_once(self, writer: Writer, book: str, group: list[_Request]) -> bool:
        """Plan on what is remembered, before the lock is taken, and write it all in one go. Says whether that worked.

        A draft that seems to be refused is judged again under the lock, where what is known is true.
        """
        line = self._lines[book]
        found = line.remembered(_wanted(group))
        if found is None:
            return False
        whole, results = _ask(found, group)
        if any(isinstance(result, LedgerError) for result in results) or fills_tile(whole.first, len(whole.rows)):
            return False
        with _closing(writer) as step:
            step.committing = True
            written = writer.commit_at_once(book, whole)
        if not written:
            line.forget()
            return False
        line.remember(found, whole)
        _answer(group, results)
        return True

    def _under_lock(self, writer: Writer, book: str, group: list[_Request]) -> None:
        """Lock, find, ask each plan, write, commit. Who came while we waited for the lock is taken along."""
        line = self._lines[book]
        with _closing(writer) as step:
            head = writer.begin(book)
            group += line.next_group(GROUP_LIMIT - len(group))
            found = writer.find(book, head, _wanted(group))
            whole, results = _ask(found, group)
            if whole.rows:
                tiles = self._tiles(book, whole)
                step.committing = True
                writer.commit(book, whole, tiles)
            else:
                step.committing = True
                writer.confirm()
        line.remember(found, whole)
        _answer(group, results)

    def _take(self) -> Writer:
        try:
            return self._idle.pop()
        except IndexError:
            return self._open()

    def _open(self) -> Writer:
        try:
            if self._engine.dialect.name == "sqlite":
                return SqliteWriter(open_sqlite(self._engine))
            return PostgresWriter(open_postgres(self._engine))
        except (sqlite3.Error, psycopg.Error) as error:
            raise StoreBusy(f"no connection: {error}") from error


@dataclass(slots=True)
class _Step:
    """How far a write has come: an error after `committing` leaves the outcome unknown."""

    committing: bool = False


@contextmanager
def _closing(writer: Writer) -> Iterator[_Step]:
    """A writer that failed is thrown away, not trusted again; its error is said in the ledger's words."""
    step = _Step()
    try:
        yield step
    except BaseException as error:
        with suppress(sqlite3.Error, psycopg.Error):
            writer.close()
        raise _meaning(error, step.committing) from error


def _wanted(group: list[_Request]) -> Wanted:
    wanted = group[0].wanted
    for request in group[1:]:
        wanted |= request.wanted
    return wanted


def _answer(group: list[_Request], results: list[Batch | LedgerError]) -> None:
    for request, result in zip(group, results, strict=True):
        if isinstance(result, Batch):
            request.batch = result
        else:
            request.error = result


def _ask(found: Found, group: list[_Request]) -> tuple[Batch, list[Batch | LedgerError]]:
    """Ask every plan, each on top of what those before it write. A refused one leaves no trace."""
    results: list[Batch | LedgerError] = []
    whole: Batch | None = None
    for request in group:
        try:
            batch = request.plan(found)
        except LedgerError as error:
            results.append(error)
            continue
        advance(found, batch)
        results.append(batch)
        whole = batch if whole is None else _joined(whole, batch)
    return whole or Batch(0 if found.head is None else found.head.size), results


def _joined(first: Batch, then: Batch) -> Batch:
    """Two batches as one. Neither is changed, since each is somebody's answer."""
    return Batch(
        first.first,
        first.rows + then.rows,
        first.postings + then.postings,
        first.accounts | then.accounts,
        first.opened | then.opened,
    )


def _meaning(error: BaseException, committing: bool) -> BaseException:
    """What an error of the driver says about the entries: nothing was written, or nobody knows."""
    if not isinstance(error, sqlite3.Error | psycopg.Error):
        return error
    busy = sql_sqlite.busy_error(error) or sql_postgres.busy_error(error)
    if busy is not None:
        return busy
    gone = sql_postgres.is_gone(error) or isinstance(error, sqlite3.OperationalError)
    if not gone:
        return error
    return OutcomeUnknown(str(error)) if committing else StoreBusy(str(error))
