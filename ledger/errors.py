"""Everything that the ledger refuses, as one tree. The class says what is wrong, `code` is its stable name.

The codes are part of the interface: callers map them to answers and tests compare them, so a code is never renamed.
"""

# The class says what is wrong; "Error" at the end of each name would say nothing.
# ruff: noqa: N818

from __future__ import annotations

from typing import ClassVar


class LedgerError(Exception):
    """Base of all errors of this package. Whoever catches it knows that nothing was written, with one exception:
    `OutcomeUnknown` says that nobody can know yet."""

    code: ClassVar[str] = "ledger_error"


class FormatError(LedgerError):
    """Bytes or values that version 1 of the format does not allow. `field` names the one that is wrong."""

    code = "format"

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(f"{field}: {problem}")


class EntryTooLarge(FormatError):
    """The body would not fit into an entry bundle, whose length field has 16 bits."""

    code = "entry_too_large"

    def __init__(self, size: int, limit: int) -> None:
        self.size = size
        self.limit = limit
        super().__init__("body", f"{size} bytes, at most {limit} are allowed")


class BookExists(LedgerError):
    """A book of this origin was already created in this store."""

    code = "book_exists"


class BookUnknown(LedgerError):
    """No book of this origin in this store."""

    code = "book_unknown"


class EntryUnknown(LedgerError):
    """No entry has this number."""

    code = "entry_unknown"

    def __init__(self, seq: int) -> None:
        self.seq = seq
        super().__init__(f"no entry {seq}")


class AccountError(LedgerError):
    """Something is wrong with one account, named by `account`."""

    code = "account"
    problem: ClassVar[str] = "is wrong"

    def __init__(self, account: str) -> None:
        self.account = account
        super().__init__(f"account {account} {self.problem}")


class AccountUnknown(AccountError):
    """No entry opened it."""

    code = "account_unknown"
    problem = "was never opened"


class AccountClosed(AccountError):
    """It was closed; a closed account takes part in nothing more."""

    code = "account_closed"
    problem = "is closed"


class AccountExists(AccountError):
    """Accounts are never deleted, so an id is used once."""

    code = "account_exists"
    problem = "exists already"


class AccountNotEmpty(AccountError):
    """Only an account whose balance is zero can be closed."""

    code = "account_not_empty"
    problem = "still has a balance"


class AccountHasOpenHold(AccountError):
    """What a hold reserved may come back, so its account stays open until the hold is settled or released."""

    code = "account_has_open_hold"
    problem = "has an open hold"


class BalanceTooLow(LedgerError):
    """The account would go below zero. `balance` and `wanted` are minutes, `wanted` is above zero."""

    code = "balance_too_low"

    def __init__(self, account: str, balance: int, wanted: int) -> None:
        self.account = account
        self.balance = balance
        self.wanted = wanted
        super().__init__(f"account {account} has {balance} minutes, {wanted} are wanted")


class BalanceTooHigh(AccountError):
    """Beyond 2^53 - 1 minutes JSON readers lose digits, so no balance may go there."""

    code = "balance_too_high"
    problem = "would exceed 2^53 - 1 minutes"


class KindRuleBroken(LedgerError):
    """The entry breaks a rule of its kind."""

    code = "kind_rule_broken"

    def __init__(self, kind: str, problem: str) -> None:
        self.kind = kind
        self.problem = problem
        super().__init__(f"{kind}: {problem}")


class PostingsUnbalanced(KindRuleBroken):
    """The postings do not sum to zero. `total` is what they sum to."""

    code = "postings_unbalanced"

    def __init__(self, kind: str, total: int) -> None:
        self.total = total
        super().__init__(kind, f"postings sum to {total}, not to zero")


class StationKeyUnknown(LedgerError):
    """Entry `seq` added no station's key, or it is retired, or of another station."""

    code = "station_key_unknown"

    def __init__(self, seq: object) -> None:
        self.seq = seq
        super().__init__(f"entry {seq} names no key of the station that is in force")


class StationSignatureMissing(LedgerError):
    """It takes the signature of a station's key, and there is none."""

    code = "station_signature_missing"


class StationSignatureWrong(LedgerError):
    """The signature is not that of the station's key under these words."""

    code = "station_signature"


class HoldUnknown(LedgerError):
    """`of` does not name a hold."""

    code = "hold_unknown"

    def __init__(self, seq: int) -> None:
        self.seq = seq
        super().__init__(f"entry {seq} is not a hold")


class HoldAlreadySettled(LedgerError):
    """The hold `seq` was settled, released or reversed by entry `by`."""

    code = "hold_already_settled"

    def __init__(self, seq: int, by: int) -> None:
        self.seq = seq
        self.by = by
        super().__init__(f"hold {seq} was already completed by entry {by}")


class AlreadyReversed(LedgerError):
    """An entry is reversed at most once: `seq` was, by entry `by`."""

    code = "already_reversed"

    def __init__(self, seq: int, by: int) -> None:
        self.seq = seq
        self.by = by
        super().__init__(f"entry {seq} was already reversed by entry {by}")


class NotReversible(LedgerError):
    """Only entries that move credit are reversed, and a reverse is not."""

    code = "not_reversible"

    def __init__(self, seq: int, kind: str) -> None:
        self.seq = seq
        self.kind = kind
        super().__init__(f"entry {seq} is of kind {kind}, which is never reversed")


class KeyReused(LedgerError):
    """The idempotency key already names entry `seq`, whose content differs in `field`."""

    code = "key_reused"

    def __init__(self, key: str, seq: int, field: str) -> None:
        self.key = key
        self.seq = seq
        self.field = field
        super().__init__(f"key {key} belongs to entry {seq}, which differs in {field}")


class ChainBroken(LedgerError):
    """An entry does not continue the one before it. `field` is where: seq, prev, at, book or leaf_hash."""

    code = "chain_broken"

    def __init__(self, seq: int, field: str, expected: str, found: str) -> None:
        self.seq = seq
        self.field = field
        self.expected = expected
        self.found = found
        super().__init__(f"entry {seq}: {field} is {found}, expected {expected}")


class ReadOnly(LedgerError):
    """This store can't be written, e.g. an exported bundle."""

    code = "read_only"


class StoreBusy(LedgerError):
    """Too many write at once. Nothing was written; the same call may be repeated."""

    code = "store_busy"


class StoreDamaged(LedgerError):
    """The store contradicts itself, e.g. its head names an entry that is not there. Nothing more is written on it."""

    code = "store_damaged"


class OutcomeUnknown(LedgerError):
    """The store went away during the commit. Ask again with the same key; an entry without one must be looked for."""

    code = "outcome_unknown"


class SignerRefuses(LedgerError):
    """The signer does not sign what it could not check, nor a tree that contradicts one that it signed."""

    code = "signer_refuses"


class NoteInvalid(LedgerError):
    """A signed note, key or checkpoint that can't be read or whose signature does not verify."""

    code = "note_invalid"


class TimestampInvalid(LedgerError):
    """Not a timestamp of these bytes by an authority that is trusted."""

    code = "timestamp_invalid"


class ProofInvalid(LedgerError):
    """An inclusion or consistency proof, or a receipt, that does not prove what it claims."""

    code = "proof_invalid"


class BundleInvalid(LedgerError):
    """An exported bundle that can't be read."""

    code = "bundle_invalid"


class LogUnreachable(LedgerError):
    """A public log that could not be read: nothing is known of it, good or bad."""

    code = "log_unreachable"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
