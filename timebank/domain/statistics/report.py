"""The annual report as a document: what stands in it, how it is read again, and how a new one keeps old secrets.

Everything that is shown of a report, on a page, in a table or on paper, is read from its document and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from timebank.domain.errors import ReportYearNotOver
from timebank.domain.local_time import day_start, local_day
from timebank.domain.statistics import catalogue
from timebank.domain.statistics.catalogue import Definitions, Figure, Named
from timebank.domain.statistics.tallies import FAMILY_OF, WHOLE, Cell, Place, Table, begins

FORMAT: Final = 1
KIND: Final = "annual report"
FIRST_YEAR: Final = 2000

Values = Mapping[str, Mapping[str, Mapping[str, int | None]]]
"""Base → place → part → value; None is a cell that stays empty, a missing one is zero."""


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a report with the words that it is shown with."""

    place: Place
    figure: Figure
    part: Named | None
    value: int | None
    hidden: bool


def year_span(year: int) -> tuple[datetime, datetime]:
    """The first moment of a local year and the first after it, in UTC."""
    return day_start(date(year, 1, 1)), day_start(date(year + 1, 1, 1))


def check_year(year: int, now: datetime) -> None:
    """Raises ReportYearNotOver unless the local year has ended."""
    if not FIRST_YEAR <= year < local_day(now).year:
        raise ReportYearNotOver


def content(
    *,
    book: str,
    county: Mapping[str, str],
    year: int,
    made_at: str,
    smallest: int,
    places: Sequence[Place],
    services: Mapping[str, Mapping[str, str]],
    tables: Sequence[Table],
    hidden: Mapping[str, set[Cell]],
    coverage_percent: int | None,
) -> dict[str, Any]:
    """What a draft holds and a second person reads: everything but the audit and the place in the ledger."""
    shown = {place.code for place in places}
    values: dict[str, dict[str, dict[str, int | None]]] = {}
    for table in tables:
        for base in table.family.bases:
            values[base] = _shown(table.values(base), hidden[table.family.name], shown)
    values["coverage_percent"] = {places[0].code: {WHOLE: coverage_percent}} if coverage_percent is not None else {}
    return {
        "format": FORMAT,
        "kind": KIND,
        "book": book,
        "county": dict(county),
        "year": year,
        "made_at": made_at,
        "smallest_cell": smallest,
        "definitions": catalogue.document(),
        "services": {code: dict(names) for code, names in services.items()},
        "places": [
            {"code": one.code, "name": one.name, "name_en": one.name_en, "kind": one.kind, "above": one.above}
            for one in places
        ],
        "values": values,
    }


def _shown(values: Mapping[Cell, int], hidden: set[Cell], places: set[str]) -> dict[str, dict[str, int | None]]:
    found: dict[str, dict[str, int | None]] = {}
    for place, part in {*values, *hidden}:
        if place not in places:
            continue
        value = None if (place, part) in hidden else values.get((place, part), 0)
        if value is None or value or part == WHOLE:
            found.setdefault(place, {})[part] = value
    return found


def frozen(
    draft: Mapping[str, Any],
    *,
    version: int,
    corrects: Mapping[str, Any] | None,
    ledger: Mapping[str, Any],
    audit: Mapping[str, Any],
    software: str,
    at: str,
) -> dict[str, Any]:
    """The whole report: what was drafted, the audit of the book, and which version it is."""
    return {
        **draft,
        "version": version,
        "corrects": dict(corrects) if corrects is not None else None,
        "ledger": dict(ledger),
        "audit": dict(audit),
        "software": software,
        "frozen_at": at,
    }


def places_of(document: Mapping[str, Any]) -> tuple[Place, ...]:
    return tuple(Place(**one, station_id=None) for one in document["places"])


def value_of(values: Values, definitions: Definitions, figure: Figure, place: str) -> tuple[int | None, bool]:
    """(value, whether it is hidden) of a figure at a place. No value without hiding: there is nothing to divide by, or
    the figure is not known there."""
    if figure.of is not None:
        parts = [definitions.figure(code) for code in figure.of]
        found = [value_of(values, definitions, one, place) for one in parts if one is not None]
        if any(hidden for _, hidden in found):
            return None, True
        above, below = (value or 0 for value, _ in found)
        return (above * 100 // below if below else None), False
    told = values.get(figure.base, {}).get(place, {})
    if figure.per == "county" and WHOLE not in told:
        return None, False
    value = told.get(figure.part, 0)
    return value, value is None


def rows_at(document: Mapping[str, Any], place: Place) -> Iterator[Row]:
    """Every figure of the report at a place, in the order of the definitions."""
    defined = catalogue.read(document["definitions"])
    for figure in defined.figures:
        if figure.per == "county" and place.above is not None:
            continue
        value, hidden = value_of(document["values"], defined, figure, place.code)
        yield Row(place, figure, None, value, hidden)


def parts_at(document: Mapping[str, Any], base: str, place: Place, kind: str) -> Iterator[Row]:
    """The parts of one kind of a figure at a place: its months, services, sources."""
    defined = catalogue.read(document["definitions"])
    figure = next((one for one in defined.figures if one.base == base and not one.part and one.of is None), None)
    told = document["values"].get(base, {}).get(place.code, {})
    if figure is None:
        return
    for part in sorted(told):
        if part and begins(part) == kind:
            yield Row(place, figure, named(document, part), told[part], told[part] is None)


def every_row(document: Mapping[str, Any]) -> Iterator[Row]:
    """All values of a report: the figures at each place, then every part that it has."""
    for place in places_of(document):
        yield from rows_at(document, place)
        defined = catalogue.read(document["definitions"])
        for figure in defined.figures:
            if figure.part or figure.of is not None:
                continue
            told = document["values"].get(figure.base, {}).get(place.code, {})
            for part in sorted(told):
                if part:
                    yield Row(place, figure, named(document, part), told[part], told[part] is None)


def named(document: Mapping[str, Any], part: str) -> Named:
    """The words of a part: a month as it is, a service by its name, a crossing by both."""
    if " " in part:
        both = [named(document, one) for one in part.split(" ")]
        return Named(part, " ".join(one.name for one in both), " ".join(one.name_en for one in both))
    kind, _, code = part.partition(":")
    if kind == "service":
        names = document["services"].get(code, {})
        return Named(part, names.get("name", code), names.get("name_en", code))
    known = {one["code"]: one for one in document["definitions"]["parts"]}
    return Named(**known[part]) if part in known else Named(part, code, code)


def kinds_of(document: Mapping[str, Any], base: str) -> tuple[str, ...]:
    """The kinds of parts that a figure is split into anywhere in this report."""
    found = {begins(part) for parts in document["values"].get(base, {}).values() for part in parts if part}
    order = [*FAMILY_OF[base].splits, "help"] if base in FAMILY_OF else []
    return tuple(kind for kind in order if kind in found)


def by_year(
    documents: Iterable[Mapping[str, Any]], figures: Sequence[Figure], place: str
) -> dict[str, dict[int, tuple[int | None, bool]]]:
    """Figure → year → (value, whether hidden), of reports that stand beside each other."""
    found: dict[str, dict[int, tuple[int | None, bool]]] = {one.code: {} for one in figures}
    for document in documents:
        defined = catalogue.read(document["definitions"])
        for figure in figures:
            there = defined.figure(figure.code)
            if there is not None and any(one["code"] == place for one in document["places"]):
                found[figure.code][document["year"]] = value_of(document["values"], defined, there, place)
    return found
