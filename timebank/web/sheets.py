"""Sheets for people who work with spreadsheet programs."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date, datetime, time
from io import BytesIO, StringIO

from xlsxwriter import Workbook

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell of text that begins so is run as a formula by spreadsheet programs, whoever wrote it."""


def as_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """A CSV file with the mark by which spreadsheet programs know UTF-8. Text is never a formula."""
    text = StringIO()
    csv.writer(text).writerows([_cell(one) for one in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def as_excel(rows: Iterable[Iterable[object]]) -> bytes:
    """The same as an Excel file. Text stays text: nothing is a formula or a link."""
    file = BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(file, options) as book:
        page, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, date):
                    page.write_datetime(number, place, datetime.combine(value, time()), day)
                else:
                    page.write(number, place, value)
    return file.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
