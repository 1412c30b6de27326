"""The record of a volunteer (志愿服务记录) by article 4 of Order 67: basics, services, training, awards, evaluation.

What is no volunteering is never recorded as hours here, so it can't stand among the services.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from timebank.domain.certificates import RECORD_DAYS
from timebank.domain.errors import BasicsInvalid, NotFound
from timebank.domain.local_time import local_day
from timebank.domain.people import PersonData
from timebank.domain.roles import Actor, require
from timebank.storage.facts import ServiceFacts, facts_of
from timebank.storage.hours import HoursRecord
from timebank.storage.unit import Bank, Unit

PAGE = 50
LONGEST = 100


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """The seven facts of article 7, with what was credited beside what was really given."""

    number: str
    facts: ServiceFacts
    credited_minutes: int
    recorded_late: bool
    national: str


@dataclass(frozen=True, slots=True)
class PastLine:
    """A service that another system recorded: shown, and counted nowhere."""

    activity: str
    day: date
    minutes: int
    unit: str


@dataclass(frozen=True, slots=True)
class TrainingLine:
    name: str
    content: str
    minutes: int
    organiser: str
    day: date


@dataclass(frozen=True, slots=True)
class AwardLine:
    name: str
    day: date
    granted_by: str


@dataclass(frozen=True, slots=True)
class MarkLine:
    face: str
    day: date


@dataclass(frozen=True, slots=True)
class RecordView:
    """The five groups. `services` are the newest; `older` is the id to ask for those before."""

    person_id: str
    number: str
    data: PersonData
    services: tuple[ServiceLine, ...]
    older: str | None
    served_minutes: int
    past: tuple[PastLine, ...]
    trainings: tuple[TrainingLine, ...]
    awards: tuple[AwardLine, ...]
    marks: tuple[MarkLine, ...]


def own(bank: Bank, actor: Actor, *, before: str | None = None, limit: int = PAGE) -> RecordView:
    """The actor's record. Raises Forbidden, NotFound."""
    require(actor, "passbook.see_own")
    with bank.read() as unit:
        return _view(unit, actor.person_id, before, limit)


def of_member(bank: Bank, actor: Actor, person_id: str, *, before: str | None = None, limit: int = PAGE) -> RecordView:
    """A member's, at the desk: the organisation helps on request (article 12). Raises NotFound, Forbidden."""
    with bank.read() as unit:
        unit.require_member_at(actor, "passbook.print", person_id)
        return _view(unit, person_id, before, limit)


def describe(bank: Bank, actor: Actor, person_id: str, *, skills: str, service_category: str, now: datetime) -> None:
    """What somebody can do and would like to do: the member's own words, or typed in at the desk with consent (article
    6). Raises BasicsInvalid, NotFound, Forbidden."""
    if max(len(skills.strip()), len(service_category.strip())) > LONGEST:
        raise BasicsInvalid
    with bank.unit() as unit:
        if person_id == actor.person_id:
            require(actor, "passbook.see_own")
        else:
            unit.require_member_at(actor, "members.edit", person_id)
        row = unit.people.get(person_id)
        if row is None or unit.members.get(person_id) is None:
            raise NotFound
        data = replace(unit.person(person_id), skills=skills.strip(), service_category=service_category.strip())
        row.sealed = unit.seal_for(person_id, data.to_json())


def _view(unit: Unit, person_id: str, before: str | None, limit: int) -> RecordView:
    membership = unit.members.get(person_id)
    if membership is None:
        raise NotFound
    rows = unit.hours.served_by(person_id, before, limit)
    awards = []
    for award in unit.honours.awards_of(person_id):
        facts = unit.open_for(person_id, award.facts_sealed)
        if award.withdrawn_at is None and facts:
            awards.append(AwardLine(facts["name"], award.granted_on, facts["granted_by"]))
    past = []
    for one in unit.imports.past_services(person_id):
        facts = unit.open_for(person_id, one.facts_sealed) or {}
        past.append(PastLine(facts.get("activity", ""), one.happened_on, one.minutes, facts.get("unit", "")))
    return RecordView(
        person_id=person_id,
        number=membership.number,
        data=unit.person(person_id),
        services=_services(unit, rows),
        older=rows[-1].id if len(rows) == limit else None,
        served_minutes=unit.hours.served_minutes(person_id),
        past=tuple(past),
        trainings=tuple(
            TrainingLine(one.name, one.content, one.minutes, one.organiser, one.held_on)
            for one in unit.trainings.attended(person_id)
        ),
        awards=tuple(awards),
        marks=tuple(MarkLine(one.face, local_day(one.at)) for one in unit.ratings.of_helper(person_id)),
    )


def _services(unit: Unit, rows: list[HoursRecord]) -> tuple[ServiceLine, ...]:
    facts, entered = facts_of(unit, rows), unit.national.many(one.id for one in rows)
    return tuple(
        ServiceLine(
            number=one.number,
            facts=facts[one.id],
            credited_minutes=one.credited_minutes or 0,
            recorded_late=one.record_days is not None and one.record_days > RECORD_DAYS,
            national=(entered[one.id].number or "") if one.id in entered else "",
        )
        for one in rows
    )
