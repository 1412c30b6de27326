"""Trainings: events that people join, who was there, and the qualifications that risky services ask for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.catalogue import TRAINING_LABELS
from timebank.domain.errors import (
    NotFound,
    ServiceInvalid,
    TrainingFull,
    TrainingInvalid,
    TrainingNotYet,
    TrainingOver,
)
from timebank.domain.local_time import local_day, parse_clock
from timebank.domain.roles import Actor, require, require_at, stations_of
from timebank.domain.words import N_
from timebank.storage.members import Qualification
from timebank.storage.trainings import TrainingEvent, TrainingPerson
from timebank.storage.unit import Bank, Unit

AUDIENCES = {
    "volunteers": N_("volunteers"),
    "carers": N_("families that care for somebody"),
    "all": N_("everybody"),
}
LONGEST_MINUTES = 16 * 60
MOST_PLACES = 1000


@dataclass(frozen=True, slots=True)
class NewTraining:
    """A training with the facts of Order 67, article 8. `training`: the gate it opens, "" for none.

    `begins`: a local time such as 14:30; `place`: the room. Either may be "" where the station tells it later.
    """

    station_id: str
    training: str
    name: str
    content: str
    organiser: str
    held_on: date
    minutes: int
    places: int
    audience: str
    valid_to: date | None = None
    begins: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class TrainingView:
    """A training; `joined` says whether the reader takes part. `people` only for the station: id, name, was there."""

    id: str
    station_id: str
    station: str
    station_en: str
    training: str | None
    name: str
    content: str
    organiser: str
    held_on: date
    minutes: int
    places: int
    free: int
    audience: str
    valid_to: date | None
    begins: str | None
    place: str | None
    state: str
    joined: bool
    people: tuple[tuple[str, str, bool | None], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A qualification of one's own."""

    training: str
    valid_from: date
    valid_to: date | None


def plan(bank: Bank, actor: Actor, new: NewTraining, *, now: datetime) -> str:
    """Announce a training. Gives its id. Raises TrainingInvalid, NotFound, Forbidden."""
    _check(new, local_day(now))
    with bank.unit() as unit:
        require_at(actor, "trainings.run", new.station_id, unit.network.parents())
        row = TrainingEvent(
            book=unit.origin,
            id=bank.new_id(now),
            station_id=new.station_id,
            training=new.training or None,
            name=new.name,
            content=new.content,
            organiser=new.organiser,
            held_on=new.held_on,
            minutes=new.minutes,
            places=new.places,
            audience=new.audience,
            valid_to=new.valid_to,
            begins=new.begins or None,
            place=new.place.strip() or None,
            state="planned",
            made_by=actor.person_id,
            made_at=now,
            version=1,
        )
        unit.trainings.add(row)
        return row.id


def _check(new: NewTraining, today: date) -> None:
    for field, right in (
        ("training", not new.training or new.training in TRAINING_LABELS),
        ("name", 0 < len(new.name.strip()) <= 80),
        ("content", 0 < len(new.content.strip()) <= 2000),
        ("organiser", 0 < len(new.organiser.strip()) <= 120),
        ("held_on", new.held_on >= today),
        ("minutes", 0 < new.minutes <= LONGEST_MINUTES),
        ("places", 0 < new.places <= MOST_PLACES),
        ("audience", new.audience in AUDIENCES),
        ("begins", not new.begins or _is_clock(new.begins)),
        ("place", len(new.place.strip()) <= 120),
        ("valid_to", new.valid_to is None or new.valid_to >= new.held_on),
    ):
        if not right:
            raise TrainingInvalid(field=field)


def _is_clock(text: str) -> bool:
    try:
        parse_clock(text)
    except ValueError:
        return False
    return True


def coming(bank: Bank, actor: Actor, *, now: datetime) -> tuple[TrainingView, ...]:
    """The trainings to come, for everybody who signed in; joining asks for more."""
    with bank.read() as unit:
        return _views(unit, actor, unit.trainings.coming(local_day(now)), with_people=False)


def mine(bank: Bank, actor: Actor) -> tuple[tuple[TrainingView, ...], tuple[Held, ...]]:
    """The trainings at which the actor was, and what they opened."""
    require(actor, "trainings.join")
    with bank.read() as unit:
        attended = _views(unit, actor, unit.trainings.attended(actor.person_id), with_people=False)
        held = unit.trainings.qualifications(actor.person_id)
        return attended, tuple(Held(row.training, row.valid_from, row.valid_to) for row in held)


def of_stations(bank: Bank, actor: Actor) -> tuple[TrainingView, ...]:
    """The trainings of the actor's stations, with who joined."""
    require(actor, "trainings.run")
    with bank.read() as unit:
        reach = stations_of(actor, "trainings.run", unit.network.parents())
        return _views(unit, actor, unit.trainings.of_stations(reach), with_people=True)


def join(bank: Bank, actor: Actor, event_id: str, *, now: datetime) -> None:
    """Take a place; a second time changes nothing. Raises TrainingFull, TrainingOver, NotFound, Forbidden."""
    require(actor, "trainings.join")
    with bank.unit() as unit:
        _enter(unit, actor.person_id, event_id, now)


