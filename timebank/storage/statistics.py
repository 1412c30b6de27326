"""Annual reports: drafts, and what was frozen, byte for byte."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from timebank.storage.base import Base, InBook, to_person

DRAFT, FROZEN, WITHDRAWN = "draft", "frozen", "withdrawn"


class AnnualReport(InBook, Base):
    """A report of a year. Once frozen, the database refuses to change or delete its row (migration 0037)."""

    __tablename__ = "annual_report"
    __table_args__ = (*to_person("proposed_by"), UniqueConstraint("book", "year", "edition"))

    year: Mapped[int]
    edition: Mapped[int | None]
    """1, 2, … in the order of freezing; a draft has none yet."""
    state: Mapped[str] = mapped_column(String(12))
    document: Mapped[bytes] = mapped_column(LargeBinary)
    """RFC 8785 bytes: of a draft its figures, of a frozen report the whole of it."""
    digest: Mapped[str | None] = mapped_column(String(64))
    entry_seq: Mapped[int | None]
    result: Mapped[str | None] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(500))
    """Why there is a further version; public."""
    proposed_by: Mapped[str] = mapped_column(String(32))
    proposed_at: Mapped[datetime]
    frozen_by: Mapped[str | None] = mapped_column(String(32))
    frozen_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class Statistics:
    """Named queries over annual reports."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: AnnualReport) -> None:
        self._session.add(row)

    def get(self, report_id: str, *, lock: bool = False) -> AnnualReport | None:
        return self._session.get(AnnualReport, (self._book, report_id), with_for_update=lock or None)

    def draft(self, year: int) -> AnnualReport | None:
        """The draft of a year that waits."""
        query = select(AnnualReport).where(
            AnnualReport.book == self._book, AnnualReport.year == year, AnnualReport.state == DRAFT
        )
        return self._session.scalar(query.limit(1))

    def drafts(self) -> list[AnnualReport]:
        """All drafts that wait, the latest year first."""
        query = select(AnnualReport).where(AnnualReport.book == self._book, AnnualReport.state == DRAFT)
        return list(self._session.scalars(query.order_by(AnnualReport.year.desc())))

    def frozen(self, *, whole: bool = True) -> list[AnnualReport]:
        """Every frozen report, the latest year and version first; their documents only if they are asked for."""
        query = select(AnnualReport).where(AnnualReport.book == self._book, AnnualReport.state == FROZEN)
        if not whole:
            query = query.options(defer(AnnualReport.document, raiseload=True))
        return list(self._session.scalars(query.order_by(AnnualReport.year.desc(), AnnualReport.edition.desc())))

    def of_year(self, year: int, edition: int | None = None) -> AnnualReport | None:
        """The frozen report of a year: the newest version, or the one asked for."""
        query = select(AnnualReport).where(
            AnnualReport.book == self._book, AnnualReport.year == year, AnnualReport.state == FROZEN
        )
        if edition is not None:
            query = query.where(AnnualReport.edition == edition)
        return self._session.scalar(query.order_by(AnnualReport.edition.desc()).limit(1))

    def next_edition(self, year: int) -> int:
        query = select(func.max(AnnualReport.edition)).where(
            AnnualReport.book == self._book, AnnualReport.year == year, AnnualReport.state == FROZEN
        )
        return (self._session.scalar(query) or 0) + 1
