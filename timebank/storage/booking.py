"""Taking a need on: the gates that no suggestion opens, and the booking itself. Shared by volunteers and the desk."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from timebank.domain.catalogue import Place, Service
from timebank.domain.errors import AlreadyBooked, InsuranceMissing, ServiceNotOffered, SourceNotCredited, TimebankError
from timebank.domain.hours import Claim, Source
from timebank.domain.hours import refusals as claim_refusals
from timebank.domain.local_time import local_day
from timebank.domain.needs import NeedState, after, check_insurance, overlaps
from timebank.domain.redemptions import check_volunteer
from timebank.domain.roles import Actor
from timebank.domain.states import Party
from timebank.storage.circumstances import circumstances
from timebank.storage.holding import give
from timebank.storage.needs import Need, NeedHelper
from timebank.storage.unit import Unit

SYSTEM = frozenset({Party.SYSTEM})


def booked(
    unit: Unit, person_ids: Collection[str], start: datetime, end: datetime
) -> dict[str, list[tuple[datetime, datetime]]]:
    """Person → all times in [start, end) that are promised already: needs, requests and activities."""
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for person_id, one, other in (
        *unit.needs.booked(person_ids, start, end),
        *unit.activities.booked(person_ids, start, end),
    ):
        found.setdefault(person_id, []).append((one, other))
    return found


def gate_refusals(unit: Unit, need: Need, volunteer_id: str) -> list[TimebankError]:
    """All that forbids this volunteer to take this need on; empty: it may be taken.

    What the rules would refuse when the hours are logged is refused now: age, training, kin, own care, closed or
    suspended members, caps, overlap. So are another promise for that time and missing insurance. Raises NotFound for
    who is no member.
    """
    service = unit.catalogue.service(need.service_code)
    if service is None:
        return [ServiceNotOffered()]
    claim = Claim(
        volunteer_id=volunteer_id,
        elder_id=need.elder_id,
        service_code=need.service_code,
        started_at=need.wanted_at,
        ended_at=need.ended_at,
        place=Place(need.place),
        source=Source.CONFIRMED,
    )
    around = circumstances(unit, claim, service, need.ended_at)
    found = [one for one in claim_refusals(claim, around) if not isinstance(one, SourceNotCredited)]
    try:
        check_volunteer(volunteer_id, need.elder_id, need.elder_id, around.relation)
    except TimebankError as error:
        found.append(error)
    found += _promised(unit, need, volunteer_id)
    found += _insurance(unit, need, service, volunteer_id)
    return found


def book(unit: Unit, actor: Actor, need: Need, volunteer_id: str, who: frozenset[Party], now: datetime) -> None:
    """The volunteer takes the need on. The first one is given the request that pays, if hours pay.

    The need must be locked. Raises Forbidden, NeedStateConflict, the first refusal of the gates.
    """
    state = after(NeedState(need.state), "take", who)
    unit.members.get(volunteer_id, lock=True)
    for error in gate_refusals(unit, need, volunteer_id):
        raise error
    there = unit.needs.helpers([need.id])[need.id]
    if need.redemption_id is not None and not there:
        request = unit.redemptions.get(need.redemption_id, lock=True)
        if request is not None:
            give(unit, actor, request, volunteer_id, SYSTEM, now)
    unit.needs.add(
        NeedHelper(
            book=unit.origin,
            need_id=need.id,
            person_id=volunteer_id,
            taken_at=now,
            taken_by=actor.person_id,
        )
    )
    unit.flush()
    full = len(there) + 1 >= need.helpers
    unit.needs.move(need, str(state if full else NeedState.OPEN), actor.person_id, actor.via, now)
    if full:
        unit.tell(need.elder_id, "need_taken", "need", need.id, now=now)
    if volunteer_id != actor.person_id:
        unit.tell(volunteer_id, "need_given", "need", need.id, now=now)


def _promised(unit: Unit, need: Need, volunteer_id: str) -> list[TimebankError]:
    there = {row.person_id for row in unit.needs.helpers([need.id])[need.id]}
    times = booked(unit, [volunteer_id], need.wanted_at, need.ended_at).get(volunteer_id, [])
    if volunteer_id in there or overlaps(need.wanted_at, need.ended_at, times):
        return [AlreadyBooked()]
    return []


def _insurance(unit: Unit, need: Need, service: Service, volunteer_id: str) -> list[TimebankError]:
    until = unit.offers.insured_until([volunteer_id]).get(volunteer_id)
    try:
        check_insurance(service, until, local_day(need.wanted_at))
    except InsuranceMissing as error:
        return [error]
    return []
