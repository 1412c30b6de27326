"""Errors of asking for care and of paying for it with hours."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class RedemptionStateConflict(Refused):
    """The request isn't in a state from which this step is possible."""

    code = "redemption_state_conflict"
    message = N_("The request is “%(state)s”, so this step is not possible.")
    remedy = N_("Reload the page to see what can be done now.")


class BalanceTooLow(Refused):
    """Less in the purses that may be used for this than is wanted."""

    code = "balance_too_low"
    message = N_("There are %(usable_minutes)s that can be used for this, and %(wanted_minutes)s are needed.")
    remedy = N_("Ask for a shorter time. The station can also check whether hours from the pool can be granted.")


class RedeemAgeNotReached(Refused):
    """Below the policy's age."""

    code = "redeem_age_not_reached"
    message = N_("Hours can be used from the age of %(age_years)s.")
    remedy = N_("Your hours are kept for you. In special difficulty the station can check an earlier age.")


class RedeemHoursNotReached(Refused):
    """Fewer verified hours than the policy asks for."""

    code = "redeem_hours_not_reached"
    message = N_("Hours can be used after %(needed_minutes)s of verified service. So far there are %(served_minutes)s.")
    remedy = N_("Your hours are kept for you. Go on a little, or ask the station in an emergency.")


class BeneficiaryNotAllowed(Refused):
    """The policy doesn't let hours be used for this relation."""

    code = "beneficiary_not_allowed"
    message = N_("Under the county's rules hours can't be used for this person.")
    remedy = N_("Choose somebody from the list, or ask the station to record the family relation.")


class BeneficiaryTooYoung(Refused):
    """The person who is to be helped is below the age for that relation."""

    code = "beneficiary_too_young"
    message = N_("The person who is to be helped must be at least %(age_years)s years old.")
    remedy = N_("Choose another person, or ask the station.")


class ServiceNotRedeemable(Refused):
    """The catalogue item can't be asked for."""

    code = "service_not_redeemable"
    message = N_("This service can't be asked for here.")
    remedy = N_("Choose another service, or call the station: it knows who can help.")


class RedemptionInPast(Invalid):
    """The wanted time is over."""

    code = "redemption_in_past"
    message = N_("The time you want is already over.")
    remedy = N_("Choose a later day or time.")


class RedemptionTooFarAhead(Invalid):
    """Later than the policy's reach."""

    code = "redemption_too_far_ahead"
    message = N_("Care can be asked for at most %(limit_days)s days ahead.")
    remedy = N_("Choose an earlier day.")


class TooManyOpenRedemptions(Refused):
    """The policy limits open requests."""

    code = "too_many_open_redemptions"
    message = N_("There are already %(limit)s open requests.")
    remedy = N_("Wait until one is done, or cancel one.")


class WaitingListOff(Refused):
    """The policy has no waiting list."""

    code = "waiting_list_off"
    message = N_("There is no waiting list in this county.")
    remedy = N_("Decline the request with a reason, so that the hours go back at once.")


class DeliveredMoreThanHeld(Refused):
    """Only what was reserved can be settled."""

    code = "delivered_more_than_held"
    message = N_("%(used_minutes)s were delivered, but only %(held_minutes)s are reserved.")
    remedy = N_("Settle the reserved time and make a new request for the rest, with the member's consent.")


class DeliveryInFuture(Invalid):
    """Care that isn't over can't be recorded as delivered."""

    code = "delivery_in_future"
    message = N_("The care has not been delivered yet.")
    remedy = N_("Record it when it is over.")


class VolunteerIsReceiver(Refused):
    """Nobody delivers care to themselves, nor near kin to each other."""

    code = "volunteer_is_receiver"
    message = N_("This volunteer can't deliver care to this person.")
    remedy = N_("Choose a volunteer who is neither the person nor close family.")


class ProviderMissing(Invalid):
    """Neither a volunteer nor a station delivers."""

    code = "provider_missing"
    message = N_("It is not said who delivers.")
    remedy = N_("Choose a volunteer or a station.")


class UndoTooLate(Refused):
    """The policy's minutes for taking something back are over."""

    code = "undo_too_late"
    message = N_("This could be taken back for %(undo_minutes)s. That time is over.")
    remedy = N_("Ask the station: a correction with a reason is still possible.")
