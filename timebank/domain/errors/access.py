"""Errors of sign-in, sessions, tokens and staff accounts. They never tell whether a login exists."""

# The class says what is wrong, it need not end in "Error".
# ruff: noqa: N818

from __future__ import annotations

from timebank.domain.errors.base import Forbidden, Invalid, Refused, TimebankError
from timebank.domain.words import N_


class Unauthenticated(TimebankError):
    """Nobody is signed in."""

    code = "unauthenticated"
    status = 401
    message = N_("Please sign in first.")
    remedy = N_("Sign in with your phone number or user name and your password.")


class SignInFailed(Unauthenticated):
    """Unknown login or wrong password: the answer is the same for both."""

    code = "sign_in_failed"
    message = N_("The phone number, user name or password is not right.")
    remedy = N_("Try again slowly. If you forgot the password, the station can set a new one.")


class TokenInvalid(Unauthenticated):
    """The bearer token is unknown, expired or revoked."""

    code = "token_invalid"
    message = N_("The access token is not valid or has expired.")
    remedy = N_("Ask the administrator for a new token.")


class SecondFactorNeeded(Unauthenticated):
    """The password was right, the one-time code is still missing."""

    code = "second_factor_needed"
    message = N_("Please enter the six digits from your authenticator.")
    remedy = N_("Open the authenticator on your phone and type in the number it shows.")


class SecondFactorWrong(Unauthenticated):
    """The one-time code is wrong, too old or was used before."""

    code = "second_factor_wrong"
    message = N_("The six digits are not right or were used before.")
    remedy = N_("Wait for the next number on your authenticator and type it in.")


class EnrolmentLost(Refused):
    """An authenticator's secret that was shown can't be read any more: the server's key was changed meanwhile."""

    code = "enrolment_lost"
    message = N_("The picture you scanned no longer counts. Nothing was set up.")
    remedy = N_("Remove it from your authenticator, scan the new picture and type the digits that it shows.")


class TooManyAttempts(TimebankError):
    """Guessing is slowed down; the wait grows with each failure."""

    code = "too_many_attempts"
    status = 429
    message = N_("There were too many wrong tries.")
    remedy = N_("Wait %(wait_seconds)s seconds, then try again, or ask the station.")


class RateLimited(TimebankError):
    """Too many requests from one place."""

    code = "rate_limited"
    status = 429
    message = N_("There were too many requests in a short time.")
    remedy = N_("Wait a minute, then go on.")


class FormExpired(TimebankError):
    """The form's protection against forgery is missing or too old."""

    code = "form_expired"
    status = 400
    message = N_("This form was open for too long.")
    remedy = N_("Reload the page and send it again.")


class TokenScopeMissing(Forbidden):
    """The token is valid but wasn't made for this."""

    code = "token_scope_missing"
    message = N_("The access token may not do this.")
    remedy = N_("Ask the administrator for a token with the scope %(scope)s.")


class TokenScopeUnknown(Invalid):
    """A scope that doesn't exist, or that its maker doesn't hold."""

    code = "token_scope_unknown"
    message = N_("The scope %(scope)s can't be given to this token.")
    remedy = N_("Choose scopes from the list.")


class PasswordTooWeak(Invalid):
    """Too short or too common. There are no rules about kinds of characters."""

    code = "password_too_weak"
    message = N_("The password is too short or too easy to guess.")
    remedy = N_("Take at least %(length)s characters, for example three words that only you would put together.")


class PasswordWrong(Invalid):
    """The present password, asked for once more before a change, is wrong."""

    code = "password_wrong"
    message = N_("The present password is not right.")
    remedy = N_("Enter your present password again.")


class LoginTaken(Refused):
    """The user name is in use."""

    code = "login_taken"
    message = N_("This phone number or user name can't be used for a new account.")
    remedy = N_("Sign in with it, or ask the station, if it is yours.")


class PinWrong(Invalid):
    """The elder's PIN or card doesn't match."""

    code = "pin_wrong"
    message = N_("The PIN is not right.")
    remedy = N_("Let the elder type it in again. If it is forgotten, the station sets a new one.")


class PinTooSimple(Invalid):
    """Such as 1234, 0000, or the birth date."""

    code = "pin_too_simple"
    message = N_("This PIN is too easy to guess.")
    remedy = N_("Take %(length)s digits that are neither a row, nor all the same, nor the birthday.")


class PinNotSet(Refused):
    """The elder has no PIN yet."""

    code = "pin_not_set"
    message = N_("This elder has no PIN yet.")
    remedy = N_("The station can set one, or the elder confirms at the desk.")


class RoleNotGrantable(Refused):
    """Auditor and administrator never go together with a role that moves credit; stations fit their role."""

    code = "role_not_grantable"
    message = N_("This role can't be given here.")
    remedy = N_("Choose a role that fits the station. An auditor or administrator holds no role that moves hours.")


class LastAdministrator(Refused):
    """Without an administrator nobody could ever appoint one again."""

    code = "last_administrator"
    message = N_("This is the last administrator.")
    remedy = N_("Appoint another administrator first.")
