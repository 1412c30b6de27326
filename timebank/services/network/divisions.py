"""The county's row, and its divisions under their 12-digit codes, one by one or from a code list."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from timebank.domain.errors import DivisionInvalid, ImportRefused
from timebank.domain.identity import DivisionLevel, check_division
from timebank.domain.roles import Actor, require
from timebank.domain.words import N_
from timebank.storage.network import County, Division
from timebank.storage.organisations import Grid
from timebank.storage.unit import Bank, Unit

COLUMNS = ("code", "level", "name", "name_en", "parent_code", "valid_from", "valid_to", "successor_code")
MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class DivisionView:
    """A division, when its code was valid, and which code came after it."""

    code: str
    level: str
    name: str
    name_en: str
    parent_code: str | None
    valid_from: date
    valid_to: date | None
    successor_code: str | None


@dataclass(frozen=True, slots=True)
class GridView:
    """A grid below a community."""

    code: str
    division_code: str
    name: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What a code list brought: how many are new, changed, as before."""

    added: int
    changed: int
    same: int


def found(bank: Bank, *, division_code: str, name: str, name_en: str, hotline: str) -> bool:
    """Begin a county's network: its row. False if it was there already."""
    with bank.unit() as unit:
        if unit.network.county() is not None:
            return False
        unit.network.add(
            County(
                book=unit.origin,
                division_code=division_code,
                name=name,
                name_en=name_en,
                hotline=hotline,
                is_demo=bank.settings.is_demo,
            )
        )
        return True


def add_division(
    bank: Bank, actor: Actor, *, code: str, level: str, name: str, name_en: str, parent_code: str | None, since: date
) -> None:
    """Add a division under its parent. Raises DivisionInvalid."""
    require(actor, "network.edit")
    line = _Line(1, DivisionView(code, level, name, name_en, parent_code, since, None, None))
    with bank.unit() as unit:
        if any(row.code == code for row in unit.network.divisions()):
            raise DivisionInvalid
        try:
            _take(unit, [line])
        except ImportRefused as error:
            raise DivisionInvalid from error


def divisions(bank: Bank) -> tuple[DivisionView, ...]:
    """All divisions, in the order of their codes."""
    with bank.read() as unit:
        return tuple(_view(row) for row in unit.network.divisions())


def import_divisions(bank: Bank, actor: Actor, text: str, *, dry_run: bool) -> Imported:
    """Take a code list: CSV with the columns of `COLUMNS`, parents before children or already there.

    All of it or nothing. A code that is there gets the list's name, dates and successor; none is ever deleted. With
    `dry_run` nothing is kept. Raises ImportRefused with the line, Forbidden.
    """
    require(actor, "network.edit")
    lines = list(_lines(text))
    if dry_run:
        with bank.read() as unit:
            return _compare(unit, lines)
    with bank.unit() as unit:
        return _take(unit, lines)


def add_grid(bank: Bank, actor: Actor, *, code: str, division_code: str, name: str) -> None:
    """Add a grid below a community. Raises DivisionInvalid for an unknown community or a code that is taken."""
    require(actor, "network.edit")
    with bank.unit() as unit:
        known = {row.code: row.level for row in unit.network.divisions()}
        if not code.strip() or known.get(division_code) != DivisionLevel.VILLAGE or unit.organisations.grid(code):
            raise DivisionInvalid
        unit.organisations.add(Grid(book=unit.origin, code=code, division_code=division_code, name=name))


def grids(bank: Bank) -> tuple[GridView, ...]:
    """All grids, in the order of their codes."""
    with bank.read() as unit:
        return tuple(GridView(row.code, row.division_code, row.name) for row in unit.organisations.grids())


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    told: DivisionView


def _lines(text: str) -> Iterator[_Line]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [name for name in ("code", "level", "name", "valid_from") if name not in (reader.fieldnames or ())]
    if missing:
        raise ImportRefused(line=1, reason=N_("a column is missing"))
    for number, row in enumerate(reader, 2):
        if number > MOST_LINES:
            raise ImportRefused(line=number, reason=N_("the file is too long"))
        told = {name: (row.get(name) or "").strip() for name in COLUMNS}
        try:
            yield _Line(
                number,
                DivisionView(
                    told["code"], told["level"], told["name"], told["name_en"] or told["name"],
                    told["parent_code"] or None, date.fromisoformat(told["valid_from"]),
                    date.fromisoformat(told["valid_to"]) if told["valid_to"] else None, told["successor_code"] or None,
                ),
            )  # fmt: skip
        except ValueError as error:
            raise ImportRefused(line=number, reason=N_("a date such as 2023-06-30 is expected")) from error


def _compare(unit: Unit, lines: list[_Line]) -> Imported:
    """What the list would bring. Raises ImportRefused for the first line that can't be taken."""
    there = {row.code: _view(row) for row in unit.network.divisions()}
    levels = {code: DivisionLevel(view.level) for code, view in there.items()}
    seen: set[str] = set()
    counts = {"added": 0, "changed": 0, "same": 0}
    for line in lines:
        told = line.told
        if told.code in seen:
            raise ImportRefused(line=line.number, reason=N_("a code stands there twice"))
        seen.add(told.code)
        levels[told.code] = _checked_level(line, levels)
        before = there.get(told.code)
        counts["added" if before is None else "same" if before == told else "changed"] += 1
    codes = {*levels}
    for line in lines:
        if line.told.successor_code is not None and line.told.successor_code not in codes:
            raise ImportRefused(line=line.number, reason=N_("the successor is not known"))
    return Imported(**counts)


def _checked_level(line: _Line, levels: dict[str, DivisionLevel]) -> DivisionLevel:
    told = line.told
    if not told.name or (told.valid_to is not None and told.valid_to < told.valid_from):
        raise ImportRefused(line=line.number, reason=N_("the name or the dates can't be right"))
    if told.parent_code is not None and told.parent_code not in levels:
        raise ImportRefused(line=line.number, reason=N_("the parent is not known"))
    try:
        level = DivisionLevel(told.level)
        check_division(told.code, level, (told.parent_code, levels[told.parent_code]) if told.parent_code else None)
    except (ValueError, DivisionInvalid) as error:
        raise ImportRefused(line=line.number, reason=N_("the code doesn't fit its level or its parent")) from error
    return level


def _take(unit: Unit, lines: list[_Line]) -> Imported:
    outcome = _compare(unit, lines)
    there = {row.code: row for row in unit.network.divisions()}
    for line in lines:
        told = line.told
        row = there.get(told.code)
        if row is None:
            row = Division(book=unit.origin, code=told.code, valid_from=told.valid_from)
            unit.network.add(row)
        row.level, row.name, row.name_en = told.level, told.name, told.name_en
        row.parent_code, row.successor_code = told.parent_code, told.successor_code
        row.valid_from, row.valid_to = told.valid_from, told.valid_to
    return outcome


def _view(row: Division) -> DivisionView:
    return DivisionView(
        row.code, row.level, row.name, row.name_en, row.parent_code, row.valid_from, row.valid_to, row.successor_code
    )
