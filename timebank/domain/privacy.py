"""Erasing what is known of a person: how long it waits, in which states it is, and what stands in its place."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from timebank.domain.errors import ErasureStateConflict, ErasureWaits

WAITING_DAYS = 15
"""So long a request can be thought over. Shorter than the fifteen working days within which an erasure must be dealt
with (《App违法违规收集使用个人信息行为认定方法》, article 6; PIPL, articles 47 and 50)."""


class ErasureState(StrEnum):
    """Waiting → confirmed → done; or withdrawn before it is done."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    DONE = "done"


OPEN = (ErasureState.WAITING, ErasureState.CONFIRMED)
CHANNELS = ("self", "desk", "heirs")


def due_at(asked_at: datetime) -> datetime:
    """From when on a second person can confirm it."""
    return asked_at + timedelta(days=WAITING_DAYS)


def require_open(state: str) -> None:
    """Raises ErasureStateConflict for a request that was withdrawn or carried out."""
    if state not in OPEN:
        raise ErasureStateConflict


def require_confirmable(state: str, due: datetime, now: datetime) -> None:
    """Raises ErasureStateConflict unless it still waits, ErasureWaits before its time."""
    if state != ErasureState.WAITING:
        raise ErasureStateConflict
    if now < due:
        raise ErasureWaits(until_at=due)
