"""Inspections with their draws, signals of what may be wrong, and call-backs of hand-typed records."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.domain.signals import Found
from timebank.storage.base import Base, InBook, in_book, to_station

OPEN = "open"
"""The state of a signal or a call-back that waits for somebody."""


class Inspection(InBook, Base):
    """A draw: the list that was committed, the entry that says so, the checkpoint that became its seed."""

    __tablename__ = "inspection"
    __table_args__ = (UniqueConstraint("book", "number"),)

    number: Mapped[int]
    candidates: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    entry_seq: Mapped[int]
    committed_by: Mapped[str] = mapped_column(String(32))
    committed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12))
    seed_size: Mapped[int | None]
    seed_body: Mapped[str | None] = mapped_column(Text)
    drawn_at: Mapped[datetime | None]


class InspectionVisit(InBook, Base):
    """A station that was drawn: who inspects it, what was found, what it answered. Public, so nobody is named."""

    __tablename__ = "inspection_visit"
    __table_args__ = (
        to_station(),
        in_book("inspection", "inspection_id"),
        UniqueConstraint("book", "inspection_id", "station_id"),
        Index("ix_inspection_visit_book_station", "book", "station_id"),
    )

    inspection_id: Mapped[str] = mapped_column(String(32))
    station_id: Mapped[str] = mapped_column(String(32))
    place: Mapped[int]
    """Its place in the draw, from 0."""
    inspectors: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(String(12))
    text: Mapped[str | None] = mapped_column(Text)
    recorded_by: Mapped[str | None] = mapped_column(String(32))
    recorded_at: Mapped[datetime | None]
    answer_due_on: Mapped[date | None]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[str | None] = mapped_column(String(32))
    answered_at: Mapped[datetime | None]


class Signal(InBook, Base):
    """Something that may be wrong, by an explainable rule. People decide; what they said is sealed."""

    __tablename__ = "signal"
    __table_args__ = (
        to_station(),
        UniqueConstraint("book", "rule", "about"),
        Index("ix_signal_book_station", "book", "station_id", "state"),
    )

    rule: Mapped[str] = mapped_column(String(24))
    station_id: Mapped[str] = mapped_column(String(32))
    about: Mapped[str] = mapped_column(String(200))
    """What it is about: ids, joined; one signal for each rule and matter."""
    params: Mapped[str] = mapped_column(Text)
    persons: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12))
    decided_by: Mapped[str | None] = mapped_column(String(32))
    decided_at: Mapped[datetime | None]
    words_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class CallBack(InBook, Base):
    """A verified, hand-typed record that was drawn: the elder or kin is called, and the answer is kept."""

    __tablename__ = "call_back"
    __table_args__ = (
        to_station(),
        in_book("hours_record", "record_id"),
        UniqueConstraint("book", "record_id"),
        Index("ix_call_back_book_station", "book", "station_id", "state"),
    )

    record_id: Mapped[str] = mapped_column(String(32))
    station_id: Mapped[str] = mapped_column(String(32))
    drawn_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12))
    tries: Mapped[int]
    called: Mapped[str | None] = mapped_column(String(12))
    called_by: Mapped[str | None] = mapped_column(String(32))
    called_at: Mapped[datetime | None]


class Supervision:
    """Named queries over inspections, signals and call-backs."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Inspection | InspectionVisit | Signal | CallBack) -> None:
        self._session.add(row)

    def raise_signal(self, signal_id: str, found: Found, now: datetime) -> None:
        """Keep a signal for those who look at it."""
        self.add(
            Signal(
                book=self._book,
                id=signal_id,
                rule=found.rule,
                station_id=found.station_id,
                about=found.about,
                params=json.dumps(dict(found.params)),
                persons=" ".join(found.persons),
                found_at=now,
                state=OPEN,
            )
        )

    def inspections(self, limit: int = 100) -> list[Inspection]:
        query = select(Inspection).where(Inspection.book == self._book).order_by(Inspection.number.desc())
        return list(self._session.scalars(query.limit(limit)))

    def inspection(self, number: int) -> Inspection | None:
        return self._session.scalar(
            select(Inspection).where(Inspection.book == self._book, Inspection.number == number)
        )

    def undrawn(self) -> list[Inspection]:
        query = select(Inspection).where(Inspection.book == self._book, Inspection.state == "committed")
        return list(self._session.scalars(query.order_by(Inspection.number)))

    def visits(self, inspection_ids: Iterable[str]) -> dict[str, list[InspectionVisit]]:
        """Inspection → the stations that it drew."""
        query = select(InspectionVisit).where(
            InspectionVisit.book == self._book, InspectionVisit.inspection_id.in_(set(inspection_ids))
        )
        found: dict[str, list[InspectionVisit]] = {}
        for row in self._session.scalars(query.order_by(InspectionVisit.place)):
            found.setdefault(row.inspection_id, []).append(row)
        return found

    def visits_of_station(self, station_id: str) -> list[InspectionVisit]:
        """What inspections found at a station, the newest first."""
        query = select(InspectionVisit).where(
            InspectionVisit.book == self._book,
            InspectionVisit.station_id == station_id,
            InspectionVisit.recorded_at.is_not(None),
        )
        return list(self._session.scalars(query.order_by(InspectionVisit.id.desc())))

    def visit(self, visit_id: str) -> InspectionVisit | None:
        return self._session.get(InspectionVisit, (self._book, visit_id), with_for_update=True)

    def signal(self, signal_id: str) -> Signal | None:
        return self._session.get(Signal, (self._book, signal_id), with_for_update=True)

    def signals(self, station_ids: Iterable[str], states: Iterable[str], limit: int = 200) -> list[Signal]:
        query = select(Signal).where(
            Signal.book == self._book, Signal.station_id.in_(set(station_ids)), Signal.state.in_(set(states))
        )
        return list(self._session.scalars(query.order_by(Signal.found_at.desc(), Signal.id.desc()).limit(limit)))

    def known(self, rule: str) -> set[str]:
        """What signals of a rule are about, decided ones too: nothing is said twice."""
        query = select(Signal.about).where(Signal.book == self._book, Signal.rule == rule)
        return set(self._session.scalars(query))

    def call_back(self, call_back_id: str) -> CallBack | None:
        return self._session.get(CallBack, (self._book, call_back_id), with_for_update=True)

    def call_backs(self, station_ids: Iterable[str], states: Iterable[str], limit: int = 200) -> list[CallBack]:
        query = select(CallBack).where(
            CallBack.book == self._book, CallBack.station_id.in_(set(station_ids)), CallBack.state.in_(set(states))
        )
        return list(self._session.scalars(query.order_by(CallBack.drawn_at, CallBack.id).limit(limit)))

    def drawn_records(self) -> set[str]:
        """The records that were drawn already."""
        return set(self._session.scalars(select(CallBack.record_id).where(CallBack.book == self._book)))
