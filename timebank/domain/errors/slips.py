"""Errors of paper slips and day sheets."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class SlipUnknown(Invalid):
    """The station never gave out this number."""

    code = "slip_unknown"
    message = N_("This station has not given out a slip with this number.")
    remedy = N_("Compare it with the paper. Hours without a numbered slip are entered with the field left empty.")


class SlipVoid(Refused):
    """The number was declared void."""

    code = "slip_void"
    message = N_("This slip was declared void.")
    remedy = N_("If it has turned up after all, open it again on its day sheet first.")


class SlipStateConflict(Refused):
    """The slip isn't in a state from which this step is possible."""

    code = "slip_state_conflict"
    message = N_("The slip is “%(state)s”, so this step is not possible.")
    remedy = N_("Reload the page to see what can be done now.")


class SheetDayInvalid(Invalid):
    """Too early, or too far ahead."""

    code = "sheet_day_invalid"
    message = N_("A day sheet is for today or one of the next seven days.")
    remedy = N_("Choose such a day.")


class SheetEmpty(Invalid):
    """Nothing would stand on the sheet."""

    code = "sheet_empty"
    message = N_("Nothing new is planned for this day, and no empty slips are wanted.")
    remedy = N_("Ask for some empty slips, or choose another day.")
