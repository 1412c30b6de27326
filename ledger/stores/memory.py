"""A store in memory: for tests, for trying things out, and as the plainest statement of what a store does."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile

from ledger.entries import Kind
from ledger.store import (
    AccountRow,
    Batch,
    CheckpointRow,
    Found,
    Head,
    Plan,
    PostingRow,
    Row,
    StoredTiles,
    TileRow,
    Wanted,
)
from ledger.stores.filling import filled_tiles


@dataclass(slots=True)
class Shelf:
    """One book. The lists are in the order of the numbers; nothing is ever taken out of them."""

    head: Head | None = None
    rows: list[Row] = field(default_factory=list)
    postings: list[PostingRow] = field(default_factory=list)
    accounts: dict[str, AccountRow] = field(default_factory=dict)
    by_key: dict[str, int] = field(default_factory=dict)
    by_of: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_account: dict[str, list[PostingRow]] = field(default_factory=lambda: defaultdict(list))
    tiles: dict[tuple[int, int], TileRow] = field(default_factory=dict)
    checkpoints: dict[int, CheckpointRow] = field(default_factory=dict)

    def copy(self) -> Shelf:
        """A shelf with the same content that later appends don't touch."""
        by_of = defaultdict(list, {of: list(seqs) for of, seqs in self.by_of.items()})
        by_account = defaultdict(list, {account: list(lines) for account, lines in self.by_account.items()})
        return Shelf(
            self.head,
            list(self.rows),
            list(self.postings),
            dict(self.accounts),
            dict(self.by_key),
            by_of,
            by_account,
            dict(self.tiles),
            dict(self.checkpoints),
        )


