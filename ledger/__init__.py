"""The ledger: an append-only, hash-chained book of accounts. Knows no hours, stations or HTTP; usable on its own."""

from ledger.accounts import AccountKind, AccountState
from ledger.book import Book, StatementLine
from ledger.canonical import commitment, decode, encode, jcs, policy_hash
from ledger.entries import Draft, Entry, Kind, Posting
from ledger.errors import LedgerError

__all__ = [
    "AccountKind",
    "AccountState",
    "Book",
    "Draft",
    "Entry",
    "Kind",
    "LedgerError",
    "Posting",
    "StatementLine",
    "commitment",
    "decode",
    "encode",
    "jcs",
    "policy_hash",
]
