"""The database as it is at one moment: what many questions are asked of fits together, whatever others write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from timebank.storage.unit import Bank, Unit


@contextmanager
def moment(bank: Bank) -> Iterator[Connection]:
    """A connection that sees the database at one moment, so that entries and documents belong together."""
    if bank.outer is not None:
        yield bank.outer
        return
    options: dict[str, Any] = {"sqlite_begin": "DEFERRED"}
    if bank.engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with bank.engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextmanager
def at_one_moment(bank: Bank) -> Iterator[Unit]:
    """A unit that only reads, and sees one moment on every engine."""
    with moment(bank) as connection, replace(bank, outer=connection).read() as unit:
        yield unit
