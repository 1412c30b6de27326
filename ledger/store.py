"""What a book, an audit and a signer need of a place where entries are kept, and the rows that pass between them.

Several stores stand behind this: memory, SQL, an exported bundle. A store keeps and finds; it knows no rule. Rows are
what is stored, also when it was tampered with: a store never repairs, checks or leaves out what it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ledger.chain import HASH_BYTES
from ledger.entries import Kind


class Head(NamedTuple):
    """Where a book ends: the number of its entries, the leaf hash and the `at` of the last one."""

    size: int
    leaf_hash: bytes
    at: str


class Row(NamedTuple):
    """An entry as stored: the body, which alone is authoritative, and the columns beside it. Hashes are 32 bytes."""

    seq: int
    leaf_hash: bytes
    prev: bytes
    at: str
    kind: str
    actor: str
    on_date: str | None
    key: str | None
    of_seq: int | None
    evidence: bytes | None
    policy: bytes | None
    body: bytes


class PostingRow(NamedTuple):
    """One posting as stored, with the account's balance after it, both in minutes."""

    seq: int
    account: str
    minutes: int
    balance_after: int


class AccountRow(NamedTuple):
    """An account as stored. `balance` is in minutes, as of the head."""

    account: str
    kind: str
    opened_seq: int
    closed_seq: int | None
    balance: int


class TileRow(NamedTuple):
    """A full tile: 256 hashes of 32 bytes, and `root`, the hash that stands for it one level up."""

    level: int
    tile_index: int
    hashes: bytes
    root: bytes


class CheckpointRow(NamedTuple):
    """A signed checkpoint. `root` is 32 bytes, `note` the whole signed note, `signed_at` canonical text."""

    size: int
    root: bytes
    note: str
    signed_at: str


class Wanted(NamedTuple):
    """What has to be known under the lock before drafts can be judged, asked in one go: time under it is short."""

    accounts: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    ofs: frozenset[int] = frozenset()
    holds_of: frozenset[str] = frozenset()

    def __or__(self, other: Wanted) -> Wanted:
        return Wanted(
            self.accounts | other.accounts,
            self.kinds | other.kinds,
            self.keys | other.keys,
            self.ofs | other.ofs,
            self.holds_of | other.holds_of,
        )


@dataclass(slots=True)
class Found:
    """The answer to `Wanted`, as of the head, which is locked. What does not exist is absent.

    `accounts`: those asked by id, and all of the kinds asked. `by_key`, `by_seq`: rows. `by_seq` has those asked and
    the holds that drew on `holds_of`. `followers`: (seq, kind, of) of the entries whose `of` names one of these, and
    of those that name such an entry, in the order of their numbers.
    """

    head: Head | None
    accounts: dict[str, AccountRow] = field(default_factory=dict)
    by_key: dict[str, Row] = field(default_factory=dict)
    by_seq: dict[int, Row] = field(default_factory=dict)
    followers: list[tuple[int, str, int]] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """What is to be written, all of it or nothing. `accounts` holds the new states of every account that changed;
    those in `opened` are new. `first` is the number of the first row: the book's size before."""

    first: int
    rows: list[Row] = field(default_factory=list)
    postings: list[PostingRow] = field(default_factory=list)
    accounts: dict[str, AccountRow] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)


Plan = Callable[[Found], Batch]
"""Judges drafts against what was found and says what to write. Pure: it may be called again if the store retries."""


