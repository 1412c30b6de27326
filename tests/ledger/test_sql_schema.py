"""The database itself refuses what nobody may do: by trigger on both engines, by privilege on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from ledger import Book
from ledger.store import CheckpointRow
from ledger.stores.sql import create_schema, drop_schema, grant_statements, make_engine
from ledger.stores.sql_schema import APPEND_ONLY, metadata
from tests.ledger.books import ORIGIN, earn, gift, make_schema, small_book, sql_store, write
from tests.ledger.replay import check_whole
from tests.postgres import Cluster

TABLES = [table.name for table in APPEND_ONLY]


def _fill(url: str) -> None:
    """At least one row in each table."""
    with sql_store(url) as store:
        book = small_book(store)
        write(book, *(earn("ann", 1, key=f"k{number}") for number in range(260)))
        store.add_checkpoint(ORIGIN, CheckpointRow(9, b"\0" * 32, "note\n", "2026-01-01T00:00:00.000Z"))


@pytest.fixture
def connection(sql_url: str) -> Iterator[Connection]:
    _fill(sql_url)
    engine = make_engine(sql_url)
    with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection:
        yield connection
        connection.rollback()
    engine.dispose()


def _refused(connection: Connection, statement: str) -> str:
    with pytest.raises(DBAPIError) as caught, connection.begin_nested():
        connection.execute(text(statement))
    return str(caught.value.orig)


@pytest.mark.parametrize("table", TABLES)
def test_update_and_delete_are_refused(connection: Connection, table: str) -> None:
    assert "append-only" in _refused(connection, f"UPDATE {table} SET book = book")
    assert "append-only" in _refused(connection, f"DELETE FROM {table}")
    if connection.dialect.name == "postgresql":
        assert "append-only" in _refused(connection, f"TRUNCATE {table}")
        return
    assert "append-only" in _refused(connection, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_checkpoint"])
def test_no_replacing_even_without_our_pragmas(connection: Connection, table: str) -> None:
    if connection.dialect.name == "sqlite":
        connection.rollback()
        connection.exec_driver_sql("PRAGMA recursive_triggers = OFF")
        assert "append-only" in _refused(connection, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.parametrize("change", ["seq = seq + 1000", "leaf_hash = leaf_hash"])
def test_a_second_entry_with_the_same_link_or_key(connection: Connection, change: str) -> None:
    """The net beneath the lock: a fork of the chain and a key used twice are refused by the tables themselves."""
    column, value = change.split(" = ")
    columns = [item.name for item in metadata.tables["ledger_entry"].columns]
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(value if name == column else f'"{name}"' for name in columns)
    _refused(connection, f"INSERT INTO ledger_entry ({names}) SELECT {values} FROM ledger_entry WHERE seq = 9")


def test_a_negative_balance_is_refused_by_the_table(connection: Connection) -> None:
    _refused(connection, "UPDATE ledger_account SET balance = -1 WHERE account = 'ann'")
    connection.execute(text("UPDATE ledger_account SET balance = -1 WHERE account = 'clearing'"))


def test_the_schema_is_made_once_and_can_be_dropped(sql_url: str) -> None:
    engine = make_engine(sql_url)
    with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        create_schema(connection)
        assert set(inspect(connection).get_table_names()) == set(metadata.tables)
        drop_schema(connection)
        assert inspect(connection).get_table_names() == []
        create_schema(connection)
    engine.dispose()


def test_every_key_and_index_begins_with_the_book() -> None:
    for table in metadata.tables.values():
        assert next(iter(table.primary_key)).name == "book"
        for index in table.indexes:
            assert next(iter(index.columns)).name == "book"


def test_sqlite_keeps_its_promises(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/book.db"
    make_schema(url)
    engine = make_engine(url)
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with pytest.raises(ValueError, match="sqlite_begin"):
        engine.connect().execution_options(sqlite_begin="SOON").begin()
    engine.dispose()


@pytest.mark.postgres
def test_the_application_role_can_read_and_append_only(postgres_cluster: Cluster, postgres_url: str) -> None:
    make_schema(postgres_url)
    _fill(postgres_url)
    role = postgres_url.split("/")[3].split("?")[0] + '_"app'
    database = postgres_url.split("/")[3].split("?")[0]
    owner = psycopg.connect(f"host={postgres_cluster.folder} user=postgres dbname={database}", autocommit=True)
    quoted = '"' + role.replace('"', '""') + '"'
    owner.execute(f"CREATE ROLE {quoted} LOGIN".encode())
    for statement in grant_statements(role):
        owner.execute(statement.encode())
    url = postgres_cluster.url(database, user=role.replace('"', "%22"))
    with sql_store(url) as store:
        book = Book(store, ORIGIN)
        write(book, earn("bob", 5), gift("bob", "ann", 5))
        check_whole(store, ORIGIN)
        with store.engine.connect() as connection:
            for table in TABLES:
                for statement in (f"UPDATE {table} SET book = book", f"DELETE FROM {table}", f"TRUNCATE {table}"):
                    assert "permission denied" in _refused(connection, statement)
                assert "must be owner" in _refused(connection, f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            for table in ("ledger_head", "ledger_account"):
                assert "permission denied" in _refused(connection, f"DELETE FROM {table}")
    owner.execute(f"DROP OWNED BY {quoted}".encode())
    owner.execute(f"DROP ROLE {quoted}".encode())
    owner.close()
