"""Books in SQLite or PostgreSQL, through SQLAlchemy: a store of its own, or one inside a caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import psycopg
from sqlalchemy import Connection, Engine, insert, select

from ledger.store import Batch, CheckpointRow, Plan, StoredTiles, TileRow, Wanted
from ledger.stores import sql_postgres, sql_sqlite
from ledger.stores.filling import filled_tiles
from ledger.stores.sql_committing import Committer
from ledger.stores.sql_engine import make_engine
from ledger.stores.sql_postgres import PostgresHand
from ledger.stores.sql_reading import SqlReading
from ledger.stores.sql_schema import account_table, checkpoint_table, create_schema, drop_schema, grant_statements
from ledger.stores.sql_sqlite import SqliteHand

__all__ = [
    "JoinedSqlStore",
    "SqlStore",
    "account_table",
    "create_schema",
    "drop_schema",
    "grant_statements",
    "make_engine",
]


class JoinedSqlStore(SqlReading):
    """A store inside the caller's transaction: business rows and entries are committed together, by the caller.

    On SQLite the transaction should have begun with BEGIN IMMEDIATE (`sqlite_begin`); one that did not gets the write
    lock at its first append, or StoreBusy if somebody wrote since it began to read. After any error of an append the
    caller rolls back.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        yield self._connection

    def driver_connection(self) -> Any:
        """The driver's own connection, in the caller's transaction: what an audit reads its many rows through."""
        if not self._connection.in_transaction():
            self._connection.begin()
        return self._connection.connection.driver_connection

    def append(self, book: str, wanted: Wanted, plan: Plan) -> Batch:
        if not self._connection.in_transaction():
            self._connection.begin()
        driver: Any = self._connection.connection.driver_connection
        try:
            hand = SqliteHand(driver) if isinstance(driver, sqlite3.Connection) else PostgresHand(driver)
            batch = plan(hand.find(book, hand.lock(book), wanted))
            if batch.rows:
                hand.put(book, batch, self._tiles(book, batch))
            return batch
        except (sqlite3.Error, psycopg.Error) as error:
            busy = sql_sqlite.busy_error(error) or sql_postgres.busy_error(error)
            if busy is None:
                raise
            raise busy from error

    def add_checkpoint(self, book: str, row: CheckpointRow) -> None:
        _add_checkpoint(self._connection, book, row)

    @contextmanager
    def snapshot(self) -> Iterator[Self]:
        """This store: what belongs to one moment is up to the caller's transaction."""
        yield self

    def _tiles(self, book: str, batch: Batch) -> list[TileRow]:
        return filled_tiles(batch, StoredTiles(self, book))


class SqlStore(SqlReading):
    """A store with transactions of its own. Threads may share it; appends of many threads are committed in groups.

    It keeps a connection to write on: `close` it, or use it as a context manager. The engine stays the caller's.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._committer = Committer(engine, lambda book, batch: filled_tiles(batch, StoredTiles(self, book)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections that appends were written on."""
        self._committer.close()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection

    def append(self, book: str, wanted: Wanted, plan: Plan) -> Batch:
        return self._committer.append(book, wanted, plan)

    def add_checkpoint(self, book: str, row: CheckpointRow) -> None:
        with self.engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
            _add_checkpoint(connection, book, row)

    @contextmanager
    def snapshot(self) -> Iterator[JoinedSqlStore]:
        """A store over one transaction that sees one moment of the database, however long it reads."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield JoinedSqlStore(connection)


def _add_checkpoint(connection: Connection, book: str, row: CheckpointRow) -> None:
    columns = checkpoint_table.c
    there = connection.execute(select(columns.size).where(columns.book == book, columns.size == row.size)).first()
    if there is None:
        connection.execute(insert(checkpoint_table).values(book=book, **row._asdict()))
