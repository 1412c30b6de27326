"""What the quick check learns of a range of entries, to be joined with the ranges before it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ledger.accounts import MAY_OWE
from ledger.audit.state import KIND_NAMED, Known, Move
from ledger.entries import Entry, Kind, Posting
from ledger.minutes import MAX_MINUTES
from ledger.transfers import Fates, check_shape, closed_account, opened_account

_MAY_OWE = frozenset(kind.value for kind in MAY_OWE)
_nothing_happened = Fates()


class Unusual(Exception):  # noqa: N818 (it is no error: it says that this check is not the one to judge)
    """Not everything is as the quick check knows it. That alone is no finding."""


class Live(Known):
    """An account within a range. `floor`: what its balance may fall to. `gives`, `takes`: its kind on each side."""

    floor: int = 0
    gives: str = ""
    takes: str = ""


class Seen(msgspec.Struct, array_like=True, gc=False):
    """A range that is sound, provided that what it took on trust is true. Whoever merges ranges checks that.

    `before`: leaf hash and `at` of the entry that the first one joined. `tree`: for each tile's width of entries,
    (True, hash of the full tile) or (False, leaf hashes). `accounts`: account → (as it was taken to be before the
    range, balance after). `opened`: by these entries. `holds`: postings of holds that are still open. `undone`: (hold,
    the entry that reversed it) where both stand in the range. `events`: the other entries that complete, undo or close
    something. `others`: bodies of those that move no credit. `verified`: how many come of a station's verification.
    `signed`: bodies of those among them that carry a signature.
    """

    start: int
    stop: int
    before: tuple[bytes, str]
    leaf_hash: bytes
    at: str
    tree: list[tuple[bool, bytes]]
    accounts: dict[str, tuple[Known, int]]
    opened: dict[str, Known]
    holds: dict[int, tuple[Posting, ...]]
    undone: list[tuple[int, int]]
    events: list[Move]
    others: list[tuple[int, bytes]]
    verified: int
    signed: list[tuple[int, bytes]]


Lookup = Callable[[str], Known | None]
"""What is known, or claimed, of an account. The balance is ignored where balances are taken on trust."""


class RangeCheck:
    """What a range comes to, entry by entry."""

    def __init__(self, start: int, leaf_hash: bytes, at: str, lookup: Lookup, trusting: bool) -> None:
        self.seq = self.start = start
        self.joined = (leaf_hash, at)
        self.leaf_hash = leaf_hash
        self.at = at
        self.accounts: dict[str, Live] = {}
        self.before: dict[str, Known] = {}
        self.opened: dict[str, Known] = {}
        self.guarded: dict[str, Live] = {}
        self.holds: dict[int, tuple[Posting, ...]] = {}
        self.undone: list[tuple[int, int]] = []
        self.events: list[Move] = []
        self.others: list[tuple[int, bytes]] = []
        self.verified = 0
        self.signed: list[tuple[int, bytes]] = []
        self.tree: list[tuple[bool, bytes]] = []
        self._lookup = lookup
        self._trusting = trusting

    def touch(self, account: str, balance: int, seq: int) -> Live:
        """The account at its first use in the range; `balance` is what it claims to have before that.

        What was not open all through the range is asked for each time, since then its times have to be compared.
        """
        known = self.guarded.get(account)
        if known is None:
            known = self._first(account, balance)
            if known.opened_seq < self.start and known.closed_seq is None:
                self.accounts[account] = known
                return known
            self.guarded[account] = known
        if known.opened_seq >= seq or (known.closed_seq is not None and known.closed_seq <= seq):
            raise Unusual
        return known

    def _first(self, account: str, balance: int) -> Live:
        found = self._lookup(account)
        if found is None:
            raise Unusual
        if not self._trusting:
            balance = found.balance
        self.before[account] = Known(found.kind, found.opened_seq, found.closed_seq, balance)
        return live(found.kind, found.opened_seq, found.closed_seq, balance)

    def completes(self, move: Move) -> None:
        """An entry with `of`. What began and ends in this range is judged here, the rest by whoever merges."""
        of = move.of
        if type(of) is not int or not 0 <= of < move.seq:
            raise Unusual
        hold = self.holds.pop(of, None)
        if hold is None:
            self.events.append(move)
            return
        kinds = {account: KIND_NAMED[self.require(account).kind] for account, _ in move.postings}
        _nothing_happened.check(move, Move(of, Kind.HOLD, None, hold), kinds)
        if move.kind is Kind.REVERSE:
            self.undone.append((of, move.seq))

    def require(self, account: str) -> Live:
        """An account that was touched."""
        return self.accounts.get(account) or self.guarded[account]

    def other(self, seq: int, entry: Entry, body: bytes) -> None:
        """An entry that moves no credit."""
        check_shape(entry)
        if (entry.kind is Kind.GENESIS) != (seq == 0) or entry.postings:
            raise Unusual
        data = entry.data or {}
        if entry.kind is Kind.OPEN:
            account, kind = opened_account(data)
            found = self._lookup(account)
            claimed = self._trusting and found is not None and (found.kind, found.opened_seq) == (kind, seq)
            if account in self.guarded or not (claimed or (not self._trusting and found is None)):
                raise Unusual
            closed = found.closed_seq if found is not None else None
            self.guarded[account] = live(kind.value, seq, closed, 0)
            self.opened[account] = Known(kind.value, seq, None, 0)
        elif entry.kind is Kind.CLOSE:
            account = closed_account(data)
            known = self.accounts.pop(account, None) or self.guarded.get(account) or self._first(account, 0)
            if known.balance or known.opened_seq >= seq or known.closed_seq != (seq if self._trusting else None):
                raise Unusual
            known.closed_seq = seq
            self.guarded[account] = known
            self.events.append(Move(seq, Kind.CLOSE, None, ((account, 0),)))
        else:
            self.others.append((seq, body))

    def seen(self) -> Seen:
        balances = {account: (known, self.require(account).balance) for account, known in self.before.items()}
        for account, known in self.opened.items():
            balances[account] = (known, self.guarded[account].balance)
        # A posting that is no whole number makes every balance after it none.
        if any(type(balance) is not int or type(known.balance) is not int for known, balance in balances.values()):
            raise Unusual
        place = (self.start, self.seq, self.joined, self.leaf_hash, self.at)
        events = (self.holds, self.undone, self.events, self.others)
        signed = (self.verified, self.signed)
        return Seen(*place, self.tree, balances, self.opened, *events, *signed)


def require_allowed(known: Known, minutes: int, after: int) -> None:
    """A balance as stored, and below zero only where the kind may owe, or where credit comes to whoever owes."""
    balance = known.balance
    if balance != after or abs(balance) > MAX_MINUTES or (balance < 0 and minutes < 0 and known.kind not in _MAY_OWE):
        raise Unusual


def live(kind: str, opened_seq: int, closed_seq: int | None, balance: int) -> Live:
    floor = -MAX_MINUTES if kind in _MAY_OWE else 0
    return Live(kind, opened_seq, closed_seq, balance, floor, f"{kind}-", f"{kind}+")
