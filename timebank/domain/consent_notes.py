"""Consent notes: an elder's papers go with a helper only after the elder agreed, and their return is written down.

Source: agency service (代办、陪诊) of the community services; identity papers are never kept by a helper.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from timebank.domain.errors import ConsentNoteReturned, Invalid
from timebank.domain.words import N_

LONGEST: Final = 300
MOST_DAYS: Final = 31
HOW_LABELS: Mapping[str, str] = {
    "self": N_("the elder, signed in"),
    "proxy": N_("a family member with a proxy"),
    "pin": N_("the elder's PIN"),
    "card": N_("the elder's card"),
    "desk": N_("the elder's word at the desk"),
}
STATE_LABELS: Mapping[str, str] = {
    "out": N_("Not back yet"),
    "back": N_("Given back"),
    "none": N_("No papers are carried"),
}


def whole_minute(at: datetime) -> datetime:
    """Without seconds, as the beginning of a service is kept."""
    return at.replace(second=0, microsecond=0)


def check_note(papers: str, given_at: datetime, due_at: datetime, now: datetime, *, at_desk: bool) -> str:
    """The words without spaces around; none means that the elder keeps all papers.

    Only the desk writes down later what was agreed on paper before. Raises Invalid.
    """
    told = papers.strip()
    earliest = now - timedelta(days=MOST_DAYS) if at_desk else whole_minute(now)
    if len(told) > LONGEST or not earliest <= given_at <= now:
        raise Invalid
    if not given_at < due_at <= given_at + timedelta(days=MOST_DAYS):
        raise Invalid
    return told


def require_out(state: str) -> None:
    """Raises ConsentNoteReturned unless papers are out."""
    if state != "out":
        raise ConsentNoteReturned
