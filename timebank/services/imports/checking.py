"""The dry run: every line is checked with the rules of the desk, and against who is there already."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from timebank.domain.errors import SheetUnreadable
from timebank.domain.imports import Finding, ImportKind, ImportState, Row, check_line, keys_of, missing_fields, to_json
from timebank.domain.imports.rows import BalanceRow, HistoryRow, MemberRow, ServiceRow
from timebank.domain.local_time import local_day
from timebank.services.imports.reading import Sheet, read_sheet
from timebank.services.imports.values import MOST_FINDINGS
from timebank.storage.imports import ImportChunk, ImportFinding
from timebank.storage.registering import document_index, phone_index
from timebank.storage.unit import Bank, Unit

LINES = 500
"""So many lines are carried out in one commit."""


def check_now(bank: Bank, import_id: str, *, now: datetime) -> bool:
    """Check a sheet that was loaded, or whose columns were chosen anew. Whether there was one to check."""
    with bank.read() as unit:
        run = unit.imports.get(import_id)
        if run is None or run.state != ImportState.UPLOADED or run.file_sealed is None:
            return False
        kind, columns, sealed = ImportKind(run.kind), json.loads(run.columns), run.file_sealed
        source, version = run.source, run.version
    data = base64.b64decode(bank.vault.open_for_service("import", sealed))
    try:
        rows, findings = _checked(bank, kind, read_sheet(data), columns, source, now)
    except SheetUnreadable as error:
        rows, findings = [], [Finding(1, "", error.code)]
    with bank.unit() as unit:
        run = unit.imports.get(import_id, lock=True)
        if run is None or run.version != version:
            return False
        unit.imports.forget_content(import_id)
        run.rows_good, run.rows_wrong = len(rows), len({one.line for one in findings})
        run.total_minutes = sum(row.minutes for row in rows if isinstance(row, MemberRow | BalanceRow))
        run.state = str(ImportState.CHECKED)
        run.digest = _digest(run.file_digest, run.kind, run.station_id, run.columns, run.only_good, run.rows_good,
                             run.rows_wrong, run.total_minutes)  # fmt: skip
        unit.flush()
        unit.insert(
            [
                ImportChunk(
                    book=unit.origin, import_id=import_id, number=number,
                    lines_sealed=bank.vault.seal_for_service("import lines", [to_json(row) for row in part]),
                )
                for number, part in enumerate(_parts(rows))
            ]
        )  # fmt: skip
        unit.insert(
            [
                ImportFinding(book=unit.origin, import_id=import_id, line=one.line, field=one.field, code=one.code)
                for one in findings[:MOST_FINDINGS]
            ]
        )
    return True


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _parts(rows: Sequence[Row]) -> Iterable[Sequence[Row]]:
    return (rows[start : start + LINES] for start in range(0, len(rows), LINES))


def _checked(
    bank: Bank, kind: ImportKind, sheet: Sheet, columns: dict[str, str], source: str, now: datetime
) -> tuple[list[Row], list[Finding]]:
    """The good lines, and what is wrong with the others: one finding a line."""
    if missing_fields(kind, columns):
        return [], [Finding(1, field, "column_missing") for field in missing_fields(kind, columns)]
    places = {field: sheet.titles.index(title) for field, title in columns.items()}
    today, seen = local_day(now), set[tuple[str, str]]()
    rows: list[Row] = []
    findings: list[Finding] = []
    for line, cells in sheet.lines:
        if len(cells) > len(sheet.titles):
            findings.append(Finding(line, "", "cells_miscounted"))
            continue
        told = {field: cells[place] if place < len(cells) else "" for field, place in places.items()}
        row = check_line(kind, line, told, today)
        if isinstance(row, Finding):
            findings.append(row)
            continue
        keys = list(keys_of(row))
        twice = next((field for field, value in keys if (field, value) in seen), None)
        seen.update(keys)
        if twice is not None:
            findings.append(Finding(line, twice, "twice_in_file"))
        else:
            rows.append(row)
    good: list[Row] = []
    for part in _parts(rows):
        with bank.read() as unit:
            refused = refused_by_book(bank, unit, part, source)
        good += [row for row in part if row.line not in refused]
        findings += refused.values()
    return good, sorted(findings, key=lambda one: (one.line, one.field))


def refused_by_book(bank: Bank, unit: Unit, rows: Sequence[Row], source: str) -> dict[int, Finding]:
    """Line → why what is in the book already speaks against it."""
    members = [row for row in rows if isinstance(row, MemberRow)]
    phones = unit.people.taken("phone", [phone_index(bank, row.phone) for row in members])
    papers = unit.people.taken("document", [_paper(bank, row) for row in members])
    found: dict[int, Finding] = {}
    for row in members:
        if phone_index(bank, row.phone) in phones:
            found[row.line] = Finding(row.line, "phone", "phone_taken")
        elif _paper(bank, row) in papers:
            found[row.line] = Finding(row.line, "document_number", "resident_id_taken")
    found |= _refused_of_members(bank, unit, rows, source)
    services = [row for row in rows if isinstance(row, ServiceRow)]
    codes = {one.code for one in unit.catalogue.services()} if services else set()
    for one in services:
        if one.code in codes:
            found[one.line] = Finding(one.line, "code", "service_code_taken")
    return found


def _refused_of_members(bank: Bank, unit: Unit, rows: Sequence[Row], source: str) -> dict[int, Finding]:
    """Lines about members who are here already: somebody must be there, and hours come from a system only once."""
    named = [row for row in rows if isinstance(row, BalanceRow | HistoryRow)]
    there = people_of(bank, unit, named, source)
    found = {row.line: Finding(row.line, "key", "member_unknown") for row in named if row.line not in there}
    balances = [row for row in rows if isinstance(row, BalanceRow) and row.line in there]
    had, seen = unit.imports.brought(source, [there[row.line] for row in balances]), set[str]()
    for balance in balances:
        who = there[balance.line]
        if who in had or who in seen:
            code = "balance_there" if who in had else "twice_in_file"
            found[balance.line] = Finding(balance.line, "key", code)
        seen.add(who)
    return found


def _paper(bank: Bank, row: MemberRow) -> str:
    return document_index(bank, row.document_type, row.document_number, row.name, row.born_on, row.phone)


def people_of(bank: Bank, unit: Unit, rows: Sequence[BalanceRow | HistoryRow], source: str) -> dict[int, str]:
    """Line → the active member whom it names: by the number here, that of the other system, or the phone."""
    by_key = unit.imports.by_keys(key_index(bank, source, row.key) for row in rows if row.key)
    by_number = unit.members.by_numbers(row.member_number for row in rows if row.member_number)
    by_phone = unit.people.owners("phone", [phone_index(bank, row.phone) for row in rows if row.phone])
    found: dict[int, str] = {}
    for row in rows:
        who = (
            by_number.get(row.member_number)
            if row.member_number
            else (by_key.get(key_index(bank, source, row.key)) if row.key else None)
            or by_phone.get(phone_index(bank, row.phone) if row.phone else "")
        )
        if who is not None:
            found[row.line] = who
    active = unit.members.active(found.values())
    return {line: who for line, who in found.items() if who in active}


def key_index(bank: Bank, source: str, key: str) -> str:
    """By which a number of another system is found again, without being kept."""
    return bank.vault.blind_index("import", f"{source}\n{key}")
