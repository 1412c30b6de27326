"""Group activities and projects: the facts that each must have, and their states.

Source: Order 67 of the Ministry of Civil Affairs, art. 7: name, date, place, content, service time, organising unit,
leader. Each person's time is recorded once, as hours of that person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from timebank.domain.errors import ActivityInvalid, ProjectInvalid
from timebank.domain.words import N_

ACTIVITY_LABELS: Final = {
    "open": N_("can be joined"),
    "recorded": N_("done and written down"),
    "cancelled": N_("cancelled"),
}
PROJECT_LABELS: Final = {
    "open": N_("looks for people"),
    "running": N_("is running"),
    "done": N_("is done"),
    "closed": N_("was closed"),
}
PROJECT_STEPS: Final = {
    "open": ("running", "closed"),
    "running": ("open", "done", "closed"),
    "done": (),
    "closed": ("open",),
}
"""State of a project → where it may go from there."""
MOST_PLACES: Final = 500
MOST_SERVED: Final = 200
LONGEST_MINUTES: Final = 12 * 60


@dataclass(frozen=True, slots=True)
class NewActivity:
    """An activity as it is planned: the seven facts, how many may join, and who is served."""

    station_id: str
    name: str
    starts_at: datetime
    minutes: int
    place: str
    content: str
    service_code: str
    leader_id: str
    places: int
    served: Sequence[str]
    team_id: str | None = None


@dataclass(frozen=True, slots=True)
class NewProject:
    """A project of the bank: what is needed, which trainings, how many people, from when to when."""

    station_id: str
    name: str
    needs: str
    skills: Sequence[str]
    head_count: int
    starts_on: date
    ends_on: date


def check_activity(form: NewActivity, now: datetime) -> None:
    """Raises ActivityInvalid unless all facts are there."""
    right = (
        0 < len(form.name.strip()) <= 80,
        0 < len(form.place.strip()) <= 120,
        0 < len(form.content.strip()) <= 500,
        0 < form.minutes <= LONGEST_MINUTES,
        0 < form.places <= MOST_PLACES,
        0 < len(set(form.served)) <= MOST_SERVED,
        form.starts_at > now,
    )
    if not all(right):
        raise ActivityInvalid


def check_project(form: NewProject, known_skills: Sequence[str]) -> None:
    """Raises ProjectInvalid."""
    right = (
        0 < len(form.name.strip()) <= 80,
        0 < len(form.needs.strip()) <= 500,
        0 < form.head_count <= MOST_PLACES,
        form.starts_on <= form.ends_on,
        set(form.skills) <= set(known_skills),
    )
    if not all(right):
        raise ProjectInvalid
