"""Monthly visits (月探访): how an elder is visited, what was found, when a list is red, what share was reached.

Coverage counts elders, not visits: visited at least once in the local month, of those enrolled in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from timebank.domain.errors import Invalid, RoundTagMissing, RoundVisitTimeInvalid
from timebank.domain.local_time import add_months, day_start, local_day
from timebank.domain.policies.care import Care, Target
from timebank.domain.words import N_


class Mode(StrEnum):
    """How the elder was visited."""

    HOME = "home"
    PHONE = "phone"
    STATION = "station"


class Outcome(StrEnum):
    """What was found. Urgent opens an incident in the same commit."""

    FINE = "fine"
    FOLLOW_UP = "follow_up"
    URGENT = "urgent"


MODE_LABELS: Mapping[str, str] = {
    Mode.HOME: N_("at home"),
    Mode.PHONE: N_("by phone"),
    Mode.STATION: N_("at the station"),
}
OUTCOME_LABELS: Mapping[str, str] = {
    Outcome.FINE: N_("All is well"),
    Outcome.FOLLOW_UP: N_("To be followed up"),
    Outcome.URGENT: N_("Urgent"),
}
END_LABELS: Mapping[str, str] = {
    "moved": N_("Moved away"),
    "in_care": N_("Lives in a care home now"),
    "died": N_("Has died"),
    "declined": N_("Does not want the visits"),
    "no_need": N_("The circumstance no longer holds"),
}
GRID_LENGTH = 24


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a station's enrolled elders were visited; None stands for a cell that is too small to be shown."""

    enrolled: int | None
    visited: int | None

    @property
    def percent(self) -> int | None:
        """Whole percent, rounded down, so that 100 means everybody; None without a shown number."""
        if not self.enrolled or self.visited is None:
            return None
        return self.visited * 100 // self.enrolled


def month_of(text: str | None, now: datetime) -> date:
    """The first day of the month `2026-09`, or of the local month now. Raises Invalid."""
    if not text:
        return local_day(now).replace(day=1)
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise Invalid from error


def month_span(month: date) -> tuple[datetime, datetime]:
    """The first moment of a month and the first after it, in UTC."""
    return day_start(month), day_start(add_months(month, 1))


def is_red(care: Care, month: date, today: date) -> bool:
    """Whether those not visited in this month stand red: from the region's day on, and always once it is over."""
    if (today.year, today.month) != (month.year, month.month):
        return today > month
    return today.day >= care.rounds.red_from_day


def follow_up_by(care: Care, visited_at: datetime) -> date:
    """Until which local day an elder is to be looked after again."""
    return local_day(visited_at) + timedelta(days=care.rounds.follow_up_days)


def check_tags(care: Care, tags: Mapping[str, str], known: Iterable[str]) -> None:
    """Each circumstance stands in the elder's data and has its evidence; one of them asks for visits.

    Raises Invalid for an empty evidence or an unknown circumstance, RoundTagMissing.
    """
    defined = {tag.code for tag in care.tags}
    if any(tag not in defined or not evidence.strip() for tag, evidence in tags.items()):
        raise Invalid
    mine = set(tags) & set(known)
    if set(tags) - mine or not mine & set(care.rounds.tags_any):
        raise RoundTagMissing


def check_visit(mode: str, outcome: str, text: str, visited_at: datetime, since: datetime, now: datetime) -> None:
    """Raises Invalid for unknown codes or missing words, RoundVisitTimeInvalid. Only "all is well" needs no words."""
    if mode not in MODE_LABELS or outcome not in OUTCOME_LABELS:
        raise Invalid
    if outcome != Outcome.FINE and not text.strip():
        raise Invalid
    if visited_at > now or local_day(visited_at) < local_day(since):
        raise RoundVisitTimeInvalid


def suppressed(cells: Mapping[str, tuple[int, int]], smallest: int, *, open_to: Iterable[str] = ()) -> dict[str, Share]:
    """Station → share. Cells below the smallest size are hidden, and so is a lone hidden cell's smallest neighbour, or
    the total would tell it. `open_to`: stations whose staff asks, who keep the list anyway."""
    mine = set(open_to)
    hidden = {key for key, (enrolled, _) in cells.items() if key not in mine and 0 < enrolled < smallest}
    rest = [(enrolled, key) for key, (enrolled, _) in cells.items() if key not in hidden | mine and enrolled]
    if len(hidden) == 1 and rest:
        hidden.add(min(rest)[1])
    return {key: Share(None, None) if key in hidden else Share(*cell) for key, cell in cells.items()}


def target_line(care: Care) -> Target | None:
    """The share of the monthly visits that a paper of the region names, with its year and source."""
    return next((one for one in care.figures.targets if one.code == "rounds"), None)
