"""The care rules of a policy: what the region's documents set around the hours, from visits to inspections.

The region's papers differ (which circumstances count, how large a station is, which share is visited), so all of it is
data with its source. A target that a paper sets for a year stands as a target line with that year, never as a law.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from timebank.domain.errors import Invalid
from timebank.domain.local_time import parse_clock
from timebank.domain.words import N_

Problem = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Tag:
    """A circumstance of an elder that the region's papers name. Sensitive; kept sealed with the person."""

    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class FloorArea:
    """How large a kind of station should be, in square metres. None: the papers say nothing."""

    kind: str
    least_sqm: int | None
    most_sqm: int | None


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that belongs to a filing (备案)."""

    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class RatingLevel:
    """A level of the three-indicator rating: from which mean score, and the yearly subsidy (for reports only)."""

    code: str
    least_score: int
    subsidy_yuan_year: int | None


@dataclass(frozen=True, slots=True)
class Organisations:
    """Stations and operators: floor areas, filing papers, rating levels, how early an expiry is announced."""

    floor_areas: tuple[FloorArea, ...]
    filing_papers: tuple[Paper, ...]
    filing_days: int
    rating_levels: tuple[RatingLevel, ...]
    rating_months: int
    expiry_warning_days: int


@dataclass(frozen=True, slots=True)
class Target:
    """A target line: a share that a paper wants reached by the end of a year."""

    code: str
    percent: int
    by_year: int
    source: str


@dataclass(frozen=True, slots=True)
class Rounds:
    """Monthly visits (月探访): who is enrolled by circumstances, and from which day of the month the list turns red."""

    tags_any: tuple[str, ...]
    red_from_day: int
    follow_up_days: int


@dataclass(frozen=True, slots=True)
class Needs:
    """Needs, offers and projects: reminders, the circle that counts as near, no-shows before a talk."""

    reminder_hours: tuple[int, ...]
    near_metres: int
    far_metres: int
    no_shows_most: int
    offer_days: int


@dataclass(frozen=True, slots=True)
class Points:
    """How much a circumstance adds to an elder's priority."""

    tag: str
    points: int


@dataclass(frozen=True, slots=True)
class Matching:
    """Weights of a suggestion, whole points: nothing here opens a gate, and a human confirms."""

    near: int
    skill: int
    language: int
    earlier: int
    fairness: int
    wish: int
    priority: tuple[Points, ...]
    priority_from_age_years: int | None
    priority_age_points: int
    day_minutes_most: int


@dataclass(frozen=True, slots=True)
class Call:
    """A link of an incident's chain of calls: which role, within how many minutes."""

    role: str
    within_minutes: int


@dataclass(frozen=True, slots=True)
class Complaints:
    """Deadlines in days, and the chain of calls of an incident by severity."""

    accept_days: int
    answer_days: int
    appeal_days: int
    urgent_calls: tuple[Call, ...]
    follow_up_calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class CreditFiles:
    """Credit files of organisations and staff: when an event expires or may be repaired, the longest blacklisting."""

    valid_months: int
    repair_days: int
    appeal_days: int
    blacklist_months_most: int


@dataclass(frozen=True, slots=True)
class Inspections:
    """Double-random inspection (双随机): how many candidates and inspectors a draw takes, and samples for call-back."""

    stations_drawn: int
    inspectors_drawn: int
    answer_days: int
    manual_share_gap_percent: int


@dataclass(frozen=True, slots=True)
class Messages:
    """Between these local times nothing is sent but what is urgent: "21:00" to "08:00"."""

    quiet_from: str
    quiet_to: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Published figures: cells smaller than this are suppressed, and the target lines of the region's papers."""

    smallest_cell: int
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Care:
    """The care rules of one region."""

    code: str
    name: str
    name_en: str
    source: str
    tags: tuple[Tag, ...]
    organisations: Organisations
    rounds: Rounds
    needs: Needs
    matching: Matching
    complaints: Complaints
    credit_files: CreditFiles
    inspections: Inspections
    messages: Messages
    figures: Figures


def require_known(care: Care | None, tags: Iterable[str], before: Iterable[str] = ()) -> None:
    """Circumstances are those that the care rules name; what stood there before may stay. Raises Invalid."""
    known = {tag.code for tag in care.tags} if care is not None else set(tags)
    if set(tags) - known - set(before):
        raise Invalid


def care_problems(care: Care) -> Iterator[Problem]:
    """All that can't be right in care rules, as (field, reason)."""
    yield from _numbers(care)
    tags = [tag.code for tag in care.tags]
    if len(set(tags)) != len(tags):
        yield "tags", N_("a code stands there twice")
    named = {*care.rounds.tags_any, *(one.tag for one in care.matching.priority)}
    if named - set(tags):
        yield "tags", N_("a circumstance is not defined")
    if not care.rounds.tags_any:
        yield "rounds.tags_any", N_("nobody would be visited")
    scores = [level.least_score for level in care.organisations.rating_levels]
    if not scores or scores != sorted(set(scores)):
        yield "organisations.rating_levels", N_("levels stand from the lowest score to the highest")
    if care.needs.near_metres > care.needs.far_metres:
        yield "needs.far_metres", N_("far is not nearer than near")
    for field in ("quiet_from", "quiet_to"):
        try:
            parse_clock(getattr(care.messages, field))
        except ValueError:
            yield f"messages.{field}", N_("a time such as 21:00 is expected")


def _numbers(care: Care) -> Iterator[Problem]:
    positive = {
        "organisations.filing_days": care.organisations.filing_days,
        "organisations.rating_months": care.organisations.rating_months,
        "organisations.expiry_warning_days": care.organisations.expiry_warning_days,
        "rounds.follow_up_days": care.rounds.follow_up_days,
        "needs.near_metres": care.needs.near_metres,
        "needs.offer_days": care.needs.offer_days,
        "needs.no_shows_most": care.needs.no_shows_most,
        "matching.day_minutes_most": care.matching.day_minutes_most,
        "complaints.accept_days": care.complaints.accept_days,
        "complaints.answer_days": care.complaints.answer_days,
        "complaints.appeal_days": care.complaints.appeal_days,
        "credit_files.valid_months": care.credit_files.valid_months,
        "credit_files.repair_days": care.credit_files.repair_days,
        "credit_files.appeal_days": care.credit_files.appeal_days,
        "credit_files.blacklist_months_most": care.credit_files.blacklist_months_most,
        "inspections.stations_drawn": care.inspections.stations_drawn,
        "inspections.inspectors_drawn": care.inspections.inspectors_drawn,
        "inspections.answer_days": care.inspections.answer_days,
        "figures.smallest_cell": care.figures.smallest_cell,
        **{f"needs.reminder_hours[{at}]": hours for at, hours in enumerate(care.needs.reminder_hours)},
    }
    for field, number in positive.items():
        if number < 1:
            yield field, N_("a number above zero is expected")
    if not 1 <= care.rounds.red_from_day <= 28:
        yield "rounds.red_from_day", N_("1 to 28 is expected")
    weights = care.matching
    for field in ("near", "skill", "language", "earlier", "fairness", "wish", "priority_age_points"):
        if not 0 <= getattr(weights, field) <= 1000:
            yield f"matching.{field}", N_("0 to 1000 is expected")
    percents = {f"figures.targets.{one.code}": one.percent for one in care.figures.targets}
    percents["inspections.manual_share_gap_percent"] = care.inspections.manual_share_gap_percent
    for field, percent in percents.items():
        if not 0 <= percent <= 100:
            yield field, N_("0 to 100 is expected")
