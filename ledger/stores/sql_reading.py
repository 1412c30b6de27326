"""The reading half of the SQL stores: plain queries, in pages where a book may be long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection, Select, func, select

from ledger.entries import MONEY_KINDS, Kind
from ledger.store import AccountRow, CheckpointRow, Head, PostingRow, Row, TileRow
from ledger.stores.sql_schema import (
    account_table,
    checkpoint_table,
    entry_table,
    head_table,
    posting_table,
    tile_table,
)

PAGE_ROWS = 2000
PAGE_TILES = 32

_entry, _posting, _account, _tile = entry_table.c, posting_table.c, account_table.c, tile_table.c
_ROW = [_entry[name] for name in Row._fields]
_POSTING = [_posting[name] for name in PostingRow._fields]
_ACCOUNT = [_account[name] for name in AccountRow._fields]
_CHECKPOINT = [checkpoint_table.c[name] for name in CheckpointRow._fields]
_TILE = [_tile.level, _tile.tile_index, _tile.hashes, _tile.root]


class SqlReading:
    """See `ledger.store.Reading`. Every method asks `_connected` for the connection that it reads through."""

    def _connected(self) -> AbstractContextManager[Connection]:
        raise NotImplementedError

    def books(self) -> Sequence[str]:
        return [book for (book,) in self._all(select(head_table.c.book).order_by(head_table.c.book))]

    def head(self, book: str) -> Head | None:
        columns = head_table.c
        found = self._first(select(columns.size, columns.leaf_hash, columns["at"]).where(columns.book == book))
        return None if found is None else Head(*found)

    def rows(self, book: str, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        query = select(*_ROW).where(_entry.book == book).order_by(_entry.seq).limit(PAGE_ROWS)
        if stop is not None:
            query = query.where(_entry.seq < stop)
        after = start - 1
        while page := self._all(query.where(_entry.seq > after)):
            yield from map(Row._make, page)
            after = page[-1][0]
            if len(page) < PAGE_ROWS:
                return

    def row(self, book: str, seq: int) -> Row | None:
        found = self._first(select(*_ROW).where(_entry.book == book, _entry.seq == seq))
        return None if found is None else Row._make(found)

    def row_by_key(self, book: str, key: str) -> Row | None:
        found = self._first(select(*_ROW).where(_entry.book == book, _entry.key == key))
        return None if found is None else Row._make(found)

    def rows_of(self, book: str, of_seq: int) -> Sequence[Row]:
        query = select(*_ROW).where(_entry.book == book, _entry.of_seq == of_seq).order_by(_entry.seq)
        return [Row._make(found) for found in self._all(query)]

    def rows_of_kind(self, book: str, kind: Kind) -> Iterator[Row]:
        query = select(*_ROW).where(_entry.book == book, _entry.kind == str(kind)).order_by(_entry.seq)
        if kind not in MONEY_KINDS:
            # What the index of kinds asks for; it has no line for entries that cite a policy.
            query = query.where(_entry.policy.is_(None))
        after = -1
        while page := self._all(query.where(_entry.seq > after).limit(PAGE_ROWS)):
            yield from map(Row._make, page)
            after = page[-1][0]

    def size_at(self, book: str, at: str) -> int:
        """By halving, since `at` never falls and has no index of its own."""
        head = self.head(book)
        low, high = 0, 0 if head is None else head.size
        with self._connected() as connection:
            while low < high:
                middle = (low + high) // 2
                query = select(_entry["at"]).where(_entry.book == book, _entry.seq == middle)
                found = connection.execute(query).scalar()
                low, high = (middle + 1, high) if found is not None and found <= at else (low, middle)
        return low

    def duplicate_keys(self, book: str) -> Iterator[tuple[str, int]]:
        query = select(_entry.key, func.count()).where(_entry.book == book, _entry.key.is_not(None))
        query = query.group_by(_entry.key).having(func.count() > 1).order_by(_entry.key)
        with self._connected() as connection:
            found = connection.execute(query, execution_options={"yield_per": PAGE_ROWS})
            yield from ((key, count) for key, count in found)

    def postings(self, book: str, start: int = 0, stop: int | None = None) -> Iterator[PostingRow]:
        query = select(*_POSTING).where(_posting.book == book).order_by(_posting.seq, _posting.account)
        after = start - 1
        if stop is not None:
            query = query.where(_posting.seq < stop)
        while page := self._all(query.where(_posting.seq > after).limit(PAGE_ROWS)):
            # The last entry of a full page may have more postings than fitted: it is read again, as a whole.
            last = page[-1][0]
            if len(page) < PAGE_ROWS:
                yield from map(PostingRow._make, page)
                return
            whole = [line for line in page if line[0] != last]
            whole += self._all(query.where(_posting.seq == last))
            yield from map(PostingRow._make, whole)
            after = last

    def account_postings(
        self, book: str, account: str, after_seq: int | None = None, limit: int | None = None
    ) -> Sequence[PostingRow]:
        query = select(*_POSTING).where(_posting.book == book, _posting.account == account).order_by(_posting.seq)
        if after_seq is not None:
            query = query.where(_posting.seq > after_seq)
        return [PostingRow._make(found) for found in self._all(query.limit(limit))]

    def balance_at(self, book: str, account: str, size: int) -> int:
        query = select(_posting.balance_after).where(_posting.book == book, _posting.account == account)
        found = self._first(query.where(_posting.seq < size).order_by(_posting.seq.desc()).limit(1))
        return 0 if found is None else int(found[0])

    def account(self, book: str, account: str) -> AccountRow | None:
        found = self._first(select(*_ACCOUNT).where(_account.book == book, _account.account == account))
        return None if found is None else AccountRow._make(found)

    def accounts(self, book: str) -> Iterator[AccountRow]:
        query = select(*_ACCOUNT).where(_account.book == book).order_by(_account.account).limit(PAGE_ROWS)
        after = ""
        while page := self._all(query.where(_account.account > after)):
            yield from map(AccountRow._make, page)
            after = page[-1][0]

    def leaf_hashes(self, book: str, start: int, stop: int) -> bytes:
        query = select(_entry.leaf_hash).where(_entry.book == book, _entry.seq >= start, _entry.seq < stop)
        return b"".join(leaf for (leaf,) in self._all(query.order_by(_entry.seq)))

    def tile(self, book: str, level: int, index: int) -> bytes | None:
        query = select(_tile.hashes).where(_tile.book == book, _tile.level == level, _tile.tile_index == index)
        found = self._first(query)
        return None if found is None else bytes(found[0])

    def tile_roots(self, book: str, level: int, start: int, stop: int) -> bytes:
        query = select(_tile.root).where(_tile.book == book, _tile.level == level)
        query = query.where(_tile.tile_index >= start, _tile.tile_index < stop).order_by(_tile.tile_index)
        return b"".join(root for (root,) in self._all(query))

    def tiles(self, book: str) -> Iterator[TileRow]:
        query = select(*_TILE).where(_tile.book == book).order_by(_tile.level, _tile.tile_index).limit(PAGE_TILES)
        level, index = 0, -1
        while True:
            page = self._all(query.where(_tile.level == level, _tile.tile_index > index))
            if not page and index < 0:
                return
            yield from map(TileRow._make, page)
            level, index = (level + 1, -1) if not page else (level, page[-1][1])

    def checkpoint(self, book: str, size: int | None = None) -> CheckpointRow | None:
        columns = checkpoint_table.c
        query = select(*_CHECKPOINT).where(columns.book == book)
        query = query.order_by(columns.size.desc()).limit(1) if size is None else query.where(columns.size == size)
        found = self._first(query)
        return None if found is None else CheckpointRow._make(found)

    def checkpoints(self, book: str, start: int = 0) -> Iterator[CheckpointRow]:
        columns = checkpoint_table.c
        query = select(*_CHECKPOINT).where(columns.book == book).order_by(columns.size).limit(PAGE_TILES)
        after = start - 1
        while page := self._all(query.where(columns.size > after)):
            yield from map(CheckpointRow._make, page)
            after = page[-1][0]

    def _all(self, query: Select[Any]) -> Sequence[Any]:
        with self._connected() as connection:
            return connection.execute(query).all()

    def _first(self, query: Select[Any]) -> Any:
        with self._connected() as connection:
            return connection.execute(query).first()
