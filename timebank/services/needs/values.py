"""What the pages and the API are given of a need, who stands how to it, and what its records say by now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import NotFound
from timebank.domain.needs import UNFINISHED, Around, NeedState, followed, verbs_open
from timebank.domain.roles import Actor, covers, permits, stations_of
from timebank.domain.states import Party
from timebank.storage import trails
from timebank.storage.needs import Need, NeedHelper
from timebank.storage.trails import StepView
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class HelperView:
    """A volunteer who took the need on."""

    person_id: str
    name: str
    taken_at: datetime
    record_id: str | None


@dataclass(frozen=True, slots=True)
class NeedView:
    """A need as the elder, the family, the helpers and the station see it."""

    id: str
    number: str
    state: str
    station_id: str
    elder_id: str
    elder: str
    address: str
    service_code: str
    service: str
    service_en: str
    minutes: int
    wanted_at: datetime
    ended_at: datetime
    place: str
    funding: str
    language: str
    gender_wish: str
    risk: str
    note: str
    posted_at: datetime
    posted_how: str
    helpers_needed: int
    helpers: tuple[HelperView, ...]
    redemption_id: str | None
    paid_id: str | None
    """The helper whose hours are paid with those that are set aside."""
    verbs: tuple[str, ...]


def records_of(unit: Unit, rows: Sequence[Need]) -> dict[str, Around]:
    """Need → what its state follows, in a few queries for all."""
    helpers = unit.needs.helpers([row.id for row in rows])
    requests = unit.needs.requests({row.redemption_id for row in rows if row.redemption_id})
    found = {}
    named: dict[str, list[str | None]] = {}
    for row in rows:
        request = requests.get(row.redemption_id or "")
        named[row.id] = [
            one.record_id
            or (request.record_id if request is not None and request.volunteer_id == one.person_id else None)
            for one in helpers[row.id]
        ]
    states = unit.needs.record_states({one for ids in named.values() for one in ids if one})
    for row in rows:
        request = requests.get(row.redemption_id or "")
        found[row.id] = Around(
            helpers=row.helpers,
            records=[states.get(one or "") for one in named[row.id]],
            redemption=request.state if request is not None else None,
            redemption_has_helper=request is not None and request.volunteer_id is not None,
        )
    return found


def locked(unit: Unit, need_id: str, now: datetime) -> Need:
    """The row, held against others until the commit, in the state that its records say. Raises NotFound."""
    row = unit.needs.get(need_id, lock=True)
    if row is None:
        raise NotFound
    follow(unit, row, now)
    return row


def follow(unit: Unit, row: Need, now: datetime) -> bool:
    """Write down what the records of hours and the request say. Whether anything had changed."""
    state = followed(NeedState(row.state), records_of(unit, [row])[row.id])
    if state == row.state:
        return False
    if state is NeedState.OPEN:
        for helper in unit.needs.helpers([row.id])[row.id]:
            unit.needs.remove(helper)
    unit.needs.move(row, str(state), "scheduler", "job", now)
    return True


def parties_of(unit: Unit, actor: Actor, row: Need, helpers: Iterable[NeedHelper]) -> frozenset[Party]:
    """How the actor stands to the need. Raises NotFound for who has nothing to do with it."""
    found = set()
    helping = actor.person_id in {one.person_id for one in helpers}
    tree = unit.network.parents()
    if helping:
        found.add(Party.VOLUNTEER)
    elif actor.person_id == row.elder_id:
        found.add(Party.OWNER)
    elif unit.members.is_proxy(row.elder_id, actor.person_id):
        found.add(Party.PROXY)
    runs = permits(actor, "needs.run") and covers(actor, row.station_id, tree, "needs.run")
    if runs and not helping and actor.person_id != row.elder_id:
        found.add(Party.DESK)
    if not found and not (permits(actor, "needs.read") and covers(actor, row.station_id, tree, "needs.read")):
        raise NotFound
    return frozenset(found)


def standing(unit: Unit, actor: Actor, row: Need) -> frozenset[Party]:
    """The same for one need, whose helpers are read. Raises NotFound."""
    return parties_of(unit, actor, row, unit.needs.helpers([row.id])[row.id])


def views(unit: Unit, actor: Actor, rows: Iterable[Need]) -> tuple[NeedView, ...]:
    """Several needs with the names of their people. Raises NotFound for one that is not the actor's to see."""
    rows = list(rows)
    helpers = unit.needs.helpers([row.id for row in rows])
    around = records_of(unit, rows)
    requests = unit.needs.requests({row.redemption_id for row in rows if row.redemption_id})
    people = unit.persons({row.elder_id for row in rows} | {one.person_id for all_ in helpers.values() for one in all_})
    services = {service.code: service for service in unit.catalogue.services()}
    found = []
    for row in rows:
        service, elder = services.get(row.service_code), people.get(row.elder_id)
        state, request = followed(NeedState(row.state), around[row.id]), requests.get(row.redemption_id or "")
        who = parties_of(unit, actor, row, helpers[row.id])
        found.append(
            NeedView(
                id=row.id,
                number=row.number,
                state=str(state),
                station_id=row.station_id,
                elder_id=row.elder_id,
                elder=elder.name if elder else "",
                address=elder.address if elder else "",
                service_code=row.service_code,
                service=service.name if service else row.service_code,
                service_en=service.name_en if service else row.service_code,
                minutes=row.minutes,
                wanted_at=row.wanted_at,
                ended_at=row.ended_at,
                place=row.place,
                funding=row.funding,
                language=row.language,
                gender_wish=row.gender_wish,
                risk=unit.open_for(row.elder_id, row.risk_sealed) or "",
                note=unit.open_for(row.elder_id, row.note_sealed) or "",
                posted_at=row.posted_at,
                posted_how=row.posted_how,
                helpers_needed=row.helpers,
                helpers=tuple(
                    HelperView(
                        one.person_id,
                        people[one.person_id].name if one.person_id in people else "",
                        one.taken_at,
                        one.record_id,
                    )
                    for one in helpers[row.id]
                ),
                redemption_id=row.redemption_id,
                paid_id=request.volunteer_id if request is not None else None,
                verbs=verbs_open(state, who),
            )
        )
    return tuple(found)


