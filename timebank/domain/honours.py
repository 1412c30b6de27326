"""Stars and awards: what so many verified minutes are thanked with, and what somebody was commended for.

Sources: Order 67 of the Ministry of Civil Affairs, article 9 (awards: name, date, granting body), 10 (stars may follow
the time of service) and 16 (nothing is shown without consent). An honour is never credit, and nothing is refused to who
has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from timebank.domain.errors import AwardInvalid
from timebank.domain.identity import Sex
from timebank.domain.policies import Honour, Policy
from timebank.domain.words import N_

ROLL, FULL_NAME = "honour_roll", "honour_roll_name"
"""Kinds of consent: to stand on the roll of honour at all, and with the full name."""
CONSENT_TEXT: Final = "2026-1"
WITHDRAW_REASONS: Final = {
    "wrong_person": N_("It belongs to somebody else"),
    "typed_wrong": N_("It was typed wrong"),
    "taken_back": N_("The body that granted it took it back"),
}
LONGEST: Final = {"name": 60, "granted_by": 80, "basis": 80}


def reached(policy: Policy, served_minutes: int) -> tuple[Honour, ...]:
    """The honours that so many verified minutes have reached, the highest first."""
    found = [honour for honour in policy.honours if honour.minutes <= served_minutes]
    return tuple(sorted(found, key=lambda honour: -honour.minutes))


def next_honour(policy: Policy, served_minutes: int) -> Honour | None:
    """The one that comes next."""
    coming = [honour for honour in policy.honours if honour.minutes > served_minutes]
    return min(coming, key=lambda honour: honour.minutes, default=None)


@dataclass(frozen=True, slots=True)
class NewAward:
    """A commendation: its name, who granted it, when, and the paper that says so."""

    name: str
    granted_by: str
    granted_on: date
    basis: str = ""

    def check(self, today: date) -> None:
        """Raises AwardInvalid."""
        texts = {"name": self.name.strip(), "granted_by": self.granted_by.strip(), "basis": self.basis.strip()}
        if any(len(text) > LONGEST[field] for field, text in texts.items()) or self.granted_on > today:
            raise AwardInvalid
        if not texts["name"] or not texts["granted_by"]:
            raise AwardInvalid


def roll_name(name: str, sex: Sex | None, *, full: bool) -> str:
    """How somebody stands on the roll: with the full name only where that was agreed to, else 张女士."""
    if full:
        return name
    title = {Sex.FEMALE: "女士", Sex.MALE: "先生"}.get(sex, "") if sex is not None else ""
    return f"{name[:1]}{title}" if title else f"{name[:1]}**"
