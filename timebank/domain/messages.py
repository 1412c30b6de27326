"""What people are told: for each kind a short text in both languages, which names nobody and says what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from timebank.domain.words import N_

TEXTS: Final[Mapping[str, str]] = {
    "redemption_assigned": N_("A helper was found for the care that you asked for."),
    "rounds_planned": N_("The monthly visits are planned. Open the list to see whom you visit."),
    "incident_opened": N_("Something happened at your station. Open the incident and answer the call."),
    "incident_call_overdue": N_("Nobody answered the call about an incident in time. Please act now."),
}
"""Kind of message → its text. A kind is added by adding a line."""
