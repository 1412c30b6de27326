"""Errors of consent notes and of what is lent."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Refused
from timebank.domain.words import N_


class ConsentNoteMissing(Refused):
    """Papers may be carried in this service, and the elder's consent is not written down before it began."""

    code = "consent_note_missing"
    message = N_("In this service papers may be carried, and no consent note was written before it began.")
    remedy = N_("Write the consent note together first (“Papers carried”), also if no papers are carried.")


class ConsentNoteReturned(Refused):
    """Nothing of this note is out."""

    code = "consent_note_returned"
    message = N_("The papers of this note are back already, or none were carried.")
    remedy = N_("Reload the page to see the present state.")


class EquipmentNoneLeft(Refused):
    """All are lent."""

    code = "equipment_none_left"
    message = N_("All of these are lent at the moment.")
    remedy = N_("Look at the list when the next one is due back.")


class EquipmentStillLent(Refused):
    """The stock can't be smaller than what is lent."""

    code = "equipment_still_lent"
    message = N_("More of these are lent than would be there.")
    remedy = N_("Take them back first, then lower the number.")


class LoanReturned(Refused):
    """It came back already."""

    code = "loan_returned"
    message = N_("This loan is ended already.")
    remedy = N_("Reload the page to see the present state.")
