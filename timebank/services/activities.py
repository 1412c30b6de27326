"""Group activities: planned with the seven facts, joined, and written down once as hours of each person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from timebank.domain.activities import NewActivity, check_activity
from timebank.domain.catalogue import Place, Service
from timebank.domain.errors import (
    ActivityFull,
    ActivityInvalid,
    ActivityStateConflict,
    AlreadyBooked,
    NotFound,
    SourceNotCredited,
    TimebankError,
)
from timebank.domain.hours import Claim, Source
from timebank.domain.hours import refusals as claim_refusals
from timebank.domain.identity import matter_number
from timebank.domain.local_time import local_day
from timebank.domain.messages import reminder_due
from timebank.domain.needs import check_insurance, overlaps
from timebank.domain.roles import Actor, covers, permits, require, require_at, stations_of
from timebank.storage.activities import Activity, ActivityPerson
from timebank.storage.booking import booked
from timebank.storage.circumstances import circumstances
from timebank.storage.unit import Bank, Unit

JOINED, SERVED = "joined", "served"


@dataclass(frozen=True, slots=True)
class ActivityView:
    """An activity. Names of people stand there for its station alone; `joined_by_me` for who looks."""

    id: str
    number: str
    state: str
    station_id: str
    station: str
    station_en: str
    name: str
    place: str
    content: str
    service_code: str
    service: str
    service_en: str
    starts_at: datetime
    minutes: int
    places: int
    taken: int
    served_count: int
    leader: str
    in_group: bool
    joined_by_me: bool
    people: tuple[tuple[str, str], ...]
    served: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Who joined, whom that person's time is recorded for, and what forbids it, if anything does."""

    person_id: str
    name: str
    number: str
    elder_id: str
    elder: str
    refusal: TimebankError | None


def plan(bank: Bank, actor: Actor, form: NewActivity, *, now: datetime) -> ActivityView:
    """A worker plans an activity of the station. Raises ActivityInvalid, TeamInvalid, NotFound, Forbidden."""
    check_activity(form, now)
    with bank.unit() as unit:
        require_at(actor, "activities.run", form.station_id, unit.network.parents())
        _check_people(unit, form)
        year = local_day(now).year
        row = Activity(
            book=unit.origin,
            id=bank.new_id(now),
            number=matter_number("A", year, unit.network.next_number(f"activity {year}")),
            station_id=form.station_id,
            team_id=form.team_id,
            name=form.name.strip(),
            place=form.place.strip(),
            content=form.content.strip(),
            service_code=form.service_code,
            starts_at=form.starts_at,
            ends_at=form.starts_at + timedelta(minutes=form.minutes),
            minutes=form.minutes,
            leader_id=form.leader_id,
            places=form.places,
            state="open",
            made_by=actor.person_id,
            version=1,
        )
        unit.activities.add(row)
        unit.flush()
        for person_id in dict.fromkeys(form.served):
            unit.activities.add(_person(row, person_id, SERVED, now))
        unit.flush()
        return _views(unit, actor, [row])[0]


def join(bank: Bank, actor: Actor, activity_id: str, person_id: str = "", *, now: datetime) -> ActivityView:
    """A member joins, or the activity's station enters who asked at the desk (`person_id`).

    The gates are those of the hours: age, training, kin, insurance, other promises.

    Raises ActivityFull, ActivityStateConflict, AlreadyBooked, InsuranceMissing, each refusal of `domain.hours.rules`.
    """
    with bank.unit() as unit:
        row = _locked(unit, activity_id)
        if person_id:
            require_at(actor, "activities.run", row.station_id, unit.network.parents())
        else:
            require(actor, "activities.join")
        who = person_id or actor.person_id
        if row.state != "open" or row.starts_at <= now:
            raise ActivityStateConflict
        unit.members.get(who, lock=True)
        people = unit.activities.people([row.id])[row.id]
        if who in {one.person_id for one in people}:
            raise AlreadyBooked
        if sum(one.part == JOINED for one in people) >= row.places:
            raise ActivityFull
        _elder_for(unit, row, [one.person_id for one in people if one.part == SERVED], who)
        times = booked(unit, [who], row.starts_at, row.ends_at).get(who, [])
        if overlaps(row.starts_at, row.ends_at, times):
            raise AlreadyBooked
        unit.activities.add(_person(row, who, JOINED, now))
        unit.flush()
        return _views(unit, actor, [row])[0]


