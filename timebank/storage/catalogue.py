"""The service catalogue, 5 + X, and the policy versions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.domain.catalogue import FiveX, Help, Place, Service
from timebank.domain.policies import Risk
from timebank.storage.base import Base


class ServiceItem(Base):
    """One kind of service that earns hours and can be asked for."""

    __tablename__ = "service_item"

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(80))
    five_x: Mapped[str] = mapped_column(String(16))
    helps: Mapped[str] = mapped_column(String(80))
    risk: Mapped[str] = mapped_column(String(8))
    training: Mapped[str | None] = mapped_column(String(24))
    minutes_min: Mapped[int]
    minutes_max: Mapped[int]
    place: Mapped[str] = mapped_column(String(16))
    two_persons: Mapped[bool]
    active: Mapped[bool]
    rank: Mapped[int]
    askable: Mapped[bool]
    carries_papers: Mapped[bool]
    legal_class: Mapped[str | None] = mapped_column(String(24))


class PolicyVersion(Base):
    """A version of the policy as decided: the document, when it takes effect, the entry that carries it."""

    __tablename__ = "policy_version"

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    effective_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(String(32))
    decided_at: Mapped[datetime]
    entry_seq: Mapped[int]


def service_of(row: ServiceItem) -> Service:
    """The row as the value that rules are asked with."""
    return Service(
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        five_x=FiveX(row.five_x),
        helps=tuple(Help(one) for one in row.helps.split()),
        risk=Risk(row.risk),
        training=row.training,
        minutes_min=row.minutes_min,
        minutes_max=row.minutes_max,
        place=Place(row.place),
        two_persons=row.two_persons,
        active=row.active,
        rank=row.rank,
        askable=row.askable,
        carries_papers=row.carries_papers,
        legal_class=row.legal_class,
    )


class Catalogue:
    """Named queries over the catalogue."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add_service(self, service: Service) -> None:
        """A new item."""
        self._session.add(
            ServiceItem(
                book=self._book,
                code=service.code,
                name=service.name,
                name_en=service.name_en,
                five_x=str(service.five_x),
                helps=" ".join(service.helps),
                risk=str(service.risk),
                training=service.training,
                minutes_min=service.minutes_min,
                minutes_max=service.minutes_max,
                place=str(service.place),
                two_persons=service.two_persons,
                active=service.active,
                rank=service.rank,
                askable=service.askable,
                carries_papers=service.carries_papers,
                legal_class=service.legal_class,
            )
        )

    def get(self, code: str) -> ServiceItem | None:
        return self._session.get(ServiceItem, (self._book, code))

    def service(self, code: str) -> Service | None:
        row = self.get(code)
        return service_of(row) if row is not None else None

    def services(self) -> tuple[Service, ...]:
        query = select(ServiceItem).where(ServiceItem.book == self._book).order_by(ServiceItem.rank, ServiceItem.code)
        return tuple(service_of(row) for row in self._session.scalars(query))


_IN_FORCE = (
    select(PolicyVersion)
    .where(PolicyVersion.book == bindparam("book"), PolicyVersion.effective_at <= bindparam("at"))
    .order_by(PolicyVersion.version.desc())
    .limit(1)
)


class Policies:
    """Named queries over policy versions. A version is added, never changed."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: PolicyVersion) -> None:
        self._session.add(row)

    def versions(self) -> list[PolicyVersion]:
        query = select(PolicyVersion).where(PolicyVersion.book == self._book).order_by(PolicyVersion.version)
        return list(self._session.scalars(query))

    def by_digest(self, digest: str) -> PolicyVersion | None:
        query = select(PolicyVersion).where(PolicyVersion.book == self._book, PolicyVersion.digest == digest)
        return self._session.scalar(query.limit(1))

    def in_force(self, at: datetime) -> PolicyVersion | None:
        """The last decided of the versions whose time has come."""
        return self._session.scalar(_IN_FORCE, {"book": self._book, "at": at})

    def get(self, version: int) -> PolicyVersion | None:
        return self._session.get(PolicyVersion, (self._book, version))
