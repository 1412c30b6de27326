"""Monthly visits: who is enrolled with which evidence, who is to visit whom, and each visit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, String, and_, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, in_book, to_person, to_station


class RoundEnrolment(InBook, Base):
    """An elder who is visited each month: in which grid, by whom as a rule."""

    __tablename__ = "round_enrolment"
    __table_args__ = (
        *to_person("person_id", "visitor_id", "enrolled_by"),
        to_station(),
        Index("ix_round_enrolment_book_station", "book", "station_id", "ended_at"),
        Index("ix_round_enrolment_book_person", "book", "person_id"),
    )

    person_id: Mapped[str] = mapped_column(String(32))
    station_id: Mapped[str] = mapped_column(String(32))
    grid: Mapped[str] = mapped_column(String(24))
    visitor_id: Mapped[str | None] = mapped_column(String(32))
    enrolled_by: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(String(32))
    """Why it ended."""
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class RoundTag(InBook, Base):
    """A circumstance with what shows it and who set it. Both are sealed under the elder's key: [code, evidence]."""

    __tablename__ = "round_tag"
    __table_args__ = (
        *to_person("person_id", "recorded_by"),
        in_book("round_enrolment", "enrolment_id"),
        Index("ix_round_tag_book_enrolment", "book", "enrolment_id"),
    )

    person_id: Mapped[str] = mapped_column(String(32))
    enrolment_id: Mapped[str] = mapped_column(String(32))
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    recorded_by: Mapped[str] = mapped_column(String(32))
    recorded_at: Mapped[datetime]


class RoundPlan(Base):
    """Who visits this elder in this month."""

    __tablename__ = "round_plan"
    __table_args__ = (in_book("round_enrolment", "enrolment_id"), *to_person("visitor_id", "planned_by"))

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    enrolment_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    visitor_id: Mapped[str] = mapped_column(String(32))
    planned_by: Mapped[str] = mapped_column(String(32))
    planned_at: Mapped[datetime]


class RoundVisit(InBook, Base):
    """One visit. Rows are only ever added; where the elder was is a mode, never a place on a map."""

    __tablename__ = "round_visit"
    __table_args__ = (
        *to_person("person_id", "visitor_id", "recorded_by"),
        in_book("round_enrolment", "enrolment_id"),
        to_station(),
        Index("ix_round_visit_book_station", "book", "station_id", "visited_at"),
        Index("ix_round_visit_book_enrolment", "book", "enrolment_id", "visited_at"),
    )

    person_id: Mapped[str] = mapped_column(String(32))
    enrolment_id: Mapped[str] = mapped_column(String(32))
    station_id: Mapped[str] = mapped_column(String(32))
    visitor_id: Mapped[str] = mapped_column(String(32))
    visited_at: Mapped[datetime]
    mode: Mapped[str] = mapped_column(String(12))
    outcome: Mapped[str] = mapped_column(String(12))
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    incident_id: Mapped[str | None] = mapped_column(String(32))
    recorded_by: Mapped[str] = mapped_column(String(32))
    recorded_at: Mapped[datetime]


class Rounds:
    """Named queries over the monthly visits."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: RoundEnrolment | RoundTag | RoundPlan | RoundVisit) -> None:
        self._session.add(row)

    def get(self, enrolment_id: str, *, lock: bool = False) -> RoundEnrolment | None:
        return self._session.get(RoundEnrolment, (self._book, enrolment_id), with_for_update=lock or None)

    def open_of(self, person_id: str) -> RoundEnrolment | None:
        """The enrolment of an elder that has not ended."""
        query = select(RoundEnrolment).where(
            RoundEnrolment.book == self._book, RoundEnrolment.person_id == person_id, RoundEnrolment.ended_at.is_(None)
        )
        return self._session.scalar(query)

    def enrolled_at(self, station_ids: Iterable[str], moment: datetime) -> list[RoundEnrolment]:
        """Those enrolled at these stations at a moment, by grid."""
        query = select(RoundEnrolment).where(
            RoundEnrolment.book == self._book,
            RoundEnrolment.station_id.in_(set(station_ids)),
            RoundEnrolment.started_at <= moment,
            or_(RoundEnrolment.ended_at.is_(None), RoundEnrolment.ended_at > moment),
        )
        return list(self._session.scalars(query.order_by(RoundEnrolment.grid, RoundEnrolment.id)))

    def tags(self, enrolment_id: str) -> list[RoundTag]:
        query = select(RoundTag).where(RoundTag.book == self._book, RoundTag.enrolment_id == enrolment_id)
        return list(self._session.scalars(query.order_by(RoundTag.id)))

    def plan(self, month: date, enrolment_id: str) -> RoundPlan | None:
        return self._session.get(RoundPlan, (self._book, month, enrolment_id))

    def plans(self, month: date) -> dict[str, RoundPlan]:
        """Enrolment → the plan of this month."""
        query = select(RoundPlan).where(RoundPlan.book == self._book, RoundPlan.month == month)
        return {row.enrolment_id: row for row in self._session.scalars(query)}

    def planned_for(self, visitor_id: str, month: date) -> int:
        """How many elders somebody is to visit in a month."""
        query = select(func.count()).where(
            RoundPlan.book == self._book, RoundPlan.month == month, RoundPlan.visitor_id == visitor_id
        )
        return self._session.scalar(query) or 0

    def visits(self, enrolment_id: str) -> list[RoundVisit]:
        """The visits of an elder, the newest first."""
        query = select(RoundVisit).where(RoundVisit.book == self._book, RoundVisit.enrolment_id == enrolment_id)
        return list(self._session.scalars(query.order_by(RoundVisit.visited_at.desc(), RoundVisit.id.desc())))

    def last_visits(self, station_ids: Iterable[str], before: datetime) -> dict[str, RoundVisit]:
        """Enrolment → its newest visit before a moment."""
        mine = and_(
            RoundVisit.book == self._book,
            RoundVisit.station_id.in_(set(station_ids)),
            RoundVisit.visited_at < before,
        )
        newest = (
            select(RoundVisit.enrolment_id, func.max(RoundVisit.visited_at).label("at"))
            .where(mine)
            .group_by(RoundVisit.enrolment_id)
            .subquery()
        )
        query = select(RoundVisit).join(
            newest, and_(newest.c.enrolment_id == RoundVisit.enrolment_id, newest.c.at == RoundVisit.visited_at)
        )
        rows = self._session.scalars(query.where(mine).order_by(RoundVisit.id))
        return {row.enrolment_id: row for row in rows}

    def visited(self, station_ids: Iterable[str], since: datetime, until: datetime) -> frozenset[str]:
        """The enrolments that were visited in [since, until)."""
        query = select(RoundVisit.enrolment_id).where(
            RoundVisit.book == self._book,
            RoundVisit.station_id.in_(set(station_ids)),
            RoundVisit.visited_at >= since,
            RoundVisit.visited_at < until,
        )
        return frozenset(self._session.scalars(query.distinct()))

    def end_of(self, person_id: str, actor_id: str, reason: str | None, now: datetime) -> None:
        """The visits of who leaves the time bank end."""
        row = self.open_of(person_id)
        if row is not None:
            row.ended_at, row.ended_by, row.reason = now, actor_id, reason
