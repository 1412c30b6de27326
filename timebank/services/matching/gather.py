"""The facts of a day, read in a few queries: open needs of the stations, volunteers with offers, their calendars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from timebank.domain.catalogue import Service, required_training
from timebank.domain.kin import OWED_BY_LAW, Relation
from timebank.domain.local_time import day_start, local_day, whole_minutes
from timebank.domain.matching import Available, Wanted, priority_points
from timebank.domain.needs import insurance_needed
from timebank.domain.offers import check_times
from timebank.domain.places import Point
from timebank.domain.policies.care import Matching
from timebank.storage.booking import booked
from timebank.storage.needs import Need
from timebank.storage.offers import Offer
from timebank.storage.unit import Unit

RECENT = timedelta(days=30)
"""Who served much within this time gives way to others."""


def wanted(unit: Unit, rows: Sequence[Need], weights: Matching, now: datetime) -> list[Wanted]:
    """The needs as the rules of matching see them."""
    services = {one.code: one for one in unit.catalogue.services()}
    points = _points(unit)
    elders = unit.persons({row.elder_id for row in rows})
    helpers = unit.needs.helpers([row.id for row in rows])
    excluded = _excluded(unit, {row.elder_id for row in rows}, now)
    found = []
    for row in rows:
        service, elder = services.get(row.service_code), elders.get(row.elder_id)
        there = {one.person_id for one in helpers[row.id]}
        missing = row.helpers - len(there)
        if service is None or elder is None or missing < 1:
            continue
        priority = priority_points(elder.tags, elder.age_on(local_day(row.wanted_at)), weights)
        found.append(
            Wanted(
                id=row.id,
                elder_id=row.elder_id,
                service_code=row.service_code,
                required_training=required_training(service),
                useful_training=service.training,
                insured=insurance_needed(service),
                start=row.wanted_at,
                end=row.ended_at,
                point=points[row.station_id],
                language=row.language,
                gender_wish=row.gender_wish,
                elder_sex=str(elder.sex) if elder.sex else "",
                missing=missing,
                priority=priority,
                excluded=frozenset({row.elder_id, *there, *excluded.get(row.elder_id, ())}),
            )
        )
    return found


def available(unit: Unit, offers: Iterable[Offer], elder_ids: set[str], day: date) -> list[Available]:
    """The offers of a day, of active members who serve, with what they are trained for and have promised."""
    offers = list(offers)
    stations = unit.matching.volunteers({offer.person_id for offer in offers})
    points, people = _points(unit), unit.persons(stations)
    start = day_start(day)
    end = start + timedelta(days=1)
    trainings = unit.matching.trainings(stations, day)
    served = unit.matching.served(elder_ids)
    recent = unit.matching.minutes(stations, start - RECENT, start)
    today = unit.matching.minutes(stations, start, end)
    promised = booked(unit, set(stations), start, end)
    insured = unit.offers.insured_until(set(stations))
    found = []
    for offer in offers:
        if offer.person_id not in stations:
            continue
        person_id, data = offer.person_id, people[offer.person_id]
        times = tuple(promised.get(person_id, ()))
        found.append(
            Available(
                person_id=person_id,
                point=points[stations[person_id]],
                times=check_times((int(one) for one in offer.weekdays.split()), offer.from_clock, offer.to_clock),
                services=frozenset(offer.services.split()),
                far_metres=offer.far_metres,
                languages=frozenset(offer.languages.split()),
                gender_wish=offer.gender_wish,
                sex=str(data.sex) if data.sex else "",
                trainings=frozenset(trainings.get(person_id, ())),
                insured_until=insured.get(person_id),
                booked=times,
                day_minutes=today.get(person_id, 0) + sum(whole_minutes(*one) for one in times),
                recent_minutes=recent.get(person_id, 0),
                served=frozenset(served.get(person_id, ())),
            )
        )
    return found


def _excluded(unit: Unit, elder_ids: set[str], now: datetime) -> dict[str, set[str]]:
    """Elder → relatives whose care earns nothing: it is owed by law, or the policy says so."""
    barred = {*OWED_BY_LAW, *unit.policy_at(now)[0].volunteers.kin_excluded}
    return {
        elder_id: {one for one, relation in relatives.items() if Relation(relation) in barred}
        for elder_id, relatives in unit.matching.kin(elder_ids).items()
    }


def _points(unit: Unit) -> dict[str, Point]:
    return {one.id: (one.latitude_microdegrees, one.longitude_microdegrees) for one in unit.network.stations()}


def services_by_code(unit: Unit) -> dict[str, Service]:
    """The catalogue by code."""
    return {one.code: one for one in unit.catalogue.services()}
