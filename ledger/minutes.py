"""Amounts: whole minutes, as Python integers. A float or a decimal anywhere would make two readers disagree."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.errors import FormatError

# RFC 8785 rests on RFC 7493: beyond this, readers that keep numbers as IEEE doubles lose digits.
MAX_MINUTES = 2**53 - 1


def require_minutes(value: object, field: str = "minutes") -> int:
    """The value, if it is a whole number within ±MAX_MINUTES. Raises FormatError; True and 1.0 are not numbers here."""
    if type(value) is not int:
        raise FormatError(field, f"{value!r} is not a whole number of minutes")
    if not -MAX_MINUTES <= value <= MAX_MINUTES:
        raise FormatError(field, "beyond 2^53 - 1")
    return value


def total(postings: Iterable[tuple[str, int]]) -> int:
    """The sum of the amounts of postings, in minutes."""
    return sum(minutes for _, minutes in postings)
