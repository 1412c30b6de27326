"""What a station lends: aids for rehabilitation, stair climbers. It never touches hours or the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, in_book, to_person, to_station


class EquipmentItem(InBook, Base):
    """A kind of thing that a station has, how many of it, and how many are lent."""

    __tablename__ = "equipment_item"
    __table_args__ = (
        to_station(),
        CheckConstraint("lent >= 0 AND lent <= total", name="stock"),
        Index("ix_equipment_item_book_station", "book", "station_id"),
    )

    station_id: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(80))
    total: Mapped[int]
    lent: Mapped[int]
    loan_days: Mapped[int]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class EquipmentLoan(InBook, Base):
    """One thing lent to a member, free of charge and without a deposit."""

    __tablename__ = "equipment_loan"
    __table_args__ = (
        in_book("equipment_item", "item_id"),
        *to_person("person_id", "lent_by", "back_by"),
        to_station(),
        Index("ix_equipment_loan_book_station", "book", "station_id", "state", "due_on"),
        Index("ix_equipment_loan_book_person", "book", "person_id"),
        Index("ix_equipment_loan_book_item", "book", "item_id"),
    )

    number: Mapped[str] = mapped_column(String(24))
    station_id: Mapped[str] = mapped_column(String(32))
    item_id: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[str] = mapped_column(String(32))
    lent_at: Mapped[datetime]
    lent_by: Mapped[str] = mapped_column(String(32))
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(12))
    condition: Mapped[str | None] = mapped_column(String(12))
    back_at: Mapped[datetime | None]
    back_by: Mapped[str | None] = mapped_column(String(32))
    reminded_on: Mapped[date | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class Equipment:
    """Named queries over what is lent."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: EquipmentItem | EquipmentLoan) -> None:
        self._session.add(row)

    def item(self, item_id: str, *, lock: bool = False) -> EquipmentItem | None:
        return self._session.get(EquipmentItem, (self._book, item_id), with_for_update=lock or None)

    def items(self, station_ids: Iterable[str]) -> list[EquipmentItem]:
        query = select(EquipmentItem).where(
            EquipmentItem.book == self._book, EquipmentItem.station_id.in_(set(station_ids))
        )
        return list(self._session.scalars(query.order_by(EquipmentItem.station_id, EquipmentItem.id)))

    def named(self, item_ids: Iterable[str]) -> dict[str, EquipmentItem]:
        query = select(EquipmentItem).where(EquipmentItem.book == self._book, EquipmentItem.id.in_(set(item_ids)))
        return {row.id: row for row in self._session.scalars(query)}

    def loan(self, loan_id: str, *, lock: bool = False) -> EquipmentLoan | None:
        return self._session.get(EquipmentLoan, (self._book, loan_id), with_for_update=lock or None)

    def loans(
        self, station_ids: Iterable[str], state: str, *, before: str | None = None, limit: int = 50
    ) -> list[EquipmentLoan]:
        """Loans of these stations, the newest first; `before` is the id that the last page ended with."""
        query = select(EquipmentLoan).where(
            EquipmentLoan.book == self._book,
            EquipmentLoan.station_id.in_(set(station_ids)),
            EquipmentLoan.state == state,
        )
        if before is not None:
            query = query.where(EquipmentLoan.id < before)
        return list(self._session.scalars(query.order_by(EquipmentLoan.id.desc()).limit(limit)))

    def of_person(self, person_id: str, limit: int = 50) -> list[EquipmentLoan]:
        """What somebody borrowed, the newest first."""
        query = select(EquipmentLoan).where(EquipmentLoan.book == self._book, EquipmentLoan.person_id == person_id)
        return list(self._session.scalars(query.order_by(EquipmentLoan.id.desc()).limit(limit)))

    def overdue(self, today: date) -> list[EquipmentLoan]:
        """Open loans whose last day is over, locked, what is due first, first."""
        query = select(EquipmentLoan).where(
            EquipmentLoan.book == self._book, EquipmentLoan.state == "open", EquipmentLoan.due_on < today
        )
        return list(self._session.scalars(query.order_by(EquipmentLoan.due_on, EquipmentLoan.id).with_for_update()))

    def is_open_of(self, person_id: str) -> bool:
        """Whether somebody has something that is not back yet."""
        query = select(EquipmentLoan.id).where(
            EquipmentLoan.book == self._book, EquipmentLoan.person_id == person_id, EquipmentLoan.state == "open"
        )
        return self._session.scalar(query.limit(1)) is not None
