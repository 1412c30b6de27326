"""Which cells of a year's report stay empty, given all that was published before.

All tables are one system of sums. To it belong the reports that are out already: an earlier version of the same year
(what it hid stays hidden, what it told can't protect anything), and the years beside it, which are bound by their
members: who is there from before is who was there a year ago, less who left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from timebank.domain.statistics.suppression import Relation, suppressed
from timebank.domain.statistics.tallies import FAMILIES, WHOLE, Cell, Table

Wide = tuple[str, str, str]
"""(family, place, part); of another report the family is followed by `@` and its year and version."""
BEFORE: Final = "joined:before"


def hide(
    tables: Sequence[Table], smallest: int, year: int, published: Iterable[Mapping[str, Any]] = ()
) -> dict[str, set[Cell]]:
    """Family → the cells that stay empty in the report of a year. `published`: every report that is out."""
    values: dict[Wide, int] = {}
    small, known, relations = set[Wide](), set[Wide](), list[Relation[Wide]]()
    for table in tables:
        name = table.family.name
        values |= {(name, *cell): value for cell, value in table.values(table.family.bases[0]).items()}
        small |= {(name, *cell) for cell in table.small(smallest)}
        relations += [{(name, *cell): factor for cell, factor in one.items()} for one in table.relations]
    for document in published:
        if document["year"] == year:
            forced, told = _same_year(document, values, relations)
            small, known = small | forced, known | told
        elif abs(document["year"] - year) == 1:
            for relation, cells in _members(document, is_before=document["year"] < year):
                relations.append(relation)
                small |= {cell for cell, value in cells.items() if value is None}
                known |= {cell for cell, value in cells.items() if value is not None}
    found = suppressed(values, small, relations, smallest, known=known)
    hidden: dict[str, set[Cell]] = {table.family.name: set() for table in tables}
    for name, place, part in found:
        if name in hidden:
            hidden[name].add((place, part))
    return hidden


def _kept(document: Mapping[str, Any]) -> Iterator[tuple[Wide, int | None]]:
    """What a report says: cell → value, None where it is empty. What is missing is zero."""
    for family in FAMILIES:
        for place, parts in document["values"].get(family.bases[0], {}).items():
            for part, value in parts.items():
                yield (family.name, place, part), value


def _same_year(
    document: Mapping[str, Any], values: Mapping[Wide, int], relations: Iterable[Relation[Wide]]
) -> tuple[set[Wide], set[Wide]]:
    """(hidden before, told before and not changed since), by an earlier version of the same report."""
    before = dict(_kept(document))
    forced = {cell for cell, value in before.items() if value is None}
    shown = {one["code"] for one in document["places"]}
    cells = {cell for relation in relations for cell in relation if cell[1] in shown} | set(before)
    return forced, {cell for cell in cells - forced if before.get(cell, 0) == values.get(cell, 0)}


def _members(
    document: Mapping[str, Any], *, is_before: bool
) -> Iterator[tuple[Relation[Wide], dict[Wide, int | None]]]:
    """For each place the relation between two years, and what the other report says of its side of it."""
    kept, edition = dict(_kept(document)), f"@{document['year']}.{document['version']}"
    for one in document["places"]:
        place = one["code"]
        there: dict[Wide, int | None] = {}

        def other(family: str, part: str, place: str = place, there: dict[Wide, int | None] = there) -> Wide:
            cell = (family + edition, place, part)
            there[cell] = kept.get((family, place, part), 0)
            return cell

        if is_before:
            yield {other("members", WHOLE): -1, ("members", place, BEFORE): 1, ("ended", place, WHOLE): 1}, there
        else:
            yield {("members", place, WHOLE): -1, other("members", BEFORE): 1, other("ended", WHOLE): 1}, there
