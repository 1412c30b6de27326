"""Needs, who took them on, their history, and who was not there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Index, LargeBinary, Select, String, and_, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage import history
from timebank.storage.base import Base, InBook, in_book, to_person, to_station
from timebank.storage.history import StateChange
from timebank.storage.hours import COUNTING, HoursRecord
from timebank.storage.redemptions import Redemption

RUNNING = ("open", "taken", "in_service", "delivered")
BOOKED = ("open", "taken", "in_service")
GIVEN_UP = ("cancelled", "declined", "expired", "no_show")
LONGEST = timedelta(hours=12)


OPEN = ("posted", "open", "taken", "in_service")


class Need(InBook, Base):
    """Care that an elder wants at a time, and who pays for it. Free words are sealed under the elder's key."""

    __tablename__ = "need"
    __table_args__ = (
        *to_person("elder_id", "posted_by"),
        to_station(),
        Index("ix_need_book_queue", "book", "station_id", "state", "wanted_at"),
        Index("ix_need_book_elder", "book", "elder_id"),
        Index("ix_need_book_due", "book", "state", "expires_at"),
        Index("ix_need_book_redemption", "book", "redemption_id"),
    )

    number: Mapped[str] = mapped_column(String(24))
    station_id: Mapped[str] = mapped_column(String(32))
    elder_id: Mapped[str] = mapped_column(String(32))
    posted_by: Mapped[str] = mapped_column(String(32))
    posted_how: Mapped[str] = mapped_column(String(8))
    service_code: Mapped[str] = mapped_column(String(24))
    minutes: Mapped[int]
    wanted_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(16))
    funding: Mapped[str] = mapped_column(String(12))
    language: Mapped[str] = mapped_column(String(16))
    gender_wish: Mapped[str] = mapped_column(String(8))
    helpers: Mapped[int]
    """How many volunteers must take it on."""
    risk_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12))
    posted_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    redemption_id: Mapped[str | None] = mapped_column(String(32))
    reminded_hours: Mapped[int | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class NeedEvent(StateChange, Base):
    """A change of state of a need. Rows are only ever added."""

    __tablename__ = "need_event"
    __table_args__ = (in_book("need", "need_id"),)

    need_id: Mapped[str] = mapped_column(String(32), primary_key=True)


class NeedHelper(Base):
    """A volunteer who took a need on, and the record of the hours that came of it."""

    __tablename__ = "need_helper"
    __table_args__ = (
        in_book("need", "need_id"),
        *to_person("person_id"),
        Index("ix_need_helper_book_person", "book", "person_id"),
        Index("ix_need_helper_book_record", "book", "record_id"),
    )

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    need_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    taken_at: Mapped[datetime]
    taken_by: Mapped[str] = mapped_column(String(32))
    record_id: Mapped[str | None] = mapped_column(String(32))


class Absence(InBook, Base):
    """Somebody was not there at the agreed time: a fact with its need, never a mark. Rows are only ever added."""

    __tablename__ = "absence"
    __table_args__ = (
        *to_person("person_id"),
        in_book("need", "need_id"),
        Index("ix_absence_book_person", "book", "person_id", "at"),
    )

    need_id: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[str] = mapped_column(String(32))
    side: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]


