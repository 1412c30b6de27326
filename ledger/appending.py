"""From drafts to rows: the pure heart of an append. It is given what was found under the lock and says what to write.

What can be done before the lock (`prepare`) is done before it, since one book has one head and everybody waits there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from ledger.accounts import ONE_PER_BOOK, AccountKind, AccountState
from ledger.balances import Accounts
from ledger.canonical import decode, encode, ordered
from ledger.chain import leaf_hash
from ledger.entries import FIRST_PREV, VERSION, Draft, Entry, Kind, Posting, check_text, format_at
from ledger.errors import (
    AccountHasOpenHold,
    BookExists,
    BookUnknown,
    EntryUnknown,
    FormatError,
    KeyReused,
    StationKeyUnknown,
)
from ledger.stations import StationKey, read_added, verify_statement
from ledger.store import AccountRow, Batch, Found, PostingRow, Row, Wanted
from ledger.transfers import VERIFIED, Fates, check_postings, check_shape, closed_account, opened_account

NONCE_BYTES = 16
_KINDS: dict[str, AccountKind] = {kind.value: kind for kind in AccountKind}
Random = Callable[[int], bytes]


class Prepared(msgspec.Struct, frozen=True, gc=False):
    """A draft in the form of the entry that it may become: postings sorted, data ordered, the day as text."""

    kind: Kind
    actor: str
    postings: tuple[Posting, ...]
    key: str | None
    of: int | None
    evidence: str | None
    policy: str | None
    on: str | None
    data: dict[str, Any] | None


def prepare(draft: Draft) -> Prepared:
    """The draft, brought into form and checked for its shape. Raises FormatError and KindRuleBroken."""
    try:
        kind = Kind(draft.kind)
    except ValueError as error:
        raise FormatError("kind", str(error)) from error
    try:
        postings = tuple(sorted([(account, minutes) for account, minutes in draft.postings]))
    except (TypeError, ValueError) as error:
        raise FormatError("postings", str(error)) from error
    on = draft.on.isoformat() if isinstance(draft.on, date) else draft.on
    data = None if draft.data is None else ordered(draft.data)
    prepared = Prepared(kind, draft.actor, postings, draft.key, draft.of, draft.evidence, draft.policy, on, data)
    check_shape(prepared)
    if draft.key is not None:
        check_text(draft.key, "key")
    return prepared


def as_entry(draft: Prepared, book: str, seq: int, *, prev: str = FIRST_PREV, at: str = "", nonce: str = "") -> Entry:
    """The entry that this draft becomes at a place in a book."""
    return Entry(
        v=VERSION,
        book=book,
        seq=seq,
        prev=prev,
        at=at,
        kind=draft.kind,
        actor=draft.actor,
        nonce=nonce,
        on=draft.on,
        postings=draft.postings,
        key=draft.key,
        of=draft.of,
        evidence=draft.evidence,
        policy=draft.policy,
        data=draft.data,
    )


def wanted_by(drafts: Iterable[Prepared]) -> Wanted:
    """What has to be found before these prepared drafts can be judged."""
    accounts: list[str] = []
    kinds: list[str] = []
    keys: list[str] = []
    ofs: list[int] = []
    closing: list[str] = []
    for draft in drafts:
        accounts += [account for account, _ in draft.postings]
        if draft.key is not None:
            keys.append(draft.key)
        ofs += [seq for seq in (draft.of, _station_key(draft)) if seq is not None]
        if draft.data is not None and draft.kind is Kind.OPEN:
            account, kind = opened_account(draft.data)
            accounts.append(account)
            if kind in ONE_PER_BOOK:
                kinds.append(kind)
        if draft.data is not None and draft.kind is Kind.CLOSE:
            closing.append(closed_account(draft.data))
    everyone = frozenset(accounts + closing)
    return Wanted(everyone, frozenset(kinds), frozenset(keys), frozenset(ofs), frozenset(closing))


@dataclass(slots=True)
class Appending:
    """One call of append: a plan that can be asked again, and the entries that the last asking led to."""

    book: str
    drafts: tuple[Prepared, ...]
    wanted: Wanted
    at: str
    nonces: tuple[str, ...]
    entries: tuple[Entry, ...] = ()

    @classmethod
    def begin(cls, book: str, drafts: tuple[Prepared, ...], now: datetime, random: Random) -> Appending:
        """Do what can be done before the lock, chance included: asked again, the plan says the same."""
        nonces = tuple([random(NONCE_BYTES).hex() for _ in drafts])
        return cls(book, drafts, wanted_by(drafts), format_at(now), nonces)

    def plan(self, found: Found) -> Batch:
        """The rows that these drafts become. An error of any draft refuses all of them."""
        page = _Page(self.book, found, self.wanted, self.at)
        self.entries = tuple([page.write(draft, nonce) for draft, nonce in zip(self.drafts, self.nonces, strict=True)])
        return page.finish()


class _Page:
    """Where entries are written one after the other, on top of what was found."""

    def __init__(self, book: str, found: Found, wanted: Wanted, at: str) -> None:
        head = found.head
        self._book, self._found = book, found
        self._at = at if head is None else max(at, head.at)
        self._prev = FIRST_PREV if head is None else head.leaf_hash.hex()
        self._seq = 0 if head is None else head.size
        self._batch = Batch(first=self._seq)
        # What was found may answer others in the same group as well.
        mine = [row for row in map(found.accounts.get, wanted.accounts) if row is not None]
        mine += [row for row in found.accounts.values() if row.kind in wanted.kinds] if wanted.kinds else []
        self._accounts = Accounts([_state(row) for row in mine])
        self._entries: dict[int, Entry] = {}
        self._keys: dict[str, int] = {}
        self._fates: Fates | None = None

    def write(self, draft: Prepared, nonce: str) -> Entry:
        """The entry that this draft becomes, or became when its key was used first."""
        if draft.key is not None:
            earlier = self._earlier(draft.key)
            if earlier is not None:
                _require_same(draft, earlier)
                return earlier
        self._require_book(draft)
        entry = as_entry(draft, self._book, self._seq, prev=self._prev, at=self._at, nonce=nonce)
        body = encode(entry)
        self._judge(entry)
        self._put(entry, body)
        return entry

    def finish(self) -> Batch:
        """All that was written, with the new states of the accounts that it touched."""
        for account in self._accounts.changed:
            state = self._accounts.states[account]
            kind = state.kind.value
            self._batch.accounts[account] = AccountRow(account, kind, state.opened_seq, state.closed_seq, state.balance)
        return self._batch

    def _judge(self, entry: Entry) -> None:
        """The rules that need to know what else the book holds."""
        self._require_signature(entry)
        if entry.postings:
            check_postings(entry.kind, entry.postings, self._accounts.kinds)
            if entry.of is not None:
                target = self._target(entry.of)
                fates = self._followers()
                fates.check(entry, target, self._accounts.kinds)
                fates.apply(entry.seq, entry.kind, entry.of, target.kind, target.of)
            after = self._accounts.post(entry.postings)
            self._batch.postings += [
                PostingRow(entry.seq, account, minutes, balance)
                for (account, minutes), balance in zip(entry.postings, after, strict=True)
            ]
        elif entry.kind is Kind.OPEN and entry.data is not None:
            account, kind = opened_account(entry.data)
            self._accounts.open(account, kind, entry.seq)
            self._batch.opened.add(account)
        elif entry.kind is Kind.CLOSE and entry.data is not None:
            account = closed_account(entry.data)
            self._accounts.close(account, entry.seq)
            self._require_no_open_hold(account)

    def _put(self, entry: Entry, body: bytes) -> None:
        digest = leaf_hash(body)
        row = Row(
            entry.seq,
            digest,
            bytes.fromhex(entry.prev),
            entry.at,
            entry.kind.value,
            entry.actor,
            entry.on,
            entry.key,
            entry.of,
            None if entry.evidence is None else bytes.fromhex(entry.evidence),
            None if entry.policy is None else bytes.fromhex(entry.policy),
            body,
        )
        self._batch.rows.append(row)
        self._entries[entry.seq] = entry
        if entry.key is not None:
            self._keys[entry.key] = entry.seq
        self._seq += 1
        self._prev = digest.hex()

    def _require_signature(self, entry: Entry) -> None:
        """The station's keys that the entry rests on are in force, and one of them signed what was verified."""
        named = _station_key(entry)
        if entry.kind is Kind.KEY and entry.of is not None:
            self._station_key_at(entry.of)
        if named is None:
            return
        key = self._station_key_at(named)
        if entry.kind in VERIFIED and entry.data is not None:
            verify_statement(key, self._book, entry, str(entry.data["signature"]))

    def _station_key_at(self, seq: int) -> StationKey:
        followers = [(kind, of) for _, kind, of in self._found.followers]
        followers += [(later.kind, later.of) for later in self._entries.values() if later.of is not None]
        if (Kind.KEY, seq) in followers:
            raise StationKeyUnknown(seq)
        return read_added(self._target(seq))

    def _require_book(self, draft: Prepared) -> None:
        if draft.kind is Kind.GENESIS and self._seq:
            raise BookExists(self._book)
        if draft.kind is not Kind.GENESIS and not self._seq:
            raise BookUnknown(self._book)

    def _earlier(self, key: str) -> Entry | None:
        if key in self._keys:
            return self._entries[self._keys[key]]
        row = self._found.by_key.get(key)
        return None if row is None else decode(row.body)

    def _target(self, seq: int) -> Entry:
        if seq in self._entries:
            return self._entries[seq]
        row = self._found.by_seq.get(seq)
        if row is None:
            raise EntryUnknown(seq)
        return decode(row.body)

    def _followers(self) -> Fates:
        """What became of the entries in question, told by the entries that name them."""
        if self._fates is None:
            self._fates = Fates()
            kinds = {seq: (row.kind, row.of_seq) for seq, row in self._found.by_seq.items()}
            kinds |= {seq: (kind, of) for seq, kind, of in self._found.followers}
            for seq, kind, of in self._found.followers:
                if kind == Kind.KEY:
                    continue
                target_kind, target_of = kinds.get(of, (Kind.HOLD, None))
                self._fates.apply(seq, Kind(kind), of, Kind(target_kind), target_of)
        return self._fates

    def _require_no_open_hold(self, account: str) -> None:
        fates = self._followers()
        held = [decode(row.body) for row in self._found.by_seq.values() if row.kind == Kind.HOLD]
        for hold in (*held, *self._entries.values()):
            if hold.kind is Kind.HOLD and fates.holds_open(hold.seq) and account in dict(hold.postings):
                raise AccountHasOpenHold(account)


def _station_key(draft: Prepared | Entry) -> int | None:
    """The entry that added the station's key on which this one rests."""
    data = draft.data or {}
    name = "station_key" if draft.kind in VERIFIED else "by" if draft.kind is Kind.KEY else None
    return None if name is None else data.get(name)


def _state(row: AccountRow) -> AccountState:
    return AccountState(row.account, _KINDS[row.kind], row.opened_seq, row.closed_seq, row.balance)


def _require_same(draft: Prepared, earlier: Entry) -> None:
    """Raises KeyReused, naming the first field in which the draft differs from the entry that carries its key."""
    for field in ("kind", "actor", "postings", "of", "evidence", "policy", "on", "data"):
        if getattr(draft, field) != getattr(earlier, field):
            raise KeyReused(earlier.key or "", earlier.seq, field)
