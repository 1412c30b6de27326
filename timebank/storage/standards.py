"""Versions of the standard cards, and the changes of catalogue items that a county decided for a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, to_person


class ServiceStandard(Base):
    """A version of a service's standard card. A version is added, never changed."""

    __tablename__ = "service_standard"
    __table_args__ = (*to_person("decided_by"),)

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    service_code: Mapped[str] = mapped_column(String(24), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    steps: Mapped[str] = mapped_column(String(1000))
    bring: Mapped[str] = mapped_column(String(1000))
    never: Mapped[str] = mapped_column(String(1000))
    steps_en: Mapped[str] = mapped_column(String(1000))
    bring_en: Mapped[str] = mapped_column(String(1000))
    never_en: Mapped[str] = mapped_column(String(1000))
    digest: Mapped[str] = mapped_column(String(64))
    basis: Mapped[str] = mapped_column(String(200))
    effective_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(String(32))
    decided_at: Mapped[datetime]


class ServiceChange(InBook, Base):
    """What a county changes of an item from a moment on: planned, then applied, or withdrawn, or it did not fit."""

    __tablename__ = "service_change"
    __table_args__ = (
        *to_person("decided_by"),
        Index("ix_service_change_book_due", "book", "state", "effective_at"),
        Index("ix_service_change_book_service", "book", "service_code"),
    )

    service_code: Mapped[str] = mapped_column(String(24))
    effective_at: Mapped[datetime]
    basis: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool | None]
    minutes_min: Mapped[int | None]
    minutes_max: Mapped[int | None]
    risk: Mapped[str | None] = mapped_column(String(8))
    training: Mapped[str | None] = mapped_column(String(24))
    two_persons: Mapped[bool | None]
    legal_class: Mapped[str | None] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(12))
    decided_by: Mapped[str] = mapped_column(String(32))
    decided_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class Standards:
    """Named queries over cards and changes."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: ServiceStandard | ServiceChange) -> None:
        self._session.add(row)

    def cards(self, service_code: str) -> list[ServiceStandard]:
        """All versions of a card, the newest first."""
        query = select(ServiceStandard).where(
            ServiceStandard.book == self._book, ServiceStandard.service_code == service_code
        )
        return list(self._session.scalars(query.order_by(ServiceStandard.version.desc())))

    def in_force(self, service_code: str, at: datetime) -> ServiceStandard | None:
        """The last decided of the versions whose time had come."""
        return next((one for one in self.cards(service_code) if one.effective_at <= at), None)

    def with_cards(self, at: datetime) -> frozenset[str]:
        """The services that have a card in force."""
        query = select(ServiceStandard.service_code).where(
            ServiceStandard.book == self._book, ServiceStandard.effective_at <= at
        )
        return frozenset(self._session.scalars(query.distinct()))

    def changes(self, service_code: str) -> list[ServiceChange]:
        """All changes of an item, what takes effect last first."""
        query = select(ServiceChange).where(
            ServiceChange.book == self._book, ServiceChange.service_code == service_code
        )
        return list(self._session.scalars(query.order_by(ServiceChange.effective_at.desc(), ServiceChange.id.desc())))

    def planned(self, service_codes: Iterable[str]) -> list[ServiceChange]:
        """What waits for its day, what is due first, first."""
        query = select(ServiceChange).where(
            ServiceChange.book == self._book,
            ServiceChange.state == "planned",
            ServiceChange.service_code.in_(set(service_codes)),
        )
        return list(self._session.scalars(query.order_by(ServiceChange.effective_at, ServiceChange.id)))

    def due(self, now: datetime) -> list[ServiceChange]:
        """What must be applied now, locked, in the order of its days."""
        query = select(ServiceChange).where(
            ServiceChange.book == self._book, ServiceChange.state == "planned", ServiceChange.effective_at <= now
        )
        return list(
            self._session.scalars(query.order_by(ServiceChange.effective_at, ServiceChange.id).with_for_update())
        )

    def change(self, change_id: str) -> ServiceChange | None:
        return self._session.get(ServiceChange, (self._book, change_id), with_for_update=True)
