"""The one statement that writes a batch to PostgreSQL: it moves the head, and only if it could, everything else.

A batch of few rows has its values in the text of the statement's own parameters, since that is what the server plans
and runs fastest; a large one comes as one array for each column.
"""

# Only names of our own tables and columns are put into these statements; values are parameters.
# ruff: noqa: S608

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ledger.store import AccountRow, Batch, PostingRow, Row

FEW_ROWS = 2
"""Up to so many entries are written by a statement of their own shape, which the server prepares once."""

_ROW_TYPES = {
    "seq": "bigint",
    "leaf_hash": "bytea",
    "prev": "bytea",
    "at": "text",
    "kind": "text",
    "actor": "text",
    "on_date": "text",
    "key": "text",
    "of_seq": "bigint",
    "evidence": "bytea",
    "policy": "bytea",
    "body": "bytea",
}
_POSTING_TYPES = {"seq": "bigint", "account": "text", "minutes": "bigint", "balance_after": "bigint"}
_ACCOUNT_TYPES = {
    "account": "text",
    "kind": "text",
    "opened_seq": "bigint",
    "closed_seq": "bigint",
    "balance": "bigint",
}
_CHANGED_TYPES = {"account": "text", "balance": "bigint", "closed_seq": "bigint"}

_MOVE_HEAD = """
WITH head AS (
    UPDATE ledger_head SET size = %s, leaf_hash = %s, at = %s WHERE book = %s AND size = %s AND leaf_hash = %s
    RETURNING book
)"""
_FIRST_HEAD = """
WITH head AS (INSERT INTO ledger_head (size, leaf_hash, at, book) VALUES (%s, %s, %s, %s) RETURNING book)"""
_DONE = " SELECT count(*) FROM head"
_CHANGE_ONE = """, changed{number} AS (
    UPDATE ledger_account SET balance = %s, closed_seq = %s
    WHERE book = %s AND account = %s AND EXISTS (SELECT FROM head)
)"""
_CHANGE_MANY = """, changed AS (
    UPDATE ledger_account AS old SET balance = new.balance, closed_seq = new.closed_seq
    FROM head, unnest({arrays}) AS new ({columns})
    WHERE old.book = head.book AND old.account = new.account
)"""


def put_statement(book: str, batch: Batch) -> tuple[str, list[Any]]:
    """The statement for a batch of at least one entry, and its parameters. Its one result is 1, or 0: head moved."""
    last = batch.rows[-1]
    values: list[Any] = [last.seq + 1, last.leaf_hash, last.at, book]
    if batch.first:
        values += [batch.first, batch.rows[0].prev]
    opened = [batch.accounts[name] for name in batch.opened]
    changed = [row for name, row in batch.accounts.items() if name not in batch.opened]
    if len(batch.rows) > FEW_ROWS:
        for rows, width in ((batch.rows, Row), (batch.postings, PostingRow), (opened, AccountRow)):
            values += _columns(rows, len(width._fields))
        values += _columns([(row.account, row.balance, row.closed_seq) for row in changed], 3)
        return _array_text(bool(batch.first)), values
    for some in (batch.rows, batch.postings, opened):
        for row in some:
            values += row
    for row in changed:
        values += (row.balance, row.closed_seq, book, row.account)
    shape = (len(batch.rows), len(batch.postings), len(opened), len(changed))
    return _value_text(bool(batch.first), *shape), values


@lru_cache(maxsize=256)
def _value_text(moves: bool, rows: int, postings: int, opened: int, changed: int) -> str:
    parts = [_MOVE_HEAD if moves else _FIRST_HEAD]
    for table, types, count in (
        ("ledger_entry", _ROW_TYPES, rows),
        ("ledger_posting", _POSTING_TYPES, postings),
        ("ledger_account", _ACCOUNT_TYPES, opened),
    ):
        if count:
            one = "(" + ", ".join(f"%s::{kind}" for kind in types.values()) + ")"
            source = f"(VALUES {', '.join([one] * count)}) AS new ({', '.join(types)})"
            parts.append(_insert(table, types, source))
    parts += [_CHANGE_ONE.format(number=number) for number in range(changed)]
    return "".join(parts) + _DONE


@lru_cache(maxsize=2)
def _array_text(moves: bool) -> str:
    parts = [_MOVE_HEAD if moves else _FIRST_HEAD]
    for table, types in (
        ("ledger_entry", _ROW_TYPES),
        ("ledger_posting", _POSTING_TYPES),
        ("ledger_account", _ACCOUNT_TYPES),
    ):
        parts.append(_insert(table, types, f"unnest({_arrays(types)}) AS new ({', '.join(types)})"))
    parts.append(_CHANGE_MANY.format(arrays=_arrays(_CHANGED_TYPES), columns=", ".join(_CHANGED_TYPES)))
    return "".join(parts) + _DONE


def _insert(table: str, types: dict[str, str], source: str) -> str:
    columns = ", ".join(types)
    return f", {table}_rows AS (INSERT INTO {table} (book, {columns}) SELECT head.book, new.* FROM head, {source})"


def _arrays(types: dict[str, str]) -> str:
    return ", ".join(f"%b::{kind}[]" for kind in types.values())


def _columns(rows: Any, width: int) -> list[list[Any]]:
    """Rows as columns; no rows are empty columns."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