class Reading(Protocol):
    """The reading half: all that an audit, a signer or a prover needs."""

    def books(self) -> Sequence[str]:
        """The origins of all books, sorted."""
        ...

    def head(self, book: str) -> Head | None:
        """Where the book ends, as its head row says; None if there is no such book."""
        ...

    def rows(self, book: str, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Entries with start <= seq < stop in the order of their numbers, read in pages. No stop: all that are there,
        also beyond the head. Gaps are not filled."""
        ...

    def row(self, book: str, seq: int) -> Row | None: ...

    def row_by_key(self, book: str, key: str) -> Row | None: ...

    def rows_of(self, book: str, of_seq: int) -> Sequence[Row]:
        """Entries whose `of` names this one, in the order of their numbers."""
        ...

    def rows_of_kind(self, book: str, kind: Kind) -> Iterator[Row]:
        """Entries of one kind in the order of their numbers. Fast for the kinds that move no credit."""
        ...

    def size_at(self, book: str, at: str) -> int:
        """How many entries were recorded at or before this time (canonical text)."""
        ...

    def duplicate_keys(self, book: str) -> Iterator[tuple[str, int]]:
        """Idempotency keys that more than one row carries, with their number. A sound store has none."""
        ...

    def postings(self, book: str, start: int = 0, stop: int | None = None) -> Iterator[PostingRow]:
        """Postings with start <= seq < stop, ordered by seq, then account, read in pages."""
        ...

    def account_postings(
        self, book: str, account: str, after_seq: int | None = None, limit: int | None = None
    ) -> Sequence[PostingRow]:
        """The postings of one account in the order of their numbers, beginning after `after_seq`."""
        ...

    def balance_at(self, book: str, account: str, size: int) -> int:
        """The account's balance in minutes after the first `size` entries; 0 if it had no posting."""
        ...

    def account(self, book: str, account: str) -> AccountRow | None: ...

    def accounts(self, book: str) -> Iterator[AccountRow]:
        """All accounts, ordered by id, read in pages."""
        ...

    def leaf_hashes(self, book: str, start: int, stop: int) -> bytes:
        """The stored leaf hashes of these entries, one after the other, 32 bytes each."""
        ...

    def tile(self, book: str, level: int, index: int) -> bytes | None:
        """The 8,192 bytes of a full tile, or None. Partial tiles are not stored."""
        ...

    def tile_roots(self, book: str, level: int, start: int, stop: int) -> bytes:
        """The stored `root` of full tiles start..stop-1 of a level, 32 bytes each: the hashes of the level above."""
        ...

    def tiles(self, book: str) -> Iterator[TileRow]:
        """All full tiles, ordered by level, then index, read in pages."""
        ...

    def checkpoint(self, book: str, size: int | None = None) -> CheckpointRow | None:
        """The checkpoint of this size, or the one of the greatest size."""
        ...

    def checkpoints(self, book: str, start: int = 0) -> Iterator[CheckpointRow]:
        """Checkpoints of this size and above, ordered by size."""
        ...

    def snapshot(self) -> AbstractContextManager[Reading]:
        """A store in which head, rows, balances and checkpoints belong to one moment."""
        ...


class Store(Reading, Protocol):
    """A place that can be written. Only `append` writes entries, and it takes the lock on the head before it reads."""

    def append(self, book: str, wanted: Wanted, plan: Plan) -> Batch:
        """Lock the book's head, find what is wanted, ask the plan, write its batch with the full tiles that it fills,
        move the head, commit. Errors of the plan pass through and nothing is written.

        Raises StoreBusy (nothing was written) and OutcomeUnknown (the store went away during the commit).
        """
        ...

    def add_checkpoint(self, book: str, row: CheckpointRow) -> None:
        """Keep a signed checkpoint. The same size again is left as it is."""
        ...


class StoredTiles:
    """One book of a store as the source of hashes that `ledger.tiles` reads for proofs, and to fill tiles."""

    def __init__(self, store: Reading, book: str) -> None:
        self._store = store
        self._book = book

    def get_tile(self, level: int, index: int) -> bytes | None:
        return self._store.tile(self._book, level, index)

    def tile_roots(self, level: int, start: int, stop: int) -> Sequence[bytes]:
        return split_hashes(self._store.tile_roots(self._book, level, start, stop))

    def leaf_hashes(self, start: int, stop: int) -> Sequence[bytes]:
        return split_hashes(self._store.leaf_hashes(self._book, start, stop))


def split_hashes(run: bytes) -> list[bytes]:
    """Hashes of 32 bytes that stand one after the other."""
    return [run[at : at + HASH_BYTES] for at in range(0, len(run), HASH_BYTES)]