def leave(bank: Bank, actor: Actor, activity_id: str) -> ActivityView:
    """Who joined leaves again, before it is written down. Raises NotFound, ActivityStateConflict."""
    with bank.unit() as unit:
        row = _locked(unit, activity_id)
        mine = [
            one
            for one in unit.activities.people([row.id])[row.id]
            if one.person_id == actor.person_id and one.part == JOINED
        ]
        if not mine:
            raise NotFound
        if row.state != "open":
            raise ActivityStateConflict
        unit.activities.remove(mine[0])
        return _views(unit, actor, [row])[0]


def cancel(bank: Bank, actor: Actor, activity_id: str, *, now: datetime) -> ActivityView:
    """The station calls it off; all who joined are told. Raises NotFound, Forbidden, ActivityStateConflict."""
    with bank.unit() as unit:
        row = _run_by(unit, actor, activity_id)
        if row.state != "open":
            raise ActivityStateConflict
        row.state = "cancelled"
        for one in unit.activities.people([row.id])[row.id]:
            unit.tell(one.person_id, "activity_cancelled", "activity", row.id, now=now, urgent=True)
        unit.flush()
        return _views(unit, actor, [row])[0]


def sheet(bank: Bank, actor: Actor, activity_id: str) -> tuple[Line, ...]:
    """Who joined, and for which of the served people each one's time is recorded: turn by turn, never for near kin.

    Raises NotFound, Forbidden.
    """
    with bank.read() as unit:
        row = unit.activities.get(activity_id)
        if row is None:
            raise NotFound
        require_at(actor, "activities.run", row.station_id, unit.network.parents())
        people = unit.activities.people([row.id])[row.id]
        served = [one.person_id for one in people if one.part == SERVED]
        names = unit.persons({one.person_id for one in people})
        found = []
        for turn, one in enumerate(one for one in people if one.part == JOINED):
            membership = unit.members.get(one.person_id)
            refusal, elder_id = None, served[turn % len(served)]
            try:
                start = turn % len(served)
                elder_id = _elder_for(unit, row, served[start:] + served[:start], one.person_id)
            except TimebankError as error:
                refusal = error
            found.append(
                Line(
                    one.person_id,
                    names[one.person_id].name,
                    membership.number if membership is not None else "",
                    elder_id,
                    names[elder_id].name,
                    refusal,
                )
            )
        return tuple(found)


def written(bank: Bank, actor: Actor, activity_id: str, records: Mapping[str, str], *, now: datetime) -> ActivityView:
    """The hours of who was there are entered (person → record); it is never written down twice.

    Raises NotFound for a record that isn't this person's of that day and service, ActivityStateConflict, Forbidden.
    """
    with bank.unit() as unit:
        row = _run_by(unit, actor, activity_id)
        if row.state != "open" or row.starts_at > now:
            raise ActivityStateConflict
        there = {one.person_id: one for one in unit.activities.people([row.id])[row.id] if one.part == JOINED}
        for person_id, record_id in records.items():
            record = unit.hours.get(record_id)
            wanted = (person_id, row.service_code, row.starts_at)
            if record is None or (record.volunteer_id, record.service_code, record.started_at) != wanted:
                raise NotFound
            if person_id not in there:
                raise NotFound
            there[person_id].record_id = record_id
        row.state = "recorded"
        unit.flush()
        return _views(unit, actor, [row])[0]


def see(bank: Bank, actor: Actor, activity_id: str) -> ActivityView:
    """One activity. Raises NotFound."""
    with bank.read() as unit:
        row = unit.activities.get(activity_id)
        if row is None:
            raise NotFound
        return _views(unit, actor, [row])[0]


def to_join(bank: Bank, actor: Actor, *, now: datetime) -> tuple[ActivityView, ...]:
    """What is still to come in the county, the soonest first."""
    with bank.read() as unit:
        rows = unit.activities.page(unit.network.parents(), ("open",), since=now, limit=100)
        return _views(unit, actor, sorted(rows, key=lambda row: row.starts_at))


def at_stations(bank: Bank, actor: Actor, *, before: str | None = None, limit: int = 50) -> tuple[ActivityView, ...]:
    """All activities of the actor's stations, the newest first."""
    with bank.read() as unit:
        stations = stations_of(actor, "activities.read", unit.network.parents())
        states = ("open", "recorded", "cancelled")
        return _views(unit, actor, unit.activities.page(stations, states, before=before, limit=limit))


def remind_due(bank: Bank, *, now: datetime) -> int:
    """Remind who joined, at the hours of the care rules. Gives how many activities were reminded of."""
    with bank.unit() as unit:
        care = unit.get_care(now)
        marks = care.needs.reminder_hours if care is not None else ()
        done = 0
        for activity_id in unit.activities.to_remind(now, now + timedelta(hours=max(marks, default=0))):
            row = _locked(unit, activity_id)
            mark = reminder_due(marks, row.starts_at, row.reminded_hours, now)
            if mark is None:
                continue
            row.reminded_hours = mark
            for one in unit.activities.people([row.id])[row.id]:
                unit.tell(one.person_id, "activity_reminder", "activity", row.id, now=now)
            done += 1
        return done


