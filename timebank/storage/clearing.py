"""Credit that goes to another book and comes from it: the partners, each transfer on either side, daily statements.

No transaction touches two books. A transfer is one row in each, under the same id; what one side says is believed by
the other only with a proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, in_book, to_person

OUT, IN = "out", "in"
LOCAL = "points:"
"""What a programme of points has in the place of an address: its book is in this very deployment."""
UNFINISHED: Final = ("held", "sent")


class Partner(InBook, Base):
    """Another book with which credit is exchanged, as two people of this county agreed: how to verify it, and how much
    either side may owe the other."""

    __tablename__ = "clearing_partner"
    __table_args__ = (UniqueConstraint("book", "origin"),)

    origin: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(String(200))
    policy: Mapped[str] = mapped_column(Text)
    papers_key: Mapped[str] = mapped_column(String(200))
    account: Mapped[str | None] = mapped_column(String(40))
    limit_minutes: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    proposed_by: Mapped[str] = mapped_column(String(32))
    proposed_at: Mapped[datetime]
    agreed_by: Mapped[str | None] = mapped_column(String(32))
    agreed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class Clearing(InBook, Base):
    """A transfer to another book (`out`) or from one (`in`). Its id is the same in both.

    Out: held (may be taken back), sent, arrived, returned (refused there), undone. In: accepted, refused.
    """

    __tablename__ = "clearing_transfer"
    __table_args__ = (
        in_book("clearing_partner", "partner_id"),
        *to_person("person_id"),
        Index("ix_clearing_transfer_book_partner", "book", "partner_id", "made_at"),
        Index("ix_clearing_transfer_book_due", "book", "direction", "state", "next_try_at"),
        Index("ix_clearing_transfer_book_person", "book", "person_id"),
    )

    direction: Mapped[str] = mapped_column(String(4))
    partner_id: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[str | None] = mapped_column(String(32))
    minutes: Mapped[int]
    message_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Out: what the other book is told, the document and its salt; under the giver's key."""
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(32))
    entry_seq: Mapped[int | None]
    their_seq: Mapped[int | None]
    their_proof: Mapped[str | None] = mapped_column(Text)
    """Out: the other book's receipt, or its signed refusal. In: nothing, the entry names theirs."""
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    tries: Mapped[int]
    problem: Mapped[str] = mapped_column(String(80))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class Statement(InBook, Base):
    """A day's comparison with a partner: both balances, what is under way, what does not agree. Never changed."""

    __tablename__ = "clearing_statement"
    __table_args__ = (
        in_book("clearing_partner", "partner_id"),
        Index("ix_clearing_statement_book_partner", "book", "partner_id", "at"),
    )

    partner_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    balance_minutes: Mapped[int]
    their_balance_minutes: Mapped[int]
    under_way_minutes: Mapped[int]
    findings: Mapped[str] = mapped_column(Text)
    theirs: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class Net:
    """What went out and came in within a month (`2026-11`), in minutes."""

    month: str
    out_minutes: int
    in_minutes: int


class Clearings:
    """Named queries over partners, transfers between books, and statements."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Partner | Clearing | Statement) -> None:
        self._session.add(row)

    def partner(self, partner_id: str, *, lock: bool = False) -> Partner | None:
        return self._session.get(Partner, (self._book, partner_id), with_for_update=lock or None)

    def partner_of(self, origin: str) -> Partner | None:
        query = select(Partner).where(Partner.book == self._book, Partner.origin == origin)
        return self._session.scalar(query)

    def partners(self) -> list[Partner]:
        """The books of other counties, by origin; not those of our own programmes."""
        query = select(Partner).where(Partner.book == self._book, Partner.url != LOCAL)
        return list(self._session.scalars(query.order_by(Partner.origin)))

    def get(self, transfer_id: str, *, lock: bool = False) -> Clearing | None:
        return self._session.get(Clearing, (self._book, transfer_id), with_for_update=lock or None)

    def of_partner(self, partner_id: str, since: datetime | None = None, limit: int = 10_000) -> list[Clearing]:
        """The newest first."""
        query = select(Clearing).where(Clearing.book == self._book, Clearing.partner_id == partner_id)
        if since is not None:
            query = query.where(Clearing.made_at >= since)
        return list(self._session.scalars(query.order_by(Clearing.made_at.desc(), Clearing.id).limit(limit)))

    def due(self, now: datetime, limit: int = 100) -> list[str]:
        """Transfers that are to be told to the other book (again)."""
        there = (Partner.book == Clearing.book) & (Partner.id == Clearing.partner_id) & (Partner.url != LOCAL)
        query = (
            select(Clearing.id)
            .join(Partner, there)
            .where(
                Clearing.book == self._book,
                Clearing.direction == OUT,
                Clearing.state == "sent",
                Clearing.next_try_at <= now,
            )
        )
        return list(self._session.scalars(query.order_by(Clearing.next_try_at).limit(limit)))

    def is_under_way_of(self, person_id: str) -> bool:
        """Whether something that this person sent has not come to its end."""
        query = select(Clearing.id).where(
            Clearing.book == self._book, Clearing.person_id == person_id, Clearing.state.in_(UNFINISHED)
        )
        return self._session.scalar(query.limit(1)) is not None

    def held_minutes(self, partner_id: str) -> int:
        """What is reserved for this partner and may still be taken back."""
        query = select(func.coalesce(func.sum(Clearing.minutes), 0)).where(
            Clearing.book == self._book, Clearing.partner_id == partner_id, Clearing.state == "held"
        )
        return int(self._session.scalar(query) or 0)

    def statements(self, partner_id: str, limit: int = 30) -> list[Statement]:
        """The newest first."""
        query = select(Statement).where(Statement.book == self._book, Statement.partner_id == partner_id)
        return list(self._session.scalars(query.order_by(Statement.at.desc(), Statement.id.desc()).limit(limit)))
