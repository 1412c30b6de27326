"""Training events, who joined and who was there. What was finished becomes a qualification (storage.members)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, in_book, to_person, to_station
from timebank.storage.members import Qualification


class TrainingEvent(InBook, Base):
    """A training with the five facts of Order 67, article 8: name, content, hours, organiser, day."""

    __tablename__ = "training_event"
    __table_args__ = (to_station(), Index("ix_training_event_book_station", "book", "station_id", "held_on"))

    station_id: Mapped[str] = mapped_column(String(32))
    training: Mapped[str | None] = mapped_column(String(24))
    """Which gate it opens; None for one that opens none, such as carers' training."""
    name: Mapped[str] = mapped_column(String(80))
    content: Mapped[str] = mapped_column(Text)
    organiser: Mapped[str] = mapped_column(String(120))
    held_on: Mapped[date]
    minutes: Mapped[int]
    places: Mapped[int]
    audience: Mapped[str] = mapped_column(String(12))
    valid_to: Mapped[date | None]
    begins: Mapped[str | None] = mapped_column(String(5))
    """The local time at which it begins."""
    place: Mapped[str | None] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(12))
    made_by: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class TrainingPerson(Base):
    """Somebody who joined a training; `attended` once that is written down. It is training time, never an hour."""

    __tablename__ = "training_person"
    __table_args__ = (
        *to_person("person_id"),
        in_book("training_event", "event_id"),
        Index("ix_training_person_book_person", "book", "person_id"),
    )

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    joined_at: Mapped[datetime]
    attended: Mapped[bool | None]
    recorded_by: Mapped[str | None] = mapped_column(String(32))


class Trainings:
    """Named queries over training events."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: TrainingEvent | TrainingPerson) -> None:
        self._session.add(row)

    def remove(self, row: TrainingPerson) -> None:
        self._session.delete(row)

    def get(self, event_id: str, *, lock: bool = False) -> TrainingEvent | None:
        return self._session.get(TrainingEvent, (self._book, event_id), with_for_update=lock or None)

    def coming(self, since: date, limit: int = 100) -> list[TrainingEvent]:
        """What is planned from that day on, the next first."""
        query = select(TrainingEvent).where(
            TrainingEvent.book == self._book, TrainingEvent.state == "planned", TrainingEvent.held_on >= since
        )
        return list(self._session.scalars(query.order_by(TrainingEvent.held_on, TrainingEvent.id).limit(limit)))

    def of_stations(self, station_ids: Iterable[str], limit: int = 100) -> list[TrainingEvent]:
        query = select(TrainingEvent).where(
            TrainingEvent.book == self._book, TrainingEvent.station_id.in_(set(station_ids))
        )
        return list(self._session.scalars(query.order_by(TrainingEvent.held_on.desc(), TrainingEvent.id).limit(limit)))

    def people(self, event_ids: Iterable[str]) -> dict[str, list[TrainingPerson]]:
        """Event → who joined, in the order of joining."""
        wanted = set(event_ids)
        query = select(TrainingPerson).where(TrainingPerson.book == self._book, TrainingPerson.event_id.in_(wanted))
        found: dict[str, list[TrainingPerson]] = {one: [] for one in wanted}
        for row in self._session.scalars(query.order_by(TrainingPerson.joined_at, TrainingPerson.person_id)):
            found[row.event_id].append(row)
        return found

    def attended(self, person_id: str) -> list[TrainingEvent]:
        """The trainings at which this person was, the newest first."""
        query = (
            select(TrainingEvent)
            .join(
                TrainingPerson,
                (TrainingPerson.book == TrainingEvent.book) & (TrainingPerson.event_id == TrainingEvent.id),
            )
            .where(
                TrainingEvent.book == self._book,
                TrainingPerson.person_id == person_id,
                TrainingPerson.attended.is_(True),
            )
        )
        return list(self._session.scalars(query.order_by(TrainingEvent.held_on.desc())))

    def qualifications(self, person_id: str) -> list[Qualification]:
        query = select(Qualification).where(Qualification.book == self._book, Qualification.person_id == person_id)
        return list(self._session.scalars(query.order_by(Qualification.valid_from.desc())))
