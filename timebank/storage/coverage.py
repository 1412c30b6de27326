"""Kept figures of coverage, and the facts that they are made of: what members hold, have served, have redeemed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Index, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.stores.sql import account_table
from timebank.storage.base import Base, InBook
from timebank.storage.hours import HoursRecord
from timebank.storage.members import Membership, Purse
from timebank.storage.redemptions import HOLDING, Redemption


class CoverageRun(InBook, Base):
    """The figures of a night as JSON: sums over bands of members, no person."""

    __tablename__ = "coverage_run"
    __table_args__ = (Index("ix_coverage_run_book_day", "book", "day"),)

    day: Mapped[date]
    made_at: Mapped[datetime]
    seed: Mapped[int]
    figures: Mapped[str] = mapped_column(Text)


class Coverage:
    """Named queries of coverage, over the whole book."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: CoverageRun) -> None:
        self._session.add(row)

    def latest(self) -> CoverageRun | None:
        query = select(CoverageRun).where(CoverageRun.book == self._book)
        return self._session.scalar(query.order_by(CoverageRun.id.desc()).limit(1))

    def holdings(self, origins: Iterable[str]) -> dict[str, int]:
        """Person → minutes in purses of these origins and in holds; who has none is left out."""
        accounts, found = account_table.c, Counter[str]()
        purses = (
            select(Purse.person_id, func.sum(accounts.balance))
            .where(
                Purse.book == self._book,
                Purse.origin.in_(set(origins)),
                accounts.book == Purse.book,
                accounts.account == Purse.account,
            )
            .group_by(Purse.person_id)
        )
        holds = (
            select(Redemption.member_id, func.sum(Redemption.minutes))
            .where(Redemption.book == self._book, Redemption.hold_seq.is_not(None), Redemption.state.in_(HOLDING))
            .group_by(Redemption.member_id)
        )
        for query in (purses, holds):
            for person_id, minutes in self._session.execute(query):
                found[person_id] += int(minutes)
        return {person_id: minutes for person_id, minutes in found.items() if minutes > 0}

    def served(self, since: datetime | None = None, until: datetime | None = None) -> dict[str, int]:
        """Volunteer → verified minutes, of services that began in [since, until)."""
        query = select(HoursRecord.volunteer_id, func.sum(HoursRecord.minutes)).where(
            HoursRecord.book == self._book, HoursRecord.state == "verified"
        )
        if since is not None:
            query = query.where(HoursRecord.started_at >= since)
        if until is not None:
            query = query.where(HoursRecord.started_at < until)
        return {row[0]: int(row[1]) for row in self._session.execute(query.group_by(HoursRecord.volunteer_id))}

    def redeemers(self) -> set[str]:
        """Everybody whose hours were ever redeemed."""
        query = select(Redemption.member_id).where(Redemption.book == self._book, Redemption.state == "settled")
        return set(self._session.scalars(query.distinct()))

    def active(self) -> dict[str, str]:
        """Person → member number, of active members."""
        query = select(Membership.person_id, Membership.number).where(
            Membership.book == self._book, Membership.state == "active"
        )
        return {row[0]: row[1] for row in self._session.execute(query)}

    def pool(self, account: str) -> int:
        """Minutes in the pool."""
        query = select(account_table.c.balance).where(
            account_table.c.book == self._book, account_table.c.account == account
        )
        return int(self._session.scalar(query) or 0)
