"""Errors of credit files and of the list of dishonest organisations."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class CreditStateConflict(Refused):
    """Neither in force nor in the state that the step needs."""

    code = "credit_state_conflict"
    message = N_("This step is not possible at the present state of the entry in the credit file.")
    remedy = N_("Reload the page to see what can be done now.")


class CreditAppealLate(Refused):
    """The days for an objection are over."""

    code = "credit_appeal_late"
    message = N_("The time to object to this entry ended on %(on)s.")
    remedy = N_("It can be repaired with evidence that the matter was put right.")


class CreditRepairEarly(Refused):
    """A repair asks for some days in between."""

    code = "credit_repair_early"
    message = N_("This entry can be repaired from %(on)s on.")
    remedy = N_("Keep the evidence that the matter was put right until then.")


class BlacklistTooLong(Invalid):
    """Longer than the region's rules allow, or ending before it begins."""

    code = "blacklist_too_long"
    message = N_("An organisation can be listed for at most %(months)s months.")
    remedy = N_("Choose an earlier end.")


class OrganisationsOnly(Refused):
    """People are never listed as dishonest: neither elders nor volunteers nor staff."""

    code = "organisations_only"
    message = N_("Only organisations can be listed, never a person.")
    remedy = N_("Write the organisation's unified social credit code, as one of the network's stations has it.")
