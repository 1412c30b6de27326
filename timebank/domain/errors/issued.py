"""Errors of programmes that grant hours."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class GrantProgrammeInvalid(Invalid):
    """It makes no sense, or the rules don't allow it."""

    code = "grant_programme_invalid"
    message = N_("This programme is not possible under the rules.")
    remedy = N_("Name it and who pays, choose groups of the rules, and keep the hours below the most of a grant.")


class GrantProgrammeStateConflict(Refused):
    """Not possible in this state."""

    code = "grant_programme_state_conflict"
    message = N_("This is not possible for this programme now.")
    remedy = N_("Reload the page to see what can be done now.")


class RunChanged(Refused):
    """The list is not the one that was looked at."""

    code = "run_changed"
    message = N_("The list has changed since you looked at it, or it was carried out already.")
    remedy = N_("Look at the new list, then carry it out.")
