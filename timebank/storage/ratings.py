"""Ratings: after a service, by each side once. Never public."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, to_person, to_station


class Rating(InBook, Base):
    """One face, by one side of one service. Its words are sealed under the key of who rates."""

    __tablename__ = "rating"
    __table_args__ = (
        *to_person("rater_id", "rated_id", "entered_by"),
        to_station(),
        UniqueConstraint("book", "booking_id", "direction"),
        Index("ix_rating_book_station", "book", "station_id", "at"),
        Index("ix_rating_book_rated", "book", "rated_id"),
        Index("ix_rating_book_rater", "book", "rater_id"),
    )

    booking_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(12))
    """Whether `booking_id` is a request for care or a record of hours."""
    direction: Mapped[str] = mapped_column(String(8))
    station_id: Mapped[str] = mapped_column(String(32))
    rater_id: Mapped[str] = mapped_column(String(32))
    rated_id: Mapped[str | None] = mapped_column(String(32))
    face: Mapped[str] = mapped_column(String(8))
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    channel: Mapped[str] = mapped_column(String(8))
    entered_by: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]


class Ratings:
    """Named queries over ratings."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Rating) -> None:
        self._session.add(row)

    def of_booking(self, booking_id: str) -> list[Rating]:
        query = select(Rating).where(Rating.book == self._book, Rating.booking_id == booking_id)
        return list(self._session.scalars(query.order_by(Rating.id)))

    def of_helper(self, person_id: str, limit: int = 200) -> list[Rating]:
        """What those who were helped said of a helper, the newest first."""
        query = select(Rating).where(
            Rating.book == self._book, Rating.rated_id == person_id, Rating.direction == "receiver"
        )
        return list(self._session.scalars(query.order_by(Rating.id.desc()).limit(limit)))

    def counts(self, station_ids: Iterable[str], since: datetime, until: datetime) -> dict[tuple[str, str, str], int]:
        """(station, direction, face) → how many, in [since, until)."""
        query = (
            select(Rating.station_id, Rating.direction, Rating.face, func.count())
            .where(
                Rating.book == self._book,
                Rating.station_id.in_(set(station_ids)),
                Rating.at >= since,
                Rating.at < until,
            )
            .group_by(Rating.station_id, Rating.direction, Rating.face)
        )
        return {(station, direction, face): many for station, direction, face, many in self._session.execute(query)}
