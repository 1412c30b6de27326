"""Where an audit reads: rows in ranges, as plain tuples, exactly as they are stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Protocol

from ledger.store import Reading

BEFORE_ALL = -(2**62)
"""Numbers below zero are possible in a table, and must not hide from an audit."""

EntryRow = tuple[Any, ...]
"""The columns of `ledger.store.Row`, of whatever type the store has them."""

Line = tuple[Any, ...]
"""The columns of `ledger.store.PostingRow`."""


class Source(Protocol):
    """Ranges of one book."""

    def entries(self, start: int, stop: int) -> Sequence[EntryRow]:
        """Entries with start <= seq < stop, in the order of their numbers."""
        ...

    def lines(self, start: int, stop: int) -> Sequence[Line]:
        """Postings with start <= seq < stop, ordered by seq, then account."""
        ...

    def tiles(self, start: int, stop: int) -> dict[int, tuple[bytes, bytes]]:
        """(hashes, root) of the full tiles of level 0 with start <= index < stop."""
        ...

    def tile_places(self) -> Iterable[tuple[int, int]]:
        """(level, index) of all stored tiles."""
        ...

    def checkpoint_sizes(self, start: int, stop: int) -> Sequence[int]:
        """Sizes of the stored checkpoints with start < size <= stop."""
        ...

    def accounts(self, names: Sequence[str] | None) -> Iterable[tuple[Any, ...]]:
        """The columns of `ledger.store.AccountRow` of these accounts, or of all."""
        ...

    def repeated_keys(self, start: int, stop: int) -> Sequence[tuple[int, str, int]]:
        """(seq, key, the other's seq) of entries in the range whose idempotency key another entry carries too."""
        ...


class StoreSource:
    """Any store as a source."""

    def __init__(self, store: Reading, book: str) -> None:
        self._store = store
        self._book = book

    def entries(self, start: int, stop: int) -> Sequence[EntryRow]:
        return list(self._store.rows(self._book, start, stop))

    def lines(self, start: int, stop: int) -> Sequence[Line]:
        return list(self._store.postings(self._book, start, stop))

    def tiles(self, start: int, stop: int) -> dict[int, tuple[bytes, bytes]]:
        found = {}
        for index in range(start, stop):
            hashes = self._store.tile(self._book, 0, index)
            if hashes is not None:
                found[index] = (hashes, bytes(self._store.tile_roots(self._book, 0, index, index + 1)))
        return found

    def tile_places(self) -> Iterable[tuple[int, int]]:
        places = getattr(self._store, "tile_places", None)
        if places is not None:
            found: Iterable[tuple[int, int]] = places(self._book)
            return found
        return ((tile.level, tile.tile_index) for tile in self._store.tiles(self._book))

    def checkpoint_sizes(self, start: int, stop: int) -> Sequence[int]:
        sizes = []
        for row in self._store.checkpoints(self._book, start + 1):
            if row.size > stop:
                break
            sizes.append(row.size)
        return sizes

    def accounts(self, names: Sequence[str] | None) -> Iterable[tuple[Any, ...]]:
        wanted = None if names is None else set(names)
        return (row for row in self._store.accounts(self._book) if wanted is None or row.account in wanted)

    def repeated_keys(self, start: int, stop: int) -> Sequence[tuple[int, str, int]]:
        found = []
        for row in self._store.rows(self._book, start, stop):
            other = None if row.key is None else self._store.row_by_key(self._book, row.key)
            if row.key is not None and other is not None and other.seq != row.seq:
                found.append((row.seq, row.key, other.seq))
        return found


def first_row(store: Reading, book: str, start: int) -> Any:
    """The first stored entry with this number or a greater one."""
    return next(iter(store.rows(book, start)), None)


def first_line(store: Reading, book: str, start: int) -> Any:
    """The first stored posting of this entry or a later one."""
    return next(islice(store.postings(book, start), 1), None)