def _person(row: Activity, person_id: str, part: str, now: datetime) -> ActivityPerson:
    return ActivityPerson(book=row.book, activity_id=row.id, person_id=person_id, part=part, joined_at=now)


def _locked(unit: Unit, activity_id: str) -> Activity:
    row = unit.activities.get(activity_id, lock=True)
    if row is None:
        raise NotFound
    return row


def _run_by(unit: Unit, actor: Actor, activity_id: str) -> Activity:
    row = _locked(unit, activity_id)
    require_at(actor, "activities.run", row.station_id, unit.network.parents())
    return row


def _check_people(unit: Unit, form: NewActivity) -> None:
    """The leader and all who are served are active members; the leader and the team are of the station.

    Papers are carried by one helper for one elder with a note between them, never in a group.
    """
    service = unit.catalogue.service(form.service_code)
    leader = unit.members.get(form.leader_id)
    team = unit.activities.team(form.team_id) if form.team_id else None
    right = (
        service is not None and service.active and service.minutes_min <= form.minutes <= service.minutes_max,
        service is not None and not service.carries_papers,
        leader is not None and leader.state == "active" and leader.station_id == form.station_id,
        form.team_id is None or (team is not None and team.station_id == form.station_id),
    )
    served = [unit.members.get(one) for one in form.served]
    if not all(right) or any(
        one is None or one.state != "active" or one.station_id != form.station_id for one in served
    ):
        raise ActivityInvalid


def _elder_for(unit: Unit, row: Activity, served: Sequence[str], person_id: str) -> str:
    """The first of these for whom the rules let this person serve. Raises the refusal for the last of them."""
    service = unit.catalogue.service(row.service_code)
    if service is None:
        raise ActivityInvalid
    check_insurance(service, unit.offers.insured_until([person_id]).get(person_id), local_day(row.starts_at))
    refusal: TimebankError = ActivityInvalid()
    for elder_id in served:
        claim = _claim(row, service, person_id, elder_id)
        around = circumstances(unit, claim, service, row.ends_at)
        refusals = [one for one in claim_refusals(claim, around) if not isinstance(one, SourceNotCredited)]
        if not refusals:
            return elder_id
        refusal = refusals[0]
    raise refusal


def _claim(row: Activity, service: Service, person_id: str, elder_id: str) -> Claim:
    place = Place.STATION if service.place is Place.ANY else service.place
    return Claim(
        volunteer_id=person_id,
        elder_id=elder_id,
        service_code=row.service_code,
        started_at=row.starts_at,
        ended_at=row.ends_at,
        place=place,
        source=Source.MANUAL,
        in_group=row.team_id is not None,
    )


def _views(unit: Unit, actor: Actor, rows: Iterable[Activity]) -> tuple[ActivityView, ...]:
    rows = list(rows)
    people = unit.activities.people([row.id for row in rows])
    stations = {one.id: one for one in unit.network.stations()}
    services = {service.code: service for service in unit.catalogue.services()}
    tree = unit.network.parents()
    runs = permits(actor, "activities.read")
    shown = {row.id for row in rows if runs and covers(actor, row.station_id, tree, "activities.read")}
    known = {one.person_id for row in rows if row.id in shown for one in people[row.id]}
    names = unit.persons(known | {row.leader_id for row in rows})
    found = []
    for row in rows:
        service, station = services.get(row.service_code), stations[row.station_id]
        mine = [one for one in people[row.id] if row.id in shown and one.person_id in names]
        joined = [one for one in people[row.id] if one.part == JOINED]
        found.append(
            ActivityView(
                id=row.id,
                number=row.number,
                state=row.state,
                station_id=row.station_id,
                station=station.name,
                station_en=station.name_en,
                name=row.name,
                place=row.place,
                content=row.content,
                service_code=row.service_code,
                service=service.name if service else row.service_code,
                service_en=service.name_en if service else row.service_code,
                starts_at=row.starts_at,
                minutes=row.minutes,
                places=row.places,
                taken=len(joined),
                served_count=len(people[row.id]) - len(joined),
                leader=names[row.leader_id].name if row.leader_id in names else "",
                in_group=row.team_id is not None,
                joined_by_me=actor.person_id in {one.person_id for one in joined},
                people=tuple((one.person_id, names[one.person_id].name) for one in mine if one.part == JOINED),
                served=tuple((one.person_id, names[one.person_id].name) for one in mine if one.part == SERVED),
            )
        )
    return tuple(found)
