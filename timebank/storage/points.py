"""Rows of the programmes of points. All but the programme itself belong to the programme's own book."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.stores.sql_schema import account_table
from timebank.storage import history
from timebank.storage.base import Base, InBook, in_book
from timebank.storage.clearing import OUT, Clearing
from timebank.storage.history import StateChange


class Programme(InBook, Base):
    """A programme of the county: proposed by one person, opened by a second. `id` is the partner's through which hours
    become points."""

    __tablename__ = "points_programme"
    __table_args__ = (UniqueConstraint("book", "origin"),)

    origin: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(12))
    rules: Mapped[str] = mapped_column(Text)
    """The document that waits to be decided, or that was decided last."""
    proposed_by: Mapped[str] = mapped_column(String(32))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class PointsRules(Base):
    """A version of a programme's rules. Never changed."""

    __tablename__ = "points_rules"

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    effective_at: Mapped[datetime]


class RulesChange(InBook, Base):
    """A later version of a programme's rules as it was proposed; it stands in the county's book, and in the
    programme's once a second person has decided."""

    __tablename__ = "points_rules_change"
    __table_args__ = (
        in_book("points_programme", "programme_id"),
        Index("ix_points_rules_change_book_programme", "book", "programme_id"),
    )

    programme_id: Mapped[str] = mapped_column(String(32))
    rules: Mapped[str] = mapped_column(Text)
    from_day: Mapped[date]
    state: Mapped[str] = mapped_column(String(12))
    proposed_by: Mapped[str] = mapped_column(String(32))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(32))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class PointsAccount(Base):
    """Whose account it is: a member's, or a station's that hands goods over. Ids only; people live in the county."""

    __tablename__ = "points_account"
    __table_args__ = (UniqueConstraint("book", "account"),)

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    owner_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(40))
    warned_on: Mapped[date | None]
    """When its owner was last told that points lapse soon."""


class Award(InBook, Base):
    """Points for a deed. Rows are only ever added; the salt belongs to the entry's commitment."""

    __tablename__ = "points_award"
    __table_args__ = (Index("ix_points_award_book_person", "book", "person_id", "at"),)

    person_id: Mapped[str] = mapped_column(String(32))
    station_id: Mapped[str] = mapped_column(String(32))
    points: Mapped[int]
    reason: Mapped[str] = mapped_column(String(32))
    awarded_by: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    entry_seq: Mapped[int]


class Goods(InBook, Base):
    """Something that can be had for points at a station, and who pays for it."""

    __tablename__ = "points_goods"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock"),
        Index("ix_points_goods_book_station", "book", "station_id"),
    )

    station_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    points: Mapped[int]
    stock: Mapped[int]
    funding: Mapped[str] = mapped_column(Text)
    offered: Mapped[bool]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class PointsOrder(InBook, Base):
    """A member wants goods: the points are held, the goods are set aside."""

    __tablename__ = "points_order"
    __table_args__ = (
        in_book("points_goods", "goods_id"),
        Index("ix_points_order_book_station", "book", "station_id", "state"),
        Index("ix_points_order_book_person", "book", "person_id"),
    )

    goods_id: Mapped[str] = mapped_column(String(32))
    station_id: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[str] = mapped_column(String(32))
    quantity: Mapped[int]
    points: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    hold_seq: Mapped[int | None]
    entry_seq: Mapped[int | None]
    made_at: Mapped[datetime]
    keep_until: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class PointsOrderEvent(StateChange, Base):
    """A change of state of an order. Rows are only ever added."""

    __tablename__ = "points_order_event"
    __table_args__ = (in_book("points_order", "order_id"),)

    order_id: Mapped[str] = mapped_column(String(32), primary_key=True)


PointsRow = Programme | PointsRules | RulesChange | PointsAccount | Award | Goods | PointsOrder