def see(bank: Bank, actor: Actor, need_id: str) -> NeedView:
    """One need. Raises NotFound for who has nothing to do with it."""
    with bank.read() as unit:
        row = unit.needs.get(need_id)
        if row is None:
            raise NotFound
        return views(unit, actor, [row])[0]


def mine(bank: Bank, actor: Actor, *, before: str | None = None, limit: int = 20) -> tuple[NeedView, ...]:
    """The actor's needs, as elder or as helper, the newest first."""
    with bank.read() as unit:
        return views(unit, actor, unit.needs.page(person_id=actor.person_id, before=before, limit=limit))


def of_member(bank: Bank, actor: Actor, person_id: str, *, limit: int = 20) -> tuple[NeedView, ...]:
    """A member's unfinished needs, for the desk, the newest first; what another station serves is its matter.

    Raises NotFound beyond the actor's stations.
    """
    with bank.read() as unit:
        unit.require_member_at(actor, "needs.read", person_id)
        here = stations_of(actor, "needs.read", unit.network.parents())
        return views(
            unit, actor, unit.needs.page(person_id=person_id, station_ids=here, states=UNFINISHED, limit=limit)
        )


def of_elders(bank: Bank, actor: Actor, *, limit: int = 20) -> tuple[NeedView, ...]:
    """The unfinished needs of the elders for whom the actor may act."""
    with bank.read() as unit:
        rows = []
        for proxy in unit.members.elders_of(actor.person_id):
            found = unit.needs.page(person_id=proxy.elder_id, states=UNFINISHED, limit=limit)
            rows += [row for row in found if row.elder_id == proxy.elder_id]
        return views(unit, actor, rows)


def at_desk(
    bank: Bank, actor: Actor, states: Iterable[str] = UNFINISHED, *, before: str | None = None, limit: int = 50
) -> tuple[NeedView, ...]:
    """The needs at the actor's stations in these states, the newest first."""
    with bank.read() as unit:
        stations = stations_of(actor, "needs.read", unit.network.parents())
        rows = unit.needs.page(station_ids=stations, states=states, before=before, limit=limit)
        return views(unit, actor, rows)


def trail(bank: Bank, actor: Actor, need_id: str) -> tuple[StepView, ...]:
    """The history of a need. Raises NotFound."""
    with bank.read() as unit:
        row = unit.needs.get(need_id)
        if row is None:
            raise NotFound
        standing(unit, actor, row)
        return trails.trail(unit, unit.needs.events(need_id), row.elder_id)
