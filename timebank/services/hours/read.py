"""Reading records: one's own, a station's queue, a record's history, and what the form offers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from timebank.domain.catalogue import Service
from timebank.domain.errors import NotFound
from timebank.domain.roles import Actor, require, stations_of
from timebank.services.hours.values import HoursView, parties_of, views
from timebank.storage import trails
from timebank.storage.trails import StepView
from timebank.storage.unit import Bank


@dataclass(frozen=True, slots=True)
class Choice:
    """What the form offers first: elders served before, the last one first, and the services."""

    elders: tuple[tuple[str, str, str], ...]
    """(id, name, service code of the last time)."""
    services: tuple[Service, ...]


def choices(bank: Bank, actor: Actor) -> Choice:
    """For the form: whom this volunteer served before, and what can be chosen."""
    with bank.read() as unit:
        recent = unit.members.closest(actor.person_id)
        people = unit.persons(row.elder_id for row in recent)
        elders = tuple((row.elder_id, people[row.elder_id].name, row.service_code) for row in recent)
        return Choice(elders, tuple(item for item in unit.catalogue.services() if item.active))


def mine(bank: Bank, actor: Actor, *, before: str | None = None, limit: int = 20) -> tuple[HoursView, ...]:
    """The actor's records, as volunteer or as elder, the newest first."""
    with bank.read() as unit:
        return views(unit, actor, unit.hours.page(person_id=actor.person_id, before=before, limit=limit))


def for_my_word(bank: Bank, actor: Actor, *, limit: int = 20) -> tuple[HoursView, ...]:
    """Records that wait for the actor's yes: as the elder, or for an elder for whom the actor may act."""
    with bank.read() as unit:
        elders = [actor.person_id, *(proxy.elder_id for proxy in unit.members.elders_of(actor.person_id))]
        rows = []
        for elder_id in dict.fromkeys(elders):
            found = unit.hours.page(person_id=elder_id, states=("logged",), limit=limit)
            rows += [row for row in found if row.elder_id == elder_id and row.volunteer_id != actor.person_id]
        return views(unit, actor, rows)


def to_clarify(bank: Bank, actor: Actor, *, limit: int = 20) -> tuple[HoursView, ...]:
    """The actor's own records of which somebody says that they are not right."""
    with bank.read() as unit:
        rows = unit.hours.page(person_id=actor.person_id, states=("disputed",), limit=limit)
        return views(unit, actor, rows)


def of_station(
    bank: Bank, actor: Actor, states: Iterable[str], *, before: str | None = None, limit: int = 50
) -> tuple[HoursView, ...]:
    """Records of the actor's stations in these states, the newest first."""
    with bank.read() as unit:
        stations = stations_of(actor, "hours.read", unit.network.parents())
        rows = unit.hours.page(station_ids=stations, states=states, before=before, limit=limit)
        return views(unit, actor, rows)


def of_member(
    bank: Bank, actor: Actor, person_id: str, states: Iterable[str], *, limit: int = 20
) -> tuple[HoursView, ...]:
    """A member's records in these states, for the desk, the newest first. Raises NotFound beyond my stations."""
    with bank.read() as unit:
        unit.require_member_at(actor, "hours.read", person_id)
        here = stations_of(actor, "hours.read", unit.network.parents())
        rows = unit.hours.page(person_id=person_id, station_ids=here, states=states, limit=limit)
        return views(unit, actor, rows)


def queue(bank: Bank, actor: Actor, *, limit: int = 50) -> tuple[HoursView, ...]:
    """What waits to be verified or clarified at the actor's stations, the oldest first."""
    require(actor, "hours.queue")
    with bank.read() as unit:
        stations = stations_of(actor, "hours.queue", unit.network.parents())
        return views(unit, actor, unit.hours.queue(stations, ("confirmed", "disputed"), limit))


def see(bank: Bank, actor: Actor, record_id: str) -> HoursView:
    """One record. Raises NotFound for who has nothing to do with it."""
    with bank.read() as unit:
        row = unit.hours.get(record_id)
        if row is None:
            raise NotFound
        return views(unit, actor, [row])[0]


def trail(bank: Bank, actor: Actor, record_id: str) -> tuple[StepView, ...]:
    """The history of a record: who, when, why. Raises NotFound."""
    with bank.read() as unit:
        row = unit.hours.get(record_id)
        if row is None:
            raise NotFound
        parties_of(unit, actor, row)
        return trails.trail(unit, unit.hours.events(record_id), row.volunteer_id)


def counts(bank: Bank, actor: Actor) -> dict[str, int]:
    """How many records are at the actor's stations, by state."""
    with bank.read() as unit:
        found: dict[str, int] = {}
        for (state, _), count in unit.hours.counts(stations_of(actor, "hours.read", unit.network.parents())).items():
            found[state] = found.get(state, 0) + count
        return found
