"""Complaints and each step of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.domain.complaints import OPEN
from timebank.storage import history
from timebank.storage.base import Base, InBook, in_book, to_person, to_station


class Complaint(InBook, Base):
    """Somebody complains. All words are sealed under the complainant's key; who came from the street has one, too."""

    __tablename__ = "complaint"
    __table_args__ = (
        *to_person("complainant_id", "about_id", "entered_by"),
        to_station(),
        UniqueConstraint("book", "number"),
        Index("ix_complaint_book_station", "book", "station_id", "state", "due_at"),
        Index("ix_complaint_book_complainant", "book", "complainant_id"),
        Index("ix_complaint_book_due", "book", "state", "due_at"),
    )

    number: Mapped[str] = mapped_column(String(24))
    station_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(12))
    complainant_id: Mapped[str] = mapped_column(String(32))
    about_id: Mapped[str | None] = mapped_column(String(32))
    record_id: Mapped[str | None] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(8))
    entered_by: Mapped[str | None] = mapped_column(String(32))
    digest: Mapped[str | None] = mapped_column(String(64))
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12))
    outcome: Mapped[str | None] = mapped_column(String(12))
    answered_by: Mapped[str | None] = mapped_column(String(32))
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class ComplaintEvent(Base):
    """A step of a complaint: who, when, why. Rows are only ever added."""

    __tablename__ = "complaint_event"
    __table_args__ = (in_book("complaint", "complaint_id"),)

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    complaint_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    verb: Mapped[str] = mapped_column(String(24))
    state_before: Mapped[str | None] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    actor_id: Mapped[str | None] = mapped_column(String(32))
    via: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime]
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class Complaints:
    """Named queries over complaints."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Complaint | ComplaintEvent) -> None:
        self._session.add(row)

    def get(self, complaint_id: str, *, lock: bool = False) -> Complaint | None:
        return self._session.get(Complaint, (self._book, complaint_id), with_for_update=lock or None)

    def by_number(self, number: str) -> Complaint | None:
        return self._session.scalar(select(Complaint).where(Complaint.book == self._book, Complaint.number == number))

    def move(
        self, row: Complaint, verb: str, state: str, actor_id: str | None, via: str, now: datetime, sealed: bytes | None
    ) -> None:
        """Change the state and write down who, when and why."""
        how = {"verb": verb, "actor_id": actor_id, "via": via, "at": now, "text_sealed": sealed}
        history.move(self._session, ComplaintEvent, "complaint_id", row, state, **how)

    def events(self, complaint_id: str) -> list[ComplaintEvent]:
        query = select(ComplaintEvent).where(
            ComplaintEvent.book == self._book, ComplaintEvent.complaint_id == complaint_id
        )
        return list(self._session.scalars(query.order_by(ComplaintEvent.step)))

    def of_person(self, person_id: str, limit: int = 50) -> list[Complaint]:
        """What somebody complained of, or wrote down for somebody, the newest first."""
        mine = (Complaint.complainant_id == person_id) | (Complaint.entered_by == person_id)
        query = select(Complaint).where(Complaint.book == self._book, mine)
        return list(self._session.scalars(query.order_by(Complaint.id.desc()).limit(limit)))

    def is_open_of(self, person_id: str) -> bool:
        """Whether somebody's complaint is not finished."""
        query = select(Complaint.id).where(
            Complaint.book == self._book, Complaint.complainant_id == person_id, Complaint.state.in_(OPEN)
        )
        return self._session.scalar(query.limit(1)) is not None

    def at_stations(
        self, station_ids: Iterable[str], states: Iterable[str], *, before: str | None = None, limit: int = 50
    ) -> list[Complaint]:
        """The newest first; `before` is the id that the last page ended with."""
        query = select(Complaint).where(
            Complaint.book == self._book, Complaint.station_id.in_(set(station_ids)), Complaint.state.in_(set(states))
        )
        if before is not None:
            query = query.where(Complaint.id < before)
        return list(self._session.scalars(query.order_by(Complaint.id.desc()).limit(limit)))

    def lapsed(self, states: Iterable[str], now: datetime, limit: int = 100) -> list[Complaint]:
        """Those in these states whose time is over."""
        query = select(Complaint).where(
            Complaint.book == self._book, Complaint.state.in_(set(states)), Complaint.due_at <= now
        )
        return list(self._session.scalars(query.order_by(Complaint.due_at).limit(limit).with_for_update()))
