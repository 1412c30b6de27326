"""The store goes away during the commit: nobody knows what happened, and asking again with the same key tells."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger import Book, Draft, Kind
from ledger import errors as e
from ledger.store import Batch
from ledger.stores.sql_postgres import is_gone
from ledger.stores.sql_sqlite import SqliteWriter
from tests.ledger.books import ORIGIN, earn, gift, hold, make_schema, small_book, sql_store, sqlite_url, undo, write
from tests.ledger.proxy import Proxy
from tests.ledger.replay import check_whole
from tests.postgres import Cluster, cluster

BODY = b'"book":"timebank.example/test"'
CUTS = [(path, after) for path in ("at once", "under lock") for after in (False, True)]


@pytest.fixture
def cut_book(postgres_cluster: Cluster, postgres_url: str) -> Iterator[tuple[Book, Proxy]]:
    """A book behind the proxy, with 100 minutes on Ann's account and a hold of 30 among them (entry 10)."""
    make_schema(postgres_url)
    with sql_store(postgres_url) as direct:
        write(small_book(direct), earn("ann", 100), hold(30, "ann"))
    proxy = Proxy(postgres_cluster.folder)
    with sql_store(postgres_url.replace(str(postgres_cluster.folder), str(proxy.folder))) as store:
        yield Book(store, ORIGIN), proxy
    proxy.close()


def _prepare(book: Book, proxy: Proxy, path: str, after: bool, key: str | None) -> Draft:
    """Arm the proxy for the commit of a draft that takes this path. What is written before fills the store's memory
    and lets the driver prepare its statements, so that each is one message from then on."""
    for _ in range(3):
        (_, held) = write(book, gift("ann", "bob", 1), hold(1, "bob"))
        write(book, undo(held, Kind.RELEASE))
    # A release asks for its hold under the lock, so its COMMIT is a message of its own, after the one with the rows.
    proxy.arm(BODY, 0 if path == "at once" else 1, after=after)
    return gift("ann", "bob", 7, key=key) if path == "at once" else undo(book.entry(10), Kind.RELEASE, key=key)


@pytest.mark.postgres
@pytest.mark.parametrize(("path", "after"), CUTS)
def test_a_draft_with_a_key_is_asked_again(cut_book: tuple[Book, Proxy], path: str, after: bool) -> None:
    book, proxy = cut_book
    draft = _prepare(book, proxy, path, after, "k")
    size = book.head().size
    (entry,) = write(book, draft)
    assert proxy.cuts == 1
    assert book.entry_by_key("k") == entry
    entries = check_whole(book.store, ORIGIN)
    assert [found for found in entries if found.key == "k"] == [entry]
    assert entry.seq == len(entries) - 1 == size


@pytest.mark.postgres
@pytest.mark.parametrize(("path", "after"), CUTS)
def test_a_draft_without_a_key_is_not(cut_book: tuple[Book, Proxy], path: str, after: bool) -> None:
    book, proxy = cut_book
    draft = _prepare(book, proxy, path, after, None)
    size = book.head().size
    with pytest.raises(e.OutcomeUnknown):
        write(book, draft)
    # The head's lock tells when the other end is through with it, and this entry comes after.
    write(book, gift("ann", "bob", 1))
    assert len(check_whole(book.store, ORIGIN)) == (size + 2 if after else size + 1)


@pytest.mark.postgres
def test_a_connection_that_died_while_idle_is_no_riddle(
    cut_book: tuple[Book, Proxy], postgres_cluster: Cluster, postgres_url: str
) -> None:
    book, _ = cut_book
    database = postgres_url.split("/")[3].split("?")[0]
    held = book.entry(10)
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    with postgres_cluster.admin() as admin:
        admin.execute(query, (database,))
    # Nothing was sent before the head was locked, so this is simply tried again on a new connection.
    assert write(book, undo(held))[0].of == 10


@pytest.mark.postgres
def test_a_batch_with_keys_is_asked_again_as_a_whole(cut_book: tuple[Book, Proxy]) -> None:
    book, proxy = cut_book
    _prepare(book, proxy, "at once", True, None)
    size = book.head().size
    drafts = [gift("ann", "bob", number, key=f"k{number}") for number in (1, 2)]
    assert write(book, *drafts) == write(book, *drafts)
    assert proxy.cuts == 1
    assert len(check_whole(book.store, ORIGIN)) == size + 2


@pytest.mark.postgres
@pytest.mark.slow
def test_a_cancelled_wait_for_the_other_machine() -> None:
    """The commit stands here, a warning says that perhaps not elsewhere: that is no acknowledgement."""
    with cluster(durable=True) as server:
        url = server.new_database()
        make_schema(url)
        with sql_store(url) as store, server.admin() as admin:
            book = small_book(store)
            write(book, earn("ann", 100))
            admin.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
            admin.execute("SELECT pg_reload_conf()")
            time.sleep(0.5)
            outcomes: list[object] = []
            thread = threading.Thread(target=lambda: outcomes.append(_outcome(book, gift("ann", "bob", 1))))
            thread.start()
            _cancel_waiting(admin)
            thread.join()
            assert outcomes == [e.OutcomeUnknown]
            admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
            admin.execute("SELECT pg_reload_conf()")
            assert book.balance("bob") == 1


def _outcome(book: Book, draft: Draft) -> object:
    try:
        return write(book, draft)
    except e.LedgerError as error:
        return type(error)


def _cancel_waiting(admin: psycopg.Connection) -> None:
    query = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    for _ in range(200):
        if admin.execute(query).fetchall():
            return
        time.sleep(0.05)
    pytest.fail("nobody waited for the other machine")


@pytest.mark.parametrize("key", ["k", None])
def test_a_disk_that_fails_in_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None) -> None:
    url = sqlite_url(tmp_path)
    make_schema(url)
    real, failures = SqliteWriter.commit_at_once, [1]

    def failing(writer: SqliteWriter, book: str, batch: Batch) -> bool:
        written = real(writer, book, batch)
        if failures:
            failures.pop()
            error: Any = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        return written

    with sql_store(url) as store:
        book = small_book(store)
        write(book, earn("ann", 10), earn("ann", 10))
        monkeypatch.setattr(SqliteWriter, "commit_at_once", failing)
        if key is None:
            with pytest.raises(e.OutcomeUnknown):
                write(book, earn("ann", 5))
        else:
            assert write(book, earn("ann", 5, key=key)) == (book.entry_by_key(key),)
        assert not failures
        assert book.balance("ann") == 25
        check_whole(store, ORIGIN)


def test_a_store_that_stays_away(plain_book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*arguments: object) -> Batch:
        raise e.OutcomeUnknown("away")

    monkeypatch.setattr("ledger.book.ASK_AGAIN_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(plain_book.store, "append", away)
    with pytest.raises(e.OutcomeUnknown):
        write(plain_book, earn("ann", 5, key="k"))


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        (psycopg.errors.AdminShutdown, True),
        (psycopg.errors.CrashShutdown, True),
        (psycopg.errors.CannotConnectNow, True),
        (psycopg.errors.ReadOnlySqlTransaction, True),
        (psycopg.errors.ConnectionFailure, True),
        (psycopg.OperationalError, True),
        (psycopg.errors.UniqueViolation, False),
        (psycopg.errors.SerializationFailure, False),
        (psycopg.ProgrammingError, False),
        (ValueError, False),
    ],
)
def test_errors_are_told_by_their_sqlstate(error: type[Exception], gone: bool) -> None:
    assert is_gone(error("x")) is gone
