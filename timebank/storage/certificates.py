"""Certificates of volunteer service, and the records that stand in them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, in_book, to_person, to_station
from timebank.storage.hours import HoursRecord


class Certified(InBook, Base):
    """What was certified. Its words are sealed under the holder's key; `digest` is the one of number and check code."""

    __tablename__ = "service_certificate"
    __table_args__ = (
        *to_person("person_id"),
        to_station(),
        UniqueConstraint("book", "number"),
        Index("ix_service_certificate_book_person", "book", "person_id"),
        Index("ix_service_certificate_book_station", "book", "station_id"),
    )

    number: Mapped[str] = mapped_column(String(24))
    digest: Mapped[str] = mapped_column(String(64))
    station_id: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[str] = mapped_column(String(32))
    first_day: Mapped[date]
    last_day: Mapped[date]
    minutes: Mapped[int]
    content_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    issued_by: Mapped[str] = mapped_column(String(32))
    issued_at: Mapped[datetime]
    superseded_by: Mapped[str | None] = mapped_column(String(24))
    revoked_by: Mapped[str | None] = mapped_column(String(32))
    revoked_at: Mapped[datetime | None]
    revoked_why: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class CertifiedRecord(Base):
    """A record that a certificate is made of."""

    __tablename__ = "service_certificate_record"
    __table_args__ = (in_book("service_certificate", "certificate_id"), in_book("hours_record", "record_id"))

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    certificate_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    record_id: Mapped[str] = mapped_column(String(32), primary_key=True)


class Certificates:
    """Named queries over certificates and over the time limit of records."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Certified | CertifiedRecord) -> None:
        self._session.add(row)

    def get(self, certificate_id: str, *, lock: bool = False) -> Certified | None:
        return self._session.get(Certified, (self._book, certificate_id), with_for_update=lock or None)

    def by_number(self, number: str) -> Certified | None:
        query = select(Certified).where(Certified.book == self._book, Certified.number == number)
        return self._session.scalar(query)

    def of_person(self, person_id: str) -> list[Certified]:
        """The newest first."""
        query = select(Certified).where(Certified.book == self._book, Certified.person_id == person_id)
        return list(self._session.scalars(query.order_by(Certified.issued_at.desc(), Certified.id.desc())))

    def changed(self, certificate_id: str) -> bool:
        """Whether a record behind it is no longer verified."""
        query = (
            select(func.count())
            .select_from(CertifiedRecord)
            .join(
                HoursRecord,
                (CertifiedRecord.book == HoursRecord.book) & (CertifiedRecord.record_id == HoursRecord.id),
            )
            .where(
                CertifiedRecord.book == self._book,
                CertifiedRecord.certificate_id == certificate_id,
                HoursRecord.state != "verified",
            )
        )
        return bool(self._session.scalar(query))

    def served(self, person_id: str, station_id: str, start: datetime, end: datetime) -> list[HoursRecord]:
        """Verified services of a volunteer at a station in [start, end), the earliest first."""
        query = select(HoursRecord).where(
            HoursRecord.book == self._book,
            HoursRecord.volunteer_id == person_id,
            HoursRecord.station_id == station_id,
            HoursRecord.state == "verified",
            HoursRecord.started_at >= start,
            HoursRecord.started_at < end,
        )
        return list(self._session.scalars(query.order_by(HoursRecord.started_at, HoursRecord.id)))

    def unrecorded(
        self, station_ids: list[str] | frozenset[str], ended_before: datetime, limit: int
    ) -> list[HoursRecord]:
        """Services that ended before then and are not verified yet, the earliest first."""
        query = select(HoursRecord).where(
            HoursRecord.book == self._book,
            HoursRecord.station_id.in_(set(station_ids)),
            HoursRecord.state.in_(("logged", "confirmed", "disputed")),
            HoursRecord.ended_at < ended_before,
        )
        return list(self._session.scalars(query.order_by(HoursRecord.ended_at, HoursRecord.id).limit(limit)))
