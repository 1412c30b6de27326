"""Incidents: what happened to whom where, and who must be called within how many minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from timebank.domain.errors import Invalid
from timebank.domain.policies.care import Care
from timebank.domain.words import N_


class Severity(StrEnum):
    """Which chain of calls an incident has."""

    URGENT = "urgent"
    FOLLOW_UP = "follow_up"


KIND_LABELS: Mapping[str, str] = {
    "fall": N_("A fall"),
    "illness": N_("Suddenly ill"),
    "missing": N_("Missing"),
    "no_answer": N_("Nobody opens or answers"),
    "fire_gas_power": N_("Fire, gas or electricity"),
    "food": N_("Food"),
    "conflict": N_("Conflict or violence"),
    "fraud": N_("Fraud"),
    "found_on_visit": N_("Found on a monthly visit"),
    "other": N_("Something else"),
}
SEVERITY_LABELS: Mapping[str, str] = {Severity.URGENT: N_("Urgent"), Severity.FOLLOW_UP: N_("To be followed up")}
PLACE_LABELS: Mapping[str, str] = {
    "home": N_("at home"),
    "station": N_("at the station"),
    "institution": N_("in a care home or hospital"),
    "outside": N_("outside"),
}


@dataclass(frozen=True, slots=True)
class Due:
    """One call that must be made: a role of the staff, and until when."""

    role: str
    due_at: datetime


def chain(care: Care, severity: str, now: datetime) -> tuple[Due, ...]:
    """The calls of a new incident, in the order of the region's rules."""
    calls = care.complaints.urgent_calls if severity == Severity.URGENT else care.complaints.follow_up_calls
    return tuple(Due(call.role, now + timedelta(minutes=call.within_minutes)) for call in calls)


def check_incident(kind: str, severity: str, place: str, text: str, happened_at: datetime, now: datetime) -> None:
    """Raises Invalid for unknown codes, missing words, or a time that lies ahead."""
    if kind not in KIND_LABELS or place not in PLACE_LABELS or severity not in SEVERITY_LABELS:
        raise Invalid
    if not text.strip() or happened_at > now:
        raise Invalid
