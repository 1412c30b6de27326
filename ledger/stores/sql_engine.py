"""Engines with the settings that the ledger's promises rest on."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_SECONDS = 30
"""How long a writer waits for the lock before it gives up with StoreBusy."""

IDLE_SECONDS = 5
"""A pooled connection that nobody used for so long is asked whether it is alive before it is used again."""

_POSTGRES_OPTIONS = f"-c lock_timeout={BUSY_SECONDS}s"
# An append names every row by its key. A plan made while a table was small must not go on reading all of it later.
_WRITER_OPTIONS = f"{_POSTGRES_OPTIONS} -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"

# NORMAL may lose acknowledged entries on power loss, so it is FULL, always. Recursive triggers make INSERT OR REPLACE
# ask the triggers that refuse deletes.
_PRAGMAS = (
    f"busy_timeout = {BUSY_SECONDS * 1000}",
    # Every page that a commit touches is written and synced as a whole, and an append touches about a dozen: small
    # pages make it a fifth faster. Only a new file takes this.
    "page_size = 2048",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "recursive_triggers = ON",
    # What is deleted or overwritten is zeroed: a destroyed key must not live on in a free page.
    "secure_delete = ON",
    "cache_size = -16000",
    # A page that many appends touch is copied into the database file once for all of them.
    "wal_autocheckpoint = 4000",
)


def make_engine(url: str, *, pool_size: int = 8, **options: Any) -> Engine:
    """An engine for SQLite (a file) or PostgreSQL (through psycopg 3), as the ledger and its users need it.

    On SQLite a transaction begins with BEGIN DEFERRED; one that will write asks for the lock at once, with
    `connection.execution_options(sqlite_begin="IMMEDIATE")`.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, pool_size=pool_size, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, pool_size=pool_size, connect_args={"options": _POSTGRES_OPTIONS}, **options)
    event.listen(engine, "checkin", _note_return)
    event.listen(engine, "checkout", _ask_whether_alive)
    return engine


def open_sqlite(engine: Engine) -> sqlite3.Connection:
    """A connection beside the pool, for a writer that keeps it."""
    connection = sqlite3.connect(engine.url.database or ":memory:", check_same_thread=False)
    _prepare_sqlite(connection, None)
    return connection


def open_postgres(engine: Engine) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection beside the pool, in autocommit: the writer says itself where a transaction begins and ends."""
    _, options = engine.dialect.create_connect_args(engine.url)
    mine = {"options": _WRITER_OPTIONS, "autocommit": True, "prepare_threshold": 1}
    return psycopg.connect(**{**options, **mine})


def _note_return(connection: psycopg.Connection[Any], record: ConnectionPoolEntry) -> None:
    record.info["returned"] = time.monotonic()


def _ask_whether_alive(connection: psycopg.Connection[Any], record: ConnectionPoolEntry, proxy: object) -> None:
    """A connection that idled may have died with its server. One that was used just now is not asked: it costs a
    round trip each time. If it is dead, the pool throws it away and opens another."""
    if time.monotonic() - record.info.get("returned", time.monotonic()) < IDLE_SECONDS:
        return
    try:
        connection.execute("")
        connection.rollback()
    except psycopg.Error as error:
        raise DisconnectionError(str(error)) from error


def _prepare_sqlite(connection: sqlite3.Connection, record: ConnectionPoolEntry | None) -> None:
    # Python's own transaction control would begin one in the middle, and always deferred.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    if mode not in ("DEFERRED", "IMMEDIATE"):
        raise ValueError(f"sqlite_begin is {mode!r}, not DEFERRED or IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")
