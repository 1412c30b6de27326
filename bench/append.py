"""How fast a book can be appended to, beside the bare insert of a row through the same driver on the same server.

Both are measured in turns, block after block, since a machine's speed changes from one second to the next.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import sqlite3
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from ledger import Book, Draft, Kind
from ledger.stores.sql import SqlStore, create_schema, make_engine

ORIGIN = "timebank.example/bench"
POLICY = "0" * 64
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BODY = os.urandom(430)
MEMBERS = 200
BLOCKS = 21
BLOCK = 300
BATCH = 1000
PROCESSES = 2
CLIENT_SECONDS = 1.5
ROUNDS = 5
_numbers = itertools.count()
_BARE = """
CREATE TABLE IF NOT EXISTS bare (
    book TEXT NOT NULL, seq BIGINT NOT NULL, body {binary} NOT NULL, PRIMARY KEY (book, seq)
)"""

Once = Callable[[], object]


def run(url_sqlite_dir: str, postgres_url: str) -> list[dict[str, Any]]:
    """All measures of appending. The folder and the database are filled with the books that are measured."""
    sqlite_url = f"sqlite:///{Path(url_sqlite_dir) / 'append.db'}"
    for url in (sqlite_url, postgres_url):
        _create(url)
    return [
        _one_client("SQLite", sqlite_url, 0.3),
        _one_client("PostgreSQL", postgres_url, 0.4),
        *_many_clients(postgres_url),
        _batches("SQLite", sqlite_url),
        _batches("PostgreSQL", postgres_url),
    ]


def _create(url: str) -> None:
    engine = make_engine(url)
    with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        create_schema(connection)
    with SqlStore(engine) as store:
        book = Book.create(store, ORIGIN, actor="bench", now=NOW)
        accounts = {"issuance": "issuance", **{f"m-{number}": "member" for number in range(MEMBERS)}}
        opens = [{"account": account, "account_kind": kind} for account, kind in accounts.items()]
        book.append_many([Draft(Kind.OPEN, "bench", data=data) for data in opens], now=NOW)
    engine.dispose()


def _one_client(name: str, url: str, wanted: float) -> dict[str, Any]:
    with _bare(url) as insert, _book(url) as append:
        ratios, values, against = [], [], []
        for _ in range(BLOCKS):
            against.append(_rate(insert))
            values.append(_rate(append))
            ratios.append(values[-1] / against[-1])
    label = f"one entry an append, 1 client, {name}"
    return _row(label, statistics.median(values), statistics.median(against), statistics.median(ratios), wanted)


def _many_clients(url: str) -> Iterator[dict[str, Any]]:
    """4 and 16 clients in two processes, as a web server runs them: threads, each with a connection of its own."""
    values: dict[int, list[float]] = {4: [], 16: []}
    bare: dict[int, list[float]] = {4: [], 16: []}
    for _ in range(ROUNDS):
        for clients in (4, 16):
            bare[clients].append(_clients(url, clients, _bare))
            values[clients].append(_clients(url, clients, _book))
    for clients in (4, 16):
        ratio = statistics.median(a / b for a, b in zip(values[clients], bare[clients], strict=True))
        label = f"one entry an append, {clients} clients, one book, PostgreSQL"
        row = _row(label, statistics.median(values[clients]), statistics.median(bare[clients]), ratio, 0.2)
        # Asked for with 16 clients; the other is what "not falling" is seen against.
        yield row if clients == 16 else {**row, "wanted": "–", "reached": True}
    falls = statistics.median(a / b for a, b in zip(values[16], values[4], strict=True))
    middle = statistics.median
    yield _row("16 clients against 4 clients, PostgreSQL", middle(values[16]), middle(values[4]), falls, 0.8)


def _batches(name: str, url: str) -> dict[str, Any]:
    engine = make_engine(url)
    rates = []
    with SqlStore(engine) as store:
        book = Book(store, ORIGIN)
        for _ in range(10):
            drafts = [_draft() for _ in range(BATCH)]
            start = time.perf_counter()
            book.append_many(drafts, now=NOW)
            rates.append(BATCH / (time.perf_counter() - start))
    engine.dispose()
    rate = statistics.median(rates)
    return _row(f"batches of {BATCH}, {name}, entries/s", rate, 15_000.0, rate / 15_000, 1.0)


def _row(measure: str, value: float, against: float, ratio: float, wanted: float) -> dict[str, Any]:
    return {
        "measure": measure,
        "value": round(value),
        "against": round(against),
        "ratio": round(ratio, 3),
        "wanted": wanted,
    }


def _rate(once: Once) -> float:
    """Calls a second. What is to be written is made before the clock starts, on both sides."""
    getattr(once, "prepare", lambda count: None)(BLOCK)
    start = time.perf_counter()
    for _ in range(BLOCK):
        once()
    return BLOCK / (time.perf_counter() - start)


def _clients(url: str, clients: int, kind: Callable[[str], Any]) -> float:
    """Calls a second of all clients together."""
    context = multiprocessing.get_context("spawn")
    barrier, counts = context.Barrier(PROCESSES), context.Queue()
    workers = [
        context.Process(target=_client_process, args=(url, clients // PROCESSES, kind, barrier, counts))
        for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    rate = sum(counts.get() for _ in workers)
    for worker in workers:
        worker.join()
    return rate


def _client_process(url: str, threads: int, kind: Callable[[str], Any], barrier: Any, counts: Any) -> None:
    if kind is _book:
        with _book(url) as append:
            counts.put(_threads([append] * threads, barrier))
        return
    opened = [_bare(url) for _ in range(threads)]
    counts.put(_threads([one.__enter__() for one in opened], barrier))
    for one in opened:
        one.__exit__(None, None, None)


def _threads(calls: list[Once], barrier: Any) -> float:
    done = [0] * len(calls)
    for call in calls:
        call()
    barrier.wait()
    start = time.perf_counter()

    def work(number: int) -> None:
        while time.perf_counter() - start < CLIENT_SECONDS:
            calls[number]()
            done[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - start)


def _draft() -> Draft:
    number = int.from_bytes(os.urandom(2), "big") % MEMBERS
    key = os.urandom(12).hex()
    return Draft(Kind.EARN, "bench", (("issuance", -30), (f"m-{number}", 30)), key=key, policy=POLICY, evidence=POLICY)


@contextmanager
def _book(url: str) -> Iterator[Once]:
    """One append of one entry a call."""
    engine = make_engine(url)
    drafts: deque[Draft] = deque()

    def append() -> None:
        try:
            draft = drafts.popleft()
        except IndexError:
            draft = _draft()
        book.append(draft, now=NOW)

    append.prepare = lambda count: drafts.extend(_draft() for _ in range(count))  # type: ignore[attr-defined]
    with SqlStore(engine) as store:
        book = Book(store, ORIGIN)
        yield append
    engine.dispose()


@contextmanager
def _bare(url: str) -> Iterator[Once]:
    """One insert of one row, and its commit, a call."""

    start = int.from_bytes(os.urandom(4), "big") << 24

    def number() -> int:
        return start + next(_numbers)

    def insert_sqlite() -> None:
        file.execute("INSERT INTO bare (book, seq, body) VALUES (?, ?, ?)", (ORIGIN, number(), BODY))
        file.commit()

    def insert_postgres() -> None:
        server.execute("INSERT INTO bare (book, seq, body) VALUES (%s, %s, %s)", (ORIGIN, number(), BODY))
        server.commit()

    if url.startswith("sqlite"):
        # A file of its own, or the checkpoints of the book's pages would be paid here.
        file = sqlite3.connect(url.removeprefix("sqlite:///") + ".bare")
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = FULL")
        file.execute(_BARE.format(binary="BLOB"))
        yield insert_sqlite
        file.close()
    else:
        server = psycopg.connect(url.replace("+psycopg", ""))
        with server.transaction():
            server.execute("SET LOCAL client_min_messages = error")
            server.execute(_BARE.format(binary="BYTEA").encode())
        yield insert_postgres
        server.close()
