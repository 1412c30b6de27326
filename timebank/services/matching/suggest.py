"""Suggestions for a station's day, each with its reasons. Nothing is assigned here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from timebank.domain.local_time import day_start, local_day
from timebank.domain.matching import Day, Suggestion, plan
from timebank.domain.roles import Actor, require, stations_of
from timebank.services.matching.gather import available, services_by_code, wanted
from timebank.services.matching.solve import best_pairs
from timebank.storage.booking import gate_refusals
from timebank.storage.needs import Need
from timebank.storage.unit import Bank, Unit

TRIES = 8
"""How often a plan is made anew after the rules of the hours refused some of its pairs."""


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """A need, who could serve it, how well that fits, and why (codes of `domain.matching.REASON_TEXTS`)."""

    need_id: str
    number: str
    elder: str
    service: str
    service_en: str
    wanted_at: datetime
    minutes: int
    person_id: str
    person: str
    person_number: str
    points: int
    reasons: tuple[str, ...]


def suggest(bank: Bank, actor: Actor, day: date, *, now: datetime) -> tuple[SuggestionView, ...]:
    """The best plan for the open needs of the actor's stations on a day. A worker confirms what is to be done.

    No pair is shown that taking it on would refuse: each is asked of the same gates, and where one is refused, the plan
    is made anew without it. Raises Forbidden, CareRulesMissing.
    """
    require(actor, "matching.read")
    with bank.read() as unit:
        stations = stations_of(actor, "matching.read", unit.network.parents())
        start = max(day_start(day), now)
        rows = unit.needs.open_between(stations, start, day_start(day) + timedelta(days=1))
        if not rows:
            return ()
        suggestions = _plan(unit, rows, stations, day, now)
        return _views(unit, rows, suggestions)


def _plan(unit: Unit, rows: list[Need], stations: frozenset[str], day: date, now: datetime) -> list[Suggestion]:
    weights = unit.care_at(now).matching
    needs = wanted(unit, rows, weights, now)
    on = max(day, local_day(now))
    people = available(unit, unit.offers.open_at(stations, on), {row.elder_id for row in rows}, day)
    by_id = {row.id: row for row in rows}
    asked: dict[tuple[str, str], bool] = {}
    found: list[Suggestion] = []
    for _ in range(TRIES):
        forbidden = frozenset(pair for pair, good in asked.items() if not good)
        found = plan(needs, people, weights, Day(weights.day_minutes_most, forbidden), best_pairs)
        new = [one for one in found if (one.need_id, one.person_id) not in asked]
        for one in new:
            asked[one.need_id, one.person_id] = not gate_refusals(unit, by_id[one.need_id], one.person_id)
        if all(asked[one.need_id, one.person_id] for one in found):
            break
    return [one for one in found if asked[one.need_id, one.person_id]]


def _views(unit: Unit, rows: list[Need], found: list[Suggestion]) -> tuple[SuggestionView, ...]:
    by_id, services = {row.id: row for row in rows}, services_by_code(unit)
    names = unit.persons({row.elder_id for row in rows} | {one.person_id for one in found})
    views = []
    for one in found:
        row, membership = by_id[one.need_id], unit.members.get(one.person_id)
        service = services[row.service_code]
        views.append(
            SuggestionView(
                need_id=row.id,
                number=row.number,
                elder=names[row.elder_id].name,
                service=service.name,
                service_en=service.name_en,
                wanted_at=row.wanted_at,
                minutes=row.minutes,
                person_id=one.person_id,
                person=names[one.person_id].name,
                person_number=membership.number if membership is not None else "",
                points=one.points,
                reasons=one.reasons,
            )
        )
    return tuple(sorted(views, key=lambda view: (view.wanted_at, view.number, view.person_number)))
