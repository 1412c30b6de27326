"""Errors of programmes of points."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class ProgrammeInvalid(Invalid):
    """The rules of a programme make no sense."""

    code = "programme_invalid"
    message = N_("The rules of this programme are not valid.")
    remedy = N_("Fill in all names; the unit is a short word of small letters; numbers are above zero.")


class ProgrammeTaken(Refused):
    """There is one of that unit."""

    code = "programme_taken"
    message = N_("There is a programme with this unit already.")
    remedy = N_("Choose another word for the unit.")


class ProgrammeNotOpen(Refused):
    """It is not in force."""

    code = "programme_not_open"
    message = N_("This programme is not in force.")
    remedy = N_("A second person of the county opens it first.")


class ConversionOff(Refused):
    """The rules don't let hours become points."""

    code = "conversion_off"
    message = N_("Hours can not be exchanged in this programme.")
    remedy = N_("Points are earned by taking part.")


class ConversionUneven(Invalid):
    """It would not be a whole number of points."""

    code = "conversion_uneven"
    message = N_("That does not make a whole number of points.")
    remedy = N_("Choose another number of hours.")


class PointsInvalid(Invalid):
    """None, or more than the rules allow."""

    code = "points_invalid"
    message = N_("That is no number of points, or more than a member may get in a month.")
    remedy = N_("Enter a smaller whole number.")


class AwardToSelf(Refused):
    """Nobody awards himself."""

    code = "award_to_self"
    message = N_("Nobody awards points to himself or herself.")
    remedy = N_("A colleague has to do it.")


class FundingInvalid(Invalid):
    """Shares that don't sum to 100."""

    code = "funding_invalid"
    message = N_("The shares of those who pay have to sum to 100 per cent.")
    remedy = N_("Correct the shares.")


class OutOfStock(Refused):
    """Fewer are left than wanted."""

    code = "out_of_stock"
    message = N_("Only %(left)s of it are left.")
    remedy = N_("Order fewer, or choose something else.")


class PointsTooFew(Refused):
    """The account has fewer points."""

    code = "points_too_few"
    message = N_("There are only %(points)s points, %(wanted)s are needed.")
    remedy = N_("Choose something else, or come back later.")


class OrderStateConflict(Refused):
    """Not possible in this state."""

    code = "order_state_conflict"
    message = N_("The order is “%(state)s”, so this step is not possible.")
    remedy = N_("Reload the page to see what can be done now.")


class RulesUnchanged(Invalid):
    """The later version says what the one before says."""

    code = "rules_unchanged"
    message = N_("Nothing is different from the rules before.")
    remedy = N_("Change what is to be changed, then propose it again.")
