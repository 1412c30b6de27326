"""The same tests on every store that can be written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger import Book
from ledger.store import Store
from ledger.stores.memory import MemoryStore
from tests.ledger.books import make_schema, small_book, sql_store, sqlite_url

ENGINES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))


@pytest.fixture(params=ENGINES)
def sql_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with the ledger's tables and nothing in them, on each engine."""
    url = sqlite_url(tmp_path) if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    make_schema(url)
    return url


@pytest.fixture(params=("memory", *ENGINES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == "memory":
        yield MemoryStore()
        return
    url = sqlite_url(tmp_path) if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    make_schema(url)
    with sql_store(url) as made:
        yield made


@pytest.fixture
def book(store: Store) -> Book:
    """A book with every kind of account, on each store."""
    return small_book(store)


@pytest.fixture
def plain_book() -> Book:
    """The same in memory, where the store does not matter."""
    return small_book(MemoryStore())
