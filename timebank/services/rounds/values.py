"""What pages and the API are given of the monthly visits. Who doesn't run them at the station sees names masked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.errors import NotFound
from timebank.domain.local_time import local_day
from timebank.domain.policies import Care
from timebank.domain.roles import Actor, RoleName, covers, permits, require, require_at, stations_of
from timebank.domain.rounds import Outcome, follow_up_by, is_red, month_span
from timebank.storage.alarming import staff_in
from timebank.storage.rounds import RoundEnrolment, RoundVisit
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class RoundView:
    """An enrolled elder in one month's list."""

    id: str
    person_id: str
    number: str
    name: str
    phone: str
    station_id: str
    grid: str
    visitor_id: str | None
    visitor: str
    planned: bool
    visited_on: date | None
    """The last visit in the month of the list."""
    last_contact_on: date | None
    last_outcome: str | None
    follow_up_by: date | None
    red: bool
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class TagView:
    """A circumstance, in the words of the region's rules; what shows it; who set it, when."""

    code: str
    name: str
    name_en: str
    evidence: str
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class VisitView:
    """One visit."""

    id: str
    visited_at: datetime
    mode: str
    outcome: str
    text: str
    visitor: str
    incident_id: str | None
    recorded_by: str


@dataclass(frozen=True, slots=True)
class VisitorView:
    """Somebody who may visit for a station."""

    person_id: str
    name: str
    is_staff: bool


@dataclass(frozen=True, slots=True)
class ElderView:
    """An elder who may be enrolled: the circumstances that stand in the data, of those that the region knows."""

    person_id: str
    number: str
    name: str
    tags: tuple[tuple[str, str, str, bool], ...]
    """(code, name, English name, whether it asks for visits)."""


def locked(unit: Unit, actor: Actor, enrolment_id: str) -> RoundEnrolment:
    """The enrolment, held against others, for who runs the visits there. Raises Forbidden, NotFound."""
    row = unit.rounds.get(enrolment_id, lock=True)
    require(actor, "rounds.run")
    if row is None:
        raise NotFound
    require_at(actor, "rounds.run", row.station_id, unit.network.parents())
    return row


def runs_at(unit: Unit, actor: Actor, station_id: str) -> bool:
    """Whether the actor looks after the visits of this station and so knows the elders by name."""
    return permits(actor, "rounds.run") and covers(actor, station_id, unit.network.parents(), "rounds.run")


def views(
    unit: Unit,
    actor: Actor,
    rows: Iterable[RoundEnrolment],
    care: Care,
    month: date,
    now: datetime,
    *,
    own: bool = False,
) -> tuple[RoundView, ...]:
    """Enrolments as the list of a month shows them; `own`: those whom the actor is to visit, by name."""
    rows = list(rows)
    since, until = month_span(month)
    last = unit.rounds.last_visits({row.station_id for row in rows}, until)
    plans = unit.rounds.plans(month)
    wanted = {plan.visitor_id for plan in plans.values()} | {row.visitor_id for row in rows if row.visitor_id}
    people = unit.persons(wanted | {row.person_id for row in rows})
    numbers = unit.members.numbers(row.person_id for row in rows)
    open_red = is_red(care, month, local_day(now))
    found = []
    for row in rows:
        person, visit, plan = people[row.person_id], last.get(row.id), plans.get(row.id)
        mine = own or runs_at(unit, actor, row.station_id)
        inside = visit is not None and visit.visited_at >= since
        visitor_id = plan.visitor_id if plan else row.visitor_id
        found.append(
            RoundView(
                id=row.id,
                person_id=row.person_id,
                number=numbers.get(row.person_id, "") if mine else "",
                name=person.name if mine else person.masked().name,
                phone=person.phone if mine else "",
                station_id=row.station_id,
                grid=row.grid,
                visitor_id=visitor_id,
                visitor=people[visitor_id].name if visitor_id in people else "",
                planned=plan is not None,
                visited_on=local_day(visit.visited_at) if visit and inside else None,
                last_contact_on=local_day(visit.visited_at) if visit else None,
                last_outcome=visit.outcome if visit else None,
                follow_up_by=_follow_up(care, visit),
                red=open_red and not inside and row.ended_at is None,
                ended_at=row.ended_at,
            )
        )
    return tuple(found)


def _follow_up(care: Care, visit: RoundVisit | None) -> date | None:
    """Until when the elder is to be looked after again; a later visit ends it."""
    open_ = visit is not None and visit.outcome != Outcome.FINE
    return follow_up_by(care, visit.visited_at) if visit is not None and open_ else None


def month_list(
    bank: Bank, actor: Actor, month: date, station_id: str | None = None, *, now: datetime
) -> tuple[RoundView, ...]:
    """A month's list: the unvisited first, the urgent and the red before the others. Of one station, or of all in
    scope. Raises NotFound for a station out of scope, Forbidden, CareRulesMissing."""
    require(actor, "rounds.read")
    with bank.read() as unit:
        care = unit.care_at(now)
        scope = stations_of(actor, "rounds.read", unit.network.parents())
        if station_id is not None and station_id not in scope:
            raise NotFound
        _, until = month_span(month)
        rows = unit.rounds.enrolled_at(scope if station_id is None else {station_id}, min(until, now))
        found = views(unit, actor, rows, care, month, now)
        return tuple(sorted(found, key=lambda one: (one.visited_on is not None, not one.follow_up_by, one.grid)))


