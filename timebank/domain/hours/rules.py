"""What is refused when hours are logged: with a clear reason, never trimmed to fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from timebank.domain.catalogue import Service, place_allowed
from timebank.domain.errors import (
    DayCapReached,
    GuardianConsentMissing,
    HoursEndBeforeStart,
    HoursInFuture,
    HoursOverlap,
    HoursTooLong,
    HoursTooOld,
    HoursTooShort,
    KinCare,
    MemberClosed,
    MemberNotActive,
    MonthCapReached,
    NotYetMember,
    OwnCare,
    PairMonthCapReached,
    PlaceNotAllowed,
    ServiceNotOffered,
    SlipNumberMissing,
    SourceNotCredited,
    TimebankError,
    VolunteerTooYoung,
    VolunteerUnqualified,
)
from timebank.domain.hours.records import Claim, Participant, Worked
from timebank.domain.hours.states import Source
from timebank.domain.identity import age_on
from timebank.domain.kin import OWED_BY_LAW, Relation
from timebank.domain.local_time import local_day, minutes_by_day
from timebank.domain.policies import RISK_ORDER, Policy, Risk, Younger


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Around a claim: the moment, the policy in force, the catalogue item, the two people and how they are related.

    `relation` is what the elder is to the volunteer. `others` are all counting records of the volunteer within
    `records.window(claim)`, without the record itself when it is looked at again.
    """

    now: datetime
    policy: Policy
    service: Service | None
    volunteer: Participant
    elder: Participant
    relation: Relation | None
    others: tuple[Worked, ...]


def refusals(claim: Claim, around: Circumstances) -> tuple[TimebankError, ...]:
    """All that speaks against logging these hours, the plainest first. Empty: they can be logged."""
    if claim.ended_at <= claim.started_at:
        return (HoursEndBeforeStart(),)
    checks = (_people(claim, around), _service(claim, around), _moment(claim, around), _amounts(claim, around))
    return tuple(error for check in checks for error in check)


def require_loggable(claim: Claim, around: Circumstances) -> None:
    """Raises the first refusal."""
    for error in refusals(claim, around):
        raise error


def _people(claim: Claim, around: Circumstances) -> Iterator[TimebankError]:
    if claim.volunteer_id == claim.elder_id:
        yield OwnCare()
    elif around.relation in OWED_BY_LAW or around.relation in around.policy.volunteers.kin_excluded:
        yield KinCare()
    for person in (around.volunteer, around.elder):
        if person.closed:
            yield MemberClosed()
        elif not person.active:
            yield MemberNotActive()
        elif local_day(claim.started_at) < local_day(person.member_since):
            yield NotYetMember()
    rules, volunteer = around.policy.volunteers, around.volunteer
    if rules.age_years is None or volunteer.born_on is None:
        return
    if age_on(volunteer.born_on, local_day(claim.started_at)) < rules.age_years:
        if rules.younger is Younger.GUARDIAN and not volunteer.guardian_agrees:
            yield GuardianConsentMissing()
        elif rules.younger is Younger.REFUSE or (rules.younger is Younger.GROUP and not claim.in_group):
            yield VolunteerTooYoung(age_years=rules.age_years)


def _service(claim: Claim, around: Circumstances) -> Iterator[TimebankError]:
    service, rules = around.service, around.policy.volunteers
    if service is None or not service.active or service.code != claim.service_code:
        yield ServiceNotOffered()
        return
    if RISK_ORDER.index(service.risk) > RISK_ORDER.index(rules.highest_risk):
        yield ServiceNotOffered()
    if not place_allowed(service, claim.place):
        yield PlaceNotAllowed()
    if service.risk is not Risk.LOW and service.training and service.training not in around.volunteer.trainings:
        yield VolunteerUnqualified(on=local_day(claim.started_at))
    if claim.minutes < service.minutes_min:
        yield HoursTooShort(least_minutes=service.minutes_min, actual_minutes=claim.minutes)
    limit = around.policy.limits.record_minutes
    most = service.minutes_max if limit is None else min(limit, service.minutes_max)
    if claim.minutes > most:
        yield HoursTooLong(most_minutes=most, actual_minutes=claim.minutes)


def _moment(claim: Claim, around: Circumstances) -> Iterator[TimebankError]:
    entry = around.policy.entry
    if claim.ended_at > around.now:
        yield HoursInFuture()
    if claim.source not in entry.sources:
        yield SourceNotCredited()
    if claim.source is Source.SLIP and not claim.slip_number:
        yield SlipNumberMissing()
    limit = entry.slip_latest_days if claim.source is Source.SLIP else entry.latest_days
    age = (local_day(around.now) - local_day(claim.ended_at)).days
    if limit is not None and age > limit:
        yield HoursTooOld(age_days=age, limit_days=limit)
    for other in around.others:
        if other.overlaps(claim.started_at, claim.ended_at):
            yield HoursOverlap(other_started_at=other.started_at, other_ended_at=other.ended_at)
            return


def _amounts(claim: Claim, around: Circumstances) -> Iterator[TimebankError]:
    limits = around.policy.limits
    days = minutes_by_day(claim.started_at, claim.ended_at)
    by_day = dict.fromkeys(days, 0)
    by_month = {(day.year, day.month): 0 for day in days}
    pair_by_month = dict(by_month)
    mine = Worked("", claim.volunteer_id, claim.elder_id, claim.started_at, claim.ended_at)
    for other in (*around.others, mine):
        for day, minutes in minutes_by_day(other.started_at, other.ended_at).items():
            month = (day.year, day.month)
            if day in by_day:
                by_day[day] += minutes
            if month in by_month:
                by_month[month] += minutes
                pair_by_month[month] += minutes if other.elder_id == claim.elder_id else 0
    if limits.day_minutes is not None:
        for day, total in by_day.items():
            if total > limits.day_minutes:
                yield DayCapReached(total_minutes=total, cap_minutes=limits.day_minutes, on=day)
    if limits.month_minutes is not None and max(by_month.values()) > limits.month_minutes:
        yield MonthCapReached(total_minutes=max(by_month.values()), cap_minutes=limits.month_minutes)
    if limits.pair_month_minutes is not None and max(pair_by_month.values()) > limits.pair_month_minutes:
        yield PairMonthCapReached(total_minutes=max(pair_by_month.values()), cap_minutes=limits.pair_month_minutes)
