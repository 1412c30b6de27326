"""Balances: what postings make of accounts, and the rule that nobody spends what is not there."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from ledger.accounts import MAY_OWE, ONE_PER_BOOK, AccountKind, AccountState
from ledger.entries import Kind, Posting
from ledger.errors import (
    AccountClosed,
    AccountExists,
    AccountNotEmpty,
    AccountUnknown,
    BalanceTooHigh,
    BalanceTooLow,
    KindRuleBroken,
)
from ledger.minutes import MAX_MINUTES


class Accounts:
    """Accounts as they are after the entries so far. Each change is checked first and then made as a whole."""

    def __init__(self, states: Iterable[AccountState] = ()) -> None:
        self.states = {state.id: state for state in states}
        self.kinds: dict[str, AccountKind] = {state.id: state.kind for state in self.states.values()}
        self.changed: set[str] = set()

    def require(self, account: str) -> AccountState:
        """The account. Raises AccountUnknown."""
        state = self.states.get(account)
        if state is None:
            raise AccountUnknown(account)
        return state

    def open(self, account: str, kind: AccountKind, seq: int) -> None:
        """Entry `seq` opens an account. Raises AccountExists, KindRuleBroken for a second issuance or escrow."""
        if account in self.states:
            raise AccountExists(account)
        if kind in ONE_PER_BOOK and kind in self.kinds.values():
            raise KindRuleBroken(Kind.OPEN, f"a book has one {kind} account")
        self.states[account] = AccountState(account, kind, seq)
        self.kinds[account] = kind
        self.changed.add(account)

    def close(self, account: str, seq: int) -> None:
        """Entry `seq` closes an account. Raises AccountUnknown, AccountClosed, AccountNotEmpty."""
        state = self.require(account)
        if not state.is_open:
            raise AccountClosed(account)
        if state.balance:
            raise AccountNotEmpty(account)
        self.states[account] = replace(state, closed_seq=seq)
        self.changed.add(account)

    def post(self, postings: tuple[Posting, ...]) -> list[int]:
        """Move the minutes; returns the balance of each posting's account afterwards.

        Raises AccountUnknown, AccountClosed, BalanceTooLow and BalanceTooHigh, and then nothing has moved.
        """
        after = [self._balance_after(account, minutes) for account, minutes in postings]
        for (account, _), balance in zip(postings, after, strict=True):
            state = self.states[account]
            self.states[account] = AccountState(account, state.kind, state.opened_seq, state.closed_seq, balance)
            self.changed.add(account)
        return after

    def _balance_after(self, account: str, minutes: int) -> int:
        state = self.require(account)
        if not state.is_open:
            raise AccountClosed(account)
        balance = state.balance + minutes
        if balance < 0 and minutes < 0 and state.kind not in MAY_OWE:
            raise BalanceTooLow(account, state.balance, -minutes)
        if abs(balance) > MAX_MINUTES:
            raise BalanceTooHigh(account)
        return balance