def mine(bank: Bank, actor: Actor, month: date, *, now: datetime) -> tuple[RoundView, ...]:
    """Whom the actor is to visit in a month, staff or volunteer, the unvisited first. Raises CareRulesMissing."""
    with bank.read() as unit:
        planned = [plan for plan in unit.rounds.plans(month).values() if plan.visitor_id == actor.person_id]
        rows = [row for plan in planned if (row := unit.rounds.get(plan.enrolment_id)) and row.ended_at is None]
        found = views(unit, actor, rows, unit.care_at(now), month, now, own=True)
        return tuple(sorted(found, key=lambda one: (one.visited_on is not None, one.grid, one.number)))


def planned_for_me(bank: Bank, actor: Actor, month: date) -> int:
    """How many elders the actor is to visit in a month."""
    with bank.read() as unit:
        return unit.rounds.planned_for(actor.person_id, month)


def see(bank: Bank, actor: Actor, enrolment_id: str, month: date, *, now: datetime) -> RoundView:
    """One enrolled elder. Raises Forbidden, NotFound."""
    with bank.read() as unit:
        row = _readable(unit, actor, enrolment_id)
        return views(unit, actor, [row], unit.care_at(now), month, now)[0]


def _readable(unit: Unit, actor: Actor, enrolment_id: str) -> RoundEnrolment:
    require(actor, "rounds.read")
    row = unit.rounds.get(enrolment_id)
    if row is None:
        raise NotFound
    require_at(actor, "rounds.read", row.station_id, unit.network.parents())
    return row


def circumstances(bank: Bank, actor: Actor, enrolment_id: str, *, now: datetime) -> tuple[TagView, ...]:
    """The circumstances of an elder with their evidence: for who runs the visits there. Raises Forbidden, NotFound."""
    with bank.read() as unit:
        row = _readable(unit, actor, enrolment_id)
        require_at(actor, "rounds.run", row.station_id, unit.network.parents())
        named = {tag.code: tag for tag in unit.care_at(now).tags}
        rows = unit.rounds.tags(enrolment_id)
        people = unit.persons({one.recorded_by for one in rows})
        found = []
        for one in rows:
            opened = unit.open_for(one.person_id, one.text_sealed)
            if opened is not None:
                code, evidence = opened
                tag = named.get(code)
                name, name_en = (tag.name, tag.name_en) if tag else (code, code)
                found.append(TagView(code, name, name_en, evidence, people[one.recorded_by].name, one.recorded_at))
        return tuple(found)


def history(bank: Bank, actor: Actor, enrolment_id: str) -> tuple[VisitView, ...]:
    """The visits of an elder, the newest first; their words only for who runs them. Raises Forbidden, NotFound."""
    with bank.read() as unit:
        row = _readable(unit, actor, enrolment_id)
        rows = unit.rounds.visits(enrolment_id)
        people = unit.persons({one for visit in rows for one in (visit.visitor_id, visit.recorded_by)})
        mine = runs_at(unit, actor, row.station_id)
        return tuple(
            VisitView(
                id=visit.id,
                visited_at=visit.visited_at,
                mode=visit.mode,
                outcome=visit.outcome,
                text=(unit.open_for(visit.person_id, visit.text_sealed) or "") if mine else "",
                visitor=people[visit.visitor_id].name,
                incident_id=visit.incident_id,
                recorded_by=people[visit.recorded_by].name,
            )
            for visit in rows
        )


def visitors(bank: Bank, actor: Actor, station_id: str) -> tuple[VisitorView, ...]:
    """Who may visit for a station: its workers, then its active volunteers by name. Raises Forbidden, NotFound."""
    with bank.read() as unit:
        require_at(actor, "rounds.run", station_id, unit.network.parents())
        staff = staff_in(unit, RoleName.WORKER, station_id)
        rows = unit.members.of_stations([station_id], "active")
        serving = [row.person_id for row in rows if row.serves and row.person_id not in staff]
        people = unit.persons([*staff, *serving])
        named = [VisitorView(one, people[one].name, is_staff=True) for one in staff]
        return (
            *named,
            *sorted((VisitorView(one, people[one].name, is_staff=False) for one in serving), key=lambda one: one.name),
        )


def elder(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> ElderView:
    """A member of the station, with the circumstances that may be shown to hold. Raises Forbidden, NotFound."""
    with bank.read() as unit:
        require(actor, "rounds.run")
        membership = unit.members.get(person_id)
        if membership is None or membership.state != "active":
            raise NotFound
        require_at(actor, "rounds.run", membership.station_id, unit.network.parents())
        data, care = unit.person(person_id), unit.care_at(now)
        tags = (
            (tag.code, tag.name, tag.name_en, tag.code in care.rounds.tags_any)
            for tag in care.tags
            if tag.code in data.tags
        )
        return ElderView(person_id, membership.number, data.name, tuple(tags))
