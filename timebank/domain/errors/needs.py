"""Errors of needs, offers, activities and projects."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class NeedStateConflict(Refused):
    """The need isn't in a state from which this step is possible."""

    code = "need_state_conflict"
    message = N_("This need is “%(state)s”, so this step is not possible.")
    remedy = N_("Reload the page to see what can be done now.")


class AlreadyBooked(Refused):
    """The volunteer is promised elsewhere at that time, or has this very thing."""

    code = "already_booked"
    message = N_("At that time this volunteer has promised to be somewhere else.")
    remedy = N_("Choose another time or another volunteer, or give back the other appointment first.")


class InsuranceMissing(Refused):
    """A service of high risk without accident insurance on the day."""

    code = "insurance_missing"
    message = N_("This service needs accident insurance that is valid on %(on)s, and the station has seen none.")
    remedy = N_("Show the insurance paper at the station; it is entered with your offer.")


class RiskTextMissing(Invalid):
    """Nobody said what could go wrong."""

    code = "risk_text_missing"
    message = N_("It is not said what risks there are.")
    remedy = N_("Write in a few words what could go wrong, for example stairs, a dog, or that no risk is known.")


class NeedInvalid(Invalid):
    """The funding, place, language or wish isn't one of those that there are."""

    code = "need_invalid"
    message = N_("Something that was chosen for this need doesn't exist.")
    remedy = N_("Choose from the lists and send it again.")


class OfferInvalid(Invalid):
    """An offer without days, times or services, or with times that can't be."""

    code = "offer_invalid"
    message = N_("An offer needs at least one weekday, one service, and a time from that lies before the time to.")
    remedy = N_("Choose them and send it again.")


class OfferEnded(Refused):
    """The offer is not valid any more."""

    code = "offer_ended"
    message = N_("This offer is not valid any more.")
    remedy = N_("Make a new offer.")


class ActivityInvalid(Invalid):
    """One of the seven facts of an activity is missing or can't be."""

    code = "activity_invalid"
    message = N_("An activity needs its name, date, place, content, time, station, leader and whom it serves.")
    remedy = N_("Fill in all of them; the places and the minutes must be above zero.")


class ActivityFull(Refused):
    """All places are taken."""

    code = "activity_full"
    message = N_("All places are taken.")
    remedy = N_("Choose another one, or ask the station to tell you when a place is free.")


class ActivityStateConflict(Refused):
    """It is over, cancelled or written down already."""

    code = "activity_state_conflict"
    message = N_("This can't be joined or changed any more.")
    remedy = N_("Reload the page to see how it stands.")


class TeamInvalid(Invalid):
    """A team without a name, or with a leader who is no member of the station."""

    code = "team_invalid"
    message = N_("A team needs a name, and a leader who is an active member of the station.")
    remedy = N_("Correct it and send it again.")


class ProjectInvalid(Invalid):
    """A project without the facts that the project bank shows."""

    code = "project_invalid"
    message = N_("A project needs a name, what is needed, and how many people.")
    remedy = N_("Fill in all of them and send it again.")