class MemoryStore:
    """See `ledger.store.Store`. Threads may share it; it ends with the process."""

    def __init__(self) -> None:
        self._shelves: dict[str, Shelf] = {}
        self._lock = threading.RLock()

    def append(self, book: str, wanted: Wanted, plan: Plan) -> Batch:
        with self._lock:
            shelf = self._shelves.get(book) or Shelf()
            batch = plan(_find(shelf, wanted))
            if batch.rows:
                _put(shelf, batch, filled_tiles(batch, StoredTiles(self, book)))
                self._shelves[book] = shelf
            return batch

    def add_checkpoint(self, book: str, row: CheckpointRow) -> None:
        with self._lock:
            self._shelf(book).checkpoints.setdefault(row.size, row)

    @contextmanager
    def snapshot(self) -> Iterator[MemoryStore]:
        frozen = MemoryStore()
        with self._lock:
            frozen._shelves = {book: shelf.copy() for book, shelf in self._shelves.items()}
        yield frozen

    def books(self) -> Sequence[str]:
        return sorted(self._shelves)

    def head(self, book: str) -> Head | None:
        return self._shelf(book).head

    def rows(self, book: str, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        return iter(self._shelf(book).rows[start:stop])

    def row(self, book: str, seq: int) -> Row | None:
        rows = self._shelf(book).rows
        return rows[seq] if 0 <= seq < len(rows) else None

    def row_by_key(self, book: str, key: str) -> Row | None:
        seq = self._shelf(book).by_key.get(key)
        return None if seq is None else self._shelf(book).rows[seq]

    def rows_of(self, book: str, of_seq: int) -> Sequence[Row]:
        shelf = self._shelf(book)
        return [shelf.rows[seq] for seq in shelf.by_of.get(of_seq, ())]

    def rows_of_kind(self, book: str, kind: Kind) -> Iterator[Row]:
        return (row for row in self.rows(book) if row.kind == kind)

    def size_at(self, book: str, at: str) -> int:
        return bisect_right(self._shelf(book).rows, at, key=lambda row: row.at)

    def duplicate_keys(self, book: str) -> Iterator[tuple[str, int]]:
        counts = Counter(row.key for row in self.rows(book) if row.key is not None)
        return ((key, count) for key, count in sorted(counts.items()) if count > 1)

    def postings(self, book: str, start: int = 0, stop: int | None = None) -> Iterator[PostingRow]:
        postings = self._shelf(book).postings
        low = bisect_right(postings, start - 1, key=lambda line: line.seq)
        return takewhile(lambda line: stop is None or line.seq < stop, iter(postings[low:]))

    def account_postings(
        self, book: str, account: str, after_seq: int | None = None, limit: int | None = None
    ) -> Sequence[PostingRow]:
        lines = self._shelf(book).by_account.get(account, [])
        low = 0 if after_seq is None else bisect_right(lines, after_seq, key=lambda line: line.seq)
        return lines[low:] if limit is None else lines[low : low + limit]

    def balance_at(self, book: str, account: str, size: int) -> int:
        lines = self._shelf(book).by_account.get(account, [])
        count = bisect_right(lines, size - 1, key=lambda line: line.seq)
        return lines[count - 1].balance_after if count else 0

    def account(self, book: str, account: str) -> AccountRow | None:
        return self._shelf(book).accounts.get(account)

    def accounts(self, book: str) -> Iterator[AccountRow]:
        accounts = self._shelf(book).accounts
        return (accounts[account] for account in sorted(accounts))

    def leaf_hashes(self, book: str, start: int, stop: int) -> bytes:
        return b"".join(row.leaf_hash for row in self._shelf(book).rows[start:stop])

    def tile(self, book: str, level: int, index: int) -> bytes | None:
        row = self._shelf(book).tiles.get((level, index))
        return None if row is None else row.hashes

    def tile_roots(self, book: str, level: int, start: int, stop: int) -> bytes:
        tiles = self._shelf(book).tiles
        return b"".join(tiles[level, index].root for index in range(start, stop) if (level, index) in tiles)

    def tiles(self, book: str) -> Iterator[TileRow]:
        tiles = self._shelf(book).tiles
        return (tiles[place] for place in sorted(tiles))

    def checkpoint(self, book: str, size: int | None = None) -> CheckpointRow | None:
        checkpoints = self._shelf(book).checkpoints
        return checkpoints.get(max(checkpoints, default=-1) if size is None else size)

    def checkpoints(self, book: str, start: int = 0) -> Iterator[CheckpointRow]:
        checkpoints = self._shelf(book).checkpoints
        return (checkpoints[size] for size in sorted(checkpoints) if size >= start)

    def _shelf(self, book: str) -> Shelf:
        return self._shelves.get(book) or Shelf()


def _find(shelf: Shelf, wanted: Wanted) -> Found:
    found = Found(shelf.head)
    found.accounts = {name: row for name in wanted.accounts if (row := shelf.accounts.get(name))}
    if wanted.kinds:
        found.accounts |= {name: row for name, row in shelf.accounts.items() if row.kind in wanted.kinds}
    found.by_key = {key: shelf.rows[shelf.by_key[key]] for key in wanted.keys if key in shelf.by_key}
    drawn = {line.seq for account in wanted.holds_of for line in shelf.by_account.get(account, ())}
    holds = {seq for seq in drawn if shelf.rows[seq].kind == Kind.HOLD}
    found.by_seq = {seq: shelf.rows[seq] for seq in wanted.ofs | holds if 0 <= seq < len(shelf.rows)}
    named = {follower for of in found.by_seq for follower in shelf.by_of.get(of, ())}
    named |= {follower for of in named for follower in shelf.by_of.get(of, ())}
    found.followers = [(seq, shelf.rows[seq].kind, shelf.rows[seq].of_seq or 0) for seq in sorted(named)]
    return found


def _put(shelf: Shelf, batch: Batch, tiles: list[TileRow]) -> None:
    for tile in tiles:
        shelf.tiles[tile.level, tile.tile_index] = tile
    for row in batch.rows:
        shelf.rows.append(row)
        if row.key is not None:
            shelf.by_key[row.key] = row.seq
        if row.of_seq is not None:
            shelf.by_of[row.of_seq].append(row.seq)
    for line in batch.postings:
        shelf.postings.append(line)
        shelf.by_account[line.account].append(line)
    shelf.accounts |= batch.accounts
    last = batch.rows[-1]
    shelf.head = Head(last.seq + 1, last.leaf_hash, last.at)
