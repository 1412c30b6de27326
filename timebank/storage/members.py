"""Membership, purses, consent, kin, proxies and qualifications."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import BindParameter, Index, Row, String, UniqueConstraint, and_, bindparam, func, select, union_all
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.stores.sql import account_table
from timebank.storage.base import Base, InBook, padded, to_person, to_station
from timebank.storage.people import Person
from timebank.storage.redemptions import HOLDING, Redemption
from timebank.storage.transfers import Transfer


class Membership(Base):
    """A person's membership: at which station, in which state, how the person proves presence."""

    __tablename__ = "membership"
    __table_args__ = (
        *to_person("person_id"),
        to_station(),
        UniqueConstraint("book", "number"),
        UniqueConstraint("book", "card_digest"),
        Index("ix_membership_book_station", "book", "station_id", "state"),
    )

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    station_id: Mapped[str] = mapped_column(String(32))
    number: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    serves: Mapped[bool]
    receives: Mapped[bool]
    applied_at: Mapped[datetime]
    registered_by: Mapped[str] = mapped_column(String(32))
    approved_by: Mapped[str | None] = mapped_column(String(32))
    approved_at: Mapped[datetime | None]
    pin_hash: Mapped[str | None] = mapped_column(String(160))
    card_digest: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class Purse(Base):
    """The ledger account that keeps one origin of a member's hours."""

    __tablename__ = "purse"
    __table_args__ = (*to_person("person_id"), UniqueConstraint("book", "account"))

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    origin: Mapped[str] = mapped_column(String(12), primary_key=True)
    account: Mapped[str] = mapped_column(String(40))


class Consent(InBook, Base):
    """A consent given or withdrawn: which text, by which way, when. Rows are only ever added."""

    __tablename__ = "consent"
    __table_args__ = to_person("person_id", "recorded_by")

    person_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(24))
    text_version: Mapped[str] = mapped_column(String(16))
    given: Mapped[bool]
    channel: Mapped[str] = mapped_column(String(16))
    recorded_by: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]


class Kin(InBook, Base):
    """`relative_id` is the `relation` of `person_id`."""

    __tablename__ = "kin"
    __table_args__ = (*to_person("person_id", "relative_id"), UniqueConstraint("book", "person_id", "relative_id"))

    person_id: Mapped[str] = mapped_column(String(32))
    relative_id: Mapped[str] = mapped_column(String(32))
    relation: Mapped[str] = mapped_column(String(16))
    recorded_by: Mapped[str] = mapped_column(String(32))
    recorded_at: Mapped[datetime]
    proof: Mapped[str] = mapped_column(String(24), server_default="declared")
    proof_seen_by: Mapped[str | None] = mapped_column(String(32))
    proof_seen_at: Mapped[datetime | None]


class Proxy(InBook, Base):
    """A relative who may act for an elder, with the elder's recorded consent."""

    __tablename__ = "proxy"
    __table_args__ = (*to_person("elder_id", "proxy_id"), Index("ix_proxy_book_proxy", "book", "proxy_id"))

    elder_id: Mapped[str] = mapped_column(String(32))
    proxy_id: Mapped[str] = mapped_column(String(32))
    consent_id: Mapped[str] = mapped_column(String(32))
    recorded_by: Mapped[str] = mapped_column(String(32))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ProxyAct(InBook, Base):
    """One act of a proxy, so that the acts of a day can be counted and seen by the elder."""

    __tablename__ = "proxy_act"
    __table_args__ = (*to_person("elder_id", "proxy_id"), Index("ix_proxy_act_book_proxy", "book", "proxy_id", "at"))

    elder_id: Mapped[str] = mapped_column(String(32))
    proxy_id: Mapped[str] = mapped_column(String(32))
    verb: Mapped[str] = mapped_column(String(24))
    at: Mapped[datetime]


class Qualification(InBook, Base):
    """A training that a volunteer finished: what services it opens is in the catalogue."""

    __tablename__ = "qualification"
    __table_args__ = (*to_person("person_id"), Index("ix_qualification_book_person", "book", "person_id"))

    person_id: Mapped[str] = mapped_column(String(32))
    training: Mapped[str] = mapped_column(String(24))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    recorded_by: Mapped[str] = mapped_column(String(32))


class Closeness(Base):
    """Whom a volunteer served last and how: the form offers it first the next time."""

    __tablename__ = "closeness"
    __table_args__ = to_person("volunteer_id", "elder_id")

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    volunteer_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    elder_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    service_code: Mapped[str] = mapped_column(String(24))
    at: Mapped[datetime]


MemberRow = Membership | Purse | Consent | Kin | Proxy | ProxyAct | Qualification | Closeness


