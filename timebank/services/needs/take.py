"""The volunteer's side of needs: see the open ones near by, masked; take one; give it back; serve; link the hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from timebank.domain.errors import Forbidden, NeedStateConflict, NotFound, TimebankError
from timebank.domain.local_time import local_day
from timebank.domain.needs import STATE_LABELS, NeedState, after, both_senior, check_reason
from timebank.domain.people import PersonData
from timebank.domain.places import Point, distance_metres, same_building
from timebank.domain.redemptions import check_undo
from timebank.domain.roles import Actor, require
from timebank.domain.states import Party
from timebank.services.needs.values import NeedView, follow, locked, standing, views
from timebank.storage.booking import SYSTEM, book, gate_refusals
from timebank.storage.carrying import note_before
from timebank.storage.holding import give, take_back
from timebank.storage.needs import Need, NeedHelper
from timebank.storage.network import Station
from timebank.storage.unit import Bank, Unit

VOLUNTEER = frozenset({Party.VOLUNTEER})


class Circle(StrEnum):
    """How far around the own station one looks: a quarter of an hour on foot, or all that counts as near by."""

    WALK = "walk"
    FAR = "far"


@dataclass(frozen=True, slots=True)
class OpenNeed:
    """An open need as any volunteer sees it: what, when, the quarter, the risk; nothing of who it is.

    `neighbour`: the same building (邻里互助). `seniors`: both would be sixty or older (银龄互助).
    """

    id: str
    number: str
    service_code: str
    service: str
    service_en: str
    minutes: int
    wanted_at: datetime
    place: str
    quarter: str
    funding: str
    language: str
    gender_wish: str
    risk: str
    away_metres: int
    neighbour: bool
    seniors: bool
    helpers_needed: int
    helpers_found: int
    refusals: tuple[TimebankError, ...]


def open_near(
    bank: Bank, actor: Actor, circle: Circle = Circle.FAR, *, neighbours: bool = False, now: datetime
) -> tuple[OpenNeed, ...]:
    """The open needs around the actor's station, the earliest first, without one's own and those taken already.

    `neighbours`: only those in the own building. Raises NotFound for who is no member, CareRulesMissing.
    """
    require(actor, "needs.take")
    with bank.read() as unit:
        away = _stations_around(unit, actor, circle, now)
        rows = [row for row in unit.needs.open_between(away, now, limit=200) if row.elder_id != actor.person_id]
        found = [one for one in _masked(unit, actor, rows, away, now) if one.neighbour or not neighbours]
        return tuple(found)


def look(bank: Bank, actor: Actor, need_id: str, *, now: datetime) -> OpenNeed:
    """One open need, masked, with all that forbids this volunteer to take it. Raises NotFound."""
    require(actor, "needs.take")
    with bank.read() as unit:
        row = unit.needs.get(need_id)
        if row is None or row.state != "open" or row.elder_id == actor.person_id or row.wanted_at <= now:
            raise NotFound
        away = _stations_around(unit, actor, Circle.FAR, now)
        found = _masked(unit, actor, [row], away, now) if row.station_id in away else []
        if not found:
            raise NotFound
        return _with_refusals(found[0], gate_refusals(unit, row, actor.person_id))


def take(bank: Bank, actor: Actor, need_id: str, *, now: datetime) -> NeedView:
    """Take an open need on. Raises each refusal of `storage.booking`, NotFound beyond the circle, Forbidden."""
    require(actor, "needs.take")
    with bank.unit() as unit:
        row = locked(unit, need_id, now)
        if row.station_id not in _stations_around(unit, actor, Circle.FAR, now) or row.wanted_at <= now:
            raise NotFound
        if row.state == "posted":
            raise NotFound
        book(unit, actor, row, actor.person_id, VOLUNTEER, now)
        return views(unit, actor, [row])[0]


def untake(bank: Bank, actor: Actor, need_id: str, *, now: datetime) -> None:
    """Take the taking back within the policy's minutes, without a reason. Raises UndoTooLate, Forbidden, NotFound."""
    with bank.unit() as unit:
        row = locked(unit, need_id, now)
        helper = _helper(unit, actor.person_id, row)
        state = after(NeedState(row.state), "untake", standing(unit, actor, row))
        check_undo(unit.policy_at(now)[0], helper.taken_at, now)
        _leave(unit, actor, row, helper, state, None, None, now)


def give_back(bank: Bank, actor: Actor, need_id: str, reason: str | None, text: str = "", *, now: datetime) -> None:
    """The volunteer can't come after all, and says why (Ordinance, art. 22). It is open again; the elder is told.

    Raises NotFound, Forbidden, NeedStateConflict, ReasonMissing, WordsMissing.
    """
    check_reason("give_back", reason, text)
    with bank.unit() as unit:
        row = locked(unit, need_id, now)
        helper = _helper(unit, actor.person_id, row)
        state = after(NeedState(row.state), "give_back", standing(unit, actor, row))
        sealed = unit.seal_for(row.elder_id, text.strip()) if text.strip() else None
        _leave(unit, actor, row, helper, state, reason, sealed, now)
        unit.tell(row.elder_id, "need_given_back", "need", row.id, now=now, urgent=True)


