"""Writes an exported book into an empty database, so that somebody else can go on with it.

The entries are taken byte by byte; everything beside them follows from them and is derived. It streams: the memory that
it needs grows with the number of accounts, not of entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from ledger.bundle import BundleStore
from ledger.errors import BookExists, BundleInvalid
from ledger.stores.sql_schema import (
    account_table,
    checkpoint_table,
    entry_table,
    head_table,
    posting_table,
    tile_table,
)

PAGE = 2_000
Progress = Callable[[int, int], None]


def restore(source: BundleStore, connection: Connection, book: str, progress: Progress | None = None) -> int:
    """Write the book in the connection's transaction; gives the number of its entries. Nothing is judged here: audit
    the bundle before and the database afterwards.

    Raises BookExists if the database has this book, BundleInvalid if entries are missing.
    """
    head = source.head(book)
    if head is None:
        raise BundleInvalid(f"no book {book} in this copy")
    there = connection.execute(select(head_table.c.size).where(head_table.c.book == book)).first()
    if there is not None:
        raise BookExists(book)
    written = 0
    while written < head.size:
        stop = min(head.size, written + PAGE)
        rows = list(source.rows(book, written, stop))
        if len(rows) != stop - written:
            raise BundleInvalid(f"entries are missing from {written + len(rows)} on")
        _insert(connection, entry_table, book, rows)
        _insert(connection, posting_table, book, source.postings(book, written, stop))
        written = stop
        if progress is not None:
            progress(written, head.size)
    _insert(connection, account_table, book, source.accounts(book))
    _insert(connection, tile_table, book, source.tiles(book))
    _insert(connection, checkpoint_table, book, source.checkpoints(book))
    _insert(connection, head_table, book, [head])
    return head.size


def _insert(connection: Connection, table: Table, book: str, rows: Iterable[Any]) -> None:
    waiting = iter(rows)
    while page := [{"book": book, **row._asdict()} for row in islice(waiting, PAGE)]:
        connection.execute(insert(table), page)
