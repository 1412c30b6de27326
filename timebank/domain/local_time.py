"""Local days and months. Rules count by the calendar of the county; times are kept in UTC.

China has had one zone without summer time since 1992, so a fixed offset serves every service that can be logged and
needs no zone database on the machine.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final

CHINA: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
_DAY_TEXT = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T][0-9:.Z+ ]*)?", re.ASCII).fullmatch
_DAY = timedelta(days=1)


def require_aware(moment: datetime) -> datetime:
    """Raises ValueError on a time without a zone: it could mean any moment of a day."""
    if moment.utcoffset() is None:
        raise ValueError("a time without a zone")
    return moment


def local_day(moment: datetime, zone: tzinfo = CHINA) -> date:
    """The calendar day there at that moment."""
    return require_aware(moment).astimezone(zone).date()


def day_start(day: date, zone: tzinfo = CHINA) -> datetime:
    """The first moment of a local day, in UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def month_start(moment: datetime, zone: tzinfo = CHINA) -> datetime:
    """The first moment of the local month, in UTC."""
    return day_start(local_day(moment, zone).replace(day=1), zone)


def month_end(moment: datetime, zone: tzinfo = CHINA) -> datetime:
    """The first moment after the local month, in UTC."""
    return day_start(add_months(local_day(moment, zone).replace(day=1), 1), zone)


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the month's last day where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def read_day(text: str) -> date:
    """A day as people and spreadsheet programs write it: 2026-05-04, 2026/5/4, 2026.5.4, a time behind it or not.

    Raises ValueError.
    """
    found = _DAY_TEXT(text.strip())
    if found is None:
        raise ValueError("not a day")
    return date(*(int(part) for part in found.groups()))


def whole_minutes(start: datetime, end: datetime) -> int:
    """Minutes from start to end, seconds dropped; below zero when the end comes first."""
    return int((require_aware(end) - require_aware(start)) / timedelta(minutes=1))


def minutes_by_day(start: datetime, end: datetime, zone: tzinfo = CHINA) -> dict[date, int]:
    """The minutes of [start, end) on each local day that it touches: a night watch counts on two days."""
    found: dict[date, int] = {}
    here = start
    while here < end:
        day = local_day(here, zone)
        stop = min(end, day_start(day + _DAY, zone))
        minutes = whole_minutes(here, stop)
        if minutes:
            found[day] = minutes
        here = stop
    return found


def rfc3339(moment: datetime) -> str:
    """`2026-01-01T00:00:00.000Z`: the form of all times in the ledger, so that text order is time order."""
    there = require_aware(moment).astimezone(UTC)
    return there.strftime("%Y-%m-%dT%H:%M:%S.") + f"{there.microsecond // 1000:03d}Z"


def parse_rfc3339(text: str) -> datetime:
    """The moment of a text as `rfc3339` writes it. Raises ValueError on any other form."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def parse_clock(text: str) -> time:
    """A local time of day such as `21:00`. Raises ValueError on any other form."""
    return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a time of day has no zone
