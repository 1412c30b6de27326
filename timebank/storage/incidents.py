"""Incidents, the calls that each asks for, and every try to reach somebody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, in_book, to_person, to_station


class Incident(InBook, Base):
    """Something happened. Its words are sealed under the key of `subject_id`: the elder, else who reported it."""

    __tablename__ = "incident"
    __table_args__ = (
        *to_person("subject_id", "person_id", "opened_by"),
        to_station(),
        Index("ix_incident_book_station", "book", "station_id", "state", "opened_at"),
        Index("ix_incident_book_subject", "book", "subject_id"),
    )

    number: Mapped[str] = mapped_column(String(24))
    station_id: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[str | None] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(24))
    severity: Mapped[str] = mapped_column(String(12))
    place: Mapped[str] = mapped_column(String(16))
    happened_at: Mapped[datetime]
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12))
    opened_by: Mapped[str] = mapped_column(String(32))
    opened_at: Mapped[datetime]
    closed_by: Mapped[str | None] = mapped_column(String(32))
    closed_at: Mapped[datetime | None]
    done_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class IncidentCall(Base):
    """A call that must be made: the rules of the day on which the incident was opened stay its rules."""

    __tablename__ = "incident_call"
    __table_args__ = (
        in_book("incident", "incident_id"),
        Index("ix_incident_call_book_due", "book", "reached_at", "raised_at", "due_at"),
    )

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    incident_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    due_at: Mapped[datetime]
    reached_at: Mapped[datetime | None]
    raised_at: Mapped[datetime | None]
    """When the next role was told that nobody was reached in time."""


class IncidentTry(InBook, Base):
    """Somebody was called, and reached or not. Rows are only ever added."""

    __tablename__ = "incident_try"
    __table_args__ = (
        in_book("incident", "incident_id"),
        *to_person("called_id", "called_by"),
        Index("ix_incident_try_book_incident", "book", "incident_id"),
    )

    incident_id: Mapped[str] = mapped_column(String(32))
    step: Mapped[int]
    called_id: Mapped[str | None] = mapped_column(String(32))
    called_by: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    reached: Mapped[bool]


class Incidents:
    """Named queries over incidents."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Incident | IncidentCall | IncidentTry) -> None:
        self._session.add(row)

    def get(self, incident_id: str, *, lock: bool = False) -> Incident | None:
        return self._session.get(Incident, (self._book, incident_id), with_for_update=lock or None)

    def page(
        self, station_ids: Iterable[str], states: Iterable[str], *, before: str | None = None, limit: int = 50
    ) -> list[Incident]:
        """Newest first; `before` is the id that the last page ended with."""
        query = select(Incident).where(
            Incident.book == self._book, Incident.station_id.in_(set(station_ids)), Incident.state.in_(set(states))
        )
        if before is not None:
            query = query.where(Incident.id < before)
        return list(self._session.scalars(query.order_by(Incident.id.desc()).limit(limit)))

    def is_open_of(self, person_id: str) -> bool:
        """Whether an incident about this person, or with words under this person's key, is open."""
        query = select(Incident.id).where(
            Incident.book == self._book, Incident.subject_id == person_id, Incident.state == "open"
        )
        return self._session.scalar(query.limit(1)) is not None

    def calls(self, incident_ids: Iterable[str]) -> dict[str, list[IncidentCall]]:
        """Incident → its calls in order."""
        found: dict[str, list[IncidentCall]] = {one: [] for one in incident_ids}
        query = select(IncidentCall).where(IncidentCall.book == self._book, IncidentCall.incident_id.in_(set(found)))
        for row in self._session.scalars(query.order_by(IncidentCall.step)):
            found[row.incident_id].append(row)
        return found

    def tries(self, incident_id: str) -> list[IncidentTry]:
        query = select(IncidentTry).where(IncidentTry.book == self._book, IncidentTry.incident_id == incident_id)
        return list(self._session.scalars(query.order_by(IncidentTry.id)))

    def overdue(self, now: datetime, limit: int = 100) -> list[IncidentCall]:
        """Calls of open incidents that nobody answered in time and of which the next role was not told yet."""
        query = (
            select(IncidentCall)
            .join(Incident, (Incident.book == IncidentCall.book) & (Incident.id == IncidentCall.incident_id))
            .where(
                IncidentCall.book == self._book,
                IncidentCall.reached_at.is_(None),
                IncidentCall.raised_at.is_(None),
                IncidentCall.due_at <= now,
                Incident.state == "open",
            )
        )
        return list(self._session.scalars(query.order_by(IncidentCall.due_at).limit(limit).with_for_update()))
