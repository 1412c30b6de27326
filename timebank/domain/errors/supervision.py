"""Errors of inspections, signals and call-backs."""

from __future__ import annotations

from timebank.domain.errors.base import Forbidden, Invalid, Refused
from timebank.domain.words import N_


class NobodyToDraw(Refused):
    """No station, or a station that nobody but its own staff could inspect."""

    code = "nobody_to_draw"
    message = N_("There are not enough stations or inspectors for a draw.")
    remedy = N_("Each station needs somebody of a centre who does not work there.")


class NotDrawn(Forbidden):
    """The draw says who inspects."""

    code = "not_drawn"
    message = N_("You were not drawn for this inspection.")
    remedy = N_("Leave it to those whom the draw names.")


class AlreadyRecorded(Refused):
    """A result or an answer is written once."""

    code = "already_recorded"
    message = N_("This is recorded already.")
    remedy = N_("What is recorded stays. Write what is new into the next step.")


class OutcomeUnknownHere(Invalid):
    """The outcome is none of the list."""

    code = "outcome_not_listed"
    message = N_("Please choose what was found.")
    remedy = N_("Choose one of the list and say it in a few words.")


class OwnSignal(Forbidden):
    """Who took part in what a signal or a call-back is about never closes it."""

    code = "own_signal"
    message = N_("You took part in this, so somebody else has to look at it.")
    remedy = N_("Leave it in the list for a colleague.")
