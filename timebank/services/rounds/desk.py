"""The station's side: put on the list, plan the month, record a visit, end the visits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.errors import Invalid, NotFound, RoundEnded, RoundEnrolled, VisitorUnfit
from timebank.domain.incidents import Severity
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, RoleName, require, require_at
from timebank.domain.rounds import END_LABELS, GRID_LENGTH, Outcome, check_tags, check_visit, month_span
from timebank.services.rounds.values import RoundView, locked, views
from timebank.storage.alarming import open_incident, staff_in
from timebank.storage.rounds import RoundEnrolment, RoundPlan, RoundTag, RoundVisit
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class NewVisit:
    """What is told of a visit. `text` is needed unless all is well; without a visitor it was who records it."""

    mode: str
    outcome: str
    visited_at: datetime
    text: str = ""
    visitor_id: str | None = None


def enrol(
    bank: Bank,
    actor: Actor,
    person_id: str,
    tags: Mapping[str, str],
    grid: str,
    visitor_id: str | None = None,
    *,
    now: datetime,
) -> RoundView:
    """Put an elder on the list of monthly visits. `tags`: circumstance → what shows it, sealed under the elder's key.

    Raises Forbidden, NotFound, Invalid, RoundTagMissing, RoundEnrolled, VisitorUnfit.
    """
    require(actor, "rounds.run")
    with bank.unit() as unit:
        membership = unit.members.get(person_id, lock=True)
        if membership is None or membership.state != "active":
            raise NotFound
        require_at(actor, "rounds.run", membership.station_id, unit.network.parents())
        care = unit.care_at(now)
        check_tags(care, tags, unit.person(person_id).tags)
        if unit.rounds.open_of(person_id) is not None:
            raise RoundEnrolled
        if visitor_id is not None:
            _check_visitor(unit, visitor_id, person_id, membership.station_id)
        row = RoundEnrolment(
            book=unit.origin,
            id=bank.new_id(now),
            person_id=person_id,
            station_id=membership.station_id,
            grid=_grid(grid),
            visitor_id=visitor_id,
            enrolled_by=actor.person_id,
            started_at=now,
            version=1,
        )
        unit.rounds.add(row)
        unit.flush()
        for code, evidence in sorted(tags.items()):
            unit.rounds.add(
                RoundTag(
                    book=unit.origin,
                    id=bank.new_id(now),
                    person_id=person_id,
                    enrolment_id=row.id,
                    text_sealed=unit.seal_for(person_id, [code, evidence.strip()]),
                    recorded_by=actor.person_id,
                    recorded_at=now,
                )
            )
        unit.flush()
        return views(unit, actor, [row], care, local_day(now).replace(day=1), now)[0]


def _grid(text: str) -> str:
    grid = text.strip()
    if not 0 < len(grid) <= GRID_LENGTH or not grid.isprintable():
        raise Invalid
    return grid


def _check_visitor(unit: Unit, visitor_id: str, elder_id: str, station_id: str) -> None:
    """Raises VisitorUnfit."""
    membership = unit.members.get(visitor_id)
    serves = (
        membership is not None
        and membership.state == "active"
        and membership.serves
        and membership.station_id == station_id
    )
    if visitor_id == elder_id or not (serves or visitor_id in staff_in(unit, RoleName.WORKER, station_id)):
        raise VisitorUnfit


def end(bank: Bank, actor: Actor, enrolment_id: str, reason: str, *, now: datetime) -> RoundView:
    """Take an elder off the list, with a reason. Raises Forbidden, NotFound, Invalid, RoundEnded."""
    if reason not in END_LABELS:
        raise Invalid
    with bank.unit() as unit:
        row = _open(unit, actor, enrolment_id)
        row.ended_at, row.ended_by, row.reason = now, actor.person_id, reason
        unit.flush()
        return views(unit, actor, [row], unit.care_at(now), local_day(now).replace(day=1), now)[0]


def _open(unit: Unit, actor: Actor, enrolment_id: str) -> RoundEnrolment:
    row = locked(unit, actor, enrolment_id)
    if row.ended_at is not None:
        raise RoundEnded
    return row


def assign(bank: Bank, actor: Actor, enrolment_id: str, visitor_id: str, month: date, *, now: datetime) -> RoundView:
    """Say who visits an elder in a month; from then on that is the usual visitor.

    Raises Forbidden, NotFound, VisitorUnfit, RoundEnded.
    """
    with bank.unit() as unit:
        row = _open(unit, actor, enrolment_id)
        _check_visitor(unit, visitor_id, row.person_id, row.station_id)
        row.visitor_id = visitor_id
        _keep_plan(unit, row.id, visitor_id, actor.person_id, month, now)
        return views(unit, actor, [row], unit.care_at(now), month, now)[0]


def _keep_plan(unit: Unit, enrolment_id: str, visitor_id: str, actor_id: str, month: date, now: datetime) -> None:
    plan = unit.rounds.plan(month, enrolment_id)
    if plan is None:
        plan = RoundPlan(book=unit.origin, month=month, enrolment_id=enrolment_id)
        plan.visitor_id, plan.planned_by, plan.planned_at = visitor_id, actor_id, now
        unit.rounds.add(plan)
    plan.visitor_id, plan.planned_by, plan.planned_at = visitor_id, actor_id, now
    unit.flush()


def plan(bank: Bank, actor: Actor, station_id: str, month: date, *, now: datetime) -> int:
    """Plan the month of a station for who has no visitor yet: the usual one, else whoever has most of the grid, else
    the worker with the fewest elders. Each visitor is told once. Gives how many were planned.

    Raises Forbidden, NotFound.
    """
    with bank.unit() as unit:
        require_at(actor, "rounds.run", station_id, unit.network.parents())
        rows = unit.rounds.enrolled_at([station_id], min(month_span(month)[1], now))
        plans = unit.rounds.plans(month)
        workers = staff_in(unit, RoleName.WORKER, station_id)
        load = dict.fromkeys(workers, 0)
        in_grid: dict[str, dict[str, int]] = {}
        for row in rows:
            kept = plans.get(row.id)
            visitor = kept.visitor_id if kept else row.visitor_id
            if visitor is not None:
                _count(load, in_grid, row.grid, visitor)
        chosen = set()
        left = [row for row in rows if row.id not in plans]
        for row in left:
            visitor = row.visitor_id
            if visitor is None:
                others = {one: many for one, many in in_grid.get(row.grid, {}).items() if one != row.person_id}
                free = [one for one in workers if one != row.person_id]
                visitor = max(others, key=others.__getitem__) if others else min(free, key=load.__getitem__, default="")
                if not visitor:
                    raise VisitorUnfit
                _count(load, in_grid, row.grid, visitor)
            _keep_plan(unit, row.id, visitor, actor.person_id, month, now)
            chosen.add(visitor)
        for visitor in sorted(chosen - {actor.person_id}):
            unit.tell(visitor, "rounds_planned", "rounds", station_id, now=now)
        return len(left)


def _count(load: dict[str, int], in_grid: dict[str, dict[str, int]], grid: str, visitor: str) -> None:
    load[visitor] = load.get(visitor, 0) + 1
    in_grid.setdefault(grid, {})[visitor] = in_grid.get(grid, {}).get(visitor, 0) + 1


def record(bank: Bank, actor: Actor, enrolment_id: str, visit: NewVisit, *, now: datetime) -> RoundView:
    """Write down a visit. An urgent one opens an incident in the same commit, and the chain of calls begins.

    Raises Forbidden, NotFound, Invalid, RoundVisitTimeInvalid, RoundEnded, VisitorUnfit.
    """
    with bank.unit() as unit:
        row = _open(unit, actor, enrolment_id)
        check_visit(visit.mode, visit.outcome, visit.text, visit.visited_at, row.started_at, now)
        visitor_id, incident_id = visit.visitor_id or actor.person_id, None
        _check_visitor(unit, visitor_id, row.person_id, row.station_id)
        if visit.outcome == Outcome.URGENT:
            incident_id = open_incident(
                bank,
                unit,
                actor.person_id,
                station_id=row.station_id,
                person_id=row.person_id,
                kind="found_on_visit",
                severity=Severity.URGENT,
                place="station" if visit.mode == "station" else "home",
                happened_at=visit.visited_at,
                text=visit.text,
                now=now,
            ).id
        unit.rounds.add(
            RoundVisit(
                book=unit.origin,
                id=bank.new_id(now),
                person_id=row.person_id,
                enrolment_id=row.id,
                station_id=row.station_id,
                visitor_id=visitor_id,
                visited_at=visit.visited_at,
                mode=visit.mode,
                outcome=visit.outcome,
                text_sealed=unit.seal_for(row.person_id, visit.text.strip()) if visit.text.strip() else None,
                incident_id=incident_id,
                recorded_by=actor.person_id,
                recorded_at=now,
            )
        )
        unit.flush()
        return views(unit, actor, [row], unit.care_at(now), local_day(now).replace(day=1), now)[0]
