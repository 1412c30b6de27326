"""Transfers of credit and reversals, with their named queries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, to_person
from timebank.storage.redemptions import MEMBERSHIP


class Transfer(InBook, Base):
    """A gift, donation or grant. A gift waits in escrow for the undo time, then it is carried out."""

    __tablename__ = "transfer"
    __table_args__ = (
        *to_person("actor_id"),
        Index("ix_transfer_book_entry_seq", "book", "entry_seq"),
        Index("ix_transfer_book_giver", "book", "giver_id"),
        Index("ix_transfer_book_receiver", "book", "receiver_id"),
        Index("ix_transfer_book_due", "book", "state", "due_at"),
    )

    kind: Mapped[str] = mapped_column(String(8))
    giver_id: Mapped[str | None] = mapped_column(String(32))
    receiver_id: Mapped[str | None] = mapped_column(String(32))
    minutes: Mapped[int]
    reason: Mapped[str | None] = mapped_column(String(32))
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    refused_reason: Mapped[str | None] = mapped_column(String(32))
    refused_text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    actor_id: Mapped[str] = mapped_column(String(32))
    approver_id: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(12))
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    hold_seq: Mapped[int | None]
    entry_seq: Mapped[int | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class Reversal(InBook, Base):
    """A request to undo an entry: a reason, and a second person who decides."""

    __tablename__ = "reversal"
    __table_args__ = (*to_person("asked_by"), Index("ix_reversal_book_state", "book", "state"))

    of_seq: Mapped[int]
    station_id: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(32))
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    refused_reason: Mapped[str | None] = mapped_column(String(32))
    refused_text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    asked_by: Mapped[str] = mapped_column(String(32))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12))
    decided_by: Mapped[str | None] = mapped_column(String(32))
    decided_at: Mapped[datetime | None]
    entry_seq: Mapped[int | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class Transfers:
    """Named queries over transfers and reversals."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Transfer | Reversal) -> None:
        self._session.add(row)

    def get(self, transfer_id: str, *, lock: bool = False) -> Transfer | None:
        return self._session.get(Transfer, (self._book, transfer_id), with_for_update=lock or None)

    def by_entry(self, entry_seq: int) -> Transfer | None:
        query = select(Transfer).where(Transfer.book == self._book, Transfer.entry_seq == entry_seq)
        return self._session.scalar(query)

    def of_person(self, person_id: str, limit: int = 50) -> list[Transfer]:
        query = select(Transfer).where(
            Transfer.book == self._book, or_(Transfer.giver_id == person_id, Transfer.receiver_id == person_id)
        )
        return list(self._session.scalars(query.order_by(Transfer.id.desc()).limit(limit)))

    def pending(self, person_id: str) -> bool:
        """Whether a transfer from or to this member still waits."""
        query = select(Transfer.id).where(
            Transfer.book == self._book,
            Transfer.state == "pending",
            or_(Transfer.giver_id == person_id, Transfer.receiver_id == person_id),
        )
        return self._session.scalar(query.limit(1)) is not None

    def given_since(self, giver_id: str, since: datetime) -> list[Transfer]:
        query = select(Transfer).where(
            Transfer.book == self._book, Transfer.giver_id == giver_id, Transfer.asked_at >= since
        )
        return list(self._session.scalars(query))

    def gifts_since(self, since: datetime) -> list[tuple[str, str]]:
        """(giver, receiver) of the gifts that were carried out since then."""
        query = select(Transfer.giver_id, Transfer.receiver_id).where(
            Transfer.book == self._book, Transfer.kind == "gift", Transfer.state == "done", Transfer.done_at >= since
        )
        return [(row[0], row[1]) for row in self._session.execute(query) if row[0] and row[1]]

    def granted_since(self, receiver_id: str, since: datetime) -> int:
        """Minutes granted to this member since then."""
        query = select(func.coalesce(func.sum(Transfer.minutes), 0)).where(
            Transfer.book == self._book,
            Transfer.receiver_id == receiver_id,
            Transfer.kind == "grant",
            Transfer.state == "done",
            Transfer.done_at >= since,
        )
        return int(self._session.scalar(query) or 0)

    def grants(self, station_ids: Iterable[str], *, before: str | None = None, limit: int = 50) -> list[Transfer]:
        """Grants for members of these stations, newest first; `before` is the id that the last page ended with."""
        members = select(MEMBERSHIP.c.person_id).where(
            MEMBERSHIP.c.book == self._book, MEMBERSHIP.c.station_id.in_(set(station_ids))
        )
        query = select(Transfer).where(
            Transfer.book == self._book, Transfer.kind == "grant", Transfer.receiver_id.in_(members)
        )
        if before is not None:
            query = query.where(Transfer.id < before)
        return list(self._session.scalars(query.order_by(Transfer.id.desc()).limit(limit)))

    def grants_pending(self, station_ids: Iterable[str]) -> int:
        """How many grants for members of these stations wait for a second person."""
        members = select(MEMBERSHIP.c.person_id).where(
            MEMBERSHIP.c.book == self._book, MEMBERSHIP.c.station_id.in_(set(station_ids))
        )
        query = select(func.count()).where(
            Transfer.book == self._book,
            Transfer.kind == "grant",
            Transfer.state == "pending",
            Transfer.receiver_id.in_(members),
        )
        return int(self._session.scalar(query) or 0)

    def due(self, now: datetime, limit: int = 100) -> list[str]:
        query = select(Transfer.id).where(
            Transfer.book == self._book,
            Transfer.state == "pending",
            Transfer.kind != "grant",
            Transfer.due_at <= now,
        )
        return list(self._session.scalars(query.order_by(Transfer.due_at).limit(limit)))

    def reversal(self, reversal_id: str, *, lock: bool = False) -> Reversal | None:
        return self._session.get(Reversal, (self._book, reversal_id), with_for_update=lock or None)

    def reversal_waits(self, seq: int) -> bool:
        """Whether a request to undo this entry waits for a second person."""
        query = select(Reversal.id).where(
            Reversal.book == self._book, Reversal.state == "asked", Reversal.of_seq == seq
        )
        return self._session.scalar(query.limit(1)) is not None

    def reversals_asked(self, station_ids: Iterable[str]) -> int:
        """How many requests at these stations wait for a second person."""
        query = select(func.count()).where(
            Reversal.book == self._book, Reversal.state == "asked", Reversal.station_id.in_(set(station_ids))
        )
        return int(self._session.scalar(query) or 0)

    def reversals(self, station_ids: Iterable[str], *, before: str | None = None, limit: int = 50) -> list[Reversal]:
        """Requests at these stations, newest first; `before` is the id that the last page ended with."""
        query = select(Reversal).where(Reversal.book == self._book, Reversal.station_id.in_(set(station_ids)))
        if before is not None:
            query = query.where(Reversal.id < before)
        return list(self._session.scalars(query.order_by(Reversal.id.desc()).limit(limit)))
