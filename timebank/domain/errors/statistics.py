"""Errors of the annual report."""

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class ReportYearNotOver(Invalid):
    """A year is reported on when it is over."""

    code = "report_year_not_over"
    message = N_("This year is not over yet, so it can't be reported on.")
    remedy = N_("Choose a year that has ended.")


class ReportDraftWaits(Refused):
    """One draft of a year at a time."""

    code = "report_draft_waits"
    message = N_("A draft of this year waits to be frozen already.")
    remedy = N_("Look at that draft. Freeze it, or take it back and make a new one.")


class ReportFrozen(Refused):
    """What is frozen stays; a correction is a new version that says why."""

    code = "report_frozen"
    message = N_("The report of this year is frozen and can't be changed.")
    remedy = N_("If something in it is wrong, make a new version and say why. Both stay public.")


class ReportStateConflict(Refused):
    """It was frozen or taken back in the meantime."""

    code = "report_state_conflict"
    message = N_("This draft was frozen or taken back in the meantime.")
    remedy = N_("Go back to the list of reports and look at how it stands now.")


class ReportChanged(Refused):
    """The figures are not those of the draft any more: who freezes would freeze what nobody has read."""

    code = "report_changed"
    message = N_("The figures have changed since this draft was made.")
    remedy = N_("Take the draft back, make a new one and look at it again.")
