"""Credit files: facts with a source and an end, never a score. Listed as dishonest are organisations, never people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from timebank.domain.errors import BlacklistTooLong, CreditAppealLate, CreditRepairEarly, CreditStateConflict, Invalid
from timebank.domain.local_time import add_months, local_day
from timebank.domain.policies.care import Care
from timebank.domain.words import N_


class CreditState(StrEnum):
    """In force until it expires; struck out when an objection is right; repaired with evidence."""

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    APPEALED = "appealed"
    STRUCK = "struck"
    REPAIRED = "repaired"


S = CreditState
SUBJECT_LABELS: Mapping[str, str] = {
    "operator": N_("The organisation that runs the station"),
    "station": N_("The station"),
    "staff": N_("Somebody of the staff"),
}
KIND_LABELS: Mapping[str, str] = {
    "inspection": N_("Inspection"),
    "complaint": N_("Complaint"),
    "breach": N_("Broken promise"),
    "award": N_("Award"),
}
VERB_LABELS: Mapping[str, str] = {
    "record": N_("Written into the file"),
    "propose": N_("Proposed"),
    "confirm": N_("Confirmed by a second person"),
    "appeal": N_("Objected"),
    "strike": N_("The objection is right: struck out"),
    "keep": N_("The objection is not right: it stays"),
    "repair": N_("Repaired with evidence"),
}
STEP_LABELS: Mapping[str, str] = {
    "confirm": N_("Confirm it"),
    "appeal": N_("Object to it"),
    "strike": N_("Strike it out"),
    "keep": N_("Let it stay"),
    "repair": N_("Record the repair"),
}
_STEPS: Mapping[str, tuple[CreditState, CreditState]] = {
    "confirm": (S.PROPOSED, S.IN_FORCE),
    "appeal": (S.IN_FORCE, S.APPEALED),
    "strike": (S.APPEALED, S.STRUCK),
    "keep": (S.APPEALED, S.IN_FORCE),
    "repair": (S.IN_FORCE, S.REPAIRED),
}
TEXT_LENGTH, NUMBER_LENGTH = 500, 60


def after(state: str, verb: str) -> CreditState:
    """The state after a step. Raises Invalid for no step, CreditStateConflict."""
    if verb not in _STEPS:
        raise Invalid
    before, then = _STEPS[verb]
    if state != before:
        raise CreditStateConflict
    return then


def verbs_open(state: str) -> tuple[str, ...]:
    return tuple(verb for verb, (before, _) in _STEPS.items() if state == before)


def shown_state(state: str, valid_to: date, today: date) -> str:
    """The state, or `expired` when the time of what is in force is over."""
    return "expired" if state in (S.IN_FORCE, S.APPEALED) and today > valid_to else state


def valid_to(care: Care, happened_on: date) -> date:
    """The last day on which an event counts."""
    return add_months(happened_on, care.credit_files.valid_months) - timedelta(days=1)


def check_event(subject: str, kind: str, text: str, number: str, happened_on: date, today: date) -> None:
    """Raises Invalid for unknown codes, missing or overlong words, a missing source, a day that lies ahead."""
    if subject not in SUBJECT_LABELS or kind not in KIND_LABELS or happened_on > today:
        raise Invalid
    check_texts(text, number)


def check_texts(text: str, number: str) -> None:
    """Raises Invalid for missing or overlong words or numbers."""
    if not 0 < len(text.strip()) <= TEXT_LENGTH or not 0 < len(number.strip()) <= NUMBER_LENGTH:
        raise Invalid


def check_step(care: Care, verb: str, text: str, since: datetime, now: datetime, *, kind: str = "") -> None:
    """Whether the time for this step is right, counted from when it was written down; each step has its words.

    Raises Invalid (an award needs no repair), CreditAppealLate, CreditRepairEarly.
    """
    if (verb != "confirm" and not text.strip()) or len(text) > TEXT_LENGTH or (verb == "repair" and kind == "award"):
        raise Invalid
    last = local_day(since) + timedelta(days=care.credit_files.appeal_days)
    if verb == "appeal" and local_day(now) > last:
        raise CreditAppealLate(on=last)
    first = local_day(since) + timedelta(days=care.credit_files.repair_days)
    if verb == "repair" and local_day(now) < first:
        raise CreditRepairEarly(on=first)


def check_listing(care: Care, starts_on: date, ends_on: date) -> None:
    """Raises BlacklistTooLong when it ends before it begins or is longer than the region's rules allow."""
    most = care.credit_files.blacklist_months_most
    if not starts_on < ends_on <= add_months(starts_on, most):
        raise BlacklistTooLong(months=most)
