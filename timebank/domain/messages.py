"""What people are told: for each kind a short text in both languages, which names nobody and says what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from timebank.domain.words import N_

TEXTS: Final[Mapping[str, str]] = {
    "redemption_assigned": N_("A helper was found for the care that you asked for."),
    "need_published": N_("Your need was checked. Volunteers can see it now, without your name."),
    "need_rejected": N_("Your need was not published. Look at the reason, or call the station."),
    "need_taken": N_("A volunteer took on the care that you need."),
    "need_given": N_("The station gave you a need to help with. Look at it, or give it back."),
    "need_given_back": N_("Your helper can't come. The station looks for somebody else."),
    "need_cancelled": N_("The care that you wanted to give is not needed any more."),
    "need_expired": N_("Nobody was found in time for the care that you need. Post it anew, or call the station."),
    "need_reminder": N_("The agreed care is soon. Look at when and where."),
    "no_show_talk": N_("A volunteer of your station was absent again. Please talk with them."),
    "activity_reminder": N_("The activity that you joined is soon. Look at when and where."),
    "activity_cancelled": N_("The activity that you joined was cancelled."),
}
"""Kind of message → its text. A kind is added by adding a line."""
