"""The project bank (志愿服务项目库): what the county's stations plan, whom they look for; everybody may read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.activities import PROJECT_LABELS, PROJECT_STEPS, NewProject, check_project
from timebank.domain.catalogue import TRAINING_LABELS
from timebank.domain.errors import (
    ActivityFull,
    ActivityStateConflict,
    AlreadyBooked,
    MemberNotActive,
    NotFound,
    VolunteerUnqualified,
)
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, covers, permits, require, require_at
from timebank.storage.activities import Project, ProjectPerson
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class ProjectView:
    """A project as everybody sees it; `people` are named to its station alone."""

    id: str
    station_id: str
    station: str
    station_en: str
    name: str
    needs: str
    skills: tuple[str, ...]
    head_count: int
    signed_up: int
    starts_on: date
    ends_on: date
    state: str
    joined_by_me: bool
    people: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]


def make(bank: Bank, actor: Actor, form: NewProject, *, now: datetime) -> ProjectView:
    """A worker puts a project of the station into the bank. Raises ProjectInvalid, NotFound, Forbidden."""
    check_project(form, tuple(TRAINING_LABELS))
    with bank.unit() as unit:
        require_at(actor, "projects.edit", form.station_id, unit.network.parents())
        row = Project(
            book=unit.origin,
            id=bank.new_id(now),
            station_id=form.station_id,
            name=form.name.strip(),
            needs=form.needs.strip(),
            skills=" ".join(sorted(set(form.skills))),
            head_count=form.head_count,
            starts_on=form.starts_on,
            ends_on=form.ends_on,
            state="open",
            made_by=actor.person_id,
            made_at=now,
            version=1,
        )
        unit.activities.add(row)
        unit.flush()
        return _views(unit, actor, [row])[0]


def move(bank: Bank, actor: Actor, project_id: str, state: str) -> ProjectView:
    """Running, done, closed, open again. Raises NotFound, Forbidden, ActivityStateConflict."""
    with bank.unit() as unit:
        row = unit.activities.project(project_id, lock=True)
        if row is None:
            raise NotFound
        require_at(actor, "projects.edit", row.station_id, unit.network.parents())
        if state not in PROJECT_STEPS[row.state]:
            raise ActivityStateConflict
        row.state = state
        unit.flush()
        return _views(unit, actor, [row])[0]


def join(bank: Bank, actor: Actor, project_id: str, *, now: datetime) -> ProjectView:
    """A member signs up. Raises ActivityFull, ActivityStateConflict, AlreadyBooked, VolunteerUnqualified without the
    trainings, MemberNotActive, NotFound, Forbidden."""
    require(actor, "projects.join")
    with bank.unit() as unit:
        row = unit.activities.project(project_id, lock=True)
        membership = unit.members.get(actor.person_id)
        if row is None or membership is None:
            raise NotFound
        if membership.state != "active":
            raise MemberNotActive
        today = local_day(now)
        if row.state not in ("open", "running") or row.ends_on < today:
            raise ActivityStateConflict
        people = unit.activities.signed_up([row.id])[row.id]
        if actor.person_id in {one.person_id for one in people}:
            raise AlreadyBooked
        if len(people) >= row.head_count:
            raise ActivityFull
        if not set(row.skills.split()) <= unit.members.trainings(actor.person_id, today):
            raise VolunteerUnqualified(on=today)
        unit.activities.add(
            ProjectPerson(book=unit.origin, project_id=row.id, person_id=actor.person_id, joined_at=now)
        )
        unit.flush()
        return _views(unit, actor, [row])[0]


def leave(bank: Bank, actor: Actor, project_id: str) -> ProjectView:
    """Who signed up leaves. Raises NotFound."""
    with bank.unit() as unit:
        row = unit.activities.project(project_id, lock=True)
        if row is None:
            raise NotFound
        for one in unit.activities.signed_up([row.id])[row.id]:
            if one.person_id == actor.person_id:
                unit.activities.remove(one)
                return _views(unit, actor, [row])[0]
        raise NotFound


def every(bank: Bank, actor: Actor | None) -> tuple[ProjectView, ...]:
    """All projects of the county, the newest first; nobody's name for who isn't of their station."""
    with bank.read() as unit:
        return _views(unit, actor, unit.activities.projects(PROJECT_LABELS))


def see(bank: Bank, actor: Actor | None, project_id: str) -> ProjectView:
    """One project. Raises NotFound."""
    with bank.read() as unit:
        row = unit.activities.project(project_id)
        if row is None:
            raise NotFound
        return _views(unit, actor, [row])[0]


def _views(unit: Unit, actor: Actor | None, rows: Iterable[Project]) -> tuple[ProjectView, ...]:
    rows = list(rows)
    people = unit.activities.signed_up([row.id for row in rows])
    stations = {one.id: one for one in unit.network.stations()}
    tree = unit.network.parents()
    mine = {
        row.id
        for row in rows
        if actor is not None
        and permits(actor, "projects.edit")
        and covers(actor, row.station_id, tree, "projects.edit")
    }
    names = unit.persons({one.person_id for row in rows if row.id in mine for one in people[row.id]})
    return tuple(
        ProjectView(
            id=row.id,
            station_id=row.station_id,
            station=stations[row.station_id].name,
            station_en=stations[row.station_id].name_en,
            name=row.name,
            needs=row.needs,
            skills=tuple(row.skills.split()),
            head_count=row.head_count,
            signed_up=len(people[row.id]),
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            state=row.state,
            joined_by_me=actor is not None and actor.person_id in {one.person_id for one in people[row.id]},
            people=tuple((one.person_id, names[one.person_id].name) for one in people[row.id] if row.id in mine),
            steps=PROJECT_STEPS[row.state] if row.id in mine else (),
        )
        for row in rows
    )
