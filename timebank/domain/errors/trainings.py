"""Errors of trainings."""

from __future__ import annotations

from timebank.domain.errors.base import Invalid, Refused
from timebank.domain.words import N_


class TrainingInvalid(Invalid):
    """`field` can't be right."""

    code = "training_invalid"
    message = N_("The training is not valid at “%(field)s”.")
    remedy = N_("Correct it and send the form again.")


class TrainingFull(Refused):
    """All places are taken."""

    code = "training_full"
    message = N_("All places of this training are taken.")
    remedy = N_("Choose another one, or ask the station to note your name.")


class TrainingOver(Refused):
    """Nobody joins or leaves any more, or its list was written down already."""

    code = "training_over"
    message = N_("This training is over or was cancelled.")
    remedy = N_("Look at the list for the next one.")


class TrainingNotYet(Refused):
    """Attendance is written down on the day, not before."""

    code = "training_not_yet"
    message = N_("This training has not taken place yet.")
    remedy = N_("Write down who was there on the day or afterwards.")
