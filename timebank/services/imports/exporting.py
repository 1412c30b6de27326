"""The sheets that go out: members, balances, services, the catalogue; with the columns that are read again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from timebank.domain.errors import Invalid
from timebank.domain.imports import FIELDS, ImportKind
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, require, require_at
from timebank.storage.members import Membership
from timebank.storage.people import Look
from timebank.storage.unit import Bank, Unit

MOST_LINES: Final = 200_000


def export(
    bank: Bank, actor: Actor, kind: str, station_id: str, *, now: datetime
) -> tuple[tuple[str, ...], list[list[object]]]:
    """(titles, lines) of one station. Whoever stands in it finds in the own data that it was given out.

    Raises Invalid, NotFound, Forbidden.
    """
    require(actor, "imports.decide")
    if kind not in set(ImportKind):
        raise Invalid
    wanted = ImportKind(kind)
    titles = FIELDS[wanted]
    with bank.unit() as unit:
        require_at(actor, "imports.decide", station_id, unit.network.parents())
        if wanted is ImportKind.SERVICES:
            return titles, list(_services(unit))
        rows = [row for row in unit.members.of_stations([station_id]) if row.state != "closed"][:MOST_LINES]
        unit.insert(
            [
                Look(book=unit.origin, id=bank.new_id(now), actor_id=actor.person_id, person_id=row.person_id,
                     reason="sheet that was given out", at=now)
                for row in rows
            ]
        )  # fmt: skip
        make = {
            ImportKind.MEMBERS: _members,
            ImportKind.BALANCES: _balances,
            ImportKind.HISTORY: _history,
        }[wanted]
        return titles, list(make(unit, rows))


def _members(unit: Unit, rows: list[Membership]) -> Iterator[list[object]]:
    """All that a member has is one balance; what is held for an open request counts as had."""
    people = unit.persons(row.person_id for row in rows)
    worths = unit.members.worths(row.person_id for row in rows)
    for row in rows:
        data = people[row.person_id]
        yield [row.number, data.name, data.phone, str(data.document_type), data.document_number,
               data.born_on or "", data.address, worths.get(row.person_id, 0), "", ""]  # fmt: skip


def _balances(unit: Unit, rows: list[Membership]) -> Iterator[list[object]]:
    worths = unit.members.worths(row.person_id for row in rows)
    for row in rows:
        yield [row.number, row.number, "", worths.get(row.person_id, 0), "", ""]


def _history(unit: Unit, rows: list[Membership]) -> Iterator[list[object]]:
    """Verified services, and those of the past that came from elsewhere."""
    numbers = {row.person_id: row.number for row in rows}
    services = {one.code: one for one in unit.catalogue.services()}
    stations = {one.id: one.name for one in unit.network.stations()}
    records = unit.hours.verified_of(numbers, MOST_LINES)
    leaders = unit.persons({one.verified_by for one in records if one.verified_by})
    for one in records:
        number, name = numbers[one.volunteer_id], services[one.service_code].name
        leader = leaders[one.verified_by].name if one.verified_by in leaders else ""
        yield [number, number, "", local_day(one.started_at), name, one.place, name, one.minutes, "", "",
               stations.get(one.station_id, ""), leader]  # fmt: skip
    for past in unit.imports.of_stations(numbers, MOST_LINES):
        facts = unit.open_for(past.person_id, past.facts_sealed) or {}
        number = numbers[past.person_id]
        told = [str(facts.get(name, "")) for name in ("activity", "place", "content", "unit", "leader")]
        yield [number, number, "", past.happened_on, *told[:3], past.minutes, "", "", *told[3:]]


def _services(unit: Unit) -> Iterator[list[object]]:
    for one in unit.catalogue.services():
        yield [one.code, one.name, one.name_en, str(one.five_x), str(one.place), str(one.risk), one.minutes_min,
               one.minutes_max]  # fmt: skip
