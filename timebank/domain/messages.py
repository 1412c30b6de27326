"""What people are told: for each kind a short text in both languages, which names nobody and says what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from timebank.domain.words import N_

TEXTS: Final[Mapping[str, str]] = {
    "station_closing": N_("Your station will close. Another one takes over; all your hours stay yours."),
    "station_stays": N_("Your station stays open after all."),
    "station_closed": N_("Your station has closed. Its successor has your account and all open matters."),
    "redemption_assigned": N_("A helper was found for the care that you asked for."),
}
"""Kind of message → its text. A kind is added by adding a line."""
