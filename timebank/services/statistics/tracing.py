"""The figures as they are, for the staff of a place, and what each of them is made of, down to the entries.

Nothing is left empty here: who may open what is behind a figure may know the figure. Nobody is named: whoever works at
the station gets the number of the record, everybody else the number of the entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from timebank.domain.errors import NotFound
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, above, require, stations_of, workplaces
from timebank.domain.statistics.catalogue import Figure, definitions
from timebank.domain.statistics.report import FIRST_YEAR
from timebank.domain.statistics.tallies import FAMILY_OF, WHOLE, Fact, Place
from timebank.services.statistics.facts import FACTS, Scope
from timebank.services.statistics.figures import compute, places_of
from timebank.services.statistics.values import Trace, TraceLine
from timebank.storage.moments import at_one_moment
from timebank.storage.unit import Bank, Unit

READ = "statistics.read"
PAGE = 100


@dataclass(frozen=True, slots=True)
class StaffView:
    """A year's figures at one place: the document of it without empty cells, and the places in reach."""

    year: int
    at: Place
    places: tuple[Place, ...]
    document: dict[str, Any]


def see(bank: Bank, actor: Actor, year: int, at: str | None = None, *, now: datetime) -> StaffView:
    """The figures of a year, the present one as far as it is over, at a place in reach; the highest one without `at`.

    Raises NotFound, Forbidden, CareRulesMissing.
    """
    require(actor, READ)
    check_reported(year, now)
    with at_one_moment(bank) as unit:
        places, reach = _reach(unit, actor)
        mine = _in_reach(places, reach)
        if not mine:
            raise NotFound
        codes = {one.code for one in mine}
        place = next((one for one in mine if (one.code == at if at is not None else one.above not in codes)), None)
        if place is None:
            raise NotFound
        found = compute(unit, year, None, stations=_stations(unit, place, places), made_at=now, now=now)
        return StaffView(year, place, mine, found.document)


def trace(
    bank: Bank, actor: Actor, year: int, code: str, at: str, part: str = WHOLE, after: str | None = None, *,
    limit: int = PAGE, now: datetime,
) -> Trace:  # fmt: skip
    """A page of what a figure is made of. `part`: of a figure that has parts. Raises NotFound, Forbidden."""
    require(actor, READ)
    check_reported(year, now)
    figure = definitions().figure(code)
    if figure is None or not figure.traced or (part and figure.part):
        raise NotFound
    start = int(after) if after is not None and after.isascii() and after.isdigit() and len(after) < 16 else 0
    with at_one_moment(bank) as unit:
        places, reach = _reach(unit, actor)
        place = next((one for one in _in_reach(places, reach) if one.code == at), None)
        if place is None or (figure.per == "county" and place.above is not None):
            raise NotFound
        wanted = figure.part or part
        scope = Scope(unit, year, unit.care_at(now), now, _stations(unit, place, places))
        if figure.base == "hours_in_circulation":
            total, lines, following = _postings(scope, place, wanted, start, limit)
        else:
            facts = _facts(scope, figure, wanted)
            total = sum(amount for _, amount in facts)
            names = {one.station_id: one for one in places}
            own = workplaces(actor)
            shown = facts[start : start + limit]
            lines = tuple(_line(unit.origin, fact, amount, names, own) for fact, amount in shown)
            following = str(start + limit) if start + limit < len(facts) else None
    return Trace(code, part, at, place.name, place.name_en, year, total, FAMILY_OF[figure.base].name, lines, following)


def check_reported(year: int, now: datetime) -> None:
    if not FIRST_YEAR <= year <= local_day(now).year:
        raise NotFound


def _reach(unit: Unit, actor: Actor) -> tuple[tuple[Place, ...], frozenset[str]]:
    return places_of(unit), stations_of(actor, READ, unit.network.parents())


def _in_reach(places: Iterable[Place], reach: frozenset[str]) -> tuple[Place, ...]:
    """The places that lie wholly in reach; the county for who reaches every station."""
    known = list(places)
    whole = all(one.station_id in reach for one in known if one.station_id is not None)
    return tuple(one for one in known if (whole if one.above is None else one.station_id in reach))


def _stations(unit: Unit, place: Place, places: Iterable[Place]) -> frozenset[str] | None:
    """The stations whose facts count at a place; None for all of the county."""
    if place.above is None:
        return None
    parents = unit.network.parents()
    there = {one.station_id for one in places if one.station_id is not None}
    return frozenset(one for one in there if place.station_id in above(one, parents))


def _facts(scope: Scope, figure: Figure, part: str) -> list[tuple[Fact, int]]:
    """The facts of a figure with what each adds, in the order of their entries."""
    found = list(_counted(FACTS[FAMILY_OF[figure.base].name](scope), figure.base, part))
    return sorted(found, key=lambda one: (one[0].entry is None, one[0].entry or 0, one[0].ref))


def _counted(facts: Iterator[Fact], base: str, part: str) -> Iterator[tuple[Fact, int]]:
    """Each fact once, with its amount; of people only those facts that bring somebody new."""
    seen: set[str] = set()
    for fact in facts:
        if part and part not in fact.parts:
            continue
        people = set(fact.persons.get(base, ())) - seen
        seen |= people
        amount = len(people) if base in fact.persons else fact.amounts.get(base, 0)
        if amount:
            yield fact, amount


def _line(book: str, fact: Fact, amount: int, places: dict[str | None, Place], own: frozenset[str]) -> TraceLine:
    place = places[fact.station_id]
    record = (fact.number, fact.ref) if fact.station_id in own and fact.number else None
    opaque = hashlib.sha256(f"{book} {fact.ref}".encode()).hexdigest()[:16]
    return TraceLine(fact.day, place.name, place.name_en, amount, fact.entry, opaque, record)


def _postings(
    scope: Scope, place: Place, part: str, after: int, limit: int
) -> tuple[int, tuple[TraceLine, ...], str | None]:
    """The entries that brought hours into circulation, or into the accounts of one kind, before the year ended."""
    end = scope.entries()[1]
    what = part.removeprefix("origin:") if part else None
    held = scope.unit.yearly.held(end)
    total = sum(minutes for _, kind, _, minutes in held if what is None or kind == what)
    rows = scope.unit.yearly.postings(end, what, after - 1, limit)
    lines = tuple(TraceLine(_day(at), place.name, place.name_en, minutes, seq, "", None) for seq, at, minutes in rows)
    return total, lines, str(rows[-1][0] + 1) if len(rows) == limit else None


def _day(at: str) -> date:
    return local_day(datetime.fromisoformat(at))
