"""Earn, hold, settle, release, gift, donate and reverse in any order, beside a dictionary that knows the rules too."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger import Draft, Entry, Kind, LedgerError
from ledger import errors as e
from ledger.stores.memory import MemoryStore
from ledger.stores.sql import SqlStore, make_engine
from ledger.transfers import settle_postings
from tests.ledger.books import earn, gift, hold, make_schema, money, small_book, sqlite_url, undo, write
from tests.ledger.replay import check_whole

PEOPLE = ("ann", "bob", "eve")
person = st.sampled_from(PEOPLE)
minutes = st.integers(1, 90)
choice = st.integers(0, 10**6)


class Machine(RuleBasedStateMachine):
    """`balances`, `done` (hold → who completed it) and `undone` are what the dictionary knows."""

    def open_store(self) -> Any:
        return MemoryStore()

    @initialize()
    def begin(self) -> None:
        self.book = small_book(self.open_store())
        self.balances = {account.id: 0 for account in self.book.accounts()}
        self.entries: list[Entry] = []
        self.holds: list[Entry] = []
        self.done: dict[int, int] = {}
        self.undone: set[int] = set()
        self.keys = itertools.count()

    @rule(who=person, amount=minutes)
    def earn(self, who: str, amount: int) -> None:
        self.attempt(earn(who, amount, key=f"k{next(self.keys)}"))

    @rule(giver=person, receiver=person, amount=minutes)
    def gift(self, giver: str, receiver: str, amount: int) -> None:
        if giver != receiver:
            self.attempt(gift(giver, receiver, amount))

    @rule(giver=person, amount=minutes)
    def donate(self, giver: str, amount: int) -> None:
        self.attempt(money(Kind.DONATE, (giver, -amount), ("pool", amount)))

    @rule(givers=st.sets(person, min_size=1), amount=minutes)
    def hold(self, givers: set[str], amount: int) -> None:
        entry = self.attempt(hold(amount, *givers))
        if entry:
            self.holds.append(entry)

    @precondition(lambda self: self.holds)
    @rule(which=choice, share=st.integers(1, 100))
    def settle(self, which: int, share: int) -> None:
        held = self.holds[which % len(self.holds)]
        used = max(1, dict(held.postings)["escrow"] * share // 100)
        postings = settle_postings(held, "escrow", "provider", used)
        self.complete(held, money(Kind.SETTLE, *postings, of=held.seq))

    @precondition(lambda self: self.holds)
    @rule(which=choice)
    def release(self, which: int) -> None:
        held = self.holds[which % len(self.holds)]
        self.complete(held, undo(held, Kind.RELEASE))

    @precondition(lambda self: self.entries)
    @rule(which=choice)
    def reverse(self, which: int) -> None:
        target = self.entries[which % len(self.entries)]
        wanted = self.why_not_reversed(target)
        entry = self.attempt(undo(target, key=f"k{next(self.keys)}"), wanted)
        if entry:
            self.undone.add(target.seq)
            if target.of is not None:
                self.done.pop(target.of)

    @precondition(lambda self: self.entries)
    @rule(which=choice)
    def repeat(self, which: int) -> None:
        """The same key again changes nothing."""
        entry = self.entries[which % len(self.entries)]
        if entry.key is not None:
            draft = Draft(entry.kind, entry.actor, entry.postings, entry.key, entry.of, policy=entry.policy)
            assert write(self.book, draft) == (entry,)

    def complete(self, held: Entry, draft: Draft) -> None:
        closed = held.seq in self.done or held.seq in self.undone
        entry = self.attempt(draft, e.HoldAlreadySettled if closed else None)
        if entry:
            self.done[held.seq] = entry.seq

    def why_not_reversed(self, target: Entry) -> type[LedgerError] | None:
        if target.kind is Kind.REVERSE:
            return e.NotReversible
        if target.seq in self.undone:
            return e.AlreadyReversed
        return e.HoldAlreadySettled if target.seq in self.done else None

    def attempt(self, draft: Draft, refusal: type[LedgerError] | None = None) -> Entry | None:
        """Write it, if the dictionary allows it; else see it refused for the same reason."""
        after = dict(self.balances)
        for account, amount in draft.postings:
            after[account] += amount
        short = any(after[account] < 0 for account, amount in draft.postings if amount < 0 and account != "issuance")
        refusal = refusal or (e.BalanceTooLow if short else None)
        if refusal is not None:
            with pytest.raises(refusal):
                write(self.book, draft)
            return None
        (entry,) = write(self.book, draft)
        self.balances = after
        self.entries.append(entry)
        return entry

    @invariant()
    def balances_agree(self) -> None:
        if hasattr(self, "book"):
            assert {account.id: account.balance for account in self.book.accounts()} == self.balances
            assert sum(self.balances.values()) == 0

    @invariant()
    def holds_agree(self) -> None:
        for held in getattr(self, "holds", ()):
            open_ = held.seq not in self.done and held.seq not in self.undone
            assert self.book.hold_left(held.seq) == (dict(held.postings)["escrow"] if open_ else 0)

    @invariant()
    def the_book_is_whole(self) -> None:
        if hasattr(self, "book"):
            check_whole(self.book.store, self.book.origin)


class SqliteMachine(Machine):
    def open_store(self) -> Any:
        self.folder = tempfile.TemporaryDirectory()
        url = sqlite_url(Path(self.folder.name))
        make_schema(url)
        self.engine = make_engine(url)
        self.store = SqlStore(self.engine)
        return self.store

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.engine.dispose()
            self.folder.cleanup()


TestOnMemory = Machine.TestCase
TestOnMemory.settings = settings(max_examples=60, stateful_step_count=40)
TestOnSqlite = SqliteMachine.TestCase
TestOnSqlite.settings = settings(max_examples=15, stateful_step_count=40)
