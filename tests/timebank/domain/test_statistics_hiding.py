"""No hidden cell can be worked out: over stations, streets and county, months and years, services and what crosses."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from timebank.domain.statistics.hiding import hide
from timebank.domain.statistics.suppression import determined, suppressed, total
from timebank.domain.statistics.tallies import FAMILY_OF, OWN, Fact, Place, Table, cross, tally

SMALLEST = 5
FEWER = settings(max_examples=80)
"""The elimination of these tests is slow and plain."""
PLACES = (
    Place("county", "县", "County", "county", None, "c"),
    Place("S1", "街道一", "Street 1", "street_centre", "county", "s1"),
    Place("S2", "街道二", "Street 2", "street_centre", "county", "s2"),
    *(Place(code, code, code, "station", code[:2].replace("A", "S"), code.lower()) for code in
      ("A1a", "A1b", "A1c", "A2a", "A2b")),
)  # fmt: skip
STATIONS = ("a1a", "a1b", "a1c", "a2a", "a2b", "s1", "c")
HELPS = {"meals": ["cook", "bring"], "moving": ["walk", "bring"]}


@st.composite
def services(draw: Any, year: int = 2026) -> list[Fact]:
    """A year of services with few people, so that many cells are small."""
    found = []
    rows = draw(st.lists(st.tuples(
        st.sampled_from(STATIONS), st.sampled_from(("cook", "bring", "walk")), st.integers(1, 3), st.integers(0, 12),
        st.integers(0, 12), st.sampled_from(("slip", "manual")), st.booleans(), st.integers(1, 240),
    ), max_size=70))  # fmt: skip
    for number, (station, service, month, volunteer, elder, source, timely, minutes) in enumerate(rows):
        what, when = f"service:{service}", f"month:{year}-{month:02}"
        people = (f"v{volunteer}", f"e{elder}")
        found.append(Fact(
            station, str(number), "", None, date(year, month, 1), {"records_verified": 1, "minutes_actual": minutes},
            (what, when, cross(what, when), f"source:{source}", f"timely:{timely}",
             *(f"help:{one}" for one, there in HELPS.items() if service in there)),
            {"volunteers_served": people[:1], "elders_served": people[1:]}, people,
        ))  # fmt: skip
    return found


def shown(table: Table, hidden: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The cells that a reader sees, zeros that are not listed among them. A centre's own leaf is never shown."""
    cells = {cell for relation in table.relations for cell in relation} | set(table.cells)
    return {cell for cell in cells if cell not in hidden and not cell[0].endswith(OWN)}


