"""Operators and what hangs on a station: filing, price board, three-indicator grade, staff register, history; grids."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, in_book, to_station


class Operator(InBook, Base):
    """A body that runs stations, under its unified social credit code. One operator may run several."""

    __tablename__ = "operator"
    __table_args__ = (UniqueConstraint("book", "uscc"),)

    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(16))
    uscc: Mapped[str] = mapped_column(String(18))
    certificate_number: Mapped[str | None] = mapped_column(String(40))
    """Of the registration certificate that was seen, where the code's check character doesn't add up."""


class Grid(Base):
    """A grid below a community, under a code of the county's own."""

    __tablename__ = "grid"

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    division_code: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(80))


class Filing(InBook, Base):
    """The filing (备案) of a station with the civil-affairs office. A newer one replaces an older one."""

    __tablename__ = "filing"
    __table_args__ = (to_station(), Index("ix_filing_book_station", "book", "station_id"))

    station_id: Mapped[str] = mapped_column(String(32))
    number: Mapped[str] = mapped_column(String(40))
    office: Mapped[str] = mapped_column(String(80))
    began_on: Mapped[date]
    filed_on: Mapped[date]
    recorded_by: Mapped[str] = mapped_column(String(32))
    recorded_at: Mapped[datetime]


class FilingPaper(Base):
    """One paper of a filing, with its date."""

    __tablename__ = "filing_paper"
    __table_args__ = (in_book("filing", "filing_id"),)

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    filing_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    dated_on: Mapped[date]


class Price(InBook, Base):
    """A line of the price board: what is charged, by which paper, and what the market charges beside it."""

    __tablename__ = "price"
    __table_args__ = (to_station(), Index("ix_price_book_station", "book", "station_id"))

    station_id: Mapped[str] = mapped_column(String(32))
    item: Mapped[str] = mapped_column(String(80))
    item_en: Mapped[str] = mapped_column(String(120))
    cents: Mapped[int]
    per: Mapped[str] = mapped_column(String(16))
    market_cents: Mapped[int | None]
    basis: Mapped[str] = mapped_column(String(160))
    since: Mapped[date]
    until: Mapped[date | None]
    recorded_by: Mapped[str] = mapped_column(String(32))
    recorded_at: Mapped[datetime]


class Grade(InBook, Base):
    """A grading by three indicators: content, scale and quality of service, 0 to 100 each."""

    __tablename__ = "grade"
    __table_args__ = (to_station(), Index("ix_grade_book_station", "book", "station_id"))

    station_id: Mapped[str] = mapped_column(String(32))
    content: Mapped[int]
    scale: Mapped[int]
    quality: Mapped[int]
    level: Mapped[str | None] = mapped_column(String(8))
    assessor: Mapped[str] = mapped_column(String(80))
    graded_on: Mapped[date]
    valid_to: Mapped[date]
    recorded_by: Mapped[str] = mapped_column(String(32))
    recorded_at: Mapped[datetime]


class Employee(InBook, Base):
    """Somebody who works at a station. The name is sealed; who left stays in the register until data are cleared."""

    __tablename__ = "employee"
    __table_args__ = (to_station(), Index("ix_employee_book_station", "book", "station_id"))

    station_id: Mapped[str] = mapped_column(String(32))
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    job: Mapped[str] = mapped_column(String(24))
    since: Mapped[date]
    until: Mapped[date | None]


class Certificate(InBook, Base):
    """A certificate of somebody in the staff register, and when it expires."""

    __tablename__ = "certificate"
    __table_args__ = (in_book("employee", "employee_id"), Index("ix_certificate_book_employee", "book", "employee_id"))

    employee_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(24))
    number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    issued_on: Mapped[date]
    expires_on: Mapped[date | None]


class StationEvent(InBook, Base):
    """What happened to a station, who did it and when. Rows are only ever added."""

    __tablename__ = "station_event"
    __table_args__ = (to_station(), Index("ix_station_event_book_station", "book", "station_id", "at"))

    station_id: Mapped[str] = mapped_column(String(32))
    verb: Mapped[str] = mapped_column(String(24))
    by: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)


