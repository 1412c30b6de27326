"""Entries inside a caller's transaction: they are committed with the caller's rows, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest
from sqlalchemy import Connection, Engine, text

from ledger import Book, Kind
from ledger.errors import BalanceTooLow, StoreBusy
from ledger.stores.sql import JoinedSqlStore, make_engine
from tests.ledger.books import ORIGIN, earn, gift, hold, small_book, sql_store, undo, write
from tests.ledger.replay import check_whole


@pytest.fixture
def engine(sql_url: str) -> Iterator[Engine]:
    with sql_store(sql_url) as store:
        write(small_book(store), earn("ann", 1000))
    engine = make_engine(sql_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (id INTEGER PRIMARY KEY, seq INTEGER NOT NULL)"))
    yield engine
    engine.dispose()


@contextmanager
def unit(engine: Engine, mode: str = "IMMEDIATE") -> Iterator[tuple[Connection, Book]]:
    """A transaction that ends with a commit, unless something is raised."""
    with engine.connect().execution_options(sqlite_begin=mode) as connection, connection.begin():
        yield connection, Book(JoinedSqlStore(connection), ORIGIN)


def _note(connection: Connection, number: int, seq: int) -> None:
    connection.execute(text("INSERT INTO note (id, seq) VALUES (:id, :seq)"), {"id": number, "seq": seq})


def _notes(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM note")).scalar_one())


def test_rows_and_entries_are_committed_together(engine: Engine, sql_url: str) -> None:
    with unit(engine) as (connection, book):
        (entry, held) = write(book, gift("ann", "bob", 10, key="k"), hold(5, "bob"))
        _note(connection, 1, entry.seq)
        assert book.balance("bob") == 5
        assert book.entry_by_key("k") == entry
        (released,) = write(book, undo(held, Kind.RELEASE))
        assert book.hold_left(held.seq) == 0
    assert _notes(engine) == 1
    with sql_store(sql_url) as store:
        assert check_whole(store, ORIGIN)[-1] == released


def test_a_rollback_leaves_nothing(engine: Engine, sql_url: str) -> None:
    def spend_too_much() -> None:
        with unit(engine) as (connection, book):
            (entry,) = write(book, gift("ann", "bob", 10))
            _note(connection, 1, entry.seq)
            write(book, gift("bob", "ann", 11))

    with pytest.raises(BalanceTooLow):
        spend_too_much()
    assert _notes(engine) == 0
    with sql_store(sql_url) as store:
        assert len(check_whole(store, ORIGIN)) == 10
        assert Book(store, ORIGIN).balance("bob") == 0


def test_a_refusal_leaves_the_transaction_usable(engine: Engine) -> None:
    with unit(engine) as (connection, book):
        with pytest.raises(BalanceTooLow):
            write(book, gift("bob", "ann", 1))
        (entry,) = write(book, gift("ann", "bob", 1))
        _note(connection, 1, entry.seq)
    assert _notes(engine) == 1


def test_full_tiles_are_written_in_the_callers_transaction(engine: Engine, sql_url: str) -> None:
    with unit(engine) as (_, book):
        write(book, *(earn("ann", 1) for _ in range(300)))
        write(book, *(earn("ann", 1) for _ in range(300)))
    with sql_store(sql_url) as store:
        check_whole(store, ORIGIN)
        assert len(list(store.tiles(ORIGIN))) == 2


def test_a_savepoint_takes_its_entries_with_it(engine: Engine, sql_url: str) -> None:
    with unit(engine) as (connection, book):
        write(book, gift("ann", "bob", 1))
        inner = connection.begin_nested()
        write(book, gift("ann", "bob", 2))
        inner.rollback()
        write(book, gift("ann", "bob", 4))
    with sql_store(sql_url) as store:
        check_whole(store, ORIGIN)
        assert Book(store, ORIGIN).balance("bob") == 5


def test_a_transaction_that_began_to_read_too_early_is_told(engine: Engine, sql_url: str) -> None:
    """On SQLite it may not write over what it did not see. On PostgreSQL the lock shows it what is there now."""
    outcome: AbstractContextManager[object] = (
        pytest.raises(StoreBusy) if engine.dialect.name == "sqlite" else nullcontext()
    )
    with sql_store(sql_url) as store, outcome, unit(engine, "DEFERRED") as (_, book):
        assert book.head().size == 10
        write(Book(store, ORIGIN), gift("ann", "bob", 1))
        write(book, gift("ann", "bob", 2))
        assert book.head().size == 12
    with sql_store(sql_url) as store:
        check_whole(store, ORIGIN)


def test_units_of_many_threads_beside_a_store_of_its_own(engine: Engine, sql_url: str) -> None:
    failures: list[BaseException] = []

    def units(number: int) -> None:
        try:
            for turn in range(20):
                with unit(engine) as (connection, book):
                    (entry,) = write(book, gift("ann", "bob", 1))
                    _note(connection, number * 100 + turn, entry.seq)
        except BaseException as error:
            failures.append(error)

    def alone() -> None:
        try:
            for _ in range(40):
                write(Book(store, ORIGIN), gift("ann", "eve", 1))
        except BaseException as error:
            failures.append(error)

    with sql_store(sql_url) as store:
        threads = [threading.Thread(target=units, args=(number,)) for number in range(6)]
        threads += [threading.Thread(target=alone) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        check_whole(store, ORIGIN)
        book = Book(store, ORIGIN)
        assert (_notes(engine), book.balance("bob"), book.balance("eve")) == (120, 120, 80)
