"""The ledger's tables, and the triggers and grants that keep them append-only, on SQLite and PostgreSQL.

The book stands first in every key and index, so that the tables can be distributed by book. Only `ledger_head` and
`ledger_account` are ever updated: they say where a book ends and what follows from its entries.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)

# Ids are ASCII and sorted by their bytes, as in the entries; a database's own language must not reorder them.
_Id = Text().with_variant(Text(collation="C"), "postgresql")
# SQLite makes a key of this only out of a plain INTEGER.
_Number = BigInteger().with_variant(Integer(), "sqlite")


def _table(name: str, *items: SchemaItem, with_rowid: bool = False, updated: bool = False) -> Table:
    # Without a row id, SQLite keeps the rows in the primary key itself: one page fewer to write for each row. Long rows
    # that only ever come at the end are better off with one: then a full page is left alone, not split.
    # Rows that are updated all the time find room for their next version on the same page.
    options: dict[str, Any] = {"postgresql_with": {"fillfactor": 50}} if updated else {}
    return Table(name, metadata, *items, sqlite_with_rowid=with_rowid, **options)


def _column(name: str, kind: TypeEngine[Any], *, null: bool = False, key: bool = False) -> Column[Any]:
    return Column(name, kind, nullable=null, primary_key=key, autoincrement=False)


head_table = _table(
    "ledger_head",
    _column("book", _Id, key=True),
    _column("size", _Number),
    _column("leaf_hash", LargeBinary(32)),
    _column("at", Text()),
    updated=True,
)

entry_table = _table(
    "ledger_entry",
    _column("book", _Id, key=True),
    _column("seq", _Number, key=True),
    _column("leaf_hash", LargeBinary(32)),
    _column("prev", LargeBinary(32)),
    _column("at", Text()),
    _column("kind", Text()),
    _column("actor", Text()),
    _column("on_date", Text(), null=True),
    _column("key", _Id, null=True),
    _column("of_seq", _Number, null=True),
    _column("evidence", LargeBinary(32), null=True),
    _column("policy", LargeBinary(32), null=True),
    _column("body", LargeBinary()),
    UniqueConstraint("book", "prev"),
    with_rowid=True,
)
_there = entry_table.c
Index(
    "uq_ledger_entry_book_key",
    _there.book,
    _there.key,
    unique=True,
    sqlite_where=_there.key.is_not(None),
    postgresql_where=_there.key.is_not(None),
)
Index(
    "ix_ledger_entry_book_of_seq",
    _there.book,
    _there.of_seq,
    sqlite_where=_there.of_seq.is_not(None),
    postgresql_where=_there.of_seq.is_not(None),
)
# Every entry that moves credit cites a policy. The others are few, and these are what is looked for by kind.
Index(
    "ix_ledger_entry_book_kind_seq",
    _there.book,
    _there.kind,
    _there.seq,
    sqlite_where=_there.policy.is_(None),
    postgresql_where=_there.policy.is_(None),
)

posting_table = _table(
    "ledger_posting",
    # In the order of the entries: the table grows at its end, and an audit reads it from front to back.
    _column("book", _Id, key=True),
    _column("seq", _Number, key=True),
    _column("account", _Id, key=True),
    _column("minutes", _Number),
    _column("balance_after", _Number),
)
Index("ix_ledger_posting_book_account_seq", posting_table.c.book, posting_table.c.account, posting_table.c.seq)

account_table = _table(
    "ledger_account",
    _column("book", _Id, key=True),
    _column("account", _Id, key=True),
    _column("kind", Text()),
    _column("opened_seq", _Number),
    _column("closed_seq", _Number, null=True),
    _column("balance", _Number),
    # The net beneath the rule that the book checks under its lock.
    CheckConstraint("balance >= 0 OR kind IN ('issuance', 'clearing')", name="ck_ledger_account_balance"),
    updated=True,
)

tile_table = _table(
    "ledger_tile",
    _column("book", _Id, key=True),
    _column("level", _Number, key=True),
    _column("tile_index", _Number, key=True),
    _column("root", LargeBinary(32)),
    _column("hashes", LargeBinary(8192)),
)

checkpoint_table = _table(
    "ledger_checkpoint",
    _column("book", _Id, key=True),
    _column("size", _Number, key=True),
    _column("root", LargeBinary(32)),
    _column("note", Text()),
    _column("signed_at", Text()),
)

APPEND_ONLY = (entry_table, posting_table, tile_table, checkpoint_table)
UPDATED = (head_table, account_table)


_UNIQUE: dict[Table, list[list[str]]] = {
    entry_table: [["book", "seq"], ["book", "prev"], ["book", "key"]],
    checkpoint_table: [["book", "size"]],
}


def create_schema(connection: Connection) -> None:
    """Create the tables, indexes and triggers in the connection's transaction. What exists already is left alone."""
    metadata.create_all(connection)
    for statement in trigger_statements(connection.dialect):
        connection.execute(text(statement))


def drop_schema(connection: Connection) -> None:
    """Drop the tables with all books in them. For a migration's way down and for tests."""
    metadata.drop_all(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP FUNCTION IF EXISTS ledger_refuse()"))


def trigger_statements(dialect: Dialect) -> list[str]:
    """The statements that make the database refuse to change or delete what was appended."""
    if dialect.name == "postgresql":
        return [_POSTGRES_FUNCTION, *(_POSTGRES_TRIGGER.format(table=table.name) for table in APPEND_ONLY)]
    return [statement for table in APPEND_ONLY for statement in _sqlite_triggers(table)]


def grant_statements(role: str) -> list[str]:
    """The statements that give a PostgreSQL role what the application needs and nothing more.

    It can read and append; entries, postings, tiles and checkpoints it can neither change nor delete. The owner of
    the tables, who could, must be another role.
    """
    quoted = '"' + role.replace('"', '""') + '"'
    appended = ", ".join(table.name for table in APPEND_ONLY)
    updated = ", ".join(table.name for table in UPDATED)
    return [
        f"GRANT SELECT, INSERT ON {appended} TO {quoted}",
        f"GRANT SELECT, INSERT, UPDATE ON {updated} TO {quoted}",
    ]


_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$body$
"""
_POSTGRES_TRIGGER = """
CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()
"""


def _sqlite_triggers(table: Table) -> list[str]:
    """One trigger for each way to change a row. INSERT OR REPLACE deletes without asking a delete trigger, unless the
    connection has `recursive_triggers` on; so for what is signed an insert on a taken place is refused as well."""
    name = table.name
    refuse = f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
    statements = [
        f"CREATE TRIGGER IF NOT EXISTS {name}_no_update BEFORE UPDATE ON {name} {refuse}",
        f"CREATE TRIGGER IF NOT EXISTS {name}_no_delete BEFORE DELETE ON {name} {refuse}",
    ]
    if table in _UNIQUE:
        # Only names of our own tables and columns stand in this text.
        taken = " OR ".join(f"EXISTS (SELECT 1 FROM {name} WHERE {_same(columns)})" for columns in _UNIQUE[table])  # noqa: S608
        statements.append(
            f"CREATE TRIGGER IF NOT EXISTS {name}_no_replace BEFORE INSERT ON {name} WHEN {taken} {refuse}"
        )
    return statements


def _same(columns: list[str]) -> str:
    return " AND ".join(f"{column} = NEW.{column}" for column in columns)
