"""Carrying out what was approved, some hundred lines in a commit; a crash at any point loses and doubles nothing.

The lines wait sealed in chunks; a chunk disappears in the commit that carries it out. What speaks against a line by
then is left out and listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ledger import Draft, Kind
from ledger.canonical import commitment
from timebank.domain.evidence import import_document
from timebank.domain.identity import DocumentType, Sex
from timebank.domain.imports import ImportKind, ImportState, Row, from_json
from timebank.domain.imports.rows import BalanceRow, HistoryRow, MemberRow, ServiceRow
from timebank.domain.people import PersonData
from timebank.services.imports.checking import key_index, people_of, refused_by_book
from timebank.storage.imports import ImportLine, ImportRun, PastService
from timebank.storage.people import Document
from timebank.storage.registering import register_many
from timebank.storage.unit import Bank, Unit


def carry_chunk(bank: Bank, import_id: str, *, now: datetime) -> bool:
    """The next lines of a sheet. Whether there were any."""
    with bank.unit() as unit:
        run = unit.imports.get(import_id, lock=True)
        if run is None or run.state != ImportState.RUNNING:
            return False
        chunk = unit.imports.first_chunk(import_id)
        if chunk is None:
            run.state, run.ended_at = str(ImportState.DONE), now
            unit.tell(run.proposed_by, "import_done", "import", run.id, now=now)
            return False
        kind = ImportKind(run.kind)
        rows = [from_json(kind, one) for one in bank.vault.open_for_service("import lines", chunk.lines_sealed)]
        _Together(bank, unit, run, now).carry(rows)
        unit.imports.drop(chunk)
        run.rows_done += len(rows)
        return True


@dataclass(frozen=True, slots=True)
class _Together:
    """Some lines of one sheet in one commit."""

    bank: Bank
    unit: Unit
    run: ImportRun
    now: datetime

    def carry(self, rows: Sequence[Row]) -> None:
        refused = refused_by_book(self.bank, self.unit, rows, self.run.source)
        good = [row for row in rows if row.line not in refused]
        left = [row for row in rows if row.line in refused]
        lines = [self._line(row, None, "", state="left", code=refused[row.line].code) for row in left]
        lines += self._members([row for row in good if isinstance(row, MemberRow)])
        lines += self._balances([row for row in good if isinstance(row, BalanceRow)])
        lines += self._history([row for row in good if isinstance(row, HistoryRow)])
        for row in good:
            if isinstance(row, ServiceRow):
                self.unit.catalogue.add_service(row.service())
                lines.append(self._line(row, None, row.code))
        self.unit.insert(lines)

    def _members(self, rows: Sequence[MemberRow]) -> list[ImportLine]:
        station = self.unit.network.get_station(self.run.station_id)
        division = station.division_code if station else ""
        people = [(_person(row, division), "imported" if row.minutes else "earned") for row in rows]
        if not people:
            return []
        by, approved = self.run.proposed_by, self.run.approved_by or ""
        made = register_many(self.bank, self.unit, people, self.run.station_id, by, approved, now=self.now)
        drafts, lines = [], []
        for row, member in zip(rows, made, strict=True):
            drafts.append(member.opening)
            line = self._line(row, member.person_id, "member", minutes=row.minutes)
            if row.key:
                line.key_digest = key_index(self.bank, self.run.source, row.key)
            lines.append(line)
        brought = [(line, one.account, one.key) for line, one in zip(lines, made, strict=True) if line.minutes]
        self.unit.append_many(drafts, now=self.now)
        self._bring(brought)
        return lines

    def _balances(self, rows: Sequence[BalanceRow]) -> list[ImportLine]:
        there = people_of(self.bank, self.unit, rows, self.run.source)
        persons = self.unit.people.many(there.values())
        lines, brought = [], []
        for row in rows:
            who = there[row.line]
            line = self._line(row, who, "", minutes=row.minutes)
            lines.append(line)
            if row.minutes:
                account = self.unit.purse(who, "imported", self.run.approved_by or "", now=self.now)
                brought.append((line, account, persons[who].wrapped_key))
        self._bring(brought)
        return lines

    def _bring(self, brought: Sequence[tuple[ImportLine, str, bytes]]) -> None:
        """The hours of the other system come in: one entry a line, under a key that makes a repetition harmless."""
        if not brought:
            return
        run, digest = self.run, self.unit.policy_at(self.now)[1]
        documents, drafts = [], []
        for line, account, key in brought:
            who = line.person_id or ""
            told = import_document(
                import_id=run.id, line=line.line, person_id=who, minutes=line.minutes, file_digest=run.file_digest,
                proposed_by=run.proposed_by, approved_by=run.approved_by or "",
            )  # fmt: skip
            salt = self.bank.random(32)
            document = Document(
                book=run.book, id=self.bank.new_id(self.now), kind="import", subject_id=who,
                sealed=self.bank.vault.seal(key, who, told), salt=salt, commitment=commitment(salt, told),
                created_at=self.now,
            )  # fmt: skip
            documents.append(document)
            drafts.append(
                Draft(
                    kind=Kind.CLEAR,
                    actor=run.approved_by or "",
                    postings=tuple(sorted(((run.account or "", -line.minutes), (account, line.minutes)))),
                    key=f"import-{run.id}-{line.line}",
                    evidence=document.commitment,
                    policy=digest,
                    data={"book": f"import/{run.id}", "transfer": str(line.line)},
                )
            )
        self.unit.insert(documents)
        for (line, *_), entry in zip(brought, self.unit.append_many(drafts, now=self.now), strict=True):
            line.entry_seq = entry.seq

    def _history(self, rows: Sequence[HistoryRow]) -> list[ImportLine]:
        there = people_of(self.bank, self.unit, rows, self.run.source)
        persons = self.unit.people.many(there.values())
        past, lines = [], []
        for row in rows:
            who = there[row.line]
            facts = {"activity": row.activity, "place": row.place, "content": row.content, "unit": row.unit,
                     "leader": row.leader}  # fmt: skip
            past.append(
                PastService(
                    book=self.run.book, id=self.bank.new_id(self.now), import_id=self.run.id, line=row.line,
                    person_id=who, happened_on=date.fromisoformat(row.day), minutes=row.minutes,
                    facts_sealed=self.bank.vault.seal(persons[who].wrapped_key, who, facts), state="done",
                )
            )  # fmt: skip
            lines.append(self._line(row, who, "history"))
        self.unit.insert(past)
        return lines

    def _line(
        self, row: Row, who: str | None, made: str, *, minutes: int = 0, state: str = "done", code: str | None = None
    ) -> ImportLine:
        return ImportLine(
            book=self.run.book, import_id=self.run.id, line=row.line, person_id=who, minutes=minutes, made=made,
            state=state, code=code,
        )  # fmt: skip


def _person(row: MemberRow, division_code: str) -> PersonData:
    return PersonData(
        name=row.name,
        phone=row.phone,
        document_type=DocumentType(row.document_type),
        document_number=row.document_number,
        born_on=date.fromisoformat(row.born_on),
        sex=Sex(row.sex) if row.sex else None,
        division_code=division_code,
        address=row.address,
    )