_BOOK: BindParameter[str] = bindparam("book")
_PEOPLE: BindParameter[str] = bindparam("people", expanding=True)
_LOCKED = (
    select(Person)
    .join(Membership, and_(Membership.book == Person.book, Membership.person_id == Person.id))
    .where(Person.book == _BOOK, Person.id.in_(_PEOPLE))
    .order_by(Person.id)
    .with_for_update(of=Membership)
)
_PURSES = select(Purse.person_id, Purse.origin, Purse.account).where(Purse.book == _BOOK, Purse.person_id.in_(_PEOPLE))
_WORTHS = union_all(
    select(Purse.person_id, account_table.c.balance).where(
        Purse.book == _BOOK,
        Purse.person_id.in_(_PEOPLE),
        account_table.c.book == Purse.book,
        account_table.c.account == Purse.account,
    ),
    select(Redemption.member_id, Redemption.minutes).where(
        Redemption.book == _BOOK,
        Redemption.member_id.in_(_PEOPLE),
        Redemption.hold_seq.is_not(None),
        Redemption.state.in_(HOLDING),
    ),
    select(Transfer.giver_id, Transfer.minutes).where(
        Transfer.book == _BOOK, Transfer.giver_id.in_(_PEOPLE), Transfer.state == "pending"
    ),
)
_PROXIED = select(Proxy.elder_id, Proxy.proxy_id).where(
    Proxy.book == _BOOK,
    Proxy.proxy_id.in_(bindparam("proxies", expanding=True)),
    Proxy.elder_id.in_(bindparam("elders", expanding=True)),
    Proxy.ended_at.is_(None),
)


