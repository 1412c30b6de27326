"""Records of hours: logging, confirming, verifying, and what follows from each."""

from timebank.services.hours.enter import RowRefused, enter, issue_slips
from timebank.services.hours.log import LogHours, log
from timebank.services.hours.read import (
    Choice,
    choices,
    counts,
    for_my_word,
    mine,
    of_member,
    of_station,
    queue,
    see,
    to_clarify,
    trail,
)
from timebank.services.hours.sheets import (
    GroupView,
    SheetView,
    SlipTold,
    SlipView,
    make_sheet,
    reconcile,
    reopen_slip,
    sheet,
    sheets,
    slip_trail,
    slips_out,
)
from timebank.services.hours.steps import confirm, confirm_by_elder, step
from timebank.services.hours.values import FlagView, HoursView
from timebank.services.hours.verify import Statement, StationSignature, Verified, statements, verify
from timebank.services.hours.visits import VisitView, abandon, check_in, check_out, close_forgotten, open_visit
from timebank.storage.trails import StepView

__all__ = [
    "Choice",
    "FlagView",
    "GroupView",
    "HoursView",
    "LogHours",
    "RowRefused",
    "SheetView",
    "SlipTold",
    "SlipView",
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
    "make_sheet",
    "mine",
    "of_member",
    "of_station",
    "open_visit",
    "queue",
    "reconcile",
    "reopen_slip",
    "see",
    "sheet",
    "sheets",
    "slip_trail",
    "slips_out",
    "statements",
    "step",
    "to_clarify",
    "trail",
    "verify",
]
