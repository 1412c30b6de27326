"""Stars, awards and the roll of honour. Stars follow the record; awards are noted; nobody is shown without consent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.errors import AwardStateConflict, NotFound, ReasonUnknown, SecondPersonNeeded
from timebank.domain.honours import (
    CONSENT_TEXT,
    FULL_NAME,
    ROLL,
    WITHDRAW_REASONS,
    NewAward,
    next_honour,
    reached,
    roll_name,
)
from timebank.domain.local_time import local_day
from timebank.domain.policies import Honour
from timebank.domain.roles import Actor, require
from timebank.storage.accounts import record_consent
from timebank.storage.honours import Award, HonourReached
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class AwardView:
    """An award as its holder and the station see it."""

    id: str
    name: str
    granted_by: str
    granted_on: date
    basis: str
    withdrawn_why: str | None
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class HonoursView:
    """What a member has been thanked with. `lost`: stars that a correction took away."""

    person_id: str
    name: str
    served_minutes: int
    stars: tuple[Honour, ...]
    coming: Honour | None
    lost: tuple[str, ...]
    awards: tuple[AwardView, ...]
    on_roll: bool
    with_name: bool


@dataclass(frozen=True, slots=True)
class OnRoll:
    """A line of the roll of honour: as much of the name as was agreed to, and the star."""

    name: str
    star: str
    star_en: str


def own(bank: Bank, actor: Actor, *, now: datetime) -> HonoursView:
    """The actor's stars and awards. Raises Forbidden, NotFound."""
    require(actor, "passbook.see_own")
    with bank.read() as unit:
        if unit.members.get(actor.person_id) is None:
            raise NotFound
        return _view(unit, actor, actor.person_id, now)


