"""Errors of erasing and correcting a person's data."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class ErasureAsked(Refused):
    """One request at a time."""

    code = "erasure_asked"
    message = N_("The erasure is asked for already.")
    remedy = N_("It can be withdrawn as long as it is not done.")


class ErasureWaits(Refused):
    """The time to think it over isn't over."""

    code = "erasure_waits"
    message = N_("The member can think it over until %(until_at)s.")
    remedy = N_("Confirm it after that time.")


class ErasureStateConflict(Refused):
    """It was withdrawn, confirmed or carried out before."""

    code = "erasure_state_conflict"
    message = N_("This request for erasure is no longer in that state.")
    remedy = N_("Reload the page to see the present state.")


class NothingCorrected(Invalid):
    """A correction that changes nothing."""

    code = "nothing_corrected"
    message = N_("Nothing is different from what is kept.")
    remedy = N_("Change what is wrong, then save.")


class PersonErased(Refused):
    """Nothing is known of this person any more."""

    code = "person_erased"
    message = N_("The data of this person were erased.")
    remedy = N_("Nothing more can be done here. Whoever comes back registers as a new member.")


class StaffRoleLeft(Refused):
    """Who works for the time bank acts under a name."""

    code = "staff_role_left"
    message = N_("This person still has a role in the time bank's staff.")
    remedy = N_("Let the administrator end the role first.")
