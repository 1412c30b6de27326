"""Figures of a year: drafted and frozen reports, open data, traces, scorecards."""

from timebank.services.statistics.operators import COUNTED, Card, scorecards
from timebank.services.statistics.published import documents, every, receipt, see
from timebank.services.statistics.reports import draft, drafts, freeze, see_draft, withdraw
from timebank.services.statistics.tracing import StaffView, trace
from timebank.services.statistics.tracing import see as see_year
from timebank.services.statistics.values import DraftView, ReportLine, ReportView, Trace, TraceLine

__all__ = [
    "COUNTED",
    "Card",
    "DraftView",
    "ReportLine",
    "ReportView",
    "StaffView",
    "Trace",
    "TraceLine",
    "documents",
    "draft",
    "drafts",
    "every",
    "freeze",
    "receipt",
    "scorecards",
    "see",
    "see_draft",
    "see_year",
    "trace",
    "withdraw",
]
