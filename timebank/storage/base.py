"""What every mapped row shares: the declarative base, the column types, and the keys that begin with the book.

Schema rules that bind every table written together with the ledger: the book stands first in each primary key,
unique constraint, foreign key and hot index; ids are made by the application; nothing is ordered by a sequence.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, ForeignKeyConstraint, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """An aware UTC time. SQLite has no time zones, so there it is kept without one and given back with it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone reached the database")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The service's tables. The ledger's own tables live in `ledger.stores`, with metadata of their own."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: Instant}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class InBook:
    """A row of one book, under an id of its own."""

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)


def to_person(*columns: str) -> tuple[ForeignKeyConstraint, ...]:
    """Foreign keys (book, column) → person, one for each column named."""
    return tuple(ForeignKeyConstraint(["book", column], ["person.book", "person.id"]) for column in columns)


def to_station(column: str = "station_id") -> ForeignKeyConstraint:
    """Foreign key (book, column) → station."""
    return ForeignKeyConstraint(["book", column], ["station.book", "station.id"])


def in_book(table: str, column: str) -> ForeignKeyConstraint:
    """Foreign key (book, column) → (book, id) of another table."""
    return ForeignKeyConstraint(["book", column], [f"{table}.book", f"{table}.id"])


def padded(ids: Iterable[str]) -> list[str]:
    """Distinct ids in order, the last repeated up to a power of two: lists of any length make few statements, which
    the database then knows already."""
    wanted = sorted(set(ids))
    return wanted + wanted[-1:] * ((1 << (len(wanted) - 1).bit_length()) - len(wanted)) if wanted else wanted
