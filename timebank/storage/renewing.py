"""Everything that lies directly under the master key, walked in batches, so that a new master key can take over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_, update

from timebank.storage.access import Answered, Credential
from timebank.storage.audits import Alert, Mail
from timebank.storage.base import Base
from timebank.storage.imports import ImportChunk, ImportRun
from timebank.storage.organisations import Certificate, Employee
from timebank.storage.people import Person
from timebank.storage.supervision import Signal
from timebank.storage.unit import Bank
from timebank.storage.vault import VaultError
from timebank.storage.webhooks import Webhook


@dataclass(frozen=True, slots=True)
class Locked:
    """A column of bytes under the master key, and what the bytes of a row are bound to."""

    table: type[Base]
    column: str
    bound_to: Callable[[Any], str]

    @property
    def name(self) -> str:
        """As an operator reads it."""
        return f"{self.table.__tablename__}.{self.column}"


EVERY = (
    Locked(Person, "wrapped_key", lambda row: str(row.id)),
    Locked(Credential, "totp_sealed", lambda row: f"totp{row.person_id}"),
    Locked(Answered, "sealed_body", lambda row: "answer"),
    Locked(Alert, "reason_sealed", lambda row: "alert"),
    Locked(Mail, "address_sealed", lambda row: "mail"),
    Locked(Signal, "words_sealed", lambda row: "signal"),
    Locked(Employee, "name_sealed", lambda row: "employee"),
    Locked(Webhook, "secret_sealed", lambda row: "webhook"),
    Locked(ImportRun, "file_sealed", lambda row: "import"),
    Locked(ImportChunk, "lines_sealed", lambda row: "import lines"),
    Locked(Certificate, "number_sealed", lambda row: "certificate"),
)
"""Whoever seals something more for the service names its column here; a test looks for what was forgotten."""


def renew(bank: Bank, locked: Locked, after: tuple[str, ...] | None, limit: int) -> tuple[tuple[str, ...] | None, int]:
    """Put the next rows of the book under the newest key, in one commit. `after` is the key of the row before them.

    Gives the key of the last row, None at the end, and how many were changed. The rows are locked meanwhile, so that
    nobody's change is undone. Raises VaultError, naming the row, if no key opens it; then none of them is changed.
    """
    columns = locked.table.__table__.c
    keys = [column for column in columns if column.primary_key and column.name != "book"]
    sealed, mine = columns[locked.column], columns.book == bank.settings.book
    query = select(*keys, sealed).where(mine, sealed.is_not(None), sealed != b"").order_by(*keys).limit(limit)
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(*after))
    with bank.together() as one:
        connection = one.outer
        if connection is None:
            raise RuntimeError("a bank inside a transaction has its connection")
        rows: Sequence[Any] = connection.execute(query.with_for_update()).all()
        found = [(row, fresh) for row in rows if (fresh := _fresh(bank, locked, row)) is not None]
        for row, fresh in found:
            this = [key == value for key, value in zip(keys, row[:-1], strict=True)]
            connection.execute(update(locked.table).where(mine, *this).values({locked.column: fresh}))
    return (tuple(rows[-1][:-1]) if len(rows) == limit else None), len(found)


def _fresh(bank: Bank, locked: Locked, row: Any) -> bytes | None:
    try:
        return bank.vault.renewed(locked.bound_to(row), row[-1])
    except VaultError as error:
        raise VaultError(f"{locked.name} of {row[0]}: {error}") from error