class Needs:
    """Named queries over needs."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Need | NeedHelper | Absence) -> None:
        self._session.add(row)

    def remove(self, row: NeedHelper) -> None:
        self._session.delete(row)
        self._session.flush()

    def get(self, need_id: str, *, lock: bool = False) -> Need | None:
        return self._session.get(Need, (self._book, need_id), with_for_update=lock or None)

    def move(
        self,
        row: Need,
        state: str,
        actor_id: str,
        via: str,
        now: datetime,
        reason: str | None = None,
        text_sealed: bytes | None = None,
    ) -> None:
        """Change the state and write down who, when and why. The first event of a row has no state before."""
        how = {"actor_id": actor_id, "via": via, "at": now, "reason": reason, "text_sealed": text_sealed}
        history.move(self._session, NeedEvent, "need_id", row, state, **how)

    def events(self, need_id: str) -> list[NeedEvent]:
        query = select(NeedEvent).where(NeedEvent.book == self._book, NeedEvent.need_id == need_id)
        return list(self._session.scalars(query.order_by(NeedEvent.step)))

    def helpers(self, need_ids: Collection[str]) -> dict[str, list[NeedHelper]]:
        """Need → who took it on, the first one first."""
        found: dict[str, list[NeedHelper]] = {one: [] for one in need_ids}
        query = select(NeedHelper).where(NeedHelper.book == self._book, NeedHelper.need_id.in_(set(need_ids)))
        for row in self._session.scalars(query.order_by(NeedHelper.taken_at, NeedHelper.person_id)):
            found[row.need_id].append(row)
        return found

    def record_states(self, record_ids: Iterable[str]) -> dict[str, str]:
        """The states of these records of hours."""
        query = select(HoursRecord.id, HoursRecord.state)
        query = query.where(HoursRecord.book == self._book, HoursRecord.id.in_(set(record_ids)))
        return {row.id: row.state for row in self._session.execute(query)}

    def of_redemptions(self, redemption_ids: Iterable[str]) -> set[str]:
        """Those of these requests that pay for a need."""
        query = select(Need.redemption_id).where(Need.book == self._book, Need.redemption_id.in_(set(redemption_ids)))
        return {row for row in self._session.scalars(query) if row is not None}

    def requests(self, redemption_ids: Iterable[str]) -> dict[str, Redemption]:
        query = select(Redemption).where(Redemption.book == self._book, Redemption.id.in_(set(redemption_ids)))
        return {row.id: row for row in self._session.scalars(query)}

    def _all(self) -> Select[Need]:
        return select(Need).where(Need.book == self._book)

    def page(
        self,
        *,
        station_ids: Iterable[str] | None = None,
        states: Iterable[str] | None = None,
        person_id: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[Need]:
        """Newest first; `before` is the id that the last page ended with. `person_id`: the elder, or a helper."""
        query = self._all()
        if person_id is not None:
            mine = select(NeedHelper.need_id).where(NeedHelper.book == self._book, NeedHelper.person_id == person_id)
            query = query.where(or_(Need.elder_id == person_id, Need.id.in_(mine)))
        if station_ids is not None:
            query = query.where(Need.station_id.in_(set(station_ids)))
        if states is not None:
            query = query.where(Need.state.in_(set(states)))
        if before is not None:
            query = query.where(Need.id < before)
        return list(self._session.scalars(query.order_by(Need.id.desc()).limit(limit)))

    def open_between(
        self, station_ids: Iterable[str], start: datetime, end: datetime | None = None, limit: int = 1000
    ) -> list[Need]:
        """Open needs at these stations that are wanted in [start, end), the earliest first."""
        query = self._all().where(Need.station_id.in_(set(station_ids)), Need.state == "open", Need.wanted_at >= start)
        if end is not None:
            query = query.where(Need.wanted_at < end)
        return list(self._session.scalars(query.order_by(Need.wanted_at, Need.id).limit(limit)))

    def counts(self, station_ids: Iterable[str]) -> dict[str, int]:
        """State → how many needs, at these stations."""
        query = select(Need.state, func.count()).where(Need.book == self._book, Need.station_id.in_(set(station_ids)))
        return {row[0]: row[1] for row in self._session.execute(query.group_by(Need.state))}

    def booked(
        self, person_ids: Collection[str], start: datetime, end: datetime
    ) -> list[tuple[str, datetime, datetime]]:
        """(person, from, to) of what these people promised in [start, end): needs, and requests without a need."""
        query = (
            select(NeedHelper.person_id, Need.wanted_at, Need.ended_at)
            .join(Need, and_(Need.book == NeedHelper.book, Need.id == NeedHelper.need_id))
            .where(
                NeedHelper.book == self._book,
                NeedHelper.person_id.in_(set(person_ids)),
                Need.state.in_(BOOKED),
                Need.wanted_at < end,
                Need.ended_at > start,
            )
        )
        found = [(row[0], row[1], row[2]) for row in self._session.execute(query)]
        ridden = select(Need.redemption_id).where(Need.book == self._book, Need.redemption_id.is_not(None))
        asked = select(Redemption.volunteer_id, Redemption.wanted_at, Redemption.minutes).where(
            Redemption.book == self._book,
            Redemption.volunteer_id.in_(set(person_ids)),
            Redemption.state == "assigned",
            Redemption.wanted_at < end,
            Redemption.wanted_at > start - LONGEST,
            Redemption.id.not_in(ridden),
        )
        for person_id, wanted_at, minutes in self._session.execute(asked):
            until = wanted_at + timedelta(minutes=minutes)
            if person_id is not None and until > start:
                found.append((person_id, wanted_at, until))
        return found

    def to_expire(self, now: datetime, limit: int = 200) -> list[str]:
        """Needs that nobody took before their time, and those that were left lying."""
        early = and_(Need.state.in_(("posted", "open")), Need.wanted_at <= now)
        late = and_(Need.state.in_(("taken", "in_service")), Need.expires_at <= now)
        query = select(Need.id).where(Need.book == self._book, or_(early, late))
        return list(self._session.scalars(query.order_by(Need.wanted_at).limit(limit)))

    def to_follow(self, limit: int = 500) -> list[str]:
        """Needs whose records of hours or requests have moved on since."""
        joined = (
            select(Need.id)
            .join(NeedHelper, and_(NeedHelper.book == Need.book, NeedHelper.need_id == Need.id), isouter=True)
            .join(
                HoursRecord,
                and_(HoursRecord.book == Need.book, HoursRecord.id == NeedHelper.record_id),
                isouter=True,
            )
            .join(Redemption, and_(Redemption.book == Need.book, Redemption.id == Need.redemption_id), isouter=True)
        )
        moved = or_(
            and_(Need.state.in_(("taken", "in_service")), HoursRecord.state.in_(COUNTING)),
            and_(Need.state == "delivered", HoursRecord.state.in_(("verified", "rejected", "withdrawn"))),
            and_(Need.state == "credited", HoursRecord.state != "verified"),
            and_(Need.state.in_(RUNNING), Redemption.state.in_(GIVEN_UP)),
            and_(Need.state.in_(("taken", "in_service")), Redemption.record_id.is_not(None)),
            and_(Need.state == "taken", Redemption.id.is_not(None), Redemption.volunteer_id.is_(None)),
        )
        return list(self._session.scalars(joined.where(Need.book == self._book, moved).distinct().limit(limit)))

    def to_remind(self, now: datetime, until: datetime, limit: int = 500) -> list[str]:
        """Needs that somebody took, which begin in (now, until]."""
        query = select(Need.id).where(
            Need.book == self._book, Need.state == "taken", Need.wanted_at > now, Need.wanted_at <= until
        )
        return list(self._session.scalars(query.order_by(Need.wanted_at).limit(limit)))

    def absences(self, person_ids: Iterable[str], side: str) -> dict[str, int]:
        """Person → how often not there, on this side."""
        query = select(Absence.person_id, func.count()).where(
            Absence.book == self._book, Absence.person_id.in_(set(person_ids)), Absence.side == side
        )
        return {row[0]: row[1] for row in self._session.execute(query.group_by(Absence.person_id))}
