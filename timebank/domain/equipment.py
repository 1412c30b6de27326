"""Lending aids: names, stock and conditions. Lending is free, asks for no deposit and never touches hours.

Source: community lending of rehabilitation aids; stair climbers lent to disabled and elder residents.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from timebank.domain.errors import EquipmentNoneLeft, EquipmentStillLent, Invalid, LoanReturned
from timebank.domain.words import N_

MOST: Final = 999
LONGEST_DAYS: Final = 366
REMIND_DAYS: Final = 7
"""Whoever is late is reminded again after so many days."""
CONDITION_LABELS: Mapping[str, str] = {
    "good": N_("in order"),
    "worn": N_("worn, still of use"),
    "damaged": N_("damaged, to be repaired"),
    "lost": N_("lost"),
}


def check_item(name: str, name_en: str, total: int, loan_days: int) -> None:
    """Raises Invalid."""
    if not (1 <= len(name) <= 40 and 1 <= len(name_en) <= 80):
        raise Invalid
    if not (0 <= total <= MOST and 1 <= loan_days <= LONGEST_DAYS):
        raise Invalid


def check_stock(total: int, lent: int) -> None:
    """Raises EquipmentStillLent where fewer would be there than are lent."""
    if total < lent:
        raise EquipmentStillLent


def after_lending(total: int, lent: int) -> int:
    """How many are lent after one more. Raises EquipmentNoneLeft."""
    if lent >= total:
        raise EquipmentNoneLeft
    return lent + 1


def after_return(total: int, lent: int, state: str, condition: str) -> tuple[int, int]:
    """(how many there are, how many are lent) after one came back; what is lost is there no more.

    Raises LoanReturned, Invalid for an unknown condition.
    """
    if state != "open":
        raise LoanReturned
    if condition not in CONDITION_LABELS:
        raise Invalid
    return total - (condition == "lost"), lent - 1


def reminder_due(due_on: date, reminded_on: date | None, today: date) -> bool:
    """Whether somebody who is late is told today."""
    if today <= due_on:
        return False
    return reminded_on is None or today >= reminded_on + timedelta(days=REMIND_DAYS)
