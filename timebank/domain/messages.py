"""What people are told: for each kind a short text in both languages, which names nobody and says what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from timebank.domain.words import N_

TEXTS: Final[Mapping[str, str]] = {
    "redemption_assigned": N_("A helper was found for the care that you asked for."),
    "rounds_planned": N_("The monthly visits are planned. Open the list to see whom you visit."),
    "complaint_received": N_("A complaint came in. Accept it or redirect it in time."),
    "complaint_step": N_("There is something new about your complaint."),
    "complaint_appealed": N_("Somebody objected to the answer to a complaint. A second person decides."),
    "credit_event": N_("Something was written into your credit file. You can object to it."),
    "incident_opened": N_("Something happened at your station. Open the incident and answer the call."),
    "incident_call_overdue": N_("Nobody answered the call about an incident in time. Please act now."),
}
"""Kind of message → its text. A kind is added by adding a line."""
