"""Errors of gifts, donations, grants and reversals."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class TransferStateConflict(Refused):
    """Already carried out, taken back or refused."""

    code = "transfer_state_conflict"
    message = N_("This is already “%(state)s”.")
    remedy = N_("Reload the page to see what can be done now.")


class GiftsOff(Refused):
    """The policy knows no gifts among the living."""

    code = "gifts_off"
    message = N_("Under the county's rules hours can't be given to another person.")
    remedy = N_("You can donate them to the pool, if the rules allow it, or keep them.")


class GiftOnlyToKin(Refused):
    """Only to relations that the policy names."""

    code = "gift_only_to_kin"
    message = N_("Under the county's rules hours can only be given to close family.")
    remedy = N_("Ask the station to record the family relation, or donate the hours to the pool.")


class GiftToSelf(Invalid):
    """Giver and receiver are one person."""

    code = "gift_to_self"
    message = N_("Giver and receiver are the same person.")
    remedy = N_("Choose another receiver.")


class GiftTooLarge(Refused):
    """More than the policy allows for one gift."""

    code = "gift_too_large"
    message = N_("One gift may have %(limit_minutes)s at most.")
    remedy = N_("Give less.")


class GiftMonthLimit(Refused):
    """More than the policy allows in a month."""

    code = "gift_month_limit"
    message = N_("With this gift you would give %(total_minutes)s this month. The limit is %(limit_minutes)s.")
    remedy = N_("Give less, or wait until next month.")


class DonationsOff(Refused):
    """The policy knows no donations."""

    code = "donations_off"
    message = N_("Under the county's rules hours can't be donated.")
    remedy = N_("Keep them, or ask the station.")


class GrantsOff(Refused):
    """The policy knows no grants."""

    code = "grants_off"
    message = N_("Under the county's rules no hours are granted.")
    remedy = N_("Ask the county centre.")


class GrantNotEligible(Refused):
    """In none of the policy's groups."""

    code = "grant_not_eligible"
    message = N_("This person is in none of the groups that may be granted hours.")
    remedy = N_("Check age and recorded circumstances. If they are out of date, correct them first.")


class GrantTooLarge(Refused):
    """More than the policy allows for one grant."""

    code = "grant_too_large"
    message = N_("One grant may have %(limit_minutes)s at most.")
    remedy = N_("Grant less.")


class GrantMonthLimit(Refused):
    """More than the policy allows for one person in a month."""

    code = "grant_month_limit"
    message = N_("This person would be granted %(total_minutes)s this month. The limit is %(limit_minutes)s.")
    remedy = N_("Grant less, or wait until next month.")


class GrantConsentMissing(Refused):
    """The circumstances that make somebody eligible are sensitive: they are used only with consent."""

    code = "grant_consent_missing"
    message = N_("The person has not agreed that these circumstances are used.")
    remedy = N_("Record the consent first.")


class PoolTooLow(Refused):
    """The pool has less than is wanted."""

    code = "pool_too_low"
    message = N_("The pool has %(pool_minutes)s, and %(wanted_minutes)s are wanted.")
    remedy = N_("Grant less, or wait for donations.")


class ReversalStateConflict(Refused):
    """Already decided or withdrawn."""

    code = "reversal_state_conflict"
    message = N_("This request for a correction is already “%(state)s”.")
    remedy = N_("Reload the page to see the present state.")


class EntryNotReversible(Refused):
    """A reverse isn't reversed; neither are entries that move nothing."""

    code = "entry_not_reversible"
    message = N_("This entry can't be reversed.")
    remedy = N_("Make a new entry with the right content instead.")


class EntryAlreadyReversed(Refused):
    """An entry is reversed at most once."""

    code = "entry_already_reversed"
    message = N_("This entry was already reversed.")
    remedy = N_("Look at the entry that reversed it. If that was wrong, make a new entry.")


class ReversalAlreadyAsked(Refused):
    """One open request for one entry."""

    code = "reversal_already_asked"
    message = N_("A correction of this entry was already asked for.")
    remedy = N_("Wait for the decision, or withdraw the first request.")


class ReversalBreaksBalance(Refused):
    """The credit was used since; taking it back would leave less than nothing."""

    code = "reversal_breaks_balance"
    message = N_("The hours of this entry were used since, so taking them back would leave less than nothing.")
    remedy = N_("Undo the later uses first, or agree with the member on how to settle it.")
