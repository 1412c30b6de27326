"""Errors of registration, membership, kin and proxies. None says whose data it met."""

# The class says what is wrong, it need not end in "Error".

from __future__ import annotations

from timebank.domain.errors.base import Forbidden, Invalid, NotFound, Refused
from timebank.domain.words import N_


class NameInvalid(Invalid):
    """Empty, too long, or with signs that no name has."""

    code = "name_invalid"
    message = N_("Please enter the full name.")
    remedy = N_("Write it as on the identity document.")


class PhoneInvalid(Invalid):
    """Neither a mobile number nor a landline with its area code."""

    code = "phone_invalid"
    message = N_("This is not a phone number.")
    remedy = N_("Enter 11 digits of a mobile phone, or the area code and number of a landline.")


class PhoneTaken(Refused):
    """The blind index of this phone belongs to somebody else."""

    code = "phone_taken"
    message = N_("This phone number is already registered.")
    remedy = N_("Sign in with it, or ask the station to find the registration.")


class ResidentIdInvalid(Invalid):
    """`reason`: length, characters, date, future, age or check_digit (GB 11643)."""

    code = "resident_id_invalid"
    message = N_("The identity number is not right.")
    remedy = N_("Compare all 18 characters with the card. The last one may be an X.")


class ResidentIdTaken(Refused):
    """The blind index of this identity number belongs to another registration."""

    code = "resident_id_taken"
    message = N_("Somebody with this identity number is already registered.")
    remedy = N_("Look for the registration at the desk. Nobody is registered twice.")


class DocumentTypeInvalid(Invalid):
    """A kind of identity document that isn't in the list, or a number that doesn't fit it."""

    code = "document_type_invalid"
    message = N_("The kind of document and its number don't fit together.")
    remedy = N_("Choose the kind of document and enter its number again.")


class BirthDateInvalid(Invalid):
    """In the future, before 1890, or other than in the identity number."""

    code = "birth_date_invalid"
    message = N_("The birth date is not right.")
    remedy = N_("Compare it with the identity document.")


class ConsentMissing(Refused):
    """No consent is on record for what is to be stored or shown."""

    code = "consent_missing"
    message = N_("The consent is still missing.")
    remedy = N_("Read the text together with the member and record the consent, on screen or on paper.")


class MemberNumberInvalid(Invalid):
    """The check digit of the member number is wrong."""

    code = "member_number_invalid"
    message = N_("The member number is not right.")
    remedy = N_("Compare it with the member's card: nine digits.")


class MemberNotActive(Refused):
    """Not approved yet, or suspended."""

    code = "member_not_active"
    message = N_("This membership is not active.")
    remedy = N_("The station must approve it first. Ask at the desk.")


class MemberClosed(Refused):
    """The account was closed; nothing moves on it any more."""

    code = "member_closed"
    message = N_("This account is closed.")
    remedy = N_("Ask the station whether it can be opened again or which account took its place.")


class MemberStateConflict(Refused):
    """The membership isn't in a state from which this is possible."""

    code = "member_state_conflict"
    message = N_("The membership is in the state “%(state)s”, so this can't be done.")
    remedy = N_("Reload the page to see the present state.")


class BalanceLeft(Refused):
    """An account can be closed only when nothing is left on it."""

    code = "balance_left"
    message = N_("There are still %(balance_minutes)s on the account.")
    remedy = N_("Let the member use, give or donate them first. Then the account can be closed.")


class OpenMattersLeft(Refused):
    """Open records, redemptions or disputes hold the account open."""

    code = "open_matters_left"
    message = N_("Some matters of this member are still open.")
    remedy = N_("Finish or cancel the open records and requests first.")


class GuardianConsentMissing(Refused):
    """A minor volunteers only with a guardian's consent on record."""

    code = "guardian_consent_missing"
    message = N_("A guardian must agree first.")
    remedy = N_("Record the guardian's consent at the desk.")


class KinInvalid(Invalid):
    """A relation to oneself, an unknown relation, or one that contradicts another."""

    code = "kin_invalid"
    message = N_("This family relation can't be recorded.")
    remedy = N_("Choose two different members and a relation from the list.")


class CardUnknown(NotFound):
    """No active membership has this card."""

    code = "card_unknown"
    message = N_("This card is not known.")
    remedy = N_("Take the member's newest card, or find the member by number or phone.")


class ProxyNotRecorded(Forbidden):
    """Who acts for an elder needs the elder's recorded consent."""

    code = "proxy_not_recorded"
    message = N_("You are not recorded as acting for this elder.")
    remedy = N_("Let the elder agree at the station. Then you can act for the elder here.")


class ProxyTooManyElders(Refused):
    """A proxy acts for few elders only."""

    code = "proxy_too_many_elders"
    message = N_("One person can act for at most %(limit)s elders.")
    remedy = N_("Choose another family member, or let the station help.")


class ProxyTooManyActs(Refused):
    """A proxy acts only so often a day."""

    code = "proxy_too_many_acts"
    message = N_("One person can act for others at most %(limit)s times a day.")
    remedy = N_("Go on tomorrow, or let the station help today.")


class UsccInvalid(Invalid):
    """Not 18 characters of the alphabet of GB 32100. A wrong check character only warns."""

    code = "uscc_invalid"
    message = N_("The unified social credit code must have 18 digits and capital letters.")
    remedy = N_("Compare it with the registration certificate. The letters I, O, S, V and Z don't occur.")


class DivisionInvalid(Invalid):
    """Not 12 digits, the wrong level, or a parent that isn't one level up."""

    code = "division_invalid"
    message = N_("The division code doesn't fit its level or the division above it.")
    remedy = N_("Enter the 12 digits of the statistical division code and choose the division above it.")


class StationClosed(Refused):
    """A closed station takes nothing new."""

    code = "station_closed"
    message = N_("This station is closed.")
    remedy = N_("Choose the station that took over its work.")


class StationParentInvalid(Invalid):
    """A station stands below a street centre, a street centre below the county centre."""

    code = "station_parent_invalid"
    message = N_("This station can't stand there in the network.")
    remedy = N_("Choose the street or county centre that it belongs to.")


class GuestNotNeeded(Refused):
    """The member belongs to a station of the actor's anyway."""

    code = "guest_not_needed"
    message = N_("This member belongs to your station.")
    remedy = N_("Find the member at the desk by name, phone or number.")
