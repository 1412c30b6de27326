"""Who may come in: logins, credentials, roles, sessions, tokens, and the throttle that slows guessing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Index, Integer, LargeBinary, String, Text, and_, bindparam, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, to_person
from timebank.storage.members import Membership


class Login(Base):
    """A phone or user name as a keyed hash. It must be unique everywhere, so it is the key."""

    __tablename__ = "login"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    book: Mapped[str] = mapped_column(String(120))
    person_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(8))


class Credential(Base):
    """How a person proves to be that person: argon2id of the password, the sealed TOTP secret."""

    __tablename__ = "credential"
    __table_args__ = to_person("person_id")

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(160))
    changed_at: Mapped[datetime]
    must_change: Mapped[bool]
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_counter: Mapped[int]


class Throttle(Base):
    """Failures of one bucket (a login, an address, a PIN) and until when it is closed. Keyed by a hash."""

    __tablename__ = "throttle"

    bucket: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    blocked_until: Mapped[datetime | None]
    at: Mapped[datetime]


class RoleGrant(InBook, Base):
    """A role given to a person, at one station or over the county."""

    __tablename__ = "role_grant"
    __table_args__ = (*to_person("person_id"), Index("ix_role_grant_book_person", "book", "person_id"))

    person_id: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(16))
    station_id: Mapped[str | None] = mapped_column(String(32))
    granted_by: Mapped[str] = mapped_column(String(32))
    granted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SignIn(Base):
    """A session. The cookie holds 32 random bytes; here is their SHA-256."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_book_person", "book", "person_id"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    book: Mapped[str] = mapped_column(String(120))
    person_id: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(String(80))
    revoked_at: Mapped[datetime | None]


class Token(InBook, Base):
    """A bearer token for a station's own system. The secret's SHA-256 is kept, never the secret."""

    __tablename__ = "token"
    __table_args__ = to_person("person_id", "made_by")

    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[str] = mapped_column(String(32))
    scopes: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Answered(Base):
    """What was answered to an Idempotency-Key, so that a repeat gets the same answer and does nothing."""

    __tablename__ = "answered"

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    principal: Mapped[str] = mapped_column(String(32), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int] = mapped_column(Integer)
    sealed_body: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]


class Entrance(NamedTuple):
    """A valid session with what stands around it; the station and state are those of a membership, if there is one."""

    id: str
    person_id: str
    seen_at: datetime
    expires_at: datetime
    second_factor_at: datetime | None
    must_change: bool
    totp_sealed: bytes | None
    station_id: str | None
    state: str | None
    roles: frozenset[tuple[str, str | None]]
    """(role, station) that the person holds now."""


AccessRow = Login | Credential | Throttle | RoleGrant | SignIn | Token | Answered


# Built once: building it takes longer than asking it.
_ENTRANCE = (
    select(
        SignIn.id,
        SignIn.person_id,
        SignIn.seen_at,
        SignIn.expires_at,
        SignIn.second_factor_at,
        Credential.must_change,
        Credential.totp_sealed,
        Membership.station_id,
        Membership.state,
        RoleGrant.role,
        RoleGrant.station_id,
    )
    .join(Credential, and_(Credential.book == SignIn.book, Credential.person_id == SignIn.person_id))
    .outerjoin(Membership, and_(Membership.book == SignIn.book, Membership.person_id == SignIn.person_id))
    .outerjoin(
        RoleGrant,
        and_(RoleGrant.book == SignIn.book, RoleGrant.person_id == SignIn.person_id, RoleGrant.ended_at.is_(None)),
    )
    .where(SignIn.digest == bindparam("digest"), SignIn.book == bindparam("book"), SignIn.revoked_at.is_(None))
)


class Access:
    """Named queries over credentials, roles, sessions and tokens."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: AccessRow) -> None:
        self._session.add(row)

    def login(self, digest: str) -> Login | None:
        return self._session.get(Login, digest)

    def forget_login(self, row: Login) -> None:
        self._session.delete(row)

    def credential(self, person_id: str, *, lock: bool = False) -> Credential | None:
        return self._session.get(Credential, (self._book, person_id), with_for_update=lock or None)

    def roles(self, person_id: str) -> list[RoleGrant]:
        query = select(RoleGrant).where(
            RoleGrant.book == self._book, RoleGrant.person_id == person_id, RoleGrant.ended_at.is_(None)
        )
        return list(self._session.scalars(query))

    def all_roles(self) -> list[RoleGrant]:
        query = select(RoleGrant).where(RoleGrant.book == self._book, RoleGrant.ended_at.is_(None))
        return list(self._session.scalars(query))

    def role(self, grant_id: str) -> RoleGrant | None:
        return self._session.get(RoleGrant, (self._book, grant_id))

    def throttle(self, bucket: str) -> Throttle | None:
        return self._session.get(Throttle, bucket, with_for_update=True)

    def forget_throttle(self, bucket: str) -> None:
        self._session.execute(delete(Throttle).where(Throttle.bucket == bucket))

    def sign_in(self, digest: str) -> SignIn | None:
        return self._session.get(SignIn, digest)

    def entrance(self, digest: str) -> Entrance | None:
        """What a cookie opens, in one query: this is asked with every request."""
        rows = self._session.execute(_ENTRANCE, {"digest": digest, "book": self._book}).all()
        if not rows:
            return None
        roles = frozenset((role, station_id) for *_, role, station_id in rows if role is not None)
        return Entrance._make((*rows[0][:-2], roles))

    def sign_ins(self, person_id: str, now: datetime) -> list[SignIn]:
        query = select(SignIn).where(
            SignIn.book == self._book,
            SignIn.person_id == person_id,
            SignIn.revoked_at.is_(None),
            SignIn.expires_at > now,
        )
        return list(self._session.scalars(query.order_by(SignIn.seen_at.desc())))

    def revoke_sign_ins(self, person_id: str, now: datetime, *, but: str | None = None) -> None:
        query = update(SignIn).where(
            SignIn.book == self._book,
            SignIn.person_id == person_id,
            SignIn.revoked_at.is_(None),
            SignIn.id != (but or ""),
        )
        self._session.execute(query.values(revoked_at=now))

    def token_by_digest(self, digest: str) -> Token | None:
        return self._session.scalar(select(Token).where(Token.digest == digest))

    def token(self, token_id: str) -> Token | None:
        return self._session.get(Token, (self._book, token_id))

    def tokens(self) -> list[Token]:
        query = select(Token).where(Token.book == self._book).order_by(Token.made_at.desc())
        return list(self._session.scalars(query))

    def answered(self, principal: str, key: str) -> Answered | None:
        return self._session.get(Answered, (self._book, principal, key))

    def forget_answers_before(self, moment: datetime) -> None:
        self._session.execute(delete(Answered).where(Answered.book == self._book, Answered.at < moment))
