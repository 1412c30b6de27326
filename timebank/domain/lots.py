"""What is left of each inflow of an account, where some of it lapses on a day that was promised when it came in.

What lapses first is used first, so that as little as possible lapses; what comes back from a hold is again what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True, slots=True)
class Movement:
    """A line of an account's statement. `back`: it undoes that something went out. `lapses_on`: of an inflow alone."""

    seq: int
    amount: int
    back: bool = False
    lapses_on: date | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """What is left of an inflow, by the number of its entry; `lapses_on` None: it never lapses."""

    seq: int
    amount: int
    lapses_on: date | None


def left_of(movements: Iterable[Movement]) -> tuple[Lot, ...]:
    """What is left of each inflow, what lapses first at the beginning. The lines come in their order."""
    lots: list[Lot] = []
    used: list[Lot] = []
    for one in movements:
        if one.amount > 0 and not one.back:
            lots.append(Lot(one.seq, one.amount, one.lapses_on))
        elif one.amount > 0:
            lots += _taken(used, one.amount, newest_first=True)
        else:
            used += _taken(lots, -one.amount)
        lots.sort(key=_when)
    merged: dict[int, Lot] = {}
    for lot in lots:
        before = merged.get(lot.seq)
        merged[lot.seq] = replace(lot, amount=lot.amount + (before.amount if before else 0))
    return tuple(merged.values())


def lapsed(lots: Sequence[Lot], today: date) -> tuple[Lot, ...]:
    """Of what is left, what lapses today or lapsed before."""
    return tuple(one for one in lots if one.lapses_on is not None and one.lapses_on <= today)


def total(lots: Iterable[Lot]) -> int:
    return sum(one.amount for one in lots)


def _when(lot: Lot) -> tuple[date, int]:
    return lot.lapses_on or date.max, lot.seq


def _taken(lots: list[Lot], amount: int, *, newest_first: bool = False) -> list[Lot]:
    """Take so much out of the lots, from the front or from the end; what was taken, in the order of taking."""
    taken: list[Lot] = []
    place = -1 if newest_first else 0
    while amount and lots:
        lot = lots.pop(place)
        part = min(lot.amount, amount)
        amount -= part
        taken.append(replace(lot, amount=part))
        if part < lot.amount:
            lots.insert(len(lots) if newest_first else 0, replace(lot, amount=lot.amount - part))
    return taken
