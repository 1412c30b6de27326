"""Service standards: the card that says how a service is given, its versions, and what a county changes from a day.

Sources: signage and standard service ("双标"); the basic list of elder-care services, set by counties by their means.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Final

from timebank.domain.catalogue import LEGAL_CLASS_LABELS, FiveX, Service, check
from timebank.domain.errors import BaseServiceLocked, Invalid
from timebank.domain.policies import Risk

LONGEST: Final = 1000
"""Characters of one part of a card."""


@dataclass(frozen=True, slots=True)
class CardText:
    """What stands on a standard card, in both languages: one line for each step or thing."""

    steps: str
    bring: str
    never: str
    steps_en: str
    bring_en: str
    never_en: str

    def digest(self) -> str:
        """SHA-256 over the text, hex: which words a version has."""
        text = {field.name: getattr(self, field.name) for field in fields(self)}
        return hashlib.sha256(json.dumps(text, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Change:
    """What a county changes of an item. None: it stays as it is."""

    active: bool | None = None
    minutes_min: int | None = None
    minutes_max: int | None = None
    risk: Risk | None = None
    training: str | None = None
    two_persons: bool | None = None
    legal_class: str | None = None


def tidy_card(text: CardText) -> CardText:
    """The text without empty lines and spaces around. Raises Invalid where a part is missing or too long."""
    parts = {
        field.name: "\n".join(line.strip() for line in getattr(text, field.name).splitlines() if line.strip())
        for field in fields(text)
    }
    if not all(1 <= len(part) <= LONGEST for part in parts.values()):
        raise Invalid
    return CardText(**parts)


def check_basis(basis: str, on: date, today: date) -> str:
    """The paper that a decision rests on. Raises Invalid without one, too long, or for a day that is over."""
    told = basis.strip()
    if not 1 <= len(told) <= 200 or on < today:
        raise Invalid
    return told


def changed(service: Service, change: Change) -> Service:
    """The item as it is after the change. Raises Invalid for no change, ServiceInvalid, ServiceMedical."""
    told = {field.name: value for field in fields(change) if (value := getattr(change, field.name)) is not None}
    if not told or (change.legal_class is not None and change.legal_class not in LEGAL_CLASS_LABELS):
        raise Invalid
    after = replace(service, **told)
    check(after)
    return after


def require_base_kept(services: Iterable[Service], code: str) -> None:
    """An item is about to be no longer offered. Raises BaseServiceLocked for the last one of a base class."""
    offered = [one for one in services if one.active]
    mine = next((one for one in offered if one.code == code), None)
    if mine is None or mine.five_x is FiveX.OWN:
        return
    if not [one for one in offered if one.five_x is mine.five_x and one.code != code]:
        raise BaseServiceLocked
