"""A book: the front door. It judges drafts, writes them through a store, and answers what stands in it.

One book is one chain, one tree and one set of accounts. Nothing is ever changed or taken out of it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.accounts import AccountKind, AccountState
from ledger.appending import Appending, Prepared, Random, as_entry, prepare
from ledger.canonical import decode
from ledger.entries import UNIT, Draft, Entry, Kind, format_at
from ledger.errors import (
    AccountUnknown,
    BookExists,
    BookUnknown,
    EntryUnknown,
    HoldUnknown,
    OutcomeUnknown,
    StationKeyUnknown,
    StationSignatureMissing,
    StoreBusy,
)
from ledger.merkle import consistency_proof, inclusion_proof, root_at
from ledger.stations import (
    SIGNED_ONLY,
    Origins,
    StationKey,
    is_of_station,
    is_signed_only,
    note,
    origins_of,
    read_added,
    signed_for,
)
from ledger.store import AccountRow, Head, Reading, Row, Store, StoredTiles
from ledger.tiles import TileHashReader
from ledger.transfers import VERIFIED, Fates, held_minutes

ASK_AGAIN_SECONDS = (0.0, 0.05, 0.2, 0.5, 1.0, 2.0)
"""Pauses before an append whose outcome is unknown is asked again: long enough for a database to come back."""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of an account's statement: what an entry moved on it, and the balance after it, in minutes."""

    seq: int
    at: str
    kind: Kind
    minutes: int
    balance_after: int
    entry: Entry


