"""The root of the error tree and the kinds that any noun may raise.

A class says what is wrong. It carries a stable `code`, an HTTP `status`, a `message` and a `remedy` (what to do next),
both English msgids. Params fill `%(name)s`; the unit stands last in a param's name (`cap_minutes`, `until_at`, `on`),
so that the web can write it as people say it. No param ever holds a personal datum. A refusal changes nothing.
"""

# The class says what is wrong, it need not end in "Error".
# ruff: noqa: N818

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from timebank.domain.words import N_

Param = str | int | date | datetime


def hours_and_minutes(minutes: int) -> str:
    """Minutes in English words, for logs and for callers without a language: `90` → `1 h 30 min`."""
    sign, whole = ("-", -minutes) if minutes < 0 else ("", minutes)
    hours, rest = divmod(whole, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest or not hours)
    return sign + " ".join(parts)


def _worded(name: str, value: Param) -> str:
    return hours_and_minutes(value) if name.endswith("_minutes") and isinstance(value, int) else str(value)


class TimebankError(Exception):
    """Something that the service refuses or can't do. Raises KeyError when a param that the texts need is missing."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    message: ClassVar[str] = N_("Something went wrong.")
    remedy: ClassVar[str] = N_("Please try again later, or ask the station for help.")

    def __init__(self, **params: Param) -> None:
        self.params: dict[str, Param] = params
        worded = {name: _worded(name, value) for name, value in params.items()}
        self.remedy_text = self.remedy % worded
        super().__init__(self.message % worded)


class Invalid(TimebankError):
    """The input can't be understood, whoever sends it."""

    code = "invalid"
    status = 422
    message = N_("Something in the form is not right.")
    remedy = N_("Look at the marked fields, correct them and send the form again.")


class Refused(TimebankError):
    """The input is understood, and a rule or the present state forbids it."""

    code = "refused"
    status = 409
    message = N_("This can't be done now.")
    remedy = N_("Reload the page to see the present state, then try again.")


class NotFound(TimebankError):
    """It doesn't exist, or it belongs to another station, family or county: from outside nobody can tell which."""

    code = "not_found"
    status = 404
    message = N_("We can't find what you are looking for.")
    remedy = N_("Check the number or go back to the list. If it belongs to another station, ask that station.")


class Forbidden(TimebankError):
    """The role may not do this at all."""

    code = "forbidden"
    status = 403
    message = N_("Your role may not do this.")
    remedy = N_("Ask a colleague who has the right role, or ask the station.")


class OwnRecord(Forbidden):
    """Separation of duties: who served, received, typed in or confirmed for the elder never verifies."""

    code = "own_record"
    message = N_("You took part in this record, so you can't verify or reject it.")
    remedy = N_("Leave it in the list: a colleague who had no part in it decides.")


class SecondPersonNeeded(Forbidden):
    """Who asked never approves."""

    code = "second_person_needed"
    message = N_("Who asked for this, or gains from it, can't approve it.")
    remedy = N_("Leave it in the list: a second person decides.")


class StaleVersion(Refused):
    """Another person changed it between reading and writing."""

    code = "stale_version"
    message = N_("Somebody else changed this in the meantime.")
    remedy = N_("Reload the page, look at what changed and try again.")


class ReasonMissing(Invalid):
    """The step needs a reason."""

    code = "reason_missing"
    message = N_("A reason is needed.")
    remedy = N_("Choose a reason from the list and write a few words if none fits.")


class WordsMissing(ReasonMissing):
    """The reason is none of the list, and no words say which."""

    code = "words_missing"
    message = N_("A few words are needed here.")
    remedy = N_("Write in a few words what the reason is.")


class ReasonUnknown(Invalid):
    """The reason isn't in the list of this step."""

    code = "reason_unknown"
    message = N_("This reason is not in the list.")
    remedy = N_("Choose a reason from the list.")


class MinutesInvalid(Invalid):
    """Not a whole number of minutes above zero, or not a multiple of the step."""

    code = "minutes_invalid"
    message = N_("The time must be a whole number of minutes above zero, in steps of %(step_minutes)s.")
    remedy = N_("Enter the time again.")


class IdempotencyKeyMissing(Invalid):
    """A POST through the API without a key could be carried out twice."""

    code = "idempotency_key_missing"
    status = 400
    message = N_("The header Idempotency-Key is missing.")
    remedy = N_("Send a new random key with each new request, and the same key with a repeat.")


class IdempotencyKeyReused(Refused):
    """Same key, other content."""

    code = "idempotency_key_reused"
    message = N_("This key was already used for another request.")
    remedy = N_("Send a new key with a new request.")


class Busy(TimebankError):
    """Too many write at once; nothing was changed."""

    code = "busy"
    status = 503
    message = N_("Many people are using the service just now. Nothing was changed.")
    remedy = N_("Please try again in a moment.")


class KeyNeeded(TimebankError):
    """The last key of its kind that signs: without it there would be no checkpoints."""

    code = "key_needed"
    status = 409
    message = N_("This is the last key of its kind that signs for the book.")
    remedy = N_("Make a new pair of keys first, then retire this one.")


class OutcomeUnknown(TimebankError):
    """The database went away during the commit. The same request with the same key tells what happened."""

    code = "outcome_unknown"
    status = 503
    message = N_("We don't know yet whether this was stored.")
    remedy = N_("Send it once more: it is never done twice.")