OrganisationRow = Operator | Grid | Filing | FilingPaper | Price | Grade | Employee | Certificate | StationEvent


class Organisations:
    """Named queries over operators and what hangs on stations."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: OrganisationRow) -> None:
        self._session.add(row)

    def operators(self) -> list[Operator]:
        query = select(Operator).where(Operator.book == self._book).order_by(Operator.uscc)
        return list(self._session.scalars(query))

    def operator(self, operator_id: str) -> Operator | None:
        return self._session.get(Operator, (self._book, operator_id))

    def by_uscc(self, uscc: str) -> Operator | None:
        return self._session.scalar(select(Operator).where(Operator.book == self._book, Operator.uscc == uscc))

    def uscc_of(self, operator_id: str | None) -> str:
        """The credit code of an operator; nothing for a station without one."""
        row = self.operator(operator_id) if operator_id else None
        return row.uscc if row else ""

    def grids(self) -> list[Grid]:
        return list(self._session.scalars(select(Grid).where(Grid.book == self._book).order_by(Grid.code)))

    def grid(self, code: str) -> Grid | None:
        return self._session.get(Grid, (self._book, code))

    def filings(self, station_ids: Iterable[str]) -> dict[str, tuple[Filing, dict[str, date]]]:
        """Station → its newest filing with the dates of its papers."""
        mine = select(Filing).where(Filing.book == self._book, Filing.station_id.in_(set(station_ids)))
        newest = {row.station_id: row for row in self._session.scalars(mine.order_by(Filing.id))}
        papers: dict[str, dict[str, date]] = {}
        query = select(FilingPaper).where(
            FilingPaper.book == self._book, FilingPaper.filing_id.in_([row.id for row in newest.values()])
        )
        for paper in self._session.scalars(query):
            papers.setdefault(paper.filing_id, {})[paper.code] = paper.dated_on
        return {station: (row, papers.get(row.id, {})) for station, row in newest.items()}

    def prices(self, station_ids: Iterable[str]) -> dict[str, list[Price]]:
        """Station → the lines of its price board, past ones too."""
        query = select(Price).where(Price.book == self._book, Price.station_id.in_(set(station_ids)))
        found: dict[str, list[Price]] = {}
        for row in self._session.scalars(query.order_by(Price.item, Price.since, Price.id)):
            found.setdefault(row.station_id, []).append(row)
        return found

    def price(self, price_id: str) -> Price | None:
        return self._session.get(Price, (self._book, price_id))

    def grades(self, station_ids: Iterable[str]) -> dict[str, Grade]:
        """Station → its newest grading."""
        query = select(Grade).where(Grade.book == self._book, Grade.station_id.in_(set(station_ids)))
        return {row.station_id: row for row in self._session.scalars(query.order_by(Grade.id))}

    def employees(self, station_ids: Iterable[str]) -> list[Employee]:
        query = select(Employee).where(Employee.book == self._book, Employee.station_id.in_(set(station_ids)))
        return list(self._session.scalars(query.order_by(Employee.station_id, Employee.since, Employee.id)))

    def employee(self, employee_id: str) -> Employee | None:
        return self._session.get(Employee, (self._book, employee_id))

    def certificates(self, employee_ids: Iterable[str]) -> dict[str, list[Certificate]]:
        """Employee → certificates, the newest first."""
        query = select(Certificate).where(
            Certificate.book == self._book, Certificate.employee_id.in_(set(employee_ids))
        )
        found: dict[str, list[Certificate]] = {}
        for row in self._session.scalars(query.order_by(Certificate.issued_on.desc(), Certificate.id)):
            found.setdefault(row.employee_id, []).append(row)
        return found

    def events(self, station_id: str) -> list[StationEvent]:
        query = select(StationEvent).where(StationEvent.book == self._book, StationEvent.station_id == station_id)
        return list(self._session.scalars(query.order_by(StationEvent.at, StationEvent.id)))
