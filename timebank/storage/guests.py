"""Members who stand at the desk of another station than their own: for how long it may act for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, to_person, to_station


class GuestPass(InBook, Base):
    """That a member showed, by PIN or card, to be at a station. It opens that station's desk for a short time."""

    __tablename__ = "guest_pass"
    __table_args__ = (
        *to_person("person_id", "opened_by"),
        to_station(),
        Index("ix_guest_pass_book_person", "book", "person_id", "ends_at"),
        Index("ix_guest_pass_book_station", "book", "station_id", "ends_at"),
    )

    person_id: Mapped[str] = mapped_column(String(32))
    station_id: Mapped[str] = mapped_column(String(32))
    how: Mapped[str] = mapped_column(String(8))
    opened_by: Mapped[str] = mapped_column(String(32))
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class Guests:
    """Named queries over passes."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: GuestPass) -> None:
        self._session.add(row)

    def stations(self, person_id: str, now: datetime) -> frozenset[str]:
        """Where the member is a guest at this moment."""
        query = select(GuestPass.station_id).where(
            GuestPass.book == self._book,
            GuestPass.person_id == person_id,
            GuestPass.ends_at > now,
            GuestPass.opened_at <= now,
        )
        return frozenset(self._session.scalars(query))

    def at_stations(self, station_ids: Iterable[str], now: datetime) -> list[GuestPass]:
        """Who is a guest there at this moment, the newest first."""
        query = select(GuestPass).where(
            GuestPass.book == self._book, GuestPass.station_id.in_(set(station_ids)), GuestPass.ends_at > now
        )
        return list(self._session.scalars(query.order_by(GuestPass.opened_at.desc(), GuestPass.id)))
