"""Errors of certificates."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Invalid, NotFound, Refused
from timebank.domain.words import N_


class PeriodInvalid(Invalid):
    """No such period."""

    code = "period_invalid"
    message = N_("The first day is after the last, or the last has not come yet.")
    remedy = N_("Correct the days.")


class IssuerNotFiled(Refused):
    """A station that is not filed issues no certificates."""

    code = "issuer_not_filed"
    message = N_("This station is not filed with the county yet, so it can not issue certificates.")
    remedy = N_("The account statement (passbook) is always there. Ask the station when it will be filed.")


class NothingToCertify(Refused):
    """No verified service in that time."""

    code = "nothing_to_certify"
    message = N_("There is no verified service at this station in these days.")
    remedy = N_("Choose other days. What the station has not verified yet comes later.")


class CertificateUnknown(NotFound):
    """Number and code don't belong together, or neither exists: which is not told."""

    code = "certificate_unknown"
    message = N_("There is no certificate with this number and code.")
    remedy = N_("Compare both with the paper. If they are right, the paper is not ours.")


class CertificateStateConflict(Refused):
    """It was revoked already."""

    code = "certificate_state_conflict"
    message = N_("This certificate was revoked already.")
    remedy = N_("Reload the page.")


class NationalReplyRefused(Invalid):
    """A line of the sheet that came back from the national system can't be taken."""

    code = "national_reply_refused"
    message = N_("Line %(line)s can not be taken: %(reason)s.")
    remedy = N_("Nothing was entered. Correct this line in the sheet and load it again.")


class NothingToExport(Refused):
    """Every verified record of the station is entered."""

    code = "nothing_to_export"
    message = N_("No record of this station waits for its entry.")
    remedy = N_("Come back when the next ones are verified.")


class NationalStateConflict(Refused):
    """The entry is not in the state that this step needs."""

    code = "national_state_conflict"
    message = N_("This record is not entered in the national system.")
    remedy = N_("Reload the page.")
