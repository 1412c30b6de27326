"""Errors of sheets from other systems."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class SheetUnreadable(Invalid):
    """The file is no sheet that can be read."""

    code = "sheet_unreadable"
    message = N_("This file can not be read: %(reason)s.")
    remedy = N_("Save it as CSV or Excel (.xlsx) with the titles in the first line, then load it again.")


class MappingIncomplete(Invalid):
    """A field without which the sheet says nothing has no column."""

    code = "mapping_incomplete"
    message = N_("No column was chosen for: %(field)s.")
    remedy = N_("Choose the column of the sheet in which it stands.")


class ImportEmpty(Refused):
    """Not one line can be taken over."""

    code = "import_empty"
    message = N_("Not one line of this sheet can be taken over.")
    remedy = N_("Look at the list of what is wrong, correct the sheet and load it again.")


class ImportHasFindings(Refused):
    """Lines are wrong, and the proposer wanted all or nothing."""

    code = "import_has_findings"
    message = N_("Some lines are wrong, and it was chosen that all lines are taken over or none.")
    remedy = N_("Correct the sheet and load it again, or choose that the wrong lines are left out.")


class ImportStateConflict(Refused):
    """The sheet is not in the state that this step needs."""

    code = "import_state_conflict"
    message = N_("This can not be done now: the sheet is in the state “%(state)s”.")
    remedy = N_("Reload the page to see how far it is.")


class SheetTakenOver(Refused):
    """A file of the very same bytes was taken over before, and stands."""

    code = "sheet_taken_over"
    message = N_("This very sheet was taken over already.")
    remedy = N_("Look at the list of sheets. It can be taken over again only after it was taken back.")
