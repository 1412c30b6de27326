"""What was published of the book: checkpoints with the witnesses' cosignatures, and how each witness stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import LargeBinary, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.book import Book, hash_reader
from ledger.merkle import inclusion_proof
from ledger.receipts import Receipt
from ledger.store import Row
from ledger.stores.sql_schema import checkpoint_table
from timebank.storage.base import Base


class Publication(Base):
    """A checkpoint that was given out. One that waits for its witnesses is signed already and not yet here."""

    __tablename__ = "publication"

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    has_quorum: Mapped[bool]


class Cosignature(Base):
    """A witness's line under a checkpoint, verbatim. A later one of the same tree takes its place: it says that the
    tree was still the largest then."""

    __tablename__ = "cosignature"

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True)
    witness: Mapped[str] = mapped_column(String(200), primary_key=True)
    lines: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class WitnessState(Base):
    """How a witness stands: what it last acknowledged, and what went wrong when it was asked last."""

    __tablename__ = "witness_state"

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    witness: Mapped[str] = mapped_column(String(200), primary_key=True)
    size: Mapped[int]
    seen_at: Mapped[datetime | None]
    asked_at: Mapped[datetime]
    problem: Mapped[str] = mapped_column(String(200))
    is_conflict: Mapped[bool]


class Timestamp(Base):
    """What an RFC 3161 authority answered about a published checkpoint, as it came; `at` is the authority's time."""

    __tablename__ = "timestamp"

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    authority: Mapped[str] = mapped_column(String(200))
    answer: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint as anybody may see it: `note` carries the book's signatures and all cosignatures."""

    size: int
    root: bytes
    note: str
    at: datetime
    has_quorum: bool


class Publishing:
    """Named queries over publications, cosignatures and witnesses."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: Publication | Cosignature | WitnessState | Timestamp) -> None:
        self._session.add(row)

    def get(self, size: int) -> Publication | None:
        return self._session.get(Publication, (self._book, size))

    def latest(self) -> Published | None:
        """The largest checkpoint that was published, with its cosignatures."""
        checkpoints = checkpoint_table.c
        query = (
            select(Publication, checkpoints.root, checkpoints.note)
            .join(checkpoint_table, (checkpoints.book == Publication.book) & (checkpoints.size == Publication.size))
            .where(Publication.book == self._book)
            .order_by(Publication.size.desc())
        )
        found = self._session.execute(query.limit(1)).first()
        if found is None:
            return None
        row, root, note = found
        lines = "".join(one.lines for one in self.cosignatures(row.size))
        return Published(row.size, root, note + lines, row.at, row.has_quorum)

    def first_after(self, seq: int) -> tuple[int, str] | None:
        """The smallest published checkpoint that covers this entry: its size and its signed note."""
        checkpoints = checkpoint_table.c
        query = (
            select(Publication.size, checkpoints.note)
            .join(checkpoint_table, (checkpoints.book == Publication.book) & (checkpoints.size == Publication.size))
            .where(Publication.book == self._book, Publication.size > seq)
            .order_by(Publication.size)
        )
        found = self._session.execute(query.limit(1)).first()
        return (found[0], found[1]) if found else None

    def cosignatures(self, size: int) -> list[Cosignature]:
        """Under the checkpoint of this size, by the witnesses' names."""
        query = select(Cosignature).where(Cosignature.book == self._book, Cosignature.size == size)
        return list(self._session.scalars(query.order_by(Cosignature.witness)))

    def cosigned(self, size: int, witness: str, lines: str, at: datetime) -> None:
        """Keep a witness's lines under the checkpoint of this size, in place of its earlier ones."""
        row = self._session.get(Cosignature, (self._book, size, witness))
        if row is None:
            self.add(Cosignature(book=self._book, size=size, witness=witness, lines=lines, at=at))
        else:
            row.lines, row.at = lines, at

    def timestamp(self, size: int) -> Timestamp | None:
        return self._session.get(Timestamp, (self._book, size))

    def last_timestamp(self) -> Timestamp | None:
        """The one over the largest tree."""
        query = select(Timestamp).where(Timestamp.book == self._book).order_by(Timestamp.size.desc())
        return self._session.scalars(query.limit(1)).first()

    def timestamps(self) -> list[Timestamp]:
        """All of them, the smallest tree first."""
        query = select(Timestamp).where(Timestamp.book == self._book).order_by(Timestamp.size)
        return list(self._session.scalars(query))

    def witness(self, name: str) -> WitnessState | None:
        return self._session.get(WitnessState, (self._book, name))

    def witnesses(self) -> dict[str, WitnessState]:
        """How each witness stands that was ever asked."""
        query = select(WitnessState).where(WitnessState.book == self._book)
        return {row.witness: row for row in self._session.scalars(query)}


def receipts_of(book: Book, rows: Iterable[Row], published: Published) -> list[Receipt]:
    """The receipts of these entries, under a checkpoint that was published and covers them."""
    reader = hash_reader(book.store, book.origin, published.size)
    return [
        Receipt(row.seq, tuple(inclusion_proof(row.seq, published.size, reader)), published.note, row.body)
        for row in rows
    ]
