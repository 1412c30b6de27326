"""Errors of records of hours and of visits. What is refused is never trimmed to fit."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class HoursStateConflict(Refused):
    """The record isn't in a state from which this step is possible."""

    code = "hours_state_conflict"
    message = N_("The record is “%(state)s”, so this step is not possible.")
    remedy = N_("Reload the page to see what can be done now.")


class HoursInFuture(Refused):
    """The service would end after now."""

    code = "hours_in_future"
    message = N_("The service has not ended yet.")
    remedy = N_("Log it when it is over, or correct the date and time.")


class HoursEndBeforeStart(Invalid):
    """The end isn't after the start."""

    code = "hours_end_before_start"
    message = N_("The end is not after the start.")
    remedy = N_("Correct the start or the end.")


class HoursTooShort(Refused):
    """Shorter than the catalogue item allows."""

    code = "hours_too_short"
    message = N_("This service takes at least %(least_minutes)s, the record says %(actual_minutes)s.")
    remedy = N_("Check start, end and kind of service.")


class HoursTooLong(Refused):
    """Longer than the catalogue item or the policy allows for one record."""

    code = "hours_too_long"
    message = N_("One record of this service may have %(most_minutes)s at most, this one has %(actual_minutes)s.")
    remedy = N_("Check start and end. If two services were given, log each with its own times.")


class HoursOverlap(Refused):
    """The volunteer was elsewhere at the time, says another record."""

    code = "hours_overlap"
    message = N_("The volunteer has another record from %(other_started_at)s to %(other_ended_at)s.")
    remedy = N_("Correct the times so that they don't overlap, or withdraw the wrong record.")


class DayCapReached(Refused):
    """More on one local day than the policy allows, over all records of the volunteer."""

    code = "day_cap_reached"
    message = N_("With this record the volunteer would have %(total_minutes)s on %(on)s. The limit is %(cap_minutes)s.")
    remedy = N_("Check the times. Thank you for so much work: what is above the limit of a day can't be credited.")


class MonthCapReached(Refused):
    """More in one month than the policy allows."""

    code = "month_cap_reached"
    message = N_(
        "With this record the volunteer would have %(total_minutes)s in this month. The limit is %(cap_minutes)s."
    )
    remedy = N_("Check the times, or go on next month.")


class PairMonthCapReached(Refused):
    """More between the same two people in one month than the policy allows."""

    code = "pair_month_cap_reached"
    message = N_("These two people would have %(total_minutes)s together in this month. The limit is %(cap_minutes)s.")
    remedy = N_("Let another volunteer help this elder too. The station can arrange it.")


class OwnCare(Refused):
    """Volunteer and elder are one person."""

    code = "own_care"
    message = N_("Nobody earns hours by caring for themselves.")
    remedy = N_("Choose the elder who was helped.")


class KinCare(Refused):
    """Care that the law or the policy already expects from near kin (67号令 art. 19)."""

    code = "kin_care"
    message = N_("Care for close family is a duty of the family, so it earns no hours.")
    remedy = N_("Thank you for caring. If the relation was recorded wrongly, ask the station to correct it.")


class VolunteerUnqualified(Refused):
    """A risky service without the training it needs, on the day of the service."""

    code = "volunteer_unqualified"
    message = N_("This service needs a training that the volunteer didn't have on %(on)s.")
    remedy = N_("Record the training at the station if it took place, or choose another volunteer for this service.")


class VolunteerTooYoung(Refused):
    """Below the policy's age, and neither with a guardian nor in a group as the policy asks."""

    code = "volunteer_too_young"
    message = N_("On the day of the service the volunteer was not yet %(age_years)s years old.")
    remedy = N_("Ask the station which activities are open to younger people.")


class NotYetMember(Refused):
    """The service took place before one of the two was a member."""

    code = "not_yet_member"
    message = N_("On the day of the service the membership had not begun.")
    remedy = N_("Check the date. Only what happened after registration can be logged.")


class HoursTooOld(Refused):
    """Longer ago than the policy allows for this way of entry."""

    code = "hours_too_old"
    message = N_("The service was %(age_days)s days ago. Records can be entered for %(limit_days)s days.")
    remedy = N_("Ask the station: the county can decide on late records with proof.")


class SourceNotCredited(Refused):
    """The policy asks for better evidence than this record has."""

    code = "source_not_credited"
    message = N_("Records of this kind are not credited under the county's rules.")
    remedy = N_("Use check-in and check-out with the elder's card or PIN next time.")


class ServiceNotOffered(Refused):
    """Unknown code, or not active."""

    code = "service_not_offered"
    message = N_("This service is not offered.")
    remedy = N_("Choose a service from the list.")


class PlaceNotAllowed(Invalid):
    """The catalogue item isn't given at this kind of place."""

    code = "place_not_allowed"
    message = N_("This service is not given at this kind of place.")
    remedy = N_("Choose the right place.")


class SlipNumberMissing(Invalid):
    """A record from paper names its slip."""

    code = "slip_number_missing"
    message = N_("The number of the paper slip is missing.")
    remedy = N_("Type in the number printed at the top of the slip.")


class SlipNumberInvalid(Invalid):
    """The check digit doesn't fit."""

    code = "slip_number_invalid"
    message = N_("The number of the paper slip is not right.")
    remedy = N_("Compare it with the slip, digit by digit.")


class SlipNumberTaken(Refused):
    """Each slip is entered once."""

    code = "slip_number_taken"
    message = N_("This paper slip was already entered.")
    remedy = N_("Look it up by its number. If a wrong slip was entered, withdraw that record first.")


class ElderConfirmationMissing(Refused):
    """Only a confirmed record can be verified."""

    code = "elder_confirmation_missing"
    message = N_("The elder has not confirmed this record yet.")
    remedy = N_("Call the elder, or let the elder confirm by PIN, phone or at the desk.")


class BalanceCapReached(Refused):
    """The policy refuses credit above its cap."""

    code = "balance_cap_reached"
    message = N_("With this record the account would go above the limit of %(cap_minutes)s.")
    remedy = N_("Ask the volunteer to use, give or donate some hours first. The record waits.")


class NothingToCredit(Refused):
    """The policy's rounding leaves nothing."""

    code = "nothing_to_credit"
    message = N_("The record is too short to be credited under the county's rounding.")
    remedy = N_("Reject it with the reason “too short”, or correct the times with the volunteer.")


class VisitAlreadyOpen(Refused):
    """One volunteer, one open check-in."""

    code = "visit_already_open"
    message = N_("You are already checked in since %(started_at)s.")
    remedy = N_("Check out of that visit first.")


class VisitNotOpen(Refused):
    """Checked out, timed out or cancelled."""

    code = "visit_not_open"
    message = N_("This visit is not open any more.")
    remedy = N_("Log the hours by hand if the visit took place.")
