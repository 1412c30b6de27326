"""Accounts: their kinds, and which of them may owe. An account is opened by an entry and never deleted."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class AccountKind(StrEnum):
    """The kind fixes the rules of an account. See the format page, "Kinds"."""

    ISSUANCE = "issuance"
    MEMBER = "member"
    POOL = "pool"
    PROVIDER = "provider"
    ESCROW = "escrow"
    CLEARING = "clearing"


# What is in circulation is the negative of `issuance`; `clearing` is what two books owe each other. All others hold
# promises to people, and a promise that was not earned must not come into being by spending it first.
MAY_OWE = frozenset({AccountKind.ISSUANCE, AccountKind.CLEARING})

# A second issuance account would hide a part of what is in circulation, a second escrow a part of what is held.
ONE_PER_BOOK = frozenset({AccountKind.ISSUANCE, AccountKind.ESCROW})


class AccountState(msgspec.Struct, frozen=True):
    """An account at one point of the book. `balance` is in minutes; `closed_seq` is None while it is open."""

    id: str
    kind: AccountKind
    opened_seq: int
    closed_seq: int | None = None
    balance: int = 0

    @property
    def is_open(self) -> bool:
        return self.closed_seq is None
