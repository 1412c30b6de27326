"""What a crowd does to a book: random entries on few accounts, from many threads and processes at once."""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
from collections.abc import Callable
from typing import Any

from ledger import Book, Draft, Entry, Kind, LedgerError
from ledger.errors import StoreBusy
from ledger.transfers import settle_postings
from tests.ledger.books import ORIGIN, earn, gift, hold, money, sql_store, undo, write

PEOPLE = ("ann", "bob", "eve")
Acknowledge = Callable[[Entry], None]


def context() -> Any:
    """Processes that begin clean, with the imports already made: a fork of a threaded process could hang."""
    chosen = multiprocessing.get_context("forkserver")
    chosen.set_forkserver_preload(["tests.ledger.hammer", "psycopg"])
    return chosen


class Member:
    """One of the crowd. It tells of each entry that the book acknowledged, and takes refusals as they come."""

    def __init__(self, book: Book, seed: int, acknowledge: Acknowledge) -> None:
        self.book = book
        self.random = random.Random(seed)
        self.name = f"{os.getpid()}-{seed}"
        self.acknowledge = acknowledge
        self.holds: list[Entry] = []
        self.mine: list[Entry] = []

    def act(self, number: int) -> None:
        """Try one thing. Every key is used once."""
        draft = self.draft(f"{self.name}-{number}")
        try:
            (entry,) = write(self.book, draft)
        except StoreBusy:
            raise
        except LedgerError:
            return
        self.acknowledge(entry)
        self.mine.append(entry)
        if entry.kind is Kind.HOLD:
            self.holds.append(entry)

    def draft(self, key: str) -> Draft:
        chance, minutes = self.random.random(), self.random.randint(1, 40)
        giver, receiver = self.random.sample(PEOPLE, 2)
        if chance < 0.2:
            return earn(giver, minutes, key=key)
        if chance < 0.45:
            return gift(giver, receiver, minutes, key=key)
        if chance < 0.65 or not self.holds:
            return hold(minutes, giver, key=key)
        if chance < 0.8:
            held = self.random.choice(self.holds)
            used = self.random.randint(1, dict(held.postings)["escrow"])
            postings = settle_postings(held, "escrow", "provider", used)
            return money(Kind.SETTLE, *postings, of=held.seq, key=key)
        if chance < 0.9:
            return undo(self.random.choice(self.holds), Kind.RELEASE, key=key)
        return undo(self.random.choice(self.mine), key=key)


def crowd(url: str, threads: int, actions: int, seed: int, acknowledge: Acknowledge) -> None:
    """Threads that share one store. Raises what any of them did not expect."""
    failures: list[BaseException] = []

    def work(number: int) -> None:
        member = Member(Book(store, ORIGIN), number, acknowledge)
        try:
            for action in range(actions):
                member.act(action)
        except BaseException as error:
            failures.append(error)

    with sql_store(url) as store:
        workers = [threading.Thread(target=work, args=(seed * 1000 + number,)) for number in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    if failures:
        raise failures[0]


def crowd_process(url: str, threads: int, actions: int, seed: int, results: Any) -> None:
    """A crowd in a process of its own. Puts (seq, key) of all that was acknowledged, or what went wrong."""
    seen: list[tuple[int, str | None]] = []
    try:
        crowd(url, threads, actions, seed, lambda entry: seen.append((entry.seq, entry.key)))
    except BaseException as error:
        results.put(repr(error))
        return
    results.put(seen)


def endless(url: str, threads: int, seed: int, pipe: int) -> None:
    """Act until killed. Each acknowledged entry is told through the pipe at once, one line each."""
    crowd(url, threads, 10**9, seed, lambda entry: _tell(pipe, entry))


def _tell(pipe: int, entry: Entry) -> None:
    os.write(pipe, f"{entry.seq} {entry.key}\n".encode())
