"""Redemptions and their history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import Boolean, Date, Index, LargeBinary, String, column, func, or_, select, table
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage import history
from timebank.storage.base import Base, InBook, in_book, to_person, to_station
from timebank.storage.history import StateChange

HOLDING = ("waiting", "held", "assigned", "delivered")
OPEN = ("requested", *HOLDING)
# The two below are mapped in `members`, which asks this module for what is held; so only their columns are named here.
MEMBERSHIP = table(
    "membership",
    column("book", String()),
    column("person_id", String()),
    column("station_id", String()),
    column("number", String()),
    column("state", String()),
    column("serves", Boolean()),
)
QUALIFICATION = table(
    "qualification",
    column("book", String()),
    column("person_id", String()),
    column("training", String()),
    column("valid_from", Date()),
    column("valid_to", Date()),
)


class Redemption(InBook, Base):
    """A member asks for care and pays with hours. The hold is one entry, whatever purses it draws on."""

    __tablename__ = "redemption"
    __table_args__ = (
        *to_person("member_id", "receiver_id", "requested_by"),
        to_station(),
        Index("ix_redemption_book_queue", "book", "station_id", "state", "requested_at"),
        Index("ix_redemption_book_entry_seq", "book", "entry_seq"),
        Index("ix_redemption_book_member", "book", "member_id"),
        Index("ix_redemption_book_expiry", "book", "state", "expires_at"),
    )

    number: Mapped[str] = mapped_column(String(24))
    station_id: Mapped[str] = mapped_column(String(32))
    member_id: Mapped[str] = mapped_column(String(32))
    receiver_id: Mapped[str] = mapped_column(String(32))
    requested_by: Mapped[str] = mapped_column(String(32))
    service_code: Mapped[str] = mapped_column(String(24))
    minutes: Mapped[int]
    wanted_at: Mapped[datetime]
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12))
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    hold_seq: Mapped[int | None]
    volunteer_id: Mapped[str | None] = mapped_column(String(32))
    provider_station_id: Mapped[str | None] = mapped_column(String(32))
    delivered_minutes: Mapped[int | None]
    delivered_at: Mapped[datetime | None]
    delivered_by: Mapped[str | None] = mapped_column(String(32))
    settled_minutes: Mapped[int | None]
    entry_seq: Mapped[int | None]
    record_id: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class RedemptionEvent(StateChange, Base):
    """A change of state of a redemption. Rows are only ever added."""

    __tablename__ = "redemption_event"
    __table_args__ = (in_book("redemption", "redemption_id"),)

    redemption_id: Mapped[str] = mapped_column(String(32), primary_key=True)


class Redemptions:
    """Named queries over redemptions."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Redemption | RedemptionEvent) -> None:
        self._session.add(row)

    def get(self, redemption_id: str, *, lock: bool = False) -> Redemption | None:
        return self._session.get(Redemption, (self._book, redemption_id), with_for_update=lock or None)

    def by_entry(self, entry_seq: int) -> Redemption | None:
        query = select(Redemption).where(Redemption.book == self._book, Redemption.entry_seq == entry_seq)
        return self._session.scalar(query)

    def move(
        self,
        row: Redemption,
        state: str,
        actor_id: str,
        via: str,
        now: datetime,
        reason: str | None = None,
        text_sealed: bytes | None = None,
    ) -> None:
        """Change the state and write down who, when and why. The first event of a row has no state before."""
        how = {"actor_id": actor_id, "via": via, "at": now, "reason": reason, "text_sealed": text_sealed}
        history.move(self._session, RedemptionEvent, "redemption_id", row, state, **how)

    def page(
        self,
        *,
        person_id: str | None = None,
        station_ids: Iterable[str] | None = None,
        states: Iterable[str] | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[Redemption]:
        """Newest first; `before` is the id that the last page ended with."""
        query = select(Redemption).where(Redemption.book == self._book)
        if person_id is not None:
            query = query.where(
                or_(
                    Redemption.member_id == person_id,
                    Redemption.receiver_id == person_id,
                    Redemption.volunteer_id == person_id,
                )
            )
        if station_ids is not None:
            query = query.where(Redemption.station_id.in_(set(station_ids)))
        if states is not None:
            query = query.where(Redemption.state.in_(set(states)))
        if before is not None:
            query = query.where(Redemption.id < before)
        return list(self._session.scalars(query.order_by(Redemption.id.desc()).limit(limit)))

    def waiting(self, station_ids: Iterable[str], states: Iterable[str]) -> list[Redemption]:
        """What waits at these stations, the oldest request first."""
        query = select(Redemption).where(
            Redemption.book == self._book,
            Redemption.station_id.in_(set(station_ids)),
            Redemption.state.in_(set(states)),
        )
        return list(self._session.scalars(query.order_by(Redemption.requested_at, Redemption.id)))

    def assigned_until(self, now: datetime, hours: int) -> list[Redemption]:
        """Those that a helper took, wanted from now on within so many hours."""
        query = select(Redemption).where(
            Redemption.book == self._book,
            Redemption.state == "assigned",
            Redemption.wanted_at > now,
            Redemption.wanted_at <= now + timedelta(hours=hours),
        )
        return list(self._session.scalars(query.order_by(Redemption.wanted_at, Redemption.id)))

    def expired(self, states: Iterable[str], now: datetime, limit: int = 100) -> list[str]:
        query = select(Redemption.id).where(
            Redemption.book == self._book, Redemption.state.in_(set(states)), Redemption.expires_at <= now
        )
        return list(self._session.scalars(query.order_by(Redemption.expires_at).limit(limit)))

    def open_of(self, member_id: str) -> int:
        """How many redemptions of this member are open."""
        query = select(func.count()).where(
            Redemption.book == self._book, Redemption.member_id == member_id, Redemption.state.in_(OPEN)
        )
        return int(self._session.scalar(query) or 0)

    def counts(self, station_ids: Iterable[str]) -> dict[str, int]:
        """State → how many requests, at these stations."""
        query = (
            select(Redemption.state, func.count())
            .where(Redemption.book == self._book, Redemption.station_id.in_(set(station_ids)))
            .group_by(Redemption.state)
        )
        return {row[0]: row[1] for row in self._session.execute(query)}

    def volunteers(
        self, station_id: str, *, training: str | None, on: date, digits: str = "", after: str = "", limit: int = 20
    ) -> dict[str, str]:
        """Active volunteers of a station, person → number, in the order of their numbers, those after number `after`.

        `training`: only who holds it on that day. `digits`: only numbers that hold these digits.
        """
        one = MEMBERSHIP.c
        query = select(one.person_id, one.number).where(
            one.book == self._book,
            one.station_id == station_id,
            one.state == "active",
            one.serves.is_(True),
            one.number > after,
        )
        if digits:
            query = query.where(one.number.contains(digits, autoescape=True))
        if training is not None:
            held = QUALIFICATION.c
            trained = select(held.person_id).where(
                held.book == self._book,
                held.training == training,
                held.valid_from <= on,
                or_(held.valid_to.is_(None), held.valid_to >= on),
            )
            query = query.where(one.person_id.in_(trained))
        return {row.person_id: row.number for row in self._session.execute(query.order_by(one.number).limit(limit))}

    def events(self, redemption_id: str) -> list[RedemptionEvent]:
        query = select(RedemptionEvent).where(
            RedemptionEvent.book == self._book, RedemptionEvent.redemption_id == redemption_id
        )
        return list(self._session.scalars(query.order_by(RedemptionEvent.step)))