def of_member(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> HonoursView:
    """A member's, for the member's station. Raises NotFound, Forbidden."""
    with bank.read() as unit:
        unit.require_member_at(actor, "awards.read", person_id)
        return _view(unit, actor, person_id, now)


def record(bank: Bank, actor: Actor, person_id: str, new: NewAward, *, now: datetime) -> None:
    """Note an award of a member, never of oneself. Raises AwardInvalid, SecondPersonNeeded, NotFound, Forbidden."""
    new.check(local_day(now))
    with bank.unit() as unit:
        membership = unit.require_member_at(actor, "awards.record", person_id)
        if person_id == actor.person_id:
            raise SecondPersonNeeded
        facts = {"name": new.name.strip(), "granted_by": new.granted_by.strip(), "basis": new.basis.strip()}
        row = Award(
            book=unit.origin,
            id=bank.new_id(now),
            person_id=person_id,
            station_id=membership.station_id,
            facts_sealed=unit.seal_for(person_id, facts),
            granted_on=new.granted_on,
            recorded_by=actor.person_id,
            recorded_at=now,
            version=1,
        )
        unit.honours.add(row)
        unit.tell(person_id, "award_noted", "honours", row.id, now=now)


def withdraw(bank: Bank, actor: Actor, award_id: str, reason: str, *, now: datetime) -> None:
    """It does not stand; somebody else than who noted it says so. It is kept with the reason.

    Raises ReasonUnknown, AwardStateConflict, SecondPersonNeeded, NotFound, Forbidden.
    """
    if reason not in WITHDRAW_REASONS:
        raise ReasonUnknown
    with bank.unit() as unit:
        row = unit.honours.award(award_id, lock=True)
        if row is None:
            raise NotFound
        unit.require_member_at(actor, "awards.record", row.person_id)
        if row.withdrawn_at is not None:
            raise AwardStateConflict
        if actor.person_id in (row.recorded_by, row.person_id):
            raise SecondPersonNeeded
        row.withdrawn_by, row.withdrawn_at, row.withdrawn_why = actor.person_id, now, reason


def agree(bank: Bank, actor: Actor, person_id: str, *, on_roll: bool, with_name: bool, now: datetime) -> None:
    """Whether the member stands on the roll of honour, and with the full name: the member's word, at home or at the
    desk. It holds at once. Raises NotFound, Forbidden."""
    with bank.unit() as unit:
        channel = "screen"
        if person_id == actor.person_id:
            require(actor, "passbook.see_own")
        else:
            unit.require_member_at(actor, "consents.record", person_id)
            channel = "desk"
        agreed = unit.honours.agreed((ROLL, FULL_NAME), None).get(person_id, set())
        for kind, wanted in ((ROLL, on_roll), (FULL_NAME, on_roll and with_name)):
            if wanted != (kind in agreed):
                record_consent(
                    bank, unit, person_id, kind, text_version=CONSENT_TEXT, channel=channel,
                    recorded_by=actor.person_id, now=now, given=wanted,
                )  # fmt: skip


def roll(bank: Bank, station_id: str | None = None, *, now: datetime) -> tuple[OnRoll, ...]:
    """The roll of honour of a station, or of the county: who agreed and has a star, the highest first, then by name.

    Raises NotFound for no such station.
    """
    with bank.read() as unit:
        if station_id is not None and unit.network.get_station(station_id) is None:
            raise NotFound
        policy, _ = unit.policy_at(now)
        agreed = {who: kinds for who, kinds in unit.honours.agreed((ROLL, FULL_NAME), station_id).items()
                  if ROLL in kinds}  # fmt: skip
        people = unit.persons(agreed)
        found = []
        for who, kinds in agreed.items():
            stars = reached(policy, unit.hours.served_minutes(who))
            if stars:
                name = roll_name(people[who].name, people[who].sex, full=FULL_NAME in kinds)
                found.append((-stars[0].minutes, OnRoll(name, stars[0].name, stars[0].name_en)))
        return tuple(line for _, line in sorted(found, key=lambda one: (one[0], one[1].name)))


def recognise_due(bank: Bank, *, now: datetime) -> int:
    """Note the stars that members have reached since, or lost by a correction, and tell them, once each.

    Gives how many changed. Safe to repeat.
    """
    changed, today = 0, local_day(now)
    with bank.unit() as unit:
        if unit.policies.in_force(now) is None:
            return 0
        policy, _ = unit.policy_at(now)
        known = unit.honours.every_star()
        if not policy.honours and not known:
            return 0
        for who, minutes in unit.honours.served().items():
            held = {honour.code for honour in reached(policy, minutes)}
            mine = known.get(who, {})
            for code in held - {code for code, row in mine.items() if row.lost_on is None}:
                if code in mine:
                    mine[code].lost_on, mine[code].reached_on = None, today
                else:
                    unit.honours.add(HonourReached(book=unit.origin, person_id=who, code=code, reached_on=today))
                unit.tell(who, "star_reached", "honours", code, now=now)
                changed += 1
            for code, row in mine.items():
                if row.lost_on is None and code not in held:
                    row.lost_on = today
                    unit.tell(who, "star_lost", "honours", code, now=now)
                    changed += 1
    return changed


def _view(unit: Unit, actor: Actor, person_id: str, now: datetime) -> HonoursView:
    policy, _ = unit.policy_at(now)
    served = unit.hours.served_minutes(person_id)
    agreed = unit.honours.agreed((ROLL, FULL_NAME), None).get(person_id, set())
    lost = [row.code for row in unit.honours.stars_of([person_id]).get(person_id, ()) if row.lost_on is not None]
    names = {honour.code: honour.name for honour in policy.honours}
    return HonoursView(
        person_id=person_id,
        name=unit.person(person_id).name,
        served_minutes=served,
        stars=reached(policy, served),
        coming=next_honour(policy, served),
        lost=tuple(names.get(code, code) for code in lost),
        awards=tuple(_award(unit, actor, row) for row in unit.honours.awards_of(person_id)),
        on_roll=ROLL in agreed,
        with_name=FULL_NAME in agreed,
    )


def _award(unit: Unit, actor: Actor, row: Award) -> AwardView:
    facts = unit.open_for(row.person_id, row.facts_sealed) or {}
    return AwardView(
        id=row.id,
        name=facts.get("name", ""),
        granted_by=facts.get("granted_by", ""),
        granted_on=row.granted_on,
        basis=facts.get("basis", ""),
        withdrawn_why=row.withdrawn_why,
        may_withdraw=row.withdrawn_at is None and actor.person_id not in (row.recorded_by, row.person_id),
    )
