"""Paper slips: their states, and why one comes to nothing. Each number that was given out is accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from timebank.domain.errors import ReasonUnknown, SheetDayInvalid, SlipStateConflict
from timebank.domain.words import N_

AHEAD: Final = timedelta(days=7)
MOST_BLANKS: Final = 50


class SlipState(StrEnum):
    OPEN = "open"
    ENTERED = "entered"
    VOID = "void"


STATE_LABELS: Final[Mapping[SlipState, str]] = {
    SlipState.OPEN: N_("not back yet"),
    SlipState.ENTERED: N_("entered"),
    SlipState.VOID: N_("void"),
}
VOID_REASONS: Final[Mapping[str, str]] = {
    "unused": N_("Not used"),
    "elder_absent": N_("Nobody was at home"),
    "volunteer_absent": N_("The helper did not come"),
    "spoiled": N_("Spoiled or unreadable"),
    "lost": N_("Lost"),
    "logged_online": N_("Logged by phone instead"),
}


def check_day(day: date, today: date) -> None:
    """A sheet is for today or the next seven days. Raises SheetDayInvalid."""
    if not today <= day <= today + AHEAD:
        raise SheetDayInvalid


def voided(state: SlipState, reason: str) -> SlipState:
    """An open slip that comes to nothing. Raises SlipStateConflict, ReasonUnknown."""
    if reason not in VOID_REASONS:
        raise ReasonUnknown
    if state is not SlipState.OPEN:
        raise SlipStateConflict(state=STATE_LABELS[state])
    return SlipState.VOID


def found_again(state: SlipState) -> SlipState:
    """A void slip that turned up after all. Raises SlipStateConflict."""
    if state is not SlipState.VOID:
        raise SlipStateConflict(state=STATE_LABELS[state])
    return SlipState.OPEN
