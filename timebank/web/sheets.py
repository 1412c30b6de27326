"""Sheets for people who work with spreadsheet programs."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell of text that begins so is run as a formula by spreadsheet programs, whoever wrote it."""


def as_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """A CSV file with the mark by which spreadsheet programs know UTF-8. Text is never a formula."""
    text = StringIO()
    csv.writer(text).writerows([_cell(one) for one in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
