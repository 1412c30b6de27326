"""What is unusual about a record. Flags are shown beside it and decide nothing: a human does.

Each flag names the numbers that raised it, so that people can judge it. The thresholds are the policy's, off unless
set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from timebank.domain.catalogue import Place, Service
from timebank.domain.hours.records import Claim, Worked
from timebank.domain.hours.states import Source
from timebank.domain.kin import NEAR, Relation
from timebank.domain.local_time import local_day, whole_minutes
from timebank.domain.policies import Policy, Risk
from timebank.domain.words import N_

MONTH: Final = timedelta(days=30)
SMALLEST_SHARE: Final = 10
"""Below so many records a station's share of hand-typed ones says nothing."""

FLAG_LABELS: Final = {
    "pair_often": N_("the same two people again and again"),
    "reciprocal": N_("they serve each other"),
    "burst": N_("very many on one day"),
    "late_entry": N_("entered late"),
    "bulk_entry": N_("many typed in at once"),
    "manual_share": N_("this station types in much by hand"),
    "too_fast": N_("too fast from place to place"),
    "second_person_missing": N_("second volunteer missing"),
    "elder_elsewhere": N_("the elder was served twice at once"),
    "training_advised": N_("training advised"),
    "relatives": N_("relatives"),
    "typed_by_hand": N_("typed in by hand"),
}
FLAG_TEXTS: Final = {
    "pair_often": N_("These two people have %(records)s records within 30 days. Usual are up to %(limit)s."),
    "reciprocal": N_("The elder served this volunteer %(days)s days before or after. Ask both whether it is right."),
    "burst": N_("The volunteer has %(records)s records on this day. Usual are up to %(limit)s."),
    "late_entry": N_("It was entered %(days)s days after the service. Usual are up to %(limit)s."),
    "bulk_entry": N_("The same person typed in %(records)s records today. Usual are up to %(limit)s."),
    "manual_share": N_("%(percent)s of 100 records of this station are typed in by hand. Usual are up to %(limit)s."),
    "too_fast": N_("There are only %(gap_minutes)s between this elder and another one elsewhere."),
    "second_person_missing": N_("This service takes two volunteers. No second one has logged it."),
    "elder_elsewhere": N_("Another volunteer logged a service for this elder at the same time."),
    "training_advised": N_("The training for this service isn't recorded for the volunteer."),
    "relatives": N_("The two people are related. Check whether it was a duty of the family."),
    "typed_by_hand": N_("No slip, no check-in: call the elder back if it is drawn for a check."),
}


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag's code and the numbers for its text."""

    code: str
    params: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What is known around a claim when it is logged.

    `own`: the volunteer's counting records of the month. `pair`: records between the two in either direction, since at
    least 30 days and the policy's `reciprocal_days` before. `elder`: counting records of other volunteers for this
    elder that touch the claim. `entries_today`: what the same person typed in on the local day of `now`, this one
    included. `station_manual` and `station_all`: the station's records of late by source.
    """

    now: datetime
    policy: Policy
    service: Service
    relation: Relation | None
    trainings: frozenset[str]
    own: tuple[Worked, ...] = ()
    pair: tuple[Worked, ...] = ()
    elder: tuple[Worked, ...] = ()
    entries_today: int = 0
    station_manual: int = 0
    station_all: int = 0


def flags(claim: Claim, around: Neighbourhood) -> tuple[Flag, ...]:
    """All flags of a claim, in a stable order."""
    found = (_pair(claim, around), _speed(claim, around), _entry(claim, around), _care(claim, around))
    return tuple(flag for part in found for flag in part)


def _pair(claim: Claim, around: Neighbourhood) -> Iterator[Flag]:
    watch = around.policy.watch
    recent = [
        one
        for one in around.pair
        if one.volunteer_id == claim.volunteer_id and abs(one.started_at - claim.started_at) <= MONTH
    ]
    if watch.pair_month_records is not None and len(recent) + 1 > watch.pair_month_records:
        yield Flag("pair_often", (("records", len(recent) + 1), ("limit", watch.pair_month_records)))
    if watch.reciprocal_days is not None:
        here = local_day(claim.started_at)
        gaps = [abs((local_day(o.started_at) - here).days) for o in around.pair if o.volunteer_id == claim.elder_id]
        if gaps and min(gaps) <= watch.reciprocal_days:
            yield Flag("reciprocal", (("days", min(gaps)),))
    if around.relation in NEAR or around.relation is Relation.OTHER:
        yield Flag("relatives")


def _speed(claim: Claim, around: Neighbourhood) -> Iterator[Flag]:
    watch = around.policy.watch
    day = local_day(claim.started_at)
    on_day = 1 + sum(local_day(one.started_at) == day for one in around.own)
    if watch.burst_day_records is not None and on_day > watch.burst_day_records:
        yield Flag("burst", (("records", on_day), ("limit", watch.burst_day_records)))
    if watch.travel_minutes is None:
        return
    gaps = [_gap_minutes(claim, one) for one in around.own if one.elder_id != claim.elder_id and _apart(claim, one)]
    close = [gap for gap in gaps if 0 <= gap < watch.travel_minutes]
    if close:
        yield Flag("too_fast", (("gap_minutes", min(close)),))


def _gap_minutes(claim: Claim, other: Worked) -> int:
    """Minutes between the two, below zero when they overlap (which is refused, not flagged)."""
    if other.ended_at <= claim.started_at:
        return whole_minutes(other.ended_at, claim.started_at)
    return whole_minutes(claim.ended_at, other.started_at)


def _apart(claim: Claim, other: Worked) -> bool:
    """Two elders at the station or in one institution need no way between them."""
    return Place.HOME in (claim.place, other.place) or Place.OUTSIDE in (claim.place, other.place)


def _entry(claim: Claim, around: Neighbourhood) -> Iterator[Flag]:
    watch = around.policy.watch
    days = (local_day(around.now) - local_day(claim.ended_at)).days
    late = watch.late_days is not None and days > watch.late_days
    if watch.late_days is not None and late:
        yield Flag("late_entry", (("days", days), ("limit", watch.late_days)))
    if watch.bulk_day_entries is not None and around.entries_today > watch.bulk_day_entries:
        yield Flag("bulk_entry", (("records", around.entries_today), ("limit", watch.bulk_day_entries)))
    if claim.source is not Source.MANUAL:
        return
    yield Flag("typed_by_hand")
    if watch.manual_percent is not None and around.station_all >= SMALLEST_SHARE:
        percent = around.station_manual * 100 // around.station_all
        if percent > watch.manual_percent:
            yield Flag("manual_share", (("percent", percent), ("limit", watch.manual_percent)))


def _care(claim: Claim, around: Neighbourhood) -> Iterator[Flag]:
    service = around.service
    together = [one for one in around.elder if one.overlaps(claim.started_at, claim.ended_at)]
    if service.two_persons and not together:
        yield Flag("second_person_missing")
    if together and not service.two_persons and not claim.in_group:
        yield Flag("elder_elsewhere")
    if service.risk is Risk.LOW and service.training and service.training not in around.trainings:
        yield Flag("training_advised")
