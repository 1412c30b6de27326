"""Awards, and which stars somebody was told of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, String, case, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, to_person, to_station
from timebank.storage.hours import HoursRecord
from timebank.storage.members import Consent, Membership


class Award(InBook, Base):
    """A commendation of a member. Its words are sealed under the member's key; it is withdrawn, never deleted."""

    __tablename__ = "award"
    __table_args__ = (
        *to_person("person_id", "recorded_by"),
        to_station(),
        Index("ix_award_book_person", "book", "person_id"),
    )

    person_id: Mapped[str] = mapped_column(String(32))
    station_id: Mapped[str] = mapped_column(String(32))
    facts_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    granted_on: Mapped[date]
    recorded_by: Mapped[str] = mapped_column(String(32))
    recorded_at: Mapped[datetime]
    withdrawn_by: Mapped[str | None] = mapped_column(String(32))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_why: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class HonourReached(Base):
    """A star that a member has reached, and since when; `lost_on`: a correction took the minutes away."""

    __tablename__ = "honour_reached"
    __table_args__ = to_person("person_id")

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    reached_on: Mapped[date]
    lost_on: Mapped[date | None]


class Honours:
    """Named queries over awards and stars."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Award | HonourReached) -> None:
        self._session.add(row)

    def award(self, award_id: str, *, lock: bool = False) -> Award | None:
        return self._session.get(Award, (self._book, award_id), with_for_update=lock or None)

    def awards_of(self, person_id: str) -> list[Award]:
        """The newest first."""
        query = select(Award).where(Award.book == self._book, Award.person_id == person_id)
        return list(self._session.scalars(query.order_by(Award.granted_on.desc(), Award.id)))

    def stars_of(self, person_ids: Iterable[str]) -> dict[str, list[HonourReached]]:
        """Person → the stars that were reached, those that were lost among them."""
        found: dict[str, list[HonourReached]] = {}
        query = select(HonourReached).where(
            HonourReached.book == self._book, HonourReached.person_id.in_(set(person_ids))
        )
        for row in self._session.scalars(query.order_by(HonourReached.person_id, HonourReached.code)):
            found.setdefault(row.person_id, []).append(row)
        return found

    def served(self) -> dict[str, int]:
        """Every active member who ever served, or was told of a star → verified minutes, actual ones."""
        served = (
            select(HoursRecord.volunteer_id, func.sum(HoursRecord.minutes).label("minutes"))
            .where(HoursRecord.book == self._book, HoursRecord.state == "verified")
            .group_by(HoursRecord.volunteer_id)
            .subquery()
        )
        query = (
            select(Membership.person_id, func.coalesce(served.c.minutes, 0))
            .outerjoin(served, served.c.volunteer_id == Membership.person_id)
            .where(Membership.book == self._book, Membership.state == "active")
        )
        return {row[0]: int(row[1]) for row in self._session.execute(query)}

    def every_star(self) -> dict[str, dict[str, HonourReached]]:
        """Person → code → the star."""
        found: dict[str, dict[str, HonourReached]] = {}
        for row in self._session.scalars(select(HonourReached).where(HonourReached.book == self._book)):
            found.setdefault(row.person_id, {})[row.code] = row
        return found

    def agreed(self, kinds: Iterable[str], station_id: str | None) -> dict[str, set[str]]:
        """Active member (of a station, or all) → the kinds of consent that were given and not taken back since."""
        yes = func.max(case((Consent.given, Consent.at)))
        no = func.max(case((~Consent.given, Consent.at)))
        query = (
            select(Consent.person_id, Consent.kind)
            .join(Membership, (Membership.book == Consent.book) & (Membership.person_id == Consent.person_id))
            .where(Consent.book == self._book, Consent.kind.in_(set(kinds)), Membership.state == "active")
            .group_by(Consent.person_id, Consent.kind)
            .having(yes.is_not(None) & (no.is_(None) | (yes > no)))
        )
        if station_id is not None:
            query = query.where(Membership.station_id == station_id)
        found: dict[str, set[str]] = {}
        for person_id, kind in self._session.execute(query):
            found.setdefault(person_id, set()).add(kind)
        return found
