"""Handing the book over to a successor, who can open it with no help, and taking it over."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from timebank.storage import handover
from timebank.storage.handover import HandedOver
from timebank.storage.unit import Bank

__all__ = ["HandedOver", "hand_over", "reopen", "take_over"]


def hand_over(bank: Bank, path: Path, *, now: datetime) -> HandedOver:
    """Write the folder for the successor. Raises FileExistsError, BookUnknown."""
    return handover.hand_over(bank, path, now=now)


def take_over(bank: Bank, path: Path) -> HandedOver:
    """Verify a folder, write it into this empty installation, verify what was written.

    Raises BundleInvalid for one that is not sound or does not fit, BookExists where there is a book already.
    """
    return handover.take_over(bank, path)


def reopen(bank: Bank, path: Path, last_signed: str, *, now: datetime) -> HandedOver:
    """Go on under a new origin with a folder whose book is behind what was signed; `last_signed` is that note.

    Raises BundleInvalid, NoteInvalid, BookExists.
    """
    return handover.reopen(bank, path, last_signed, now=now)
