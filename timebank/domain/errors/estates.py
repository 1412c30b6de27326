"""Errors of estates and of accounts that nobody uses."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class EstateChoiceNotAllowed(Refused):
    """The rules don't allow this choice."""

    code = "estate_choice_not_allowed"
    message = N_("The rules of the county do not allow this choice.")
    remedy = N_("Choose another one, or leave it to the rules.")


class HeirInvalid(Invalid):
    """No recorded relative."""

    code = "heir_invalid"
    message = N_("Hours can only pass to a relative who is recorded here and whose membership is active.")
    remedy = N_("Have the relative registered and recorded first.")


class EstateDayInvalid(Invalid):
    """A day that has not come."""

    code = "estate_day_invalid"
    message = N_("The day of death is not right.")
    remedy = N_("Compare it with the certificate.")


class EstateStateConflict(Refused):
    """Not possible in this state."""

    code = "estate_state_conflict"
    message = N_("The estate is “%(state)s”, so this step is not possible.")
    remedy = N_("Reload the page to see what can be done now.")


class EstateReported(Refused):
    """It was reported already."""

    code = "estate_reported"
    message = N_("This was reported already.")
    remedy = N_("Look for it in the list of estates.")


class EstateProofMissing(Invalid):
    """No paper was named."""

    code = "estate_proof_missing"
    message = N_("The paper that shows it is missing.")
    remedy = N_("Write down which paper was seen, with its number.")


class ContactsMissing(Refused):
    """The holder was not asked often enough."""

    code = "contacts_missing"
    message = N_("The holder of this account has not been asked three times, a month apart.")
    remedy = N_("Try to reach the holder first, and write each attempt down.")


class NotDormant(Refused):
    """Nothing of the account lapses."""

    code = "not_dormant"
    message = N_("Nothing in this account lapses now.")
    remedy = N_("Reload the list.")


class HeirProofMissing(Refused):
    """Nobody has seen a paper that says that this heir is a relative."""

    code = "heir_proof_missing"
    message = N_("For one of the heirs no paper about the relation has been seen.")
    remedy = N_("Ask for the household register or another paper, note it on the member's page, then report again.")
