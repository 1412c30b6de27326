"""Entry of records into the national volunteer information system, and each step of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, TypeVarTuple

from sqlalchemy import ForeignKeyConstraint, Index, Select, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, in_book, to_station
from timebank.storage.history import StateChange, move
from timebank.storage.hours import HoursRecord

Columns = TypeVarTuple("Columns")


class NationalEntry(InBook, Base):
    """How far one record is on its way into the national system. Its id is the record's."""

    __tablename__ = "national_entry"
    __table_args__ = (
        ForeignKeyConstraint(["book", "id"], ["hours_record.book", "hours_record.id"]),
        to_station(),
        Index("ix_national_entry_book_station", "book", "station_id", "state"),
    )

    station_id: Mapped[str] = mapped_column(String(32))
    number: Mapped[str | None] = mapped_column(String(40))
    entered_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(12))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class NationalEntryEvent(StateChange, Base):
    """A step of it, with the number as it was then. Rows are only ever added."""

    __tablename__ = "national_entry_event"
    __table_args__ = (in_book("national_entry", "record_id"),)

    record_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[str | None] = mapped_column(String(40), sort_order=9)


class National:
    """Named queries over what is entered, and what is not."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def get(self, record_id: str, *, lock: bool = False) -> NationalEntry | None:
        return self._session.get(NationalEntry, (self._book, record_id), with_for_update=lock or None)

    def many(self, record_ids: Iterable[str]) -> dict[str, NationalEntry]:
        query = select(NationalEntry).where(NationalEntry.book == self._book, NationalEntry.id.in_(set(record_ids)))
        return {row.id: row for row in self._session.scalars(query)}

    def move(self, row: NationalEntry, state: str, **how: Any) -> None:
        """To another state; a new row gets its first one."""
        self._session.add(row)
        self._session.flush()
        move(self._session, NationalEntryEvent, "record_id", row, state, number=row.number, **how)

    def to_enter(self, station_ids: Iterable[str], limit: int) -> list[tuple[HoursRecord, NationalEntry | None]]:
        """Verified records that are not entered, the earliest first, with how far each is."""
        query = self._joined(select(HoursRecord, NationalEntry), station_ids).where(
            HoursRecord.state == "verified", func.coalesce(NationalEntry.state, "waiting") != "entered"
        )
        query = query.order_by(HoursRecord.started_at, HoursRecord.id).limit(limit)
        return [(record, entry) for record, entry in self._session.execute(query)]

    def counts(self, station_ids: Iterable[str]) -> dict[str, int]:
        """State of the entry → how many verified records."""
        state = func.coalesce(NationalEntry.state, "waiting")
        query = self._joined(select(state, func.count()), station_ids).where(HoursRecord.state == "verified")
        return {row[0]: int(row[1]) for row in self._session.execute(query.group_by(state))}

    def to_withdraw(self, station_ids: Iterable[str], limit: int) -> list[tuple[HoursRecord, NationalEntry]]:
        """Records that stand in the national system and were corrected here since."""
        query = self._joined(select(HoursRecord, NationalEntry), station_ids).where(
            HoursRecord.state != "verified", NationalEntry.state == "entered"
        )
        query = query.order_by(HoursRecord.started_at, HoursRecord.id).limit(limit)
        return [(record, entry) for record, entry in self._session.execute(query)]

    def by_numbers(self, numbers: Iterable[str]) -> dict[str, HoursRecord]:
        """Number of a record → the record."""
        query = select(HoursRecord).where(HoursRecord.book == self._book, HoursRecord.number.in_(set(numbers)))
        return {row.number: row for row in self._session.scalars(query)}

    def _joined(self, query: Select[*Columns], station_ids: Iterable[str]) -> Select[*Columns]:
        same = (NationalEntry.book == HoursRecord.book) & (NationalEntry.id == HoursRecord.id)
        joined = query.select_from(HoursRecord).outerjoin(NationalEntry, same)
        return joined.where(HoursRecord.book == self._book, HoursRecord.station_id.in_(set(station_ids)))