class Book:
    """One book of a store. It keeps no state of its own, so any number of them may look at the same book."""

    def __init__(self, store: Store, origin: str, *, signed_only: bool | None = None) -> None:
        """`signed_only`: what its genesis says about the signatures of stations, if the caller knows it."""
        self.store = store
        self.origin = origin
        self._signed_only = signed_only

    @classmethod
    def create(
        cls,
        store: Store,
        origin: str,
        *,
        actor: str,
        now: datetime,
        keys: Sequence[str] = (),
        software: str | None = None,
        signed_only: bool = False,
        unit: str = UNIT,
        random: Random = os.urandom,
    ) -> Book:
        """Begin a book: write its genesis, which names the unit and the verifier keys. Raises BookExists.

        `signed_only`: nothing shall ever be verified in it without the signature of a station's own key. `unit`: what
        its amounts count, minutes unless it is a book of points; books of different units never mix.

        Accounts, also the issuance and the escrow, are opened by the caller.
        """
        book = cls(store, origin, signed_only=signed_only)
        data: dict[str, object] = {"unit": unit, "keys": list(keys)}
        if software is not None:
            data["software"] = software
        if signed_only:
            data["stations"] = SIGNED_ONLY
        book._write((prepare(Draft(Kind.GENESIS, actor, data=data)),), now, random)
        return book

    def append(self, draft: Draft, *, now: datetime, random: Random = os.urandom) -> Entry:
        """Write one entry. The same key with the same content gives the entry that was written first.

        Raises FormatError, KindRuleBroken, AccountUnknown, AccountClosed, BalanceTooLow, HoldUnknown,
        HoldAlreadySettled, EntryUnknown, AlreadyReversed, NotReversible, KeyReused, BookUnknown, StoreBusy: nothing
        was written. Raises OutcomeUnknown only for a draft without a key; with one, the store is asked again.
        """
        return self.append_many((draft,), now=now, random=random)[0]

    def append_many(self, drafts: Iterable[Draft], *, now: datetime, random: Random = os.urandom) -> tuple[Entry, ...]:
        """Write several entries, one after the other, all of them or none. Errors as `append`."""
        prepared = tuple(prepare(draft) for draft in drafts)
        for draft in prepared:
            if draft.kind is Kind.GENESIS:
                raise BookExists(self.origin)
        self._require_stations(prepared)
        return self._write(prepared, now, random) if prepared else ()

    def head(self) -> Head:
        """Number of entries, leaf hash and time of the last one. Raises BookUnknown."""
        head = self.store.head(self.origin)
        if head is None:
            raise BookUnknown(self.origin)
        return head

    def entry(self, seq: int) -> Entry:
        """The entry of this number. Raises EntryUnknown."""
        return decode(self._require_row(seq).body)

    def entry_by_key(self, key: str) -> Entry | None:
        """The entry that carries this idempotency key."""
        row = self.store.row_by_key(self.origin, key)
        return None if row is None else decode(row.body)

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """Entries with start <= seq < stop."""
        return (decode(row.body) for row in self.store.rows(self.origin, start, stop))

    def entries_of_kind(self, kind: Kind) -> Iterator[Entry]:
        """Entries of one kind. Fast for those that move no credit, e.g. all policies."""
        return (decode(row.body) for row in self.store.rows_of_kind(self.origin, kind))

    def entries_of(self, seq: int) -> tuple[Entry, ...]:
        """Entries that complete or undo this one, in the order of their numbers."""
        return tuple(decode(row.body) for row in self.store.rows_of(self.origin, seq))

    def account(self, account: str) -> AccountState | None:
        """The account as it is now; None if it was never opened."""
        row = self.store.account(self.origin, account)
        return None if row is None else _state(row)

    def accounts(self) -> Iterator[AccountState]:
        """All accounts, ordered by id."""
        return (_state(row) for row in self.store.accounts(self.origin))

    def balance(self, account: str, *, at_seq: int | None = None, at_time: datetime | None = None) -> int:
        """Minutes on an account: now, after entry `at_seq`, or after the last entry at or before `at_time`.

        Raises AccountUnknown; an account that was not yet open then had 0.
        """
        row = self.store.account(self.origin, account)
        if row is None:
            raise AccountUnknown(account)
        if at_seq is None and at_time is None:
            return row.balance
        size = self.head().size if at_seq is None else at_seq + 1
        if at_time is not None:
            size = min(size, self.store.size_at(self.origin, format_at(at_time)))
        return self.store.balance_at(self.origin, account, size)

    def statement(self, account: str, *, after_seq: int | None = None, limit: int | None = None) -> list[StatementLine]:
        """What was posted on an account, oldest first, from after entry `after_seq`. Raises AccountUnknown."""
        if self.store.account(self.origin, account) is None:
            raise AccountUnknown(account)
        lines = []
        for posting in self.store.account_postings(self.origin, account, after_seq, limit):
            entry = self.entry(posting.seq)
            lines.append(
                StatementLine(posting.seq, entry.at, entry.kind, posting.minutes, posting.balance_after, entry)
            )
        return lines

    def hold_left(self, seq: int) -> int:
        """What hold `seq` still reserves, in minutes: all of it, or 0 once it was settled, released or reversed.

        Raises EntryUnknown, HoldUnknown.
        """
        hold = self.entry(seq)
        if hold.kind is not Kind.HOLD:
            raise HoldUnknown(seq)
        return held_minutes(hold) if self._fates_of(seq).holds_open(seq) else 0

    def reversed_by(self, seq: int) -> int | None:
        """The number of the entry that reversed this one."""
        return self._fates_of(seq).reversed.get(seq)

    def root(self, size: int | None = None) -> bytes:
        """The root of the tree of the first `size` entries (all of them by default), 32 bytes."""
        size = self.head().size if size is None else size
        return root_at(size, self._hashes(size))

    def inclusion_proof(self, seq: int, size: int | None = None) -> list[bytes]:
        """The hashes that prove entry `seq` to be in the tree of the first `size` entries. Raises ProofInvalid."""
        size = self.head().size if size is None else size
        return inclusion_proof(seq, size, self._hashes(size))

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        """The hashes that prove the first `old` entries to be unchanged in the tree of the first `new`."""
        new = self.head().size if new is None else new
        return consistency_proof(old, new, self._hashes(new))

    @property
    def signed_only(self) -> bool:
        """Whether nothing is verified here without a station's signature. Raises EntryUnknown if there is no book."""
        if self._signed_only is None:
            self._signed_only = is_signed_only(self.entry(0).data or {})
        return self._signed_only

    def station_keys(self) -> dict[int, StationKey]:
        """All keys that stations ever had, by the number of the entry that added each."""
        keys: dict[int, StationKey] = {}
        origins: Origins | None = None
        for entry in self.entries_of_kind(Kind.KEY):
            if is_of_station(entry):
                origins = origins_of(self.entry(0).data or {}) if origins is None else origins
                note(keys, entry, signed_for(origins, entry))
        return keys

    def station_key(self, seq: int) -> StationKey:
        """The station's key that entry `seq` added, if it is in force. Raises EntryUnknown, StationKeyUnknown."""
        key = read_added(self.entry(seq))
        if any(later.kind is Kind.KEY for later in self.entries_of(seq)):
            raise StationKeyUnknown(seq)
        return key

    def _require_stations(self, drafts: tuple[Prepared, ...]) -> None:
        """What is asked of stations' keys and can't change under the lock, or is asked again there."""
        if any(draft.kind in VERIFIED and draft.data is None for draft in drafts) and self.signed_only:
            raise StationSignatureMissing("nothing is verified in this book without a station's signature")
        about_keys = [draft for draft in drafts if draft.kind is Kind.KEY and "station" in (draft.data or {})]
        if not about_keys:
            return
        keys, seq = self.station_keys(), self.head().size
        for draft in about_keys:
            if draft.key is not None and self.entry_by_key(draft.key) is not None:
                # Written before: it is given back, or refused for being another under the same key.
                continue
            note(keys, as_entry(draft, self.origin, seq), self.origin)
            seq += 1

    def _hashes(self, size: int) -> TileHashReader:
        return hash_reader(self.store, self.origin, size)

    def _require_row(self, seq: int) -> Row:
        row = self.store.row(self.origin, seq)
        if row is None:
            raise EntryUnknown(seq)
        return row

    def _fates_of(self, seq: int) -> Fates:
        fates = Fates()
        target = self._require_row(seq)
        followers = [(row, target) for row in self.store.rows_of(self.origin, seq)]
        followers += [(later, row) for row, _ in followers for later in self.store.rows_of(self.origin, row.seq)]
        for row, named in sorted(followers, key=lambda pair: pair[0].seq):
            fates.apply(row.seq, Kind(row.kind), named.seq, Kind(named.kind), named.of_seq)
        return fates

    def _write(self, drafts: tuple[Prepared, ...], now: datetime, random: Random) -> tuple[Entry, ...]:
        """Write, and ask again if the store went away during the commit, which only keys make safe."""
        appending = Appending.begin(self.origin, drafts, now, random)
        try:
            self.store.append(self.origin, appending.wanted, appending.plan)
            return appending.entries
        except OutcomeUnknown:
            if any(draft.key is None for draft in drafts):
                raise
        for pause_seconds in ASK_AGAIN_SECONDS:
            time.sleep(pause_seconds)
            try:
                self.store.append(self.origin, appending.wanted, appending.plan)
            except (OutcomeUnknown, StoreBusy):
                continue
            return appending.entries
        raise OutcomeUnknown(f"the store of {self.origin} does not answer")


def hash_reader(store: Reading, origin: str, size: int) -> TileHashReader:
    """The subtree hashes of the first `size` entries of a book, out of its stored tiles and leaf hashes."""
    return TileHashReader(StoredTiles(store, origin), size)


def _state(row: AccountRow) -> AccountState:
    return AccountState(row.account, AccountKind(row.kind), row.opened_seq, row.closed_seq, row.balance)
