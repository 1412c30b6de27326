"""Offers: on which weekdays and times somebody can help, and whether a time lies within them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from timebank.domain.errors import OfferInvalid
from timebank.domain.local_time import CHINA, parse_clock
from timebank.domain.words import N_

WEEKDAY_LABELS: Final = {
    1: N_("Monday"),
    2: N_("Tuesday"),
    3: N_("Wednesday"),
    4: N_("Thursday"),
    5: N_("Friday"),
    6: N_("Saturday"),
    7: N_("Sunday"),
}


@dataclass(frozen=True, slots=True)
class Times:
    """Weekdays (Monday is 1) and the local times of day between which somebody is free."""

    weekdays: frozenset[int]
    start: time
    end: time

    def hold(self, start: datetime, end: datetime) -> bool:
        """Whether all of [start, end) lies in these times, on one local day."""
        first, last = start.astimezone(CHINA), end.astimezone(CHINA)
        if first.date() != last.date() or first.isoweekday() not in self.weekdays:
            return False
        return self.start <= first.time() and last.time() <= self.end


def check_times(weekdays: Iterable[int], start: str, end: str) -> Times:
    """The times that were told. Raises OfferInvalid for no weekday, an unknown one, or an end before the start."""
    try:
        times = Times(frozenset(weekdays), parse_clock(start), parse_clock(end))
    except ValueError as error:
        raise OfferInvalid from error
    if not times.weekdays or not times.weekdays <= set(WEEKDAY_LABELS) or times.start >= times.end:
        raise OfferInvalid
    return times
