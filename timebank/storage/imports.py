"""What was taken over from other systems: the sheets, their lines, what was wrong, and services of the past."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, String, Text, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from timebank.storage.base import Base, InBook, in_book, padded, to_person, to_station

AT_WORK = ("uploaded", "running", "undoing")


class ImportRun(InBook, Base):
    """A sheet: where it is from, which column is what, how far it is. `file_sealed` is empty once it was checked."""

    __tablename__ = "import_run"
    __table_args__ = (to_station(), Index("ix_import_run_book_state", "book", "state"))

    kind: Mapped[str] = mapped_column(String(12))
    station_id: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(80))
    file_digest: Mapped[str] = mapped_column(String(64))
    titles: Mapped[str] = mapped_column(Text)
    columns: Mapped[str] = mapped_column(Text)
    file_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    only_good: Mapped[bool]
    state: Mapped[str] = mapped_column(String(12))
    digest: Mapped[str | None] = mapped_column(String(64))
    """Of the dry run: what a second person approves, and what is carried out."""
    rows_good: Mapped[int]
    rows_wrong: Mapped[int]
    total_minutes: Mapped[int]
    account: Mapped[str | None] = mapped_column(String(40))
    """The clearing account from which the hours of the other system come."""
    rows_done: Mapped[int]
    proposed_by: Mapped[str] = mapped_column(String(32))
    proposed_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(String(32))
    approved_at: Mapped[datetime | None]
    undo_asked_by: Mapped[str | None] = mapped_column(String(32))
    ended_by: Mapped[str | None] = mapped_column(String(32))
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this class attribute


class ImportChunk(Base):
    """Some hundred good lines, sealed, until they were carried out."""

    __tablename__ = "import_chunk"
    __table_args__ = (in_book("import_run", "import_id"),)

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    import_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    lines_sealed: Mapped[bytes] = mapped_column(LargeBinary)


class ImportFinding(Base):
    """What is wrong in a line, by the code of it; nothing of what stands there."""

    __tablename__ = "import_finding"
    __table_args__ = (in_book("import_run", "import_id"),)

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    import_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(String(24), primary_key=True)
    code: Mapped[str] = mapped_column(String(40))


class ImportLine(Base):
    """What became of a line: the person, the entry, the minutes. `key_digest`: the number in the other system."""

    __tablename__ = "import_line"
    __table_args__ = (
        in_book("import_run", "import_id"),
        *to_person("person_id"),
        Index("ix_import_line_book_person", "book", "person_id"),
        Index("ix_import_line_book_key", "book", "key_digest"),
    )

    book: Mapped[str] = mapped_column(String(120), primary_key=True)
    import_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str | None] = mapped_column(String(32))
    key_digest: Mapped[str | None] = mapped_column(String(64))
    minutes: Mapped[int]
    entry_seq: Mapped[int | None]
    made: Mapped[str] = mapped_column(String(32))
    """What the line made besides the entry: `member`, `history`, the code of a service, or nothing."""
    state: Mapped[str] = mapped_column(String(12))
    code: Mapped[str | None] = mapped_column(String(40))
    """Why it was left out, or could not be taken back."""


class PastService(InBook, Base):
    """A service of the past that another system recorded. It earns nothing here: balances come from balances alone."""

    __tablename__ = "past_service"
    __table_args__ = (
        in_book("import_run", "import_id"),
        *to_person("person_id"),
        Index("ix_past_service_book_person", "book", "person_id", "happened_on"),
    )

    import_id: Mapped[str] = mapped_column(String(32))
    line: Mapped[int]
    person_id: Mapped[str] = mapped_column(String(32))
    happened_on: Mapped[date]
    minutes: Mapped[int]
    facts_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12))


ImportRow = ImportRun | ImportChunk | ImportFinding | ImportLine | PastService


class Imports:
    """Named queries over sheets and their lines."""

    def __init__(self, session: Session, book: str) -> None:
        self._session, self._book = session, book

    def add(self, row: ImportRow) -> None:
        self._session.add(row)

    def get(self, import_id: str, *, lock: bool = False) -> ImportRun | None:
        return self._session.get(ImportRun, (self._book, import_id), with_for_update=lock or None)

    def page(self, limit: int = 50) -> list[ImportRun]:
        """The newest first."""
        query = select(ImportRun).where(ImportRun.book == self._book)
        return list(self._session.scalars(query.order_by(ImportRun.id.desc()).limit(limit)))

    def at_work(self) -> list[str]:
        """Sheets at which the scheduler works, the oldest first."""
        query = select(ImportRun.id).where(ImportRun.book == self._book, ImportRun.state.in_(AT_WORK))
        return list(self._session.scalars(query.order_by(ImportRun.id)))

    def taken_over(self, kind: str, file_digest: str) -> bool:
        """Whether a sheet of the very same bytes is being taken over, or was and stands."""
        query = select(ImportRun.id).where(
            ImportRun.book == self._book, ImportRun.kind == kind, ImportRun.file_digest == file_digest,
            ImportRun.state.in_(("running", "done", "undoing")),
        )  # fmt: skip
        return self._session.scalar(query.limit(1)) is not None

    def brought(self, source: str, person_ids: Iterable[str]) -> set[str]:
        """Those members whose hours of this other system are here already."""
        same = (ImportRun.book == ImportLine.book) & (ImportRun.id == ImportLine.import_id)
        query = (
            select(ImportLine.person_id)
            .join(ImportRun, same)
            .where(
                ImportLine.book == self._book, ImportLine.person_id.in_(padded(person_ids)),
                ImportLine.state.in_(("done", "kept")), ImportLine.minutes > 0, ImportRun.source == source,
            )
        )  # fmt: skip
        return {row for row in self._session.scalars(query) if row}

    def first_chunk(self, import_id: str) -> ImportChunk | None:
        """The next lines to be carried out."""
        query = select(ImportChunk).where(ImportChunk.book == self._book, ImportChunk.import_id == import_id)
        return self._session.scalar(query.order_by(ImportChunk.number).limit(1))

    def drop(self, chunk: ImportChunk) -> None:
        self._session.delete(chunk)

    def forget_content(self, import_id: str) -> None:
        """The lines and findings of an earlier check, or of a sheet that was withdrawn."""
        for table in (ImportChunk, ImportFinding):
            where = (table.book == self._book) & (table.import_id == import_id)
            self._session.execute(delete(table).where(where), execution_options={"synchronize_session": False})

    def findings(self, import_id: str, limit: int) -> list[ImportFinding]:
        query = select(ImportFinding).where(ImportFinding.book == self._book, ImportFinding.import_id == import_id)
        return list(self._session.scalars(query.order_by(ImportFinding.line, ImportFinding.field).limit(limit)))

    def lines(self, import_id: str, state: str, limit: int, *, last_first: bool = False) -> list[ImportLine]:
        query = select(ImportLine).where(
            ImportLine.book == self._book, ImportLine.import_id == import_id, ImportLine.state == state
        )
        order = ImportLine.line.desc() if last_first else ImportLine.line
        return list(self._session.scalars(query.order_by(order).limit(limit)))

    def counts(self, import_id: str) -> dict[str, int]:
        """State of the lines → how many."""
        query = select(ImportLine.state, func.count()).where(
            ImportLine.book == self._book, ImportLine.import_id == import_id
        )
        return {row[0]: int(row[1]) for row in self._session.execute(query.group_by(ImportLine.state))}

    def by_keys(self, digests: Iterable[str]) -> dict[str, str]:
        """Number in the other system, as its digest → the member whom an earlier sheet made."""
        query = select(ImportLine.key_digest, ImportLine.person_id).where(
            ImportLine.book == self._book, ImportLine.key_digest.in_(padded(digests)), ImportLine.state == "done",
            ImportLine.made == "member",
        )  # fmt: skip
        return {row[0]: row[1] for row in self._session.execute(query) if row[0] and row[1]}

    def past_services(self, person_id: str, limit: int = 500) -> list[PastService]:
        """What other systems recorded of a member, the newest first."""
        query = select(PastService).where(
            PastService.book == self._book, PastService.person_id == person_id, PastService.state == "done"
        )
        return list(self._session.scalars(query.order_by(PastService.happened_on.desc(), PastService.id).limit(limit)))

    def of_stations(self, person_ids: Iterable[str], limit: int) -> list[PastService]:
        """The same for several members, for an export."""
        query = select(PastService).where(
            PastService.book == self._book, PastService.person_id.in_(set(person_ids)), PastService.state == "done"
        )
        return list(self._session.scalars(query.order_by(PastService.happened_on, PastService.id).limit(limit)))

    def past_service_of(self, import_id: str, line: int) -> PastService | None:
        query = select(PastService).where(
            PastService.book == self._book, PastService.import_id == import_id, PastService.line == line
        )
        return self._session.scalar(query)
