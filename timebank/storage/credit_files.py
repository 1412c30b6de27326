"""Credit files: events about organisations, stations and staff, and the list of dishonest organisations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage import history
from timebank.storage.base import Base, InBook, to_person, to_station


class CreditEvent(InBook, Base):
    """A fact in a credit file, with its source and its end. About an organisation (`uscc`), a station or one of the
    staff: of people the words are sealed under that person's key."""

    __tablename__ = "credit_event"
    __table_args__ = (
        *to_person("person_id", "recorded_by"),
        to_station(),
        Index("ix_credit_event_book_station", "book", "station_id"),
        Index("ix_credit_event_book_uscc", "book", "uscc"),
        Index("ix_credit_event_book_person", "book", "person_id"),
    )

    subject: Mapped[str] = mapped_column(String(12))
    station_id: Mapped[str] = mapped_column(String(32))
    """The station that it is about, or at which the organisation or the person works."""
    uscc: Mapped[str | None] = mapped_column(String(18))
    person_id: Mapped[str | None] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(12))
    source_number: Mapped[str] = mapped_column(String(60))
    happened_on: Mapped[date]
    text: Mapped[str | None] = mapped_column(String(500))
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12))
    recorded_by: Mapped[str] = mapped_column(String(32))
    recorded_at: Mapped[datetime]
    valid_to: Mapped[date]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class Listing(InBook, Base):
    """An organisation on the list of dishonest ones: reason, decision, begin and end. Two people decide."""

    __tablename__ = "listing"
    __table_args__ = (*to_person("proposed_by"), Index("ix_listing_book_uscc", "book", "uscc"))

    uscc: Mapped[str] = mapped_column(String(18))
    name: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(String(500))
    decision_number: Mapped[str] = mapped_column(String(60))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(12))
    proposed_by: Mapped[str] = mapped_column(String(32))
    proposed_at: Mapped[datetime]
    confirmed_by: Mapped[str | None] = mapped_column(String(32))
    confirmed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class CreditStep(Base):
    """A step of an event or a listing: who, when, with which words. Rows are only ever added. Words of people's files
    are sealed under the key of who the file is about."""

    __tablename__ = "credit_step"
    __table_args__ = to_person("actor_id")

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    of_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    verb: Mapped[str] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(12))
    actor_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    text: Mapped[str | None] = mapped_column(String(500))
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class CreditFiles:
    """Named queries over credit files."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: CreditEvent | Listing) -> None:
        self._session.add(row)

    def event(self, event_id: str, *, lock: bool = False) -> CreditEvent | None:
        return self._session.get(CreditEvent, (self._book, event_id), with_for_update=lock or None)

    def listing(self, listing_id: str, *, lock: bool = False) -> Listing | None:
        return self._session.get(Listing, (self._book, listing_id), with_for_update=lock or None)

    def events(self, station_ids: Iterable[str], *, before: str | None = None, limit: int = 50) -> list[CreditEvent]:
        """Events about these stations, their organisations and their staff, the newest first."""
        query = select(CreditEvent).where(CreditEvent.book == self._book, CreditEvent.station_id.in_(set(station_ids)))
        if before is not None:
            query = query.where(CreditEvent.id < before)
        return list(self._session.scalars(query.order_by(CreditEvent.id.desc()).limit(limit)))

    def of_organisation(self, station_id: str, uscc: str) -> list[CreditEvent]:
        """Events about a station and about the organisation that runs it, wherever it does; none about people."""
        query = select(CreditEvent).where(
            CreditEvent.book == self._book,
            CreditEvent.person_id.is_(None),
            (CreditEvent.station_id == station_id) | (CreditEvent.uscc == uscc),
        )
        return list(self._session.scalars(query.order_by(CreditEvent.happened_on.desc(), CreditEvent.id.desc())))

    def of_person(self, person_id: str) -> list[CreditEvent]:
        query = select(CreditEvent).where(CreditEvent.book == self._book, CreditEvent.person_id == person_id)
        return list(self._session.scalars(query.order_by(CreditEvent.id.desc())))

    def listings(self, limit: int = 200) -> list[Listing]:
        query = select(Listing).where(Listing.book == self._book)
        return list(self._session.scalars(query.order_by(Listing.id.desc()).limit(limit)))

    def move(
        self, row: CreditEvent | Listing, verb: str, state: str, actor_id: str, now: datetime,
        text: str | None = None, sealed: bytes | None = None,
    ) -> None:  # fmt: skip
        """Change the state and write down who, when and with which words."""
        number = history.steps_so_far(self._session, CreditStep, "of_id", row)
        row.state = state
        self._session.add(
            CreditStep(
                book=self._book,
                of_id=row.id,
                step=number,
                verb=verb,
                state=state,
                actor_id=actor_id,
                at=now,
                text=text,
                text_sealed=sealed,
            )
        )
        self._session.flush()

    def steps(self, of_id: str) -> list[CreditStep]:
        query = select(CreditStep).where(CreditStep.book == self._book, CreditStep.of_id == of_id)
        return list(self._session.scalars(query.order_by(CreditStep.step)))
