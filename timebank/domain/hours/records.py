"""Values of records of hours, and the questions of who stands how to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.catalogue import Place
from timebank.domain.errors import ElderConfirmationMissing, HoursStateConflict
from timebank.domain.hours.states import STATE_LABELS, STEPS, RecordState, Source
from timebank.domain.local_time import month_end, month_start, whole_minutes
from timebank.domain.roles import Actor, may_verify
from timebank.domain.states import Party
from timebank.domain.states import after as state_after
from timebank.domain.states import check_reason as check_step_reason
from timebank.domain.states import verbs_open as open_verbs


@dataclass(frozen=True, slots=True)
class Record:
    """What the rules look at in a stored record."""

    id: str
    station_id: str
    volunteer_id: str
    elder_id: str
    entered_by: str
    confirmed_by: str | None
    service_code: str
    started_at: datetime
    ended_at: datetime
    source: Source
    state: RecordState
    in_group: bool

    @property
    def minutes(self) -> int:
        return whole_minutes(self.started_at, self.ended_at)


@dataclass(frozen=True, slots=True)
class Claim:
    """Hours as somebody wants to log them. Times are aware; seconds are dropped before."""

    volunteer_id: str
    elder_id: str
    service_code: str
    started_at: datetime
    ended_at: datetime
    place: Place
    source: Source
    in_group: bool = False
    slip_number: str | None = None

    @property
    def minutes(self) -> int:
        return whole_minutes(self.started_at, self.ended_at)


@dataclass(frozen=True, slots=True)
class Worked:
    """Another record that counts: who served whom, when and where."""

    record_id: str
    volunteer_id: str
    elder_id: str
    started_at: datetime
    ended_at: datetime
    place: Place = Place.ANY

    def overlaps(self, start: datetime, end: datetime) -> bool:
        return self.started_at < end and self.ended_at > start

    @property
    def minutes(self) -> int:
        return whole_minutes(self.started_at, self.ended_at)


@dataclass(frozen=True, slots=True)
class Participant:
    """Volunteer or elder as the rules see them. `trainings` are those valid on the day of the service."""

    person_id: str
    active: bool
    closed: bool
    member_since: datetime
    born_on: date | None = None
    trainings: frozenset[str] = frozenset()
    guardian_agrees: bool = False


def window(claim: Claim) -> tuple[datetime, datetime]:
    """[start, end) within which the volunteer's other records must be known: all local months that it touches."""
    return month_start(claim.started_at), month_end(claim.ended_at)


def parties(actor: Actor, record: Record, *, is_proxy: bool, at_desk: bool, verifies: bool) -> frozenset[Party]:
    """How the actor stands to the record.

    `is_proxy`: recorded as acting for the elder. `at_desk`: holds a desk verb at the record's station. `verifies`:
    holds hours.verify there. Who took part never becomes a VERIFIER, the volunteer never PROXY or DESK for the elder:
    nobody says yes to his own hours.
    """
    found = set()
    me = actor.person_id
    served = me == record.volunteer_id
    if served:
        found.add(Party.VOLUNTEER)
    if me == record.elder_id:
        found.add(Party.ELDER)
    if me == record.entered_by:
        found.add(Party.ENTERER)
    if is_proxy and not served:
        found.add(Party.PROXY)
    if at_desk and not served:
        found.add(Party.DESK)
    if verifies and may_verify(actor, record):
        found.add(Party.VERIFIER)
    return frozenset(found)


def after(record_state: RecordState, verb: str, who: frozenset[Party]) -> RecordState:
    """The state after a step. Raises Forbidden, ElderConfirmationMissing or HoursStateConflict."""
    if verb == "verify" and record_state is RecordState.LOGGED and Party.VERIFIER in who:
        raise ElderConfirmationMissing
    return state_after(STEPS, verb, record_state, who, HoursStateConflict, STATE_LABELS)


def verbs_open(record_state: RecordState, who: frozenset[Party]) -> tuple[str, ...]:
    """What these parties may do with a record in that state."""
    return open_verbs(STEPS, record_state, who)


def check_reason(verb: str, reason: str | None, text: str | None = None) -> None:
    """Raises ReasonMissing or ReasonUnknown."""
    check_step_reason(STEPS, verb, reason, text)


def source_counts(counts: Mapping[Source, int]) -> tuple[int, int]:
    """(typed in by hand, all) from the numbers of records by source."""
    return counts.get(Source.MANUAL, 0), sum(counts.values())
