"""Consent notes for papers that a helper carries: which, from when to when, given back to whom."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, to_person, to_station
from timebank.storage.hours import HoursRecord


class ConsentNote(InBook, Base):
    """An elder agrees that a helper carries papers. The words are sealed under the elder's key."""

    __tablename__ = "consent_note"
    __table_args__ = (
        *to_person("elder_id", "helper_id", "entered_by"),
        to_station(),
        Index("ix_consent_note_book_station", "book", "station_id", "state", "given_at"),
        Index("ix_consent_note_book_elder", "book", "elder_id"),
        Index("ix_consent_note_book_helper", "book", "helper_id", "elder_id", "service_code"),
        Index("ix_consent_note_book_record", "book", "record_id"),
    )

    number: Mapped[str] = mapped_column(String(24))
    station_id: Mapped[str] = mapped_column(String(32))
    elder_id: Mapped[str] = mapped_column(String(32))
    helper_id: Mapped[str] = mapped_column(String(32))
    service_code: Mapped[str] = mapped_column(String(24))
    need_id: Mapped[str | None] = mapped_column(String(32))
    redemption_id: Mapped[str | None] = mapped_column(String(32))
    record_id: Mapped[str | None] = mapped_column(String(32))
    papers_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """None: the elder keeps all papers."""
    given_at: Mapped[datetime]
    due_at: Mapped[datetime]
    given_how: Mapped[str] = mapped_column(String(12))
    entered_by: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(12))
    back_at: Mapped[datetime | None]
    back_how: Mapped[str | None] = mapped_column(String(12))
    back_by: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class ConsentNotes:
    """Named queries over consent notes."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: ConsentNote) -> None:
        self._session.add(row)

    def get(self, note_id: str, *, lock: bool = False) -> ConsentNote | None:
        return self._session.get(ConsentNote, (self._book, note_id), with_for_update=lock or None)

    def unused(self, helper_id: str, elder_id: str, service_code: str, started_at: datetime) -> ConsentNote | None:
        """The newest note between these two for this service that was given before it began and has no record yet,
        or one that came to nothing."""
        gone = select(HoursRecord.id).where(
            HoursRecord.book == self._book,
            HoursRecord.volunteer_id == helper_id,
            HoursRecord.state.in_(("withdrawn", "rejected")),
        )
        query = select(ConsentNote).where(
            ConsentNote.book == self._book,
            ConsentNote.helper_id == helper_id,
            ConsentNote.elder_id == elder_id,
            ConsentNote.service_code == service_code,
            ConsentNote.record_id.is_(None) | ConsentNote.record_id.in_(gone),
            ConsentNote.given_at <= started_at,
            ConsentNote.due_at >= started_at,
        )
        return self._session.scalar(query.order_by(ConsentNote.given_at.desc(), ConsentNote.id.desc()).limit(1))

    def of_record(self, record_id: str) -> ConsentNote | None:
        query = select(ConsentNote).where(ConsentNote.book == self._book, ConsentNote.record_id == record_id)
        return self._session.scalar(query.limit(1))

    def of_person(self, person_ids: Iterable[str], limit: int = 50) -> list[ConsentNote]:
        """Notes of these people as elder or helper, the newest first."""
        people = set(person_ids)
        mine = ConsentNote.elder_id.in_(people) | ConsentNote.helper_id.in_(people)
        query = select(ConsentNote).where(ConsentNote.book == self._book, mine)
        return list(self._session.scalars(query.order_by(ConsentNote.id.desc()).limit(limit)))

    def at_stations(self, station_ids: Iterable[str], state: str, limit: int = 100) -> list[ConsentNote]:
        """What is out, what is due first, first; or what came back, the newest first."""
        query = select(ConsentNote).where(
            ConsentNote.book == self._book, ConsentNote.station_id.in_(set(station_ids)), ConsentNote.state == state
        )
        order = ConsentNote.due_at if state == "out" else ConsentNote.id.desc()
        return list(self._session.scalars(query.order_by(order).limit(limit)))

    def is_out_of(self, person_id: str) -> bool:
        """Whether papers of this person, or carried by this person, are not back yet."""
        mine = (ConsentNote.elder_id == person_id) | (ConsentNote.helper_id == person_id)
        query = select(ConsentNote.id).where(ConsentNote.book == self._book, mine, ConsentNote.state == "out")
        return self._session.scalar(query.limit(1)) is not None
