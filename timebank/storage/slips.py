"""Numbered paper slips and the day sheets on which they stand: what was given out, what came back, what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from sqlalchemy import Index, LargeBinary, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage import history
from timebank.storage.base import Base, InBook, in_book, to_station
from timebank.storage.history import StateChange
from timebank.storage.needs import Need, NeedHelper
from timebank.storage.redemptions import Redemption

OPEN: Final = "open"
TAKEN: Final = ("taken", "in_service")


class DaySheet(InBook, Base):
    """What a station plans for a day, as it was printed, with the head of the book at that moment. It never changes."""

    __tablename__ = "day_sheet"
    __table_args__ = (to_station(), Index("ix_day_sheet_book_station", "book", "station_id", "day"))

    station_id: Mapped[str] = mapped_column(String(32))
    day: Mapped[date]
    head_size: Mapped[int]
    head_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_by: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]


class Slip(InBook, Base):
    """A number that was given out, once. With a plan it says who is to serve whom; without one it is blank.

    `id` is the number as printed. `station_id` is empty for numbers from before stations were written down.
    """

    __tablename__ = "slip"
    __table_args__ = (
        to_station(),
        in_book("day_sheet", "sheet_id"),
        Index("ix_slip_book_sheet", "book", "sheet_id", "position"),
        Index("ix_slip_book_redemption", "book", "redemption_id"),
        Index("ix_slip_book_need", "book", "need_id"),
    )

    station_id: Mapped[str | None] = mapped_column(String(32))
    sheet_id: Mapped[str | None] = mapped_column(String(32))
    position: Mapped[int]
    volunteer_id: Mapped[str | None] = mapped_column(String(32))
    elder_id: Mapped[str | None] = mapped_column(String(32))
    service_code: Mapped[str | None] = mapped_column(String(24))
    wanted_at: Mapped[datetime | None]
    minutes: Mapped[int | None]
    redemption_id: Mapped[str | None] = mapped_column(String(32))
    need_id: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(12))
    record_id: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class SlipEvent(StateChange, Base):
    """A change of state of a slip. Rows are only ever added."""

    __tablename__ = "slip_event"
    __table_args__ = (in_book("slip", "slip_id"),)

    slip_id: Mapped[str] = mapped_column(String(32), primary_key=True)


class Slips:
    """Named queries over slips and day sheets."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: DaySheet | Slip) -> None:
        self._session.add(row)

    def get(self, number: str, *, lock: bool = False) -> Slip | None:
        return self._session.get(Slip, (self._book, number), with_for_update=lock or None)

    def sheet(self, sheet_id: str) -> DaySheet | None:
        return self._session.get(DaySheet, (self._book, sheet_id))

    def sheets(self, station_ids: Iterable[str], before: str | None, limit: int) -> list[DaySheet]:
        """Newest first; `before` is the id that the last page ended with."""
        query = select(DaySheet).where(DaySheet.book == self._book, DaySheet.station_id.in_(set(station_ids)))
        if before is not None:
            query = query.where(DaySheet.id < before)
        return list(self._session.scalars(query.order_by(DaySheet.id.desc()).limit(limit)))

    def of_sheets(self, sheet_ids: Iterable[str]) -> list[Slip]:
        """The slips of these sheets, in the order of the paper."""
        query = select(Slip).where(Slip.book == self._book, Slip.sheet_id.in_(set(sheet_ids)))
        return list(self._session.scalars(query.order_by(Slip.sheet_id, Slip.position)))

    def count_open(self, sheet_ids: Iterable[str]) -> int:
        """How many slips of these sheets are not back yet."""
        query = select(func.count()).select_from(Slip)
        query = query.where(Slip.book == self._book, Slip.sheet_id.in_(set(sheet_ids)), Slip.state == OPEN)
        return int(self._session.scalar(query) or 0)

    def move(self, row: Slip, state: str, actor_id: str, via: str, now: datetime, reason: str | None = None) -> None:
        """Change the state and write down who, when and why. The first event of a row has no state before."""
        how = {"actor_id": actor_id, "via": via, "at": now, "reason": reason, "text_sealed": None}
        history.move(self._session, SlipEvent, "slip_id", row, state, **how)

    def events(self, number: str) -> list[SlipEvent]:
        query = select(SlipEvent).where(SlipEvent.book == self._book, SlipEvent.slip_id == number)
        return list(self._session.scalars(query.order_by(SlipEvent.step)))

    def last_reasons(self, numbers: Iterable[str]) -> dict[str, str]:
        """Slip → why it changed last, where a reason was given."""
        query = select(SlipEvent.slip_id, SlipEvent.reason).where(
            SlipEvent.book == self._book, SlipEvent.slip_id.in_(set(numbers))
        )
        found = {row.slip_id: row.reason for row in self._session.execute(query.order_by(SlipEvent.step))}
        return {number: reason for number, reason in found.items() if reason is not None}

    def planned(self, station_id: str, start: datetime, end: datetime) -> list[Slip]:
        """What is planned at a station in [start, end) and stands on no open slip yet, the earliest first.

        The rows are new and belong to no session; each needs a number. One for each helper of a need, and one for each
        request that was given to a volunteer without a need.
        """
        printed = select(Slip).where(Slip.book == self._book, Slip.state == OPEN, Slip.wanted_at.is_not(None))
        there = set()
        for row in self._session.scalars(printed.where(Slip.station_id == station_id)):
            there |= {(row.redemption_id, row.volunteer_id), (row.need_id, row.volunteer_id)} - {
                (None, row.volunteer_id)
            }
        found = [one for one in self._needs(station_id, start, end) if (one.need_id, one.volunteer_id) not in there]
        found += [
            one for one in self._requests(station_id, start, end) if (one.redemption_id, one.volunteer_id) not in there
        ]
        return sorted(found, key=lambda one: (one.wanted_at, one.redemption_id or "", one.need_id or ""))

    def _needs(self, station_id: str, start: datetime, end: datetime) -> list[Slip]:
        query = (
            select(Need, NeedHelper.person_id, Redemption.volunteer_id)
            .join(NeedHelper, (NeedHelper.book == Need.book) & (NeedHelper.need_id == Need.id))
            .join(Redemption, (Redemption.book == Need.book) & (Redemption.id == Need.redemption_id), isouter=True)
            .where(
                Need.book == self._book,
                Need.station_id == station_id,
                Need.state.in_(TAKEN),
                Need.wanted_at >= start,
                Need.wanted_at < end,
                NeedHelper.record_id.is_(None),
            )
        )
        return [
            Slip(
                volunteer_id=person_id,
                elder_id=need.elder_id,
                service_code=need.service_code,
                wanted_at=need.wanted_at,
                minutes=need.minutes,
                need_id=need.id,
                redemption_id=need.redemption_id if paid == person_id else None,
            )
            for need, person_id, paid in self._session.execute(query)
        ]

    def _requests(self, station_id: str, start: datetime, end: datetime) -> list[Slip]:
        ridden = select(Need.redemption_id).where(Need.book == self._book, Need.redemption_id.is_not(None))
        query = select(Redemption).where(
            Redemption.book == self._book,
            Redemption.station_id == station_id,
            Redemption.state == "assigned",
            Redemption.volunteer_id.is_not(None),
            Redemption.wanted_at >= start,
            Redemption.wanted_at < end,
            Redemption.id.not_in(ridden),
        )
        return [
            Slip(
                volunteer_id=row.volunteer_id,
                elder_id=row.receiver_id,
                service_code=row.service_code,
                wanted_at=row.wanted_at,
                minutes=row.minutes,
                redemption_id=row.id,
            )
            for row in self._session.scalars(query)
        ]
