"""Programmes that grant hours to elders in need, and where all hours in circulation come from and are."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeVarTuple

from sqlalchemy import Select, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.stores.sql_schema import account_table, entry_table, posting_table
from timebank.storage.base import Base, InBook, in_book, to_person
from timebank.storage.members import Purse
from timebank.storage.transfers import Transfer

Columns = TypeVarTuple("Columns")


class GrantProgramme(InBook, Base):
    """Hours for all elders of some groups, month by month, within a budget: proposed by one, opened by another."""

    __tablename__ = "grant_programme"

    name: Mapped[str] = mapped_column(String(60))
    sponsor: Mapped[str] = mapped_column(String(120))
    groups: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int]
    budget_minutes: Mapped[int]
    lasts_months: Mapped[int | None]
    """After how many months what is not used of a grant lapses; None: never."""
    state: Mapped[str] = mapped_column(String(12))
    proposed_by: Mapped[str] = mapped_column(String(32))
    proposed_at: Mapped[datetime]
    opened_by: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class GrantShare(Base):
    """What an elder was granted under a programme in a month: once, whatever is repeated."""

    __tablename__ = "grant_share"
    __table_args__ = (
        in_book("grant_programme", "programme_id"),
        *to_person("person_id"),
        UniqueConstraint("book", "transfer_id"),
    )

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    programme_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    transfer_id: Mapped[str] = mapped_column(String(32))
    warned_on: Mapped[date | None]
    """When the elder was told that what is left of it lapses soon."""


class Issued:
    """Named queries over grant programmes and what is in circulation."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: GrantProgramme | GrantShare) -> None:
        self._session.add(row)

    def get(self, programme_id: str, *, lock: bool = False) -> GrantProgramme | None:
        return self._session.get(GrantProgramme, (self._book, programme_id), with_for_update=lock or None)

    def programmes(self) -> list[GrantProgramme]:
        query = select(GrantProgramme).where(GrantProgramme.book == self._book)
        return list(self._session.scalars(query.order_by(GrantProgramme.id.desc())))

    def had(self, programme_id: str, month: str) -> set[str]:
        """Who was granted something under it in this month."""
        query = select(GrantShare.person_id).where(
            GrantShare.book == self._book, GrantShare.programme_id == programme_id, GrantShare.month == month
        )
        return set(self._session.scalars(query))

    def granted(self, programme_id: str) -> tuple[int, int]:
        """(minutes, elders) of a programme so far; what was taken back by a correction does not count."""
        query = (
            select(func.coalesce(func.sum(Transfer.minutes), 0), func.count(GrantShare.person_id.distinct()))
            .join(GrantShare, (GrantShare.book == Transfer.book) & (GrantShare.transfer_id == Transfer.id))
            .where(Transfer.book == self._book, GrantShare.programme_id == programme_id, Transfer.state == "done")
        )
        row = self._session.execute(query).one()
        return int(row[0]), int(row[1])

    def lapsing_shares(self, person_id: str) -> list[tuple[GrantShare, datetime, int]]:
        """(share, when it was granted, months that it lasts) of an elder's grants that lapse some day."""
        query = self._lapsing(select(GrantShare, Transfer.done_at, GrantProgramme.lasts_months))
        query = query.where(GrantShare.person_id == person_id)
        return [(share, at, months) for share, at, months in self._session.execute(query) if at and months]

    def with_lapsing_shares(self) -> list[str]:
        """Elders who were granted hours that lapse some day and have granted hours."""
        query = self._lapsing(select(GrantShare.person_id).distinct())
        held = (Purse.book == GrantShare.book) & (Purse.person_id == GrantShare.person_id) & (Purse.origin == "granted")
        full = (account_table.c.book == Purse.book) & (account_table.c.account == Purse.account)
        query = query.join(Purse, held).join(account_table, full).where(account_table.c.balance > 0)
        return sorted(self._session.scalars(query))

    def _lapsing(self, query: Select[*Columns]) -> Select[*Columns]:
        programme = (GrantProgramme.book == GrantShare.book) & (GrantProgramme.id == GrantShare.programme_id)
        transfer = (Transfer.book == GrantShare.book) & (Transfer.id == GrantShare.transfer_id)
        joined = query.select_from(GrantShare).join(GrantProgramme, programme).join(Transfer, transfer)
        return joined.where(GrantShare.book == self._book, GrantProgramme.lasts_months.is_not(None))

    def by_origin(self) -> dict[str, int]:
        """Origin of a purse → minutes in all purses of that origin."""
        query = (
            select(Purse.origin, func.sum(account_table.c.balance))
            .join(account_table, (account_table.c.book == Purse.book) & (account_table.c.account == Purse.account))
            .where(Purse.book == self._book)
        )
        return {row[0]: int(row[1]) for row in self._session.execute(query.group_by(Purse.origin))}

    def by_account_kind(self) -> dict[str, int]:
        """Kind of account → minutes in all of that kind. They sum to zero."""
        query = select(account_table.c.kind, func.sum(account_table.c.balance)).where(
            account_table.c.book == self._book
        )
        return {row[0]: int(row[1]) for row in self._session.execute(query.group_by(account_table.c.kind))}

    def issued_by_kind(self, issuance: str) -> list[tuple[str, int, int]]:
        """(kind of entry, how many, minutes that it put into circulation), of all that touched the issuance."""
        same = (entry_table.c.book == posting_table.c.book) & (entry_table.c.seq == posting_table.c.seq)
        query = (
            select(entry_table.c.kind, func.count(), -func.sum(posting_table.c.minutes))
            .join(entry_table, same)
            .where(posting_table.c.book == self._book, posting_table.c.account == issuance)
            .group_by(entry_table.c.kind)
        )
        return [(row[0], int(row[1]), int(row[2])) for row in self._session.execute(query.order_by(entry_table.c.kind))]

    def seqs_of_kind(self, issuance: str, kind: str, before: int | None, limit: int) -> list[tuple[int, int]]:
        """(number, minutes) of the entries of a kind that touched the issuance, the newest first."""
        same = (entry_table.c.book == posting_table.c.book) & (entry_table.c.seq == posting_table.c.seq)
        query = (
            select(posting_table.c.seq, -posting_table.c.minutes)
            .join(entry_table, same)
            .where(posting_table.c.book == self._book, posting_table.c.account == issuance, entry_table.c.kind == kind)
        )
        if before is not None:
            query = query.where(posting_table.c.seq < before)
        return [
            (row[0], row[1]) for row in self._session.execute(query.order_by(posting_table.c.seq.desc()).limit(limit))
        ]
