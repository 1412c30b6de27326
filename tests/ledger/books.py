"""Small books to test with, and words to write drafts in."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ledger import Book, Draft, Entry, Kind, Posting
from ledger.store import Store
from ledger.stores.sql import SqlStore, create_schema, make_engine

ORIGIN = "timebank.example/test"
NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
POLICY = "5" * 64
ACCOUNTS = {
    "issuance": "issuance",
    "escrow": "escrow",
    "pool": "pool",
    "provider": "provider",
    "clearing": "clearing",
    "ann": "member",
    "bob": "member",
    "eve": "member",
}


def open_draft(account: str, kind: str, **rest: str) -> Draft:
    return Draft(Kind.OPEN, "staff", data={"account": account, "account_kind": kind}, **rest)  # type: ignore[arg-type]


def money(kind: Kind, *postings: Posting, key: str | None = None, of: int | None = None, actor: str = "staff") -> Draft:
    """A draft that moves credit under the test policy."""
    return Draft(kind, actor, postings, key=key, of=of, policy=POLICY)


def earn(account: str, minutes: int, key: str | None = None) -> Draft:
    return money(Kind.EARN, ("issuance", -minutes), (account, minutes), key=key)


def gift(giver: str, receiver: str, minutes: int, key: str | None = None) -> Draft:
    return money(Kind.GIFT, (giver, -minutes), (receiver, minutes), key=key)


def hold(minutes: int, *accounts: str, key: str | None = None) -> Draft:
    """Reserve these minutes on each of the accounts."""
    gives = [(account, -minutes) for account in accounts]
    return money(Kind.HOLD, *gives, ("escrow", minutes * len(accounts)), key=key)


def undo(entry: Entry, kind: Kind = Kind.REVERSE, key: str | None = None) -> Draft:
    """The opposite of an entry: a reverse of it, or with another kind the release of a hold."""
    return money(kind, *((account, -minutes) for account, minutes in entry.postings), of=entry.seq, key=key)


def small_book(store: Store, origin: str = ORIGIN) -> Book:
    """A book with every kind of account and nothing on them: entries 0 to 8."""
    book = Book.create(store, origin, actor="system", now=NOW)
    book.append_many([open_draft(account, kind) for account, kind in ACCOUNTS.items()], now=NOW)
    return book


def write(book: Book, *drafts: Draft) -> tuple[Entry, ...]:
    return book.append_many(drafts, now=NOW)


def steady_random(seed: int) -> Callable[[int], bytes]:
    """Nonces that are the same in each run."""
    return random.Random(seed).randbytes


def sqlite_url(folder: Path, name: str = "book.db") -> str:
    return f"sqlite:///{folder / name}"


def make_schema(url: str) -> None:
    """The ledger's tables in an empty database."""
    engine = make_engine(url)
    with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        create_schema(connection)
    engine.dispose()


@contextmanager
def sql_store(url: str) -> Iterator[SqlStore]:
    """A store over a database that has the tables."""
    engine = make_engine(url)
    with SqlStore(engine) as store:
        yield store
    engine.dispose()
