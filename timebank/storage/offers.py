"""Offers: when a volunteer can help, with what, how far away."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, to_person, to_station


class Offer(InBook, Base):
    """A volunteer's standing offer. Codes in lists stand with spaces between; free words are sealed."""

    __tablename__ = "offer"
    __table_args__ = (
        *to_person("person_id"),
        to_station(),
        Index("ix_offer_book_station", "book", "station_id", "state"),
        Index("ix_offer_book_person", "book", "person_id", "state"),
    )

    person_id: Mapped[str] = mapped_column(String(32))
    station_id: Mapped[str] = mapped_column(String(32))
    weekdays: Mapped[str] = mapped_column(String(16))
    """ISO: Monday is 1."""
    from_clock: Mapped[str] = mapped_column(String(5))
    to_clock: Mapped[str] = mapped_column(String(5))
    services: Mapped[str] = mapped_column(String(1200))
    far_metres: Mapped[int]
    languages: Mapped[str] = mapped_column(String(80))
    gender_wish: Mapped[str] = mapped_column(String(8))
    insured_until: Mapped[date | None]
    insurance_seen_by: Mapped[str | None] = mapped_column(String(32))
    risk_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    valid_until: Mapped[date]
    state: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class Offers:
    """Named queries over offers."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Offer) -> None:
        self._session.add(row)

    def get(self, offer_id: str, *, lock: bool = False) -> Offer | None:
        return self._session.get(Offer, (self._book, offer_id), with_for_update=lock or None)

    def of_person(self, person_id: str, limit: int = 20) -> list[Offer]:
        """The newest first."""
        query = select(Offer).where(Offer.book == self._book, Offer.person_id == person_id)
        return list(self._session.scalars(query.order_by(Offer.id.desc()).limit(limit)))

    def open_at(self, station_ids: Iterable[str], on: date, limit: int = 5000) -> list[Offer]:
        """Offers of volunteers of these stations that are valid on a day, the oldest first."""
        query = select(Offer).where(
            Offer.book == self._book,
            Offer.station_id.in_(set(station_ids)),
            Offer.state == "open",
            Offer.valid_until >= on,
        )
        return list(self._session.scalars(query.order_by(Offer.id).limit(limit)))

    def insured_until(self, person_ids: Collection[str]) -> dict[str, date]:
        """Person → the last day of accident insurance that the station has seen on paper."""
        query = select(Offer.person_id, Offer.insured_until).where(
            Offer.book == self._book,
            Offer.person_id.in_(set(person_ids)),
            Offer.insurance_seen_by.is_not(None),
            Offer.insured_until.is_not(None),
        )
        found: dict[str, date] = {}
        for person_id, until in self._session.execute(query):
            if until is not None:
                found[person_id] = max(until, found.get(person_id, until))
        return found

    def expired(self, on: date, limit: int = 500) -> list[str]:
        query = select(Offer.id).where(Offer.book == self._book, Offer.state == "open", Offer.valid_until < on)
        return list(self._session.scalars(query.limit(limit)))
