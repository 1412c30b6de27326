"""Errors of stars and awards."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class AwardInvalid(Invalid):
    """An award without a name or a granting body, too long, or of a day to come."""

    code = "award_invalid"
    message = N_("This award can not be noted like that.")
    remedy = N_("Give its name, who granted it, and the day, which has passed.")


class AwardStateConflict(Refused):
    """It was withdrawn already."""

    code = "award_state_conflict"
    message = N_("This award was withdrawn already.")
    remedy = N_("Reload the page.")


class BasicsInvalid(Invalid):
    """More than a line of text."""

    code = "basics_invalid"
    message = N_("This text is too long.")
    remedy = N_("Write at most 100 signs.")
