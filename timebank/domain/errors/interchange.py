"""Errors of the exchange between books."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, NotFound, Refused
from timebank.domain.words import N_


class PartnerUnknown(NotFound):
    """No agreement with that book."""

    code = "partner_unknown"
    message = N_("There is no agreement with this book.")
    remedy = N_("Both counties agree first: each enters what the other shows on its interchange card.")


class PartnerInvalid(Invalid):
    """The card of the other book can't be read."""

    code = "partner_invalid"
    message = N_("The card of the other book can't be read.")
    remedy = N_("Copy the whole text of the card once more, from { to }.")


class PartnerStateConflict(Refused):
    """Not possible in this state."""

    code = "partner_state_conflict"
    message = N_("This is not possible for this agreement now.")
    remedy = N_("Reload the page to see what can be done now.")


class PartnerTaken(Refused):
    """There is one already."""

    code = "partner_taken"
    message = N_("There is an agreement with this book already.")
    remedy = N_("Look for it in the list.")


class LimitInvalid(Invalid):
    """No such limit."""

    code = "limit_invalid"
    message = N_("The limit is a whole number of hours above zero.")
    remedy = N_("Enter how many hours either side may owe the other.")


class ClearingLimitReached(Refused):
    """The other side would owe too much, or we would."""

    code = "clearing_limit_reached"
    message = N_("The two counties have reached the limit that they agreed on.")
    remedy = N_("Try a smaller amount, or later. The counties settle what they owe each other.")


class InterchangeMessageInvalid(Invalid):
    """A message from another book that can't be read."""

    code = "interchange_message_invalid"
    message = N_("The message can't be read.")
    remedy = N_("It has to have the form that docs/interchange.md lays down.")


class InterchangeProofInvalid(Invalid):
    """What another book says isn't proven."""

    code = "interchange_proof_invalid"
    message = N_("The proof does not hold.")
    remedy = N_("Send the receipt of the entry under a checkpoint with the agreed signatures.")
