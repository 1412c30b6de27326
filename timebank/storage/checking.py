"""Audits and checkpoints of the service's book: the ledger's own checks, with the service's documents and rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from timebank.storage.unit import Bank


@dataclass(frozen=True, slots=True)
class Signed:
    """What came of signing: the size of the new checkpoint, or why there is none."""

    size: int | None
    why: str


def audit_book(bank: Bank, since: bytes | None) -> Any:
    raise NotImplementedError


def sign_book(bank: Bank, *, now: datetime) -> Signed:
    raise NotImplementedError
