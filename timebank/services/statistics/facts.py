"""What counts in the figures of a year, fact by fact. The figures and their traces are made of the same facts, so that
a figure is always the sum of what can be opened behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from timebank.domain.certificates import RECORD_DAYS, clock
from timebank.domain.complaints import S, due_at
from timebank.domain.local_time import local_day
from timebank.domain.policies import Care
from timebank.domain.rounds import month_span
from timebank.domain.statistics.report import year_span
from timebank.domain.statistics.tallies import COUNTY, FAMILIES, Fact, cross
from timebank.storage.unit import Unit

DELIVERED: Final = ("delivered", "settled")
HANDLING: Final = ("answer", "redirect")


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked: a year, at these stations (None: everywhere), by the care rules of today."""

    unit: Unit
    year: int
    care: Care
    now: datetime
    stations: frozenset[str] | None = None

    @property
    def span(self) -> tuple[datetime, datetime]:
        return year_span(self.year)

    def entries(self) -> tuple[int, int]:
        """The numbers of the entries of the year: the first one, and the first after it."""
        size = self.unit.book.head().size
        start, end = self.span
        first = self.unit.yearly.first_seq_from(start, size)
        return first, self.unit.yearly.first_seq_from(end, size)


def month(moment: datetime | date) -> str:
    """The part of a local month."""
    day = local_day(moment) if isinstance(moment, datetime) else moment
    return f"month:{day:%Y-%m}"


@lru_cache(maxsize=4096)
def is_in_time(ended_on: date, verified_on: date) -> bool:
    """Whether a service was recorded within ten working days (Order 67, article 11)."""
    return clock(ended_on, verified_on).days <= RECORD_DAYS


def served(scope: Scope) -> Iterator[Fact]:
    helps = {item.code: tuple(f"help:{one}" for one in item.helps) for item in scope.unit.catalogue.services()}
    for row in scope.unit.yearly.served(*scope.span, scope.stations):
        day = local_day(row.started_at)
        service, when = f"service:{row.service_code}", month(day)
        timely = row.verified_at is not None and is_in_time(local_day(row.ended_at), local_day(row.verified_at))
        both = (row.volunteer_id, row.elder_id)
        yield Fact(
            row.station_id, row.id, row.number, row.entry_seq, day,
            {"records_verified": 1, "minutes_actual": row.minutes, "minutes_credited": row.credited_minutes or 0},
            (service, when, cross(service, when), f"source:{row.source}", f"timely:{'yes' if timely else 'no'}",
             *helps.get(row.service_code, ())),
            {"volunteers_served": both[:1], "elders_served": both[1:], "members_active": both},
            both,
        )  # fmt: skip


def members(scope: Scope) -> Iterator[Fact]:
    start, end = scope.span
    ended = scope.unit.yearly.ended()
    for row in scope.unit.yearly.members(end, scope.stations):
        left = ended.get(row.person_id, (None, None))[0] if row.state == "closed" else None
        if row.state == "closed" and (left is None or left < end):
            continue
        joined = "joined:new" if row.approved_at >= start else "joined:before"
        one = (row.person_id,)
        yield Fact(
            row.station_id, row.person_id, row.number, None, local_day(row.approved_at), {"members_registered": 1},
            (joined,), behind=one,
        )  # fmt: skip


def ended(scope: Scope) -> Iterator[Fact]:
    start, end = scope.span
    known = scope.unit.yearly.ended()
    for row in scope.unit.yearly.members(end, scope.stations):
        left, entry = known.get(row.person_id, (None, None))
        if row.state == "closed" and left is not None and start <= left < end:
            one = (row.person_id,)
            yield Fact(
                row.station_id, row.person_id, row.number, entry, local_day(left), {"members_ended": 1}, behind=one
            )


def rejected(scope: Scope) -> Iterator[Fact]:
    for row in scope.unit.yearly.rejected(*scope.span, scope.stations):
        # The least of several moments comes without its zone from SQLite.
        at = row.at if isinstance(row.at, datetime) else datetime.fromisoformat(row.at)
        yield Fact(
            row.station_id, row.id, row.number, None, local_day(at), {"records_rejected": 1}, behind=(row.volunteer_id,)
        )


def corrections(scope: Scope) -> Iterator[Fact]:
    for row in scope.unit.yearly.corrections(*scope.span, scope.stations):
        day = local_day(row.decided_at)
        yield Fact(row.station_id, row.id, "", row.entry_seq, day, {"corrections": 1}, behind=(row.id,))


def requested(scope: Scope) -> Iterator[Fact]:
    for row in scope.unit.yearly.requested(*scope.span, scope.stations):
        outcome = "delivered" if row.state in DELIVERED else "declined" if row.state == "declined" else "other"
        day, entry = local_day(row.requested_at), row.entry_seq if row.entry_seq is not None else row.hold_seq
        yield Fact(
            row.station_id, row.id, row.number, entry, day, {"redemptions_requested": 1},
            (f"outcome:{outcome}", month(day)), behind=(row.receiver_id,),
        )  # fmt: skip


def redeemed(scope: Scope) -> Iterator[Fact]:
    for row in scope.unit.yearly.requested(*scope.span, scope.stations):
        if row.settled_minutes and row.state in DELIVERED:
            day = local_day(row.requested_at)
            amounts = {"minutes_redeemed": row.settled_minutes}
            yield Fact(row.station_id, row.id, row.number, row.entry_seq, day, amounts, behind=(row.receiver_id,))


