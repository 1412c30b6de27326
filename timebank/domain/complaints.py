"""Complaints: kinds, states, steps and deadlines. A complaint is handled or redirected, never left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from timebank.domain.errors import ComplaintAppealLate, ComplaintStateConflict, Invalid
from timebank.domain.local_time import day_start, local_day
from timebank.domain.policies.care import Care
from timebank.domain.words import N_


class ComplaintState(StrEnum):
    """Where a complaint stands."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    ANSWERED = "answered"
    APPEALED = "appealed"
    DECIDED = "decided"
    REDIRECTED = "redirected"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


S = ComplaintState
OPEN = (S.RECEIVED, S.ACCEPTED, S.ANSWERED, S.APPEALED, S.DECIDED)
WORKING = (S.RECEIVED, S.ACCEPTED, S.APPEALED)
"""States in which the staff must do something until the deadline."""
ENDED = (S.REDIRECTED, S.WITHDRAWN, S.CLOSED)
KIND_LABELS: Mapping[str, str] = {
    "station": N_("A station"),
    "service": N_("A service"),
    "conduct": N_("How somebody behaved"),
    "record": N_("A record of hours"),
}
OUTCOME_LABELS: Mapping[str, str] = {
    "upheld": N_("The complaint is right"),
    "partly": N_("It is partly right"),
    "not_upheld": N_("It could not be shown to be right"),
}
_STAFF: Mapping[str, tuple[tuple[ComplaintState, ...], ComplaintState]] = {
    "accept": ((S.RECEIVED,), S.ACCEPTED),
    "pass_on": ((S.RECEIVED, S.ACCEPTED), S.RECEIVED),
    "redirect": ((S.RECEIVED, S.ACCEPTED), S.REDIRECTED),
    "answer": ((S.ACCEPTED,), S.ANSWERED),
    "decide": ((S.APPEALED,), S.DECIDED),
}
_COMPLAINANT: Mapping[str, tuple[tuple[ComplaintState, ...], ComplaintState]] = {
    "appeal": ((S.ANSWERED,), S.APPEALED),
    "close": ((S.ANSWERED, S.DECIDED), S.CLOSED),
    "withdraw": ((S.RECEIVED, S.ACCEPTED), S.WITHDRAWN),
}
NEEDS_WORDS = frozenset({"redirect", "pass_on", "answer", "decide", "appeal"})
NEEDS_OUTCOME = frozenset({"answer", "decide"})
VERB_LABELS: Mapping[str, str] = {
    "receive": N_("Received"),
    "accept": N_("Accepted"),
    "pass_on": N_("Passed on to another station"),
    "redirect": N_("Redirected to another body"),
    "answer": N_("Answered"),
    "appeal": N_("Objected to the answer"),
    "decide": N_("Decided on the objection"),
    "withdraw": N_("Withdrawn"),
    "close": N_("Closed by the complainant"),
    "lapse": N_("Closed because nobody objected in time"),
}


def verbs_open(state: str, *, handles: bool, complains: bool) -> tuple[str, ...]:
    """What can be done with a complaint by who handles it and by whose it is."""
    tables = ((_STAFF, handles), (_COMPLAINANT, complains))
    return tuple(verb for table, may in tables if may for verb, (before, _) in table.items() if state in before)


def after(state: str, verb: str) -> ComplaintState:
    """The state after a step. Raises Invalid for no step, ComplaintStateConflict."""
    found = _STAFF.get(verb) or _COMPLAINANT.get(verb)
    if found is None:
        raise Invalid
    before, then = found
    if state not in before:
        raise ComplaintStateConflict
    return then


def is_for_staff(verb: str) -> bool:
    """Whether this step is the staff's. Raises Invalid for no step."""
    if verb not in _STAFF and verb not in _COMPLAINANT:
        raise Invalid
    return verb in _STAFF


def due_at(care: Care, state: str, now: datetime) -> datetime:
    """The end of the local day until which something must be done, or may still be objected to."""
    rules = care.complaints
    days = {S.RECEIVED: rules.accept_days, S.ANSWERED: rules.appeal_days, S.DECIDED: rules.appeal_days}
    wait = days.get(ComplaintState(state), rules.answer_days)
    return day_start(local_day(now) + timedelta(days=wait + 1))


def last_day(due: datetime) -> date:
    """The last day of a deadline that ends with that day."""
    return local_day(due - timedelta(seconds=1))


def check_words(verb: str, text: str, outcome: str | None) -> None:
    """Raises Invalid where words or an outcome are missing or unknown."""
    if verb in NEEDS_WORDS and not text.strip():
        raise Invalid
    if (verb in NEEDS_OUTCOME) != (outcome in OUTCOME_LABELS):
        raise Invalid


def check_appeal(verb: str, due: datetime, now: datetime) -> None:
    """Raises ComplaintAppealLate when the days for an objection are over."""
    if verb == "appeal" and now >= due:
        raise ComplaintAppealLate(on=last_day(due))