class Members:
    """Named queries over memberships and what hangs on them."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: MemberRow) -> None:
        self._session.add(row)

    def get(self, person_id: str, *, lock: bool = False) -> Membership | None:
        """`lock` makes simultaneous units of one member wait for each other, so that each sees the other's rows."""
        return self._session.get(Membership, (self._book, person_id), with_for_update=lock or None)

    def by_number(self, number: str) -> Membership | None:
        query = select(Membership).where(Membership.book == self._book, Membership.number == number)
        return self._session.scalar(query)

    def by_numbers(self, numbers: Iterable[str]) -> dict[str, str]:
        """Member number → the person."""
        query = select(Membership.number, Membership.person_id).where(
            Membership.book == self._book, Membership.number.in_(padded(numbers))
        )
        return {row[0]: row[1] for row in self._session.execute(query)}

    def active(self, person_ids: Iterable[str]) -> set[str]:
        """Those whose membership is active."""
        query = select(Membership.person_id).where(
            Membership.book == self._book, Membership.person_id.in_(padded(person_ids)), Membership.state == "active"
        )
        return set(self._session.scalars(query))

    def by_card(self, card_digest: str) -> Membership | None:
        query = select(Membership).where(Membership.book == self._book, Membership.card_digest == card_digest)
        return self._session.scalar(query)

    def numbers(self, person_ids: Iterable[str]) -> dict[str, str]:
        """Person → member number, of several."""
        query = select(Membership.person_id, Membership.number).where(
            Membership.book == self._book, Membership.person_id.in_(set(person_ids))
        )
        return {row.person_id: row.number for row in self._session.execute(query)}

    def of_stations(self, station_ids: Iterable[str], state: str | None = None) -> list[Membership]:
        query = select(Membership).where(Membership.book == self._book, Membership.station_id.in_(set(station_ids)))
        if state is not None:
            query = query.where(Membership.state == state)
        return list(self._session.scalars(query.order_by(Membership.number)))

    def counts(self, station_ids: Iterable[str]) -> dict[str, int]:
        """Station → how many active members."""
        query = (
            select(Membership.station_id, func.count())
            .where(Membership.book == self._book, Membership.station_id.in_(set(station_ids)))
            .where(Membership.state == "active")
            .group_by(Membership.station_id)
        )
        return {row[0]: int(row[1]) for row in self._session.execute(query)}

    def lock_many(self, person_ids: Iterable[str]) -> list[Person]:
        """As `get` with `lock`, for several, in the order of their ids. Gives the persons, from the same query."""
        wanted = {"book": self._book, "people": padded(person_ids)}
        return list(self._session.scalars(_LOCKED, wanted))

    def purses(self, person_id: str) -> dict[str, str]:
        """Origin → ledger account."""
        return self.purses_of([person_id])[person_id]

    def purses_of(self, person_ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """The same for several: person → origin → ledger account."""
        found: dict[str, dict[str, str]] = {person_id: {} for person_id in person_ids}
        for person_id, origin, account in self._session.execute(_PURSES, {"book": self._book, "people": padded(found)}):
            found[person_id][origin] = account
        return found

    def balances(self, person_id: str) -> dict[str, int]:
        """Origin → minutes, as the ledger has them now."""
        accounts = account_table.c
        query = select(Purse.origin, accounts.balance).where(
            Purse.book == self._book,
            Purse.person_id == person_id,
            accounts.book == Purse.book,
            accounts.account == Purse.account,
        )
        return {row.origin: row.balance for row in self._session.execute(query)}

    def worth(self, person_id: str) -> int:
        """All that a member has: every purse, and what is held for open redemptions and pending gifts."""
        return self.worths([person_id])[person_id]

    def worths(self, person_ids: Iterable[str]) -> dict[str, int]:
        """The same for several."""
        found = dict.fromkeys(person_ids, 0)
        rows: Iterable[Row[str, int]] = self._session.execute(_WORTHS, {"book": self._book, "people": padded(found)})
        for person_id, minutes in rows:
            found[person_id] += int(minutes)
        return found

    def proxied(self, elder_ids: Iterable[str], proxy_ids: Iterable[str]) -> frozenset[tuple[str, str]]:
        """(elder, proxy) of those who may act for one of these elders now."""
        wanted = {"book": self._book, "elders": padded(elder_ids), "proxies": padded(proxy_ids)}
        return frozenset((elder_id, proxy_id) for elder_id, proxy_id in self._session.execute(_PROXIED, wanted))

    def is_proxy(self, elder_id: str, proxy_id: str) -> bool:
        """Whether this person may act for the elder now."""
        query = select(Proxy.id).where(
            Proxy.book == self._book, Proxy.proxy_id == proxy_id, Proxy.elder_id == elder_id, Proxy.ended_at.is_(None)
        )
        return self._session.scalar(query.limit(1)) is not None

    def owner(self, account: str) -> Purse | None:
        return self._session.scalar(select(Purse).where(Purse.book == self._book, Purse.account == account))

    def kin(self, person_id: str) -> dict[str, str]:
        """Relative's id → relation, as seen from `person_id`."""
        query = select(Kin.relative_id, Kin.relation).where(Kin.book == self._book, Kin.person_id == person_id)
        return {row.relative_id: row.relation for row in self._session.execute(query)}

    def kinship(self, person_id: str, relative_id: str) -> list[Kin]:
        """Both directions of a relation."""
        pair = {person_id, relative_id}
        query = select(Kin).where(Kin.book == self._book, Kin.person_id.in_(pair), Kin.relative_id.in_(pair))
        return list(self._session.scalars(query))

    def proofs(self, person_id: str) -> dict[str, str]:
        """Relative → what was seen of the relation."""
        query = select(Kin.relative_id, Kin.proof).where(Kin.book == self._book, Kin.person_id == person_id)
        return {row[0]: row[1] for row in self._session.execute(query)}

    def all_kin(self) -> dict[str, frozenset[str]]:
        """Person → relatives, of everybody who has any recorded."""
        found: dict[str, set[str]] = {}
        for row in self._session.execute(select(Kin.person_id, Kin.relative_id).where(Kin.book == self._book)):
            found.setdefault(row.person_id, set()).add(row.relative_id)
            found.setdefault(row.relative_id, set()).add(row.person_id)
        return {person: frozenset(relatives) for person, relatives in found.items()}

    def homes(self, person_ids: Iterable[str]) -> dict[str, str]:
        """Person → own station."""
        query = select(Membership.person_id, Membership.station_id).where(
            Membership.book == self._book, Membership.person_id.in_(set(person_ids))
        )
        return {row[0]: row[1] for row in self._session.execute(query)}

    def proxies_of(self, elder_id: str) -> list[Proxy]:
        query = select(Proxy).where(Proxy.book == self._book, Proxy.elder_id == elder_id, Proxy.ended_at.is_(None))
        return list(self._session.scalars(query))

    def elders_of(self, proxy_id: str) -> list[Proxy]:
        query = select(Proxy).where(Proxy.book == self._book, Proxy.proxy_id == proxy_id, Proxy.ended_at.is_(None))
        return list(self._session.scalars(query))

    def proxy_acts_since(self, proxy_id: str, since: datetime) -> list[ProxyAct]:
        query = select(ProxyAct).where(ProxyAct.book == self._book, ProxyAct.proxy_id == proxy_id, ProxyAct.at >= since)
        return list(self._session.scalars(query))

    def trainings(self, person_id: str, on: date) -> frozenset[str]:
        query = select(Qualification).where(
            Qualification.book == self._book, Qualification.person_id == person_id, Qualification.valid_from <= on
        )
        rows = self._session.scalars(query)
        return frozenset(row.training for row in rows if row.valid_to is None or row.valid_to >= on)

    def consents(self, person_id: str) -> list[Consent]:
        query = select(Consent).where(Consent.book == self._book, Consent.person_id == person_id).order_by(Consent.at)
        return list(self._session.scalars(query))

    def closest(self, volunteer_id: str, limit: int = 8) -> list[Closeness]:
        query = select(Closeness).where(Closeness.book == self._book, Closeness.volunteer_id == volunteer_id)
        return list(self._session.scalars(query.order_by(Closeness.at.desc()).limit(limit)))

    def remember(self, volunteer_id: str, elder_id: str, service_code: str, at: datetime) -> None:
        row = self._session.get(Closeness, (self._book, volunteer_id, elder_id))
        if row is None:
            row = Closeness(book=self._book, volunteer_id=volunteer_id, elder_id=elder_id)
            self._session.add(row)
        row.service_code, row.at = service_code, at
