"""Records of hours, their history, their flags, and open check-ins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    CursorResult,
    Index,
    LargeBinary,
    Select,
    String,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.exc import StaleDataError

from timebank.domain.local_time import local_day
from timebank.storage.base import Base, InBook, in_book, padded, to_person, to_station
from timebank.storage.history import StateChange

OPEN = ("logged", "confirmed", "disputed")
COUNTING = ("logged", "confirmed", "verified", "disputed")


class HoursRecord(InBook, Base):
    """One service by one volunteer to one elder. Four roles are kept: who served, was served, verified, typed it in."""

    __tablename__ = "hours_record"
    __table_args__ = (
        *to_person("volunteer_id", "elder_id", "entered_by"),
        to_station(),
        UniqueConstraint("book", "station_id", "slip_number"),
        UniqueConstraint("book", "number"),
        Index("ix_hours_record_book_volunteer", "book", "volunteer_id", "started_at"),
        Index("ix_hours_record_book_elder", "book", "elder_id", "started_at"),
        Index("ix_hours_record_book_entry_seq", "book", "entry_seq"),
        Index("ix_hours_record_book_queue", "book", "station_id", "state", "logged_at"),
    )

    number: Mapped[str] = mapped_column(String(24))
    station_id: Mapped[str] = mapped_column(String(32))
    volunteer_id: Mapped[str] = mapped_column(String(32))
    elder_id: Mapped[str] = mapped_column(String(32))
    service_code: Mapped[str] = mapped_column(String(24))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    minutes: Mapped[int]
    place: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    in_group: Mapped[bool]
    slip_number: Mapped[str | None] = mapped_column(String(24))
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    entered_by: Mapped[str] = mapped_column(String(32))
    logged_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(String(32))
    confirmed_how: Mapped[str | None] = mapped_column(String(12))
    verified_by: Mapped[str | None] = mapped_column(String(32))
    verified_at: Mapped[datetime | None]
    credited_minutes: Mapped[int | None]
    document_id: Mapped[str | None] = mapped_column(String(32))
    entry_seq: Mapped[int | None]
    redemption_id: Mapped[str | None] = mapped_column(String(32))
    card_version: Mapped[int | None]
    """Of the service's standard card that was in force when the service began; None where there was none."""
    record_days: Mapped[int | None]
    """Working days from the end of the service until it was verified; None until then, and before this was kept."""
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class HoursEvent(StateChange, Base):
    """A change of state: from what, to what, who, when, why. Rows are only ever added."""

    __tablename__ = "hours_event"
    __table_args__ = (in_book("hours_record", "record_id"),)

    record_id: Mapped[str] = mapped_column(String(32), primary_key=True)


class HoursFlag(Base):
    """Something unusual about a record, to be seen beside it. It decides nothing."""

    __tablename__ = "hours_flag"
    __table_args__ = (in_book("hours_record", "record_id"),)

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    record_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    params: Mapped[str] = mapped_column(String(400))


class Visit(InBook, Base):
    """An open check-in: proven by the elder's PIN or card at the start, and again at the end."""

    __tablename__ = "visit"
    __table_args__ = (
        *to_person("volunteer_id", "elder_id"),
        Index("ix_visit_book_volunteer", "book", "volunteer_id", "state"),
    )

    volunteer_id: Mapped[str] = mapped_column(String(32))
    elder_id: Mapped[str] = mapped_column(String(32))
    service_code: Mapped[str] = mapped_column(String(24))
    started_at: Mapped[datetime]
    started_how: Mapped[str] = mapped_column(String(8))
    ended_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(12))
    record_id: Mapped[str | None] = mapped_column(String(32))
    redemption_id: Mapped[str | None] = mapped_column(String(32))


@dataclass(slots=True)
class Verification:
    """The new values of a record that was verified. `version` is the one that the row had when it was locked."""

    id: str
    version: int
    verified_by: str
    verified_at: datetime
    credited_minutes: int
    document_id: str
    record_days: int
    entry_seq: int | None = None


_LOCKED = (
    select(HoursRecord)
    .where(HoursRecord.book == bindparam("book"), HoursRecord.id.in_(bindparam("ids", expanding=True)))
    .order_by(HoursRecord.id)
    .with_for_update()
)
_VERIFIED = (
    update(HoursRecord.__table__)  # type: ignore[arg-type]  # it is a Table
    .where(
        HoursRecord.__table__.c.book == bindparam("b_book"),
        HoursRecord.__table__.c.id == bindparam("b_id"),
        HoursRecord.__table__.c.version == bindparam("b_version"),
    )
    .values(state="verified", version=HoursRecord.__table__.c.version + 1)
)


