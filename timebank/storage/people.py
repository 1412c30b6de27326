"""Persons: sealed data, blind indexes, the documents that the ledger commits to, and who looked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, padded, to_person


class Person(InBook, Base):
    """A human being behind an opaque id. Everything personal is in `sealed`, under a key of that person."""

    __tablename__ = "person"

    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class IdentityIndex(Base):
    """What must be unique everywhere (a resident ID, a phone) as a keyed hash. Keyed by it, so that no book matters."""

    __tablename__ = "identity_index"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    book: Mapped[str] = mapped_column(String(120))
    person_id: Mapped[str] = mapped_column(String(32))


class Document(InBook, Base):
    """An off-ledger document, sealed under its subject's key, and the salt of the commitment in the ledger."""

    __tablename__ = "document"
    __table_args__ = (*to_person("subject_id"), Index("ix_document_book_commitment", "book", "commitment"))

    kind: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    commitment: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Look(InBook, Base):
    """A staff member opened somebody's personal data, with a reason."""

    __tablename__ = "look"
    __table_args__ = to_person("actor_id", "person_id")

    actor_id: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class People:
    """Named queries over persons and documents."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Person | IdentityIndex | Document | Look) -> None:
        self._session.add(row)

    def get(self, person_id: str) -> Person | None:
        return self._session.get(Person, (self._book, person_id))

    def many(self, person_ids: Iterable[str]) -> dict[str, Person]:
        query = select(Person).where(Person.book == self._book, Person.id.in_(set(person_ids)))
        return {person.id: person for person in self._session.scalars(query)}

    def by_digest(self, kind: str, digest: str) -> IdentityIndex | None:
        return self._session.get(IdentityIndex, (digest, kind))

    def owners(self, kind: str, digests: Iterable[str]) -> dict[str, str]:
        """Digest → whose it is, of those of this book."""
        query = select(IdentityIndex.digest, IdentityIndex.person_id).where(
            IdentityIndex.digest.in_(padded(digests)), IdentityIndex.kind == kind, IdentityIndex.book == self._book
        )
        return {row[0]: row[1] for row in self._session.execute(query)}

    def taken(self, kind: str, digests: Iterable[str]) -> set[str]:
        """Those digests that are there already, in whatever book."""
        query = select(IdentityIndex.digest).where(
            IdentityIndex.digest.in_(padded(digests)), IdentityIndex.kind == kind
        )
        return set(self._session.scalars(query))

    def forget_digest(self, kind: str, digest: str) -> None:
        row = self.by_digest(kind, digest)
        if row is not None:
            self._session.delete(row)

    def document(self, document_id: str) -> Document | None:
        return self._session.get(Document, (self._book, document_id))

    def documents_by_commitment(self, commitments: Iterable[str]) -> dict[str, Document]:
        query = select(Document).where(Document.book == self._book, Document.commitment.in_(set(commitments)))
        return {document.commitment: document for document in self._session.scalars(query)}
