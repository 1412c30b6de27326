"""Commits appends of many threads in groups. One book has one head: its writers stand in line, and whoever is first
takes along all that wait behind. The price of a commit is then paid once for a group.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from sqlalchemy import Engine

from ledger.errors import LedgerError, OutcomeUnknown, StoreBusy
from ledger.store import Batch, Found, Plan, TileRow, Wanted
from ledger.stores import sql_postgres, sql_sqlite
from ledger.stores.filling import advance
from ledger.stores.sql_engine import open_postgres, open_sqlite
from ledger.stores.sql_postgres import PostgresWriter
from ledger.stores.sql_sqlite import SqliteWriter

GROUP_LIMIT = 256
TRIES = 5

Writer = SqliteWriter | PostgresWriter
Tiles = Callable[[str, Batch], list[TileRow]]


@dataclass(slots=True)
class _Request:
    """One call of append, waiting for its turn; at the end it has a batch or an error."""

    wanted: Wanted
    plan: Plan
    batch: Batch | None = None
    error: BaseException | None = None

    @property
    def done(self) -> bool:
        return self.batch is not None or self.error is not None

    def result(self) -> Batch:
        if self.batch is None:
            raise self.error or StoreBusy("the append was not carried out")
        return self.batch


class _Line:
    """The line in front of one book's head."""

    def __init__(self) -> None:
        self.waiting: deque[_Request] = deque()
        self.turn = threading.Lock()


class Committer:
    """The writers of one store in this process."""

    def __init__(self, engine: Engine, tiles: Tiles) -> None:
        self._engine = engine
        self._tiles = tiles
        self._lines: dict[str, _Line] = defaultdict(_Line)
        self._idle: list[Writer] = []
        self._process = os.getpid()

    def append(self, book: str, wanted: Wanted, plan: Plan) -> Batch:
        """Stand in line and be written, alone or with others. Raises what the plan raises, StoreBusy, OutcomeUnknown."""
        self._forget_after_fork()
        request = _Request(wanted, plan)
        line = self._lines[book]
        line.waiting.append(request)
        with line.turn:
            if not request.done:
                group = [line.waiting.popleft() for _ in range(min(len(line.waiting), GROUP_LIMIT))]
                self._write(book, group)
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
        """Write a group in one commit. If that fails for any reason of the database, each is tried alone."""
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
            try:
                writer = self._take()
                self._carry_out(writer, book, group)
            except StoreBusy:
                if not left:
                    raise
                continue
            self._idle.append(writer)
            return

    def _carry_out(self, writer: Writer, book: str, group: list[_Request]) -> None:
        """Lock, find, ask each plan, write, commit. A writer that failed is thrown away, not trusted again."""
        wanted = Wanted()
        for request in group:
            wanted |= request.wanted
        committing = False
        try:
            found = writer.begin(book, wanted)
            whole, results = _ask(found, group)
            if not whole.rows:
                writer.undo()
            else:
                tiles = self._tiles(book, whole)
                committing = True
                writer.commit(book, whole, tiles)
        except BaseException as error:
            writer.close()
            raise _meaning(error, committing) from error
        for request, result in zip(group, results, strict=True):
            if isinstance(result, Batch):
                request.batch = result
            else:
                request.error = result

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


def _ask(found: Found, group: list[_Request]) -> tuple[Batch, list[Batch | LedgerError]]:
    """Ask every plan, each on top of what those before it write. A refused one leaves no trace."""
    head = found.head
    whole = Batch(first=0 if head is None else head.size)
    results: list[Batch | LedgerError] = []
    for request in group:
        try:
            batch = request.plan(found)
        except LedgerError as error:
            results.append(error)
            continue
        advance(found, batch)
        whole.rows += batch.rows
        whole.postings += batch.postings
        whole.accounts |= batch.accounts
        whole.opened |= batch.opened
        results.append(batch)
    return whole, results


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
