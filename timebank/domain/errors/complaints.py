"""Errors of ratings and complaints."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Forbidden, NotFound, Refused
from timebank.domain.words import N_


class RatingTooEarly(Refused):
    """Only what is settled or verified can be rated."""

    code = "rating_too_early"
    message = N_("This service is not finished yet, so it can't be rated.")
    remedy = N_("Come back when the hours are settled.")


class RatingGiven(Refused):
    """Once for each service and direction."""

    code = "rating_given"
    message = N_("This service was rated already.")
    remedy = N_("Nothing more is needed. If something was wrong, make a complaint.")


class ComplaintStateConflict(Refused):
    """The complaint isn't in a state from which this step is possible."""

    code = "complaint_state_conflict"
    message = N_("This step is not possible at the present state of the complaint.")
    remedy = N_("Reload the page to see what can be done now.")


class ComplaintAppealLate(Refused):
    """The days for an appeal are over."""

    code = "complaint_appeal_late"
    message = N_("The time to object to the answer ended on %(on)s.")
    remedy = N_("Make a new complaint if something new has happened.")


class ComplaintSecondHandler(Forbidden):
    """Who answered never decides on the objection to that answer."""

    code = "complaint_second_handler"
    message = N_("You gave the answer, so you can't decide on the objection to it.")
    remedy = N_("Leave it in the list: a colleague decides.")


class ComplaintUnknown(NotFound):
    """Number and secret don't belong together; nobody learns which was wrong."""

    code = "complaint_unknown"
    message = N_("No complaint has this number and this code.")
    remedy = N_("Look at the slip on which both are written, or call the hotline.")
