"""Errors of the monthly visits and of incidents."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class RoundTagMissing(Refused):
    """No circumstance for which the region's papers want monthly visits stands with evidence."""

    code = "round_tag_missing"
    message = N_("None of the circumstances for monthly visits is recorded with its evidence.")
    remedy = N_("Record the circumstance in the member's data first, then write what shows it.")


class RoundEnrolled(Refused):
    """An elder is enrolled once."""

    code = "round_enrolled"
    message = N_("This elder is on the list of monthly visits already.")
    remedy = N_("Open the elder's page in the list.")


class RoundEnded(Refused):
    """The enrolment is over."""

    code = "round_ended"
    message = N_("The monthly visits of this elder have ended.")
    remedy = N_("Put the elder on the list again if the visits are to go on.")


class RoundVisitTimeInvalid(Invalid):
    """Not over yet, or from before the enrolment."""

    code = "round_visit_time_invalid"
    message = N_("The visit lies in the future or before the visits began.")
    remedy = N_("Enter the day and time at which the elder was really visited.")


class VisitorUnfit(Refused):
    """Visitors are staff of the station and its active volunteers; nobody visits oneself."""

    code = "visitor_unfit"
    message = N_("This person can't be the visitor.")
    remedy = N_("Choose staff of the station or one of its active volunteers, not the elder.")


class IncidentClosed(Refused):
    """What is closed stays as it was written down."""

    code = "incident_closed"
    message = N_("The incident is closed.")
    remedy = N_("Open a new incident if something else happened.")