class Hours:
    """Named queries over records of hours."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: HoursRecord | HoursEvent | HoursFlag | Visit) -> None:
        self._session.add(row)

    def get(self, record_id: str, *, lock: bool = False) -> HoursRecord | None:
        return self._session.get(HoursRecord, (self._book, record_id), with_for_update=lock or None)

    def lock_many(self, record_ids: Iterable[str]) -> dict[str, HoursRecord]:
        """Those that exist, locked in the order of their ids, so that two units never wait for each other."""
        wanted = {"book": self._book, "ids": padded(record_ids)}
        return {row.id: row for row in self._session.scalars(_LOCKED, wanted)}

    def verified(self, done: Sequence[Verification]) -> None:
        """Write the new values of rows that this unit has locked, all in one go. Raises StaleDataError."""
        if not done:
            return
        values = [
            {
                "b_book": self._book,
                "b_id": one.id,
                "b_version": one.version,
                "verified_by": one.verified_by,
                "verified_at": one.verified_at,
                "credited_minutes": one.credited_minutes,
                "document_id": one.document_id,
                "record_days": one.record_days,
                "entry_seq": one.entry_seq,
            }
            for one in done
        ]
        result = cast("CursorResult[Any]", self._session.connection().execute(_VERIFIED, values))
        if result.rowcount != len(done):
            raise StaleDataError("a record changed under its lock")

    def _all(self) -> Select[HoursRecord]:
        return select(HoursRecord).where(HoursRecord.book == self._book)

    def by_slip(self, station_id: str, slip_number: str) -> HoursRecord | None:
        query = self._all().where(HoursRecord.station_id == station_id, HoursRecord.slip_number == slip_number)
        return self._session.scalar(query)

    def by_entry(self, entry_seq: int) -> HoursRecord | None:
        return self._session.scalar(self._all().where(HoursRecord.entry_seq == entry_seq))

    def of_volunteer(self, volunteer_id: str, start: datetime, end: datetime) -> list[HoursRecord]:
        """The volunteer's records that count and touch [start, end)."""
        query = self._all().where(
            HoursRecord.volunteer_id == volunteer_id,
            HoursRecord.started_at < end,
            HoursRecord.ended_at > start,
            HoursRecord.state.in_(COUNTING),
        )
        return list(self._session.scalars(query))

    def of_elder(self, elder_id: str, start: datetime, end: datetime) -> list[HoursRecord]:
        """Records for the elder that count and touch [start, end)."""
        query = self._all().where(
            HoursRecord.elder_id == elder_id,
            HoursRecord.started_at < end,
            HoursRecord.ended_at > start,
            HoursRecord.state.in_(COUNTING),
        )
        return list(self._session.scalars(query))

    def between(self, one: str, other: str, since: datetime) -> list[HoursRecord]:
        """Records between two people in either direction, since a time."""
        pair = or_(
            and_(HoursRecord.volunteer_id == one, HoursRecord.elder_id == other),
            and_(HoursRecord.volunteer_id == other, HoursRecord.elder_id == one),
        )
        query = self._all().where(pair, HoursRecord.started_at >= since, HoursRecord.state.in_(COUNTING))
        return list(self._session.scalars(query))

    def page(
        self,
        *,
        person_id: str | None = None,
        station_ids: Iterable[str] | None = None,
        states: Iterable[str] | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[HoursRecord]:
        """Newest first; `before` is the id that the last page ended with (ids are UUIDv7, so they follow time)."""
        query = self._all()
        if person_id is not None:
            query = query.where(or_(HoursRecord.volunteer_id == person_id, HoursRecord.elder_id == person_id))
        if station_ids is not None:
            query = query.where(HoursRecord.station_id.in_(set(station_ids)))
        if states is not None:
            query = query.where(HoursRecord.state.in_(set(states)))
        if before is not None:
            query = query.where(HoursRecord.id < before)
        return list(self._session.scalars(query.order_by(HoursRecord.id.desc()).limit(limit)))

    def verified_since(self, since: datetime) -> list[tuple[str, str, str, str, date, str, str, str]]:
        """(id, station, volunteer, elder, day, source, entered by, verified by) of what was verified since then."""
        one = HoursRecord
        query = select(
            one.id, one.station_id, one.volunteer_id, one.elder_id, one.started_at, one.source, one.entered_by,
            one.verified_by,
        ).where(one.book == self._book, one.state == "verified", one.started_at >= since)  # fmt: skip
        return [
            (a, b, c, d, local_day(at), e, f, g or "")
            for a, b, c, d, at, e, f, g in self._session.execute(query.order_by(one.started_at, one.id))
        ]

    def manual_entries_since(self, since: datetime) -> list[tuple[str, str, int]]:
        """(id, station, entry) of the hand-typed records that were verified since then."""
        one = HoursRecord
        query = select(one.id, one.station_id, one.entry_seq).where(
            one.book == self._book, one.state == "verified", one.source == "manual", one.verified_at >= since,
            one.entry_seq.is_not(None),
        )  # fmt: skip
        return [(a, b, int(seq or 0)) for a, b, seq in self._session.execute(query.order_by(one.entry_seq))]

    def queue(self, station_ids: Iterable[str], states: Iterable[str], limit: int = 50) -> list[HoursRecord]:
        """What waits at these stations, oldest first."""
        query = self._all().where(HoursRecord.station_id.in_(set(station_ids)), HoursRecord.state.in_(set(states)))
        return list(self._session.scalars(query.order_by(HoursRecord.logged_at, HoursRecord.id).limit(limit)))

    def served_minutes(self, volunteer_id: str) -> int:
        """Verified minutes of a volunteer, actual and not credited ones."""
        query = select(func.coalesce(func.sum(HoursRecord.minutes), 0)).where(
            HoursRecord.book == self._book, HoursRecord.volunteer_id == volunteer_id, HoursRecord.state == "verified"
        )
        return int(self._session.scalar(query) or 0)

    def served_by(self, volunteer_id: str, before: str | None, limit: int) -> list[HoursRecord]:
        """Verified services of one volunteer, the newest first; `before` as in `page`."""
        query = self._all().where(HoursRecord.volunteer_id == volunteer_id, HoursRecord.state == "verified")
        if before is not None:
            query = query.where(HoursRecord.id < before)
        return list(self._session.scalars(query.order_by(HoursRecord.id.desc()).limit(limit)))

    def verified_of(self, volunteer_ids: Iterable[str], limit: int) -> list[HoursRecord]:
        """Verified services of these volunteers, the earliest first."""
        query = self._all().where(HoursRecord.volunteer_id.in_(set(volunteer_ids)), HoursRecord.state == "verified")
        return list(self._session.scalars(query.order_by(HoursRecord.started_at, HoursRecord.id).limit(limit)))

    def counts(self, station_ids: Iterable[str]) -> dict[tuple[str, str], int]:
        """(state, source) → how many records, at these stations."""
        query = (
            select(HoursRecord.state, HoursRecord.source, func.count())
            .where(HoursRecord.book == self._book, HoursRecord.station_id.in_(set(station_ids)))
            .group_by(HoursRecord.state, HoursRecord.source)
        )
        return {(state, source): count for state, source, count in self._session.execute(query)}

    def entered_since(self, entered_by: str, since: datetime) -> list[HoursRecord]:
        query = self._all().where(HoursRecord.entered_by == entered_by, HoursRecord.logged_at >= since)
        return list(self._session.scalars(query))

    def events(self, record_id: str) -> list[HoursEvent]:
        query = select(HoursEvent).where(HoursEvent.book == self._book, HoursEvent.record_id == record_id)
        return list(self._session.scalars(query.order_by(HoursEvent.step)))

    def flags(self, record_ids: Iterable[str]) -> dict[str, list[HoursFlag]]:
        query = select(HoursFlag).where(HoursFlag.book == self._book, HoursFlag.record_id.in_(set(record_ids)))
        found: dict[str, list[HoursFlag]] = {}
        for flag in self._session.scalars(query.order_by(HoursFlag.code)):
            found.setdefault(flag.record_id, []).append(flag)
        return found

    def get_visit(self, visit_id: str, *, lock: bool = False) -> Visit | None:
        return self._session.get(Visit, (self._book, visit_id), with_for_update=lock or None)

    def open_visits(self, volunteer_id: str | None = None) -> list[Visit]:
        query = select(Visit).where(Visit.book == self._book, Visit.state == "open")
        if volunteer_id is not None:
            query = query.where(Visit.volunteer_id == volunteer_id)
        return list(self._session.scalars(query.order_by(Visit.started_at)))
