"""Certificates of volunteer service, and the days in which a service is to be recorded.

Source: Measures for recording and certifying volunteer services (Order 67 of the Ministry of Civil Affairs), articles
3, 7, 11, 14, 15, 17 and 19. A certificate is free, true to the record, and can be checked by anybody.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

import chinese_calendar  # type: ignore[import-untyped]  # it has no types

from timebank.domain.errors import PeriodInvalid
from timebank.domain.words import N_

RECORD_DAYS: Final = 10
"""Working days after the activity within which it is to be recorded (article 11)."""
WARN_FROM: Final = 8
CODE_LENGTH: Final = 10
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without I, L, O and U, which are taken for other signs."""


class CertificateState(StrEnum):
    """What the public check answers."""

    VALID = "valid"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    ERASED = "erased"


STATE_LABELS: Final = {
    CertificateState.VALID: N_("It is valid"),
    CertificateState.SUPERSEDED: N_("Replaced: a newer one or a corrected record stands in its place"),
    CertificateState.REVOKED: N_("Revoked by who issued it"),
    CertificateState.ERASED: N_("It was issued; the holder's data have been erased since"),
}
REVOKE_REASONS: Final = {
    "record_wrong": N_("The record behind it is wrong"),
    "wrong_person": N_("It was issued to the wrong person"),
    "misused": N_("It was misused"),
}


def is_working_day(day: date) -> tuple[bool, bool]:
    """(whether one works in China that day, whether that is certain).

    The State Council announces the holidays and the days worked instead each autumn for the next year. For a year that
    is not announced yet Monday to Friday count, which is then not certain.
    """
    try:
        return bool(chinese_calendar.is_workday(day)), True
    except NotImplementedError:
        return day.weekday() < 5, False


@dataclass(frozen=True, slots=True)
class Clock:
    """How a record stands to its time limit: working days since the service ended, the last day, whether it is late.

    `certain` is false where a year's holidays are not announced yet.
    """

    days: int
    due_on: date
    warns: bool
    late: bool
    certain: bool


@lru_cache(maxsize=4096)
def clock(ended_on: date, until: date) -> Clock:
    """The clock of a service that ended that day, as of `until` (today, or the day on which it was recorded)."""
    days, worked, day, due, certain = 0, 0, ended_on, None, True
    while day < until or due is None:
        day += timedelta(days=1)
        works, known = is_working_day(day)
        certain &= known
        if works:
            worked += 1
            days = worked if day <= until else days
            due = day if worked == RECORD_DAYS else due
    return Clock(days, due, WARN_FROM <= days <= RECORD_DAYS, days > RECORD_DAYS, certain)


def check_period(first: date, last: date, today: date) -> None:
    """Raises PeriodInvalid unless the first day is not after the last, and the last not after today."""
    if not first <= last <= today:
        raise PeriodInvalid


def new_code(random: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A check code of fifty random bits: ten signs that can be read aloud."""
    number = int.from_bytes(random(8), "big")
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(CODE_LENGTH))


def normal_code(text: str) -> str:
    """The code as it was made, whatever was typed for it."""
    told = "".join(text.upper().split()).replace("-", "")
    return told.replace("I", "1").replace("L", "1").replace("O", "0")