def given(kind: str, base: str) -> Callable[[Scope], Iterator[Fact]]:
    """Facts of the entries of one kind that move hours between members and the pool."""

    def facts(scope: Scope) -> Iterator[Fact]:
        for row in scope.unit.yearly.given(kind, *scope.entries(), scope.stations):
            day = local_day(datetime.fromisoformat(row.at))
            amounts = {base: 1, f"minutes_{base}": int(row.minutes)}
            yield Fact(row.station_id, str(row.seq), "", row.seq, day, amounts, behind=(row.person_id,))

    return facts


def complaints(scope: Scope) -> Iterator[Fact]:
    steps = scope.unit.yearly.complaint_steps(*scope.span)
    for row in scope.unit.yearly.complaints(*scope.span, scope.stations):
        handled = _handled(scope.care, row.received_at, steps.get(row.id, []))
        day = local_day(row.received_at)
        yield Fact(
            row.station_id, row.id, row.number, None, day, {"complaints_received": 1}, (f"handled:{handled}",),
            behind=(row.complainant_id,),
        )  # fmt: skip


def _handled(care: Care, received_at: datetime, steps: Iterable[tuple[str, datetime]]) -> str:
    """Whether a complaint was answered or redirected, and by the deadline of that step."""
    since, state = received_at, S.RECEIVED
    for verb, at in steps:
        if verb in HANDLING:
            return "in_time" if at < due_at(care, state, since) else "late"
        if verb == "pass_on":
            since, state = at, S.RECEIVED
        if verb == "accept":
            since, state = at, S.ACCEPTED
    return "open"


def inspections(scope: Scope) -> Iterator[Fact]:
    for row in scope.unit.yearly.inspections(*scope.span, scope.stations):
        day = local_day(row.recorded_at)
        yield Fact(row.station_id, row.id, "", None, day, {"inspections": 1}, (f"result:{row.outcome}",))


def call_backs(scope: Scope) -> Iterator[Fact]:
    for row in scope.unit.yearly.call_backs(*scope.span, scope.stations):
        day = local_day(row.called_at)
        yield Fact(
            row.station_id, row.id, row.number, row.entry_seq, day, {"call_backs": 1}, (f"answer:{row.state}",),
            behind=(row.volunteer_id, row.elder_id),
        )  # fmt: skip


def certificates(base: str, *, revoked: bool) -> Callable[[Scope], Iterator[Fact]]:
    def facts(scope: Scope) -> Iterator[Fact]:
        for row in scope.unit.yearly.certificates(*scope.span, scope.stations, revoked=revoked):
            day = local_day(row.at)
            yield Fact(row.station_id, row.id, row.number, None, day, {base: 1}, behind=(row.person_id,))

    return facts


def visits(scope: Scope) -> Iterator[Fact]:
    """One fact for each elder on the list at a month's end, as the page of monthly visits counts them."""
    everywhere = frozenset(scope.unit.network.parents()) if scope.stations is None else scope.stations
    for number in range(1, 13):
        since, until = month_span(date(scope.year, number, 1))
        if since > scope.now:
            return
        seen = scope.unit.rounds.visited(everywhere, since, until)
        for row in scope.unit.rounds.enrolled_at(everywhere, min(until, scope.now)):
            done = "made" if row.id in seen else "missed"
            yield Fact(
                row.station_id, f"{row.id}-{number:02}", "", None, local_day(since), {"visits_due": 1},
                (f"visit:{done}", month(since)), behind=(row.person_id,),
            )  # fmt: skip


def trainings(scope: Scope) -> Iterator[Fact]:
    seen: set[str] = set()
    for row in _trainings(scope):
        if row.id not in seen:
            seen.add(row.id)
            yield Fact(
                row.station_id, row.id, "", None, row.held_on, {"trainings": 1, "minutes_trainings": row.minutes}
            )


def attendances(scope: Scope) -> Iterator[Fact]:
    for row in _trainings(scope):
        ref = f"{row.id}-{row.person_id}"
        yield Fact(row.station_id, ref, "", None, row.held_on, {"training_attendances": 1}, behind=(row.person_id,))


def _trainings(scope: Scope) -> Any:
    first, last = date(scope.year, 1, 1), date(scope.year, 12, 31)
    return scope.unit.yearly.trainings(first, last, scope.stations)


def circulation(scope: Scope) -> Iterator[Fact]:
    """What each account held when the year ended. The county's: an account belongs to no station."""
    if scope.stations is not None:
        return
    end, day = scope.entries()[1], date(scope.year, 12, 31)
    for account, what, person_id, minutes in scope.unit.yearly.held(end):
        if minutes:
            behind = (person_id,) if person_id is not None else ()
            amounts = {"hours_in_circulation": minutes}
            yield Fact(COUNTY, account, "", None, day, amounts, (f"origin:{what}",), behind=behind)


FACTS: Final[dict[str, Callable[[Scope], Iterator[Fact]]]] = {
    "members": members,
    "ended": ended,
    "served": served,
    "rejected": rejected,
    "corrections": corrections,
    "requested": requested,
    "redeemed": redeemed,
    "gifts": given("gift", "gifts"),
    "donations": given("donate", "donations"),
    "grants": given("grant", "grants"),
    "complaints": complaints,
    "inspections": inspections,
    "call_backs": call_backs,
    "issued": certificates("certificates_issued", revoked=False),
    "revoked": certificates("certificates_revoked", revoked=True),
    "visits": visits,
    "trainings": trainings,
    "attendances": attendances,
    "circulation": circulation,
}
"""Family → its facts in a scope."""

if set(FACTS) != {family.name for family in FAMILIES}:
    raise RuntimeError("a family of figures has no facts")