class Points:
    """Named queries over programmes (in the county's book) and what is in theirs."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: PointsRow) -> None:
        self._session.add(row)

    def programme(self, programme_id: str, *, lock: bool = False) -> Programme | None:
        return self._session.get(Programme, (self._book, programme_id), with_for_update=lock or None)

    def programmes(self) -> list[Programme]:
        query = select(Programme).where(Programme.book == self._book)
        return list(self._session.scalars(query.order_by(Programme.origin)))

    def rules_at(self, at: datetime) -> PointsRules | None:
        """The version in force at a moment."""
        query = select(PointsRules).where(PointsRules.book == self._book, PointsRules.effective_at <= at)
        return self._session.scalar(query.order_by(PointsRules.number.desc()).limit(1))

    def rules_numbered(self) -> list[PointsRules]:
        """All versions that were decided, the first one first."""
        query = select(PointsRules).where(PointsRules.book == self._book)
        return list(self._session.scalars(query.order_by(PointsRules.number)))

    def changes(self, programme_id: str) -> list[RulesChange]:
        """What was proposed to be changed, the newest first."""
        query = select(RulesChange).where(RulesChange.book == self._book, RulesChange.programme_id == programme_id)
        return list(self._session.scalars(query.order_by(RulesChange.id.desc())))

    def change(self, change_id: str, *, lock: bool = False) -> RulesChange | None:
        return self._session.get(RulesChange, (self._book, change_id), with_for_update=lock or None)

    def members(self) -> list[PointsAccount]:
        """The accounts of people that are not empty; those of stations and books have other owners."""
        query = select(PointsAccount).join(
            account_table,
            (account_table.c.book == PointsAccount.book) & (account_table.c.account == PointsAccount.account),
        )
        query = query.where(
            PointsAccount.book == self._book, account_table.c.kind == "member", account_table.c.balance > 0
        )
        return list(self._session.scalars(query.order_by(PointsAccount.account)))

    def account(self, owner_id: str) -> str | None:
        row = self._session.get(PointsAccount, (self._book, owner_id))
        return row.account if row is not None else None

    def account_row(self, owner_id: str, *, lock: bool = False) -> PointsAccount:
        return self._session.get_one(PointsAccount, (self._book, owner_id), with_for_update=lock or None)

    def awarded_since(self, person_id: str, since: datetime) -> int:
        query = select(func.coalesce(func.sum(Award.points), 0)).where(
            Award.book == self._book, Award.person_id == person_id, Award.at >= since
        )
        return int(self._session.scalar(query) or 0)

    def goods(self, goods_id: str, *, lock: bool = False) -> Goods | None:
        return self._session.get(Goods, (self._book, goods_id), with_for_update=lock or None)

    def all_goods(self, station_ids: Iterable[str] | None = None) -> list[Goods]:
        query = select(Goods).where(Goods.book == self._book)
        if station_ids is not None:
            query = query.where(Goods.station_id.in_(set(station_ids)))
        return list(self._session.scalars(query.order_by(Goods.kind, Goods.points, Goods.id)))

    def order(self, order_id: str, *, lock: bool = False) -> PointsOrder | None:
        return self._session.get(PointsOrder, (self._book, order_id), with_for_update=lock or None)

    def orders(
        self, *, person_id: str | None = None, station_ids: Iterable[str] | None = None, limit: int = 50
    ) -> list[PointsOrder]:
        """Newest first."""
        query = select(PointsOrder).where(PointsOrder.book == self._book)
        if person_id is not None:
            query = query.where(PointsOrder.person_id == person_id)
        if station_ids is not None:
            query = query.where(PointsOrder.station_id.in_(set(station_ids)))
        return list(self._session.scalars(query.order_by(PointsOrder.id.desc()).limit(limit)))

    def forgotten(self, now: datetime, limit: int = 200) -> list[str]:
        """Orders that nobody fetched in time."""
        query = select(PointsOrder.id).where(
            PointsOrder.book == self._book, PointsOrder.state == "ordered", PointsOrder.keep_until <= now
        )
        return list(self._session.scalars(query.order_by(PointsOrder.keep_until).limit(limit)))

    def move(self, row: PointsOrder, state: str, actor_id: str, via: str, now: datetime) -> None:
        """Change the state and write down who and when. The first event of a row has no state before."""
        how = {"actor_id": actor_id, "via": via, "at": now, "reason": None, "text_sealed": None}
        history.move(self._session, PointsOrderEvent, "order_id", row, state, **how)

    def under_way(self, programme_id: str) -> list[str]:
        """Hours that left the county's book for this programme and are not points yet."""
        query = select(Clearing.id).where(
            Clearing.book == self._book,
            Clearing.partner_id == programme_id,
            Clearing.direction == OUT,
            Clearing.state == "sent",
        )
        return list(self._session.scalars(query.order_by(Clearing.id)))
