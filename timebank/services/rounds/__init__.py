"""Monthly visits (月探访): who is enrolled, who visits whom, what was found, and what share was reached."""

from timebank.services.rounds.desk import NewVisit, assign, end, enrol, plan, record
from timebank.services.rounds.figures import CoverageView, coverage
from timebank.services.rounds.values import (
    ElderView,
    RoundView,
    TagView,
    VisitorView,
    VisitView,
    circumstances,
    elder,
    history,
    mine,
    month_list,
    planned_for_me,
    see,
    visitors,
)

__all__ = [
    "CoverageView",
    "ElderView",
    "NewVisit",
    "RoundView",
    "TagView",
    "VisitView",
    "VisitorView",
    "assign",
    "circumstances",
    "coverage",
    "elder",
    "end",
    "enrol",
    "history",
    "mine",
    "month_list",
    "plan",
    "planned_for_me",
    "record",
    "see",
    "visitors",
]