def worked_out(table: Table, told: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """What follows from the told cells by any sum and difference, with fractions: an elimination of its own, which
    shares nothing with the code under test."""
    unknown = sorted({cell for relation in table.relations for cell in relation} - told)
    column = {cell: at for at, cell in enumerate(unknown)}
    rows = []
    for relation in table.relations:
        row = {column[cell]: Fraction(factor) for cell, factor in relation.items() if cell in column}
        if row:
            rows.append(row)
    done: list[tuple[int, dict[int, Fraction]]] = []
    while rows:
        row = rows.pop()
        if not row:
            continue
        pivot = min(row)
        row = {at: value / row[pivot] for at, value in row.items()}
        rows = [_less(one, row, pivot) for one in rows]
        done = [(at, _less(one, row, pivot)) for at, one in done]
        done.append((pivot, row))
    return {unknown[at] for at, row in done if set(row) == {at}}


def _less(row: dict[int, Fraction], other: dict[int, Fraction], pivot: int) -> dict[int, Fraction]:
    factor = row.get(pivot, Fraction(0))
    if not factor:
        return row
    found = {at: row.get(at, Fraction(0)) - factor * other.get(at, Fraction(0)) for at in {*row, *other}}
    return {at: value for at, value in found.items() if value}


@FEWER
@given(services())
def test_no_small_cell_of_a_year_can_be_worked_out(facts: list[Fact]) -> None:
    table = tally(FAMILY_OF["records_verified"], facts, PLACES, HELPS)
    hidden = hide([table], SMALLEST, 2026)["served"]
    small = table.small(SMALLEST)
    assert small <= hidden
    found = worked_out(table, shown(table, hidden))
    assert not {cell for cell in found if not cell[0].endswith(OWN)} & hidden
    assert not found & small


@given(services())
def test_a_small_rest_is_not_told_either(facts: list[Fact]) -> None:
    """What the hidden parts of a shown whole hold together is neither small nor one for each of them."""
    table = tally(FAMILY_OF["records_verified"], facts, PLACES, HELPS)
    hidden = hide([table], SMALLEST, 2026)["served"]
    values = table.values("records_verified")
    for relation in table.relations:
        whole = next(cell for cell, factor in relation.items() if factor < 0)
        out = [cell for cell in relation if cell in hidden]
        if out and whole not in hidden:
            assert len(out) > 1
            assert sum(values.get(cell, 0) for cell in out) >= max(SMALLEST, len(out) + 1)


@FEWER
@given(services(), services())
def test_a_later_version_gives_away_nothing_of_the_one_before(first: list[Fact], more: list[Fact]) -> None:
    family = FAMILY_OF["records_verified"]
    before = tally(family, first, PLACES, HELPS)
    hidden = hide([before], SMALLEST, 2026)
    document = published(before, hidden["served"], 2026, 1)
    after = tally(family, [*first, *more[:3]], PLACES, HELPS)
    again = hide([after], SMALLEST, 2026, [document])["served"]
    assert hidden["served"] <= again | {cell for cell in hidden["served"] if cell[0].endswith(OWN)}
    # Whoever has both knows all that the second shows, and what the first showed where it has not changed.
    was, now = before.values("records_verified"), after.values("records_verified")
    both = shown(after, again) | {cell for cell in shown(before, hidden["served"]) if was.get(cell) == now.get(cell)}
    assert not worked_out(after, both) & after.small(SMALLEST) - both


def published(table: Table, hidden: set[tuple[str, str]], year: int, version: int) -> dict[str, Any]:
    """As much of a report as the next one looks at."""
    values: dict[str, dict[str, int | None]] = {}
    for (place, part), value in table.values(table.family.bases[0]).items():
        if not place.endswith(OWN):
            values.setdefault(place, {})[part] = value
    for place, part in hidden:
        if not place.endswith(OWN):
            values.setdefault(place, {})[part] = None
    places = [{"code": one.code} for one in PLACES]
    return {"year": year, "version": version, "places": places, "values": {table.family.bases[0]: values}}


def test_a_bridge_between_two_blocks_is_seen() -> None:
    """Each row and column has two hidden cells or none, and one cell follows all the same."""
    rows = {"r1": ["a", "b"], "r2": ["a", "b", "c"], "r3": ["c", "d"], "r4": ["c", "d"]}
    hidden = {(row, column) for row, columns in rows.items() for column in columns}
    relations: list[Any] = [total((row, "*"), [(row, column) for column in "abcd"]) for row in rows]
    relations += [total(("*", column), [(row, column) for row in rows]) for column in "abcd"]
    assert determined(relations, hidden) == {("r2", "c")}
    values = {(row, column): 20 for row in rows for column in "abcd"}
    more = suppressed(values, hidden, relations, SMALLEST)
    assert hidden < more
    assert not determined(relations, more)


def test_who_joined_can_not_be_told_from_two_years() -> None:
    """Of three new members nothing is told; a year ago and today would tell it, so today is not told either."""
    family, left = FAMILY_OF["members_registered"], FAMILY_OF["members_ended"]

    def members(old: int, new: int, year: int) -> list[Fact]:
        return [Fact(station, f"{station}{year}{part}{number}", "", None, date(year, 1, 1), {"members_registered": 1},
                     (f"joined:{part}",), behind=(f"{station}{part}{number}",))
                for station in ("a1a", "a1b", "a2a", "a2b")
                for part, many in (("before", old), ("new", new if station == "a1a" else 20))
                for number in range(many)]  # fmt: skip

    former = tally(family, members(30, 20, 2025), PLACES)
    document = published(former, set(), 2025, 1)
    tables = [tally(family, members(50, 3, 2026), PLACES), tally(left, [], PLACES)]
    alone = hide(tables, SMALLEST, 2026)["members"]
    both = hide(tables, SMALLEST, 2026, [document])
    assert ("A1a", "joined:new") in alone & both["members"]
    assert ("A1a", "joined:before") in alone & both["members"]
    # It would be 50 from before and 53 in all, were it told that nobody left.
    assert ("A1a", "") in both["members"] or ("A1a", "") in both["ended"]


def test_what_points_at_nobody_is_never_hidden() -> None:
    facts = [Fact("a1a", "1", "", None, date(2026, 1, 1), {"inspections": 1}, ("result:minor",))]
    table = tally(FAMILY_OF["inspections"], facts, PLACES)
    assert hide([table], SMALLEST, 2026) == {"inspections": set()}
    assert table.values("inspections")[("county", "")] == 1
