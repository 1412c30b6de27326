"""What members chose for their hours, the estates of the dead, and accounts that nobody has used for long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from sqlalchemy import Index, LargeBinary, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.stores.sql_schema import account_table, entry_table, posting_table
from timebank.storage import history
from timebank.storage.base import Base, InBook, in_book, to_person, to_station
from timebank.storage.history import StateChange
from timebank.storage.members import Membership, Purse

OPEN: Final = ("reported",)


class EstateChoice(InBook, Base):
    """What a member wants to become of the own hours. Rows are only ever added; the newest one counts."""

    __tablename__ = "estate_choice"
    __table_args__ = (*to_person("person_id", "heir_id"), Index("ix_estate_choice_book_person", "book", "person_id"))

    person_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(8))
    heir_id: Mapped[str | None] = mapped_column(String(32))
    channel: Mapped[str] = mapped_column(String(16))
    recorded_by: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]


class Estate(InBook, Base):
    """The account of a member who died: reported by one person, settled by another."""

    __tablename__ = "estate"
    __table_args__ = (
        *to_person("person_id"),
        to_station(),
        Index("ix_estate_book_station", "book", "station_id", "state"),
        Index("ix_estate_book_person", "book", "person_id"),
    )

    person_id: Mapped[str] = mapped_column(String(32))
    station_id: Mapped[str] = mapped_column(String(32))
    died_on: Mapped[date]
    proof_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    heirs: Mapped[str] = mapped_column(Text)
    """JSON: ids of the heirs, in the order in which a minute that can't be shared goes to one of them."""
    spouse_asks: Mapped[bool]
    state: Mapped[str] = mapped_column(String(12))
    state_before: Mapped[str] = mapped_column(String(12))
    """That of the membership, to go back to if the report was wrong."""
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class EstateEvent(StateChange, Base):
    """A change of state of an estate. Rows are only ever added."""

    __tablename__ = "estate_event"
    __table_args__ = (in_book("estate", "estate_id"),)

    estate_id: Mapped[str] = mapped_column(String(32), primary_key=True)


class EstateEntry(Base):
    """An entry by which an estate was passed on, and the one that undid it."""

    __tablename__ = "estate_entry"
    __table_args__ = (in_book("estate", "estate_id"),)

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    estate_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    reversed_seq: Mapped[int | None]


class DormantContact(InBook, Base):
    """The station tried to reach the holder of an account that nobody uses. Rows are only ever added."""

    __tablename__ = "dormant_contact"
    __table_args__ = (*to_person("person_id"), Index("ix_dormant_contact_book_person", "book", "person_id", "at"))

    person_id: Mapped[str] = mapped_column(String(32))
    how: Mapped[str] = mapped_column(String(12))
    reached: Mapped[bool]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(32))


class Estates:
    """Named queries over choices, estates and dormant accounts."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: EstateChoice | Estate | EstateEntry | DormantContact) -> None:
        self._session.add(row)

    def choice(self, person_id: str) -> EstateChoice | None:
        query = select(EstateChoice).where(EstateChoice.book == self._book, EstateChoice.person_id == person_id)
        return self._session.scalar(query.order_by(EstateChoice.at.desc(), EstateChoice.id.desc()).limit(1))

    def get(self, estate_id: str, *, lock: bool = False) -> Estate | None:
        return self._session.get(Estate, (self._book, estate_id), with_for_update=lock or None)

    def open_of(self, person_id: str) -> Estate | None:
        """The report about this person that is neither withdrawn nor undone."""
        query = select(Estate).where(
            Estate.book == self._book, Estate.person_id == person_id, Estate.state.in_(("reported", "settled"))
        )
        return self._session.scalar(query.limit(1))

    def page(self, station_ids: Iterable[str], before: str | None, limit: int) -> list[Estate]:
        """Newest first; `before` is the id that the last page ended with."""
        query = select(Estate).where(Estate.book == self._book, Estate.station_id.in_(set(station_ids)))
        if before is not None:
            query = query.where(Estate.id < before)
        return list(self._session.scalars(query.order_by(Estate.id.desc()).limit(limit)))

    def entries(self, estate_id: str) -> list[EstateEntry]:
        query = select(EstateEntry).where(EstateEntry.book == self._book, EstateEntry.estate_id == estate_id)
        return list(self._session.scalars(query.order_by(EstateEntry.seq)))

    def move(self, row: Estate, state: str, actor_id: str, via: str, now: datetime, reason: str | None = None) -> None:
        """Change the state and write down who, when and why. The first event of a row has no state before."""
        how = {"actor_id": actor_id, "via": via, "at": now, "reason": reason, "text_sealed": None}
        history.move(self._session, EstateEvent, "estate_id", row, state, **how)

    def events(self, estate_id: str) -> list[EstateEvent]:
        query = select(EstateEvent).where(EstateEvent.book == self._book, EstateEvent.estate_id == estate_id)
        return list(self._session.scalars(query.order_by(EstateEvent.step)))

    def contacts(self, person_ids: Iterable[str], since: datetime) -> dict[str, list[DormantContact]]:
        """Person → the attempts to reach them since then, the oldest first."""
        wanted = set(person_ids)
        found: dict[str, list[DormantContact]] = {one: [] for one in wanted}
        query = select(DormantContact).where(
            DormantContact.book == self._book, DormantContact.person_id.in_(wanted), DormantContact.at >= since
        )
        for row in self._session.scalars(query.order_by(DormantContact.at, DormantContact.id)):
            found[row.person_id].append(row)
        return found

    def quiet_purses(self, station_ids: Iterable[str], origin: str, before: str) -> list[tuple[str, str, int, str]]:
        """(person, account, minutes, time of the last entry) of purses of this origin that hold something and that no
        entry has touched since `before` (as the ledger writes times)."""
        same = (entry_table.c.book == posting_table.c.book) & (entry_table.c.seq == posting_table.c.seq)
        moment = (
            select(entry_table.c.at)
            .join(posting_table, same)
            .where(posting_table.c.book == self._book, posting_table.c.account == Purse.account)
            .order_by(posting_table.c.seq.desc())
            .limit(1)
            .correlate(Purse)
            .scalar_subquery()
        )
        query = (
            select(Purse.person_id, Purse.account, account_table.c.balance, moment.label("at"))
            .join(Membership, (Membership.book == Purse.book) & (Membership.person_id == Purse.person_id))
            .join(account_table, (account_table.c.book == Purse.book) & (account_table.c.account == Purse.account))
            .where(
                Purse.book == self._book,
                Purse.origin == origin,
                Membership.station_id.in_(set(station_ids)),
                account_table.c.balance > 0,
                moment < before,
            )
        )
        return [(row[0], row[1], row[2], row[3]) for row in self._session.execute(query.order_by(Purse.person_id))]
