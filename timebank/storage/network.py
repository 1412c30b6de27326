"""County, divisions and stations: who belongs where."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String, Text, UniqueConstraint, bindparam, false, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook


class County(Base):
    """The county-level network that keeps one book."""

    __tablename__ = "county"

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    division_code: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120))
    hotline: Mapped[str] = mapped_column(String(20))
    is_demo: Mapped[bool]


class Division(Base):
    """A statistical division under its 12-digit code. The parent is stated, never read from the digits."""

    __tablename__ = "division"

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    level: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120))
    parent_code: Mapped[str | None] = mapped_column(String(12))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    successor_code: Mapped[str | None] = mapped_column(String(12))


class Station(InBook, Base):
    """A county centre, street centre or community station. It may lack legal standing and then names its operator."""

    __tablename__ = "station"
    __table_args__ = (UniqueConstraint("book", "code"),)

    kind: Mapped[str] = mapped_column(String(16))
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(120))
    division_code: Mapped[str] = mapped_column(String(12))
    parent_id: Mapped[str | None] = mapped_column(String(32))
    operator_id: Mapped[str | None] = mapped_column(String(32))
    site_number: Mapped[str] = mapped_column(String(20), server_default="")
    address: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(20))
    opening: Mapped[str] = mapped_column(String(80))
    latitude_microdegrees: Mapped[int]
    longitude_microdegrees: Mapped[int]
    opened_on: Mapped[date | None]
    floor_area_sqm: Mapped[int | None]
    beds: Mapped[int | None]
    day_seats: Mapped[int | None]
    estates: Mapped[str] = mapped_column(String(400), server_default="")
    """The estates that it serves, those next door among them."""
    promise: Mapped[str] = mapped_column(Text, server_default="")
    successor_id: Mapped[str | None] = mapped_column(String(32))
    closes_on: Mapped[date | None]
    closing_by: Mapped[str | None] = mapped_column(String(32))
    provider_account: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12))
    signs: Mapped[bool] = mapped_column(server_default=false())
    """Whether a key of its own is in force; the book says which."""


class Counter(Base):
    """The last number given out, of members, records, slips: a row that is locked and counted up, never a sequence."""

    __tablename__ = "counter"

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]


_PARENTS = select(Station.id, Station.parent_id, Station.signs).where(Station.book == bindparam("book"))


class Network:
    """Named queries over the county, its divisions and its stations."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book
        self._parents: dict[str, str | None] | None = None
        self._signing: frozenset[str] = frozenset()

    def add(self, row: County | Division | Station) -> None:
        self._session.add(row)
        self._parents = None

    def county(self) -> County | None:
        return self._session.get(County, self._book)

    def get_station(self, station_id: str) -> Station | None:
        return self._session.get(Station, (self._book, station_id))

    def stations(self) -> list[Station]:
        query = select(Station).where(Station.book == self._book).order_by(Station.code)
        return list(self._session.scalars(query))

    def divisions(self) -> list[Division]:
        query = select(Division).where(Division.book == self._book).order_by(Division.code)
        return list(self._session.scalars(query))

    def next_number(self, name: str) -> int:
        """The next number of this name, without gaps: it is given back if the unit is undone."""
        row = self._session.get(Counter, (self._book, name), with_for_update=True)
        if row is None:
            row = Counter(book=self._book, name=name, value=0)
            self._session.add(row)
        row.value += 1
        self._session.flush()
        return row.value

    def next_numbers(self, name: str, count: int) -> int:
        """So many numbers of this name at once; gives the first of them."""
        first = self.next_number(name)
        row = self._session.get_one(Counter, (self._book, name))
        row.value += count - 1
        self._session.flush()
        return first

    def parents(self) -> dict[str, str | None]:
        """Each station's id → its parent's id: the tree over which a role's scope is read."""
        if self._parents is None:
            rows = self._session.execute(_PARENTS, {"book": self._book}).all()
            self._parents = {row.id: row.parent_id for row in rows}
            self._signing = frozenset(row.id for row in rows if row.signs)
        return self._parents

    def signing(self) -> frozenset[str]:
        """The stations that sign what they verify."""
        self.parents()
        return self._signing