def start(bank: Bank, actor: Actor, need_id: str, *, now: datetime) -> NeedView:
    """The helper is there, on the agreed day. Where papers may be carried, the consent note was written before.

    Raises NotFound, Forbidden, NeedStateConflict, ConsentNoteMissing.
    """
    with bank.unit() as unit:
        row = locked(unit, need_id, now)
        state = after(NeedState(row.state), "start", standing(unit, actor, row))
        if local_day(now) != local_day(row.wanted_at):
            raise NeedStateConflict(state=STATE_LABELS[NeedState(row.state)])
        note_before(unit, unit.catalogue.service(row.service_code), actor.person_id, row.elder_id, now)
        unit.needs.move(row, str(state), actor.person_id, actor.via, now)
        return views(unit, actor, [row])[0]


def link(bank: Bank, actor: Actor, need_id: str, record_id: str, *, now: datetime) -> NeedView:
    """These hours answer the need; from now on its state follows the record.

    The helper links the own hours, the desk those that it entered from a slip. Raises NotFound unless the record is a
    helper's, for this elder, service and day, and paid as the need is; Forbidden, NeedStateConflict.
    """
    with bank.unit() as unit:
        row = locked(unit, need_id, now)
        record = unit.hours.get(record_id)
        if record is None or (record.elder_id, record.service_code) != (row.elder_id, row.service_code):
            raise NotFound
        who = standing(unit, actor, row)
        helper = _helper(unit, record.volunteer_id, row)
        if Party.DESK not in who and helper.person_id != actor.person_id:
            raise Forbidden
        same_day = local_day(record.started_at) == local_day(row.wanted_at)
        if not same_day or record.redemption_id != _paid_by(unit, row, helper.person_id):
            raise NotFound
        if helper.record_id is None and row.state != NeedState.DELIVERED:
            after(NeedState(row.state), "deliver", who)
        helper.record_id = record_id
        unit.flush()
        follow(unit, row, now)
        return views(unit, actor, [row])[0]


def _paid_by(unit: Unit, row: Need, person_id: str) -> str | None:
    """The request that pays for this helper's hours: it pays for the one whom it was given to."""
    request = unit.redemptions.get(row.redemption_id) if row.redemption_id else None
    return request.id if request is not None and request.volunteer_id == person_id else None


def _helper(unit: Unit, person_id: str, row: Need) -> NeedHelper:
    for helper in unit.needs.helpers([row.id])[row.id]:
        if helper.person_id == person_id:
            return helper
    raise NotFound


def _leave(
    unit: Unit,
    actor: Actor,
    row: Need,
    helper: NeedHelper,
    state: NeedState,
    reason: str | None,
    sealed: bytes | None,
    now: datetime,
) -> None:
    """One helper less; the request that pays goes to who is left, if anybody is."""
    unit.needs.remove(helper)
    request = unit.redemptions.get(row.redemption_id, lock=True) if row.redemption_id else None
    if request is not None and request.volunteer_id == helper.person_id:
        take_back(unit, actor, request, VOLUNTEER, now)
        for other in unit.needs.helpers([row.id])[row.id][:1]:
            give(unit, actor, request, other.person_id, SYSTEM, now)
    row.reminded_hours = None
    unit.needs.move(row, str(state), actor.person_id, actor.via, now, reason, sealed)


def _stations_around(unit: Unit, actor: Actor, circle: Circle, now: datetime) -> dict[str, int]:
    """Station → metres from the actor's own, of those that lie within the circle."""
    membership = unit.members.get(actor.person_id)
    if membership is None:
        raise NotFound
    rules = unit.care_at(now).needs
    most = rules.near_metres if circle is Circle.WALK else rules.far_metres
    stations = {one.id: one for one in unit.network.stations()}
    here = _point(stations[membership.station_id])
    away = {one.id: distance_metres(here, _point(one)) for one in stations.values()}
    return {one: metres for one, metres in away.items() if metres <= most or one == membership.station_id}


def _point(station: Station) -> Point:
    return station.latitude_microdegrees, station.longitude_microdegrees


def _masked(unit: Unit, actor: Actor, rows: Sequence[Need], away: dict[str, int], now: datetime) -> list[OpenNeed]:
    helpers = unit.needs.helpers([row.id for row in rows])
    people = unit.persons({row.elder_id for row in rows} | {actor.person_id})
    services = {service.code: service for service in unit.catalogue.services()}
    quarters = {one.id: one.division_code for one in unit.network.stations()}
    names = {one.code: one.name for one in unit.network.divisions()}
    me = people[actor.person_id]
    found = []
    for row in rows:
        service, elder = services.get(row.service_code), people.get(row.elder_id)
        if service is None or elder is None or actor.person_id in {one.person_id for one in helpers[row.id]}:
            continue
        found.append(
            OpenNeed(
                id=row.id,
                number=row.number,
                service_code=row.service_code,
                service=service.name,
                service_en=service.name_en,
                minutes=row.minutes,
                wanted_at=row.wanted_at,
                place=row.place,
                quarter=names.get(quarters[row.station_id], ""),
                funding=row.funding,
                language=row.language,
                gender_wish=row.gender_wish,
                risk=unit.open_for(row.elder_id, row.risk_sealed) or "",
                away_metres=away.get(row.station_id, 0),
                neighbour=same_building(me.address, elder.address),
                seniors=both_senior(_age(me, row), _age(elder, row)),
                helpers_needed=row.helpers,
                helpers_found=len(helpers[row.id]),
                refusals=(),
            )
        )
    return found


def _age(person: PersonData, row: Need) -> int | None:
    return person.age_on(local_day(row.wanted_at))


def _with_refusals(one: OpenNeed, refusals: list[TimebankError]) -> OpenNeed:
    return replace(one, refusals=tuple(refusals))
