"""Many at once on few accounts: nothing lost, nothing doubled, no balance below zero, the chain whole."""

from __future__ import annotations

import threading

import pytest

from ledger import Book, Entry
from ledger.errors import BalanceTooLow
from ledger.stores.memory import MemoryStore
from tests.ledger.books import ORIGIN, earn, gift, small_book, sql_store, write
from tests.ledger.hammer import context, crowd, crowd_process
from tests.ledger.replay import check_whole


def _begin(url: str) -> None:
    with sql_store(url) as store:
        write(small_book(store), earn("ann", 100), earn("bob", 100), earn("eve", 100))


def _check(url: str, acknowledged: list[tuple[int, str | None]]) -> None:
    """Every acknowledged entry stands under its key and number, and no other entry has a key."""
    with sql_store(url) as store:
        entries = check_whole(store, ORIGIN)
        assert min(line.balance_after for line in store.postings(ORIGIN) if line.account != "issuance") >= 0
    assert sorted(acknowledged) == [(entry.seq, entry.key) for entry in entries if entry.key is not None]
    assert len(acknowledged) > 100


def test_sixteen_threads(sql_url: str) -> None:
    _begin(sql_url)
    seen: list[Entry] = []
    crowd(sql_url, 16, 60, 1, seen.append)
    _check(sql_url, [(entry.seq, entry.key) for entry in seen])


def test_four_processes(sql_url: str) -> None:
    _begin(sql_url)
    processes = context()
    results = processes.Queue()
    workers = [processes.Process(target=crowd_process, args=(sql_url, 4, 60, seed, results)) for seed in range(4)]
    for worker in workers:
        worker.start()
    answers = [results.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join()
    assert not [answer for answer in answers if isinstance(answer, str)]
    _check(sql_url, [line for answer in answers for line in answer])


def test_the_last_minutes_are_spent_once(sql_url: str) -> None:
    """Sixteen ask for the same 60 minutes at the same moment."""
    _begin(sql_url)
    with sql_store(sql_url) as store:
        book = Book(store, ORIGIN)
        start, outcomes = threading.Barrier(16), []

        def spend() -> None:
            start.wait()
            try:
                write(book, gift("ann", "bob", 60))
                outcomes.append("given")
            except BalanceTooLow:
                outcomes.append("refused")

        threads = [threading.Thread(target=spend) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["given"] + ["refused"] * 15
        assert book.balance("ann") == 40


def test_the_same_key_from_sixteen_threads_is_written_once(sql_url: str) -> None:
    _begin(sql_url)
    with sql_store(sql_url) as store:
        book, seen = Book(store, ORIGIN), []
        threads = [
            threading.Thread(target=lambda: seen.extend(write(book, gift("ann", "bob", 5, key="once"))))
            for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 16
        assert len({entry.seq for entry in seen}) == 1
        assert book.balance("bob") == 105


def test_threads_on_the_memory_store() -> None:
    store = MemoryStore()
    book = small_book(store)
    write(book, earn("ann", 1000))

    def give() -> None:
        for _ in range(50):
            write(book, gift("ann", "bob", 1))

    threads = [threading.Thread(target=give) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check_whole(store, ORIGIN)
    assert book.balance("bob") == 400


@pytest.mark.parametrize("writers", [2])
def test_two_stores_that_remember_do_not_mislead_each_other(sql_url: str, writers: int) -> None:
    """What one store remembers of a book is wrong as soon as another writes; it must notice."""
    _begin(sql_url)
    with sql_store(sql_url) as one, sql_store(sql_url) as two:
        books = [Book(one, ORIGIN), Book(two, ORIGIN)]
        for turn in range(60):
            write(books[turn % writers], gift("ann", "bob", 1), gift("bob", "ann", 1))
            write(books[turn % writers], gift("ann", "bob", 1))
        with pytest.raises(BalanceTooLow):
            write(books[0], gift("ann", "bob", 41))
        write(books[1], gift("ann", "bob", 40))
        with pytest.raises(BalanceTooLow):
            write(books[0], gift("ann", "bob", 1))
        check_whole(one, ORIGIN)
