"""Records of hours: their states, what is refused, what is flagged."""

from __future__ import annotations

from timebank.domain.hours.flags import FLAG_LABELS, FLAG_TEXTS, SMALLEST_SHARE, Flag, Neighbourhood, flags
from timebank.domain.hours.records import (
    Claim,
    Participant,
    Record,
    Worked,
    after,
    check_reason,
    parties,
    source_counts,
    verbs_open,
    window,
)
from timebank.domain.hours.rules import Circumstances, refusals, require_loggable
from timebank.domain.hours.states import (
    CONFIRMED_HOW_LABELS,
    COUNTING,
    DROPS_CONFIRMATION,
    REASON_LABELS,
    SOURCE_LABELS,
    STATE_LABELS,
    STATE_NEXT,
    STEPS,
    WAITING,
    ConfirmedHow,
    RecordState,
    Source,
)

__all__ = [
    "CONFIRMED_HOW_LABELS",
    "COUNTING",
    "DROPS_CONFIRMATION",
    "FLAG_LABELS",
    "FLAG_TEXTS",
    "REASON_LABELS",
    "SMALLEST_SHARE",
    "SOURCE_LABELS",
    "STATE_LABELS",
    "STATE_NEXT",
    "STEPS",
    "WAITING",
    "Circumstances",
    "Claim",
    "ConfirmedHow",
    "Flag",
    "Neighbourhood",
    "Participant",
    "Record",
    "RecordState",
    "Source",
    "Worked",
    "after",
    "check_reason",
    "flags",
    "parties",
    "refusals",
    "require_loggable",
    "source_counts",
    "verbs_open",
    "window",
]