def enter(bank: Bank, actor: Actor, event_id: str, person_id: str, *, now: datetime) -> None:
    """The desk writes down a member who wants to come. Raises as `join`, NotFound for a member elsewhere."""
    with bank.unit() as unit:
        row = _run(unit, actor, event_id)
        membership = unit.members.get(person_id)
        if membership is None or membership.state != "active":
            raise NotFound
        _enter(unit, person_id, row.id, now)


def leave(bank: Bank, actor: Actor, event_id: str, *, now: datetime) -> None:
    """Give the place back before the day. Raises TrainingOver, NotFound."""
    require(actor, "trainings.join")
    with bank.unit() as unit:
        row = _planned(unit, event_id)
        if row.held_on < local_day(now):
            raise TrainingOver
        for one in unit.trainings.people([event_id])[event_id]:
            if one.person_id == actor.person_id:
                unit.trainings.remove(one)
                return
        raise NotFound


def attend(bank: Bank, actor: Actor, event_id: str, present: Collection[str], *, now: datetime) -> int:
    """Write down who of those who joined was there; each gets the qualification that it opens. Gives how many.

    It is training time: no hour is credited for it. Raises TrainingNotYet, TrainingOver, NotFound, Forbidden.
    """
    with bank.unit() as unit:
        row = _run(unit, actor, event_id)
        if row.state != "planned":
            raise TrainingOver
        if local_day(now) < row.held_on:
            raise TrainingNotYet
        people = unit.trainings.people([event_id])[event_id]
        if set(present) - {one.person_id for one in people}:
            raise NotFound
        for one in people:
            one.attended, one.recorded_by = one.person_id in present, actor.person_id
            if one.attended and row.training is not None:
                _qualify(bank, unit, actor, one.person_id, row.training, row.held_on, row.valid_to, now)
        row.state = "held"
        return len(set(present))


def cancel(bank: Bank, actor: Actor, event_id: str, *, now: datetime) -> None:
    """It does not take place; who joined is told. Raises TrainingOver, NotFound, Forbidden."""
    with bank.unit() as unit:
        row = _run(unit, actor, event_id)
        if row.state != "planned":
            raise TrainingOver
        row.state = "cancelled"
        for one in unit.trainings.people([event_id])[event_id]:
            unit.tell(one.person_id, "training_cancelled", "training", event_id, now=now)


def _planned(unit: Unit, event_id: str) -> TrainingEvent:
    row = unit.trainings.get(event_id, lock=True)
    if row is None:
        raise NotFound
    if row.state != "planned":
        raise TrainingOver
    return row


def _run(unit: Unit, actor: Actor, event_id: str) -> TrainingEvent:
    row = unit.trainings.get(event_id, lock=True)
    if row is None:
        raise NotFound
    require_at(actor, "trainings.run", row.station_id, unit.network.parents())
    return row


def _enter(unit: Unit, person_id: str, event_id: str, now: datetime) -> None:
    row = _planned(unit, event_id)
    if row.held_on < local_day(now):
        raise TrainingOver
    people = unit.trainings.people([event_id])[event_id]
    if any(one.person_id == person_id for one in people):
        return
    if len(people) >= row.places:
        raise TrainingFull
    unit.trainings.add(TrainingPerson(book=unit.origin, event_id=event_id, person_id=person_id, joined_at=now))


def _views(unit: Unit, actor: Actor, rows: list[TrainingEvent], *, with_people: bool) -> tuple[TrainingView, ...]:
    stations = {row.id: row for row in unit.network.stations()}
    people = unit.trainings.people(row.id for row in rows)
    names = unit.persons({one.person_id for those in people.values() for one in those}) if with_people else {}
    return tuple(
        TrainingView(
            id=row.id,
            station_id=row.station_id,
            station=stations[row.station_id].name,
            station_en=stations[row.station_id].name_en,
            training=row.training,
            name=row.name,
            content=row.content,
            organiser=row.organiser,
            held_on=row.held_on,
            minutes=row.minutes,
            places=row.places,
            free=row.places - len(people[row.id]),
            audience=row.audience,
            valid_to=row.valid_to,
            begins=row.begins,
            place=row.place,
            state=row.state,
            joined=any(one.person_id == actor.person_id for one in people[row.id]),
            people=tuple(
                (one.person_id, names[one.person_id].name, one.attended) for one in people[row.id] if with_people
            ),
        )
        for row in rows
    )


def record(
    bank: Bank, actor: Actor, person_id: str, training: str, valid_from: date, valid_to: date | None, *, now: datetime
) -> None:
    """Write down that a member finished a training. Raises ServiceInvalid for an unknown one, NotFound."""
    if training not in TRAINING_LABELS:
        raise ServiceInvalid(field="training")
    with bank.unit() as unit:
        unit.require_member_at(actor, "members.qualify", person_id)
        _qualify(bank, unit, actor, person_id, training, valid_from, valid_to, now)


def _qualify(
    bank: Bank,
    unit: Unit,
    actor: Actor,
    person_id: str,
    training: str,
    valid_from: date,
    valid_to: date | None,
    now: datetime,
) -> None:
    unit.members.add(
        Qualification(
            book=unit.origin,
            id=bank.new_id(now),
            person_id=person_id,
            training=training,
            valid_from=valid_from,
            valid_to=valid_to,
            recorded_by=actor.person_id,
        )
    )
