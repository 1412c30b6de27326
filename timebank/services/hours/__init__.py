"""Records of hours: logging, confirming, verifying, and what follows from each."""

from timebank.services.hours.enter import RowRefused, enter, issue_slips
from timebank.services.hours.log import LogHours, log
from timebank.services.hours.read import (
    Choice,
    choices,
    counts,
    for_my_word,
    mine,
    of_station,
    queue,
    see,
    to_clarify,
    trail,
)
from timebank.services.hours.steps import confirm, confirm_by_elder, step
from timebank.services.hours.values import FlagView, HoursView
from timebank.services.hours.verify import Statement, StationSignature, Verified, statements, verify
from timebank.services.hours.visits import VisitView, abandon, check_in, check_out, close_forgotten, open_visit
from timebank.storage.trails import StepView

__all__ = [
    "Choice",
    "FlagView",
    "HoursView",
    "LogHours",
    "RowRefused",
    "Statement",
    "StationSignature",
    "StepView",
    "Verified",
    "VisitView",
    "abandon",
    "check_in",
    "check_out",
    "choices",
    "close_forgotten",
    "confirm",
    "confirm_by_elder",
    "counts",
    "enter",
    "for_my_word",
    "issue_slips",
    "log",
    "mine",
    "of_station",
    "open_visit",
    "queue",
    "see",
    "statements",
    "step",
    "to_clarify",
    "trail",
    "verify",
]
