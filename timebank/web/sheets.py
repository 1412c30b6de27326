"""Sheets for people who work with spreadsheet programs: CSV and Excel in which no text can ever become a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date, datetime, time
from io import BytesIO, StringIO
from typing import Any, Final

from flask import Response
from xlsxwriter import Workbook

Cell = str | int | None
Sheet = tuple[str, Iterable[Iterable[object]]]
"""The name of a sheet and its rows; the first row is its heading."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell of text that begins so is run as a formula by spreadsheet programs, whoever wrote it."""
CSV: Final = "text/csv; charset=utf-8"
EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OPTIONS: Final = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
MOST_LETTERS: Final = 31
"""Of a sheet's name, which also may not hold some signs."""
MADE: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - the file's format knows no zones
"""What a file says of its making, so that the same rows make the same file."""


def as_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """A CSV file with the mark by which spreadsheet programs know UTF-8. Text is never a formula."""
    text = StringIO()
    csv.writer(text).writerows([_cell(one) for one in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def as_excel(rows: Iterable[Iterable[object]]) -> bytes:
    """The same as an Excel file. Text stays text: nothing is a formula or a link."""
    file = BytesIO()
    with Workbook(file, OPTIONS) as book:
        _fill(book.add_worksheet(), rows, book.add_format({"num_format": "yyyy-mm-dd"}))
    return file.getvalue()


def as_workbook(sheets: Iterable[Sheet]) -> bytes:
    """Several sheets in one Excel file, written row by row; the first row of each stays in sight."""
    file = BytesIO()
    with Workbook(file, OPTIONS) as book:
        book.set_properties({"created": MADE})
        day, bold = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"bold": True, "text_wrap": True})
        for name, rows in sheets:
            page = book.add_worksheet("".join(one for one in name if one not in "[]:*?/\\")[:MOST_LETTERS])
            page.freeze_panes(1, 0)
            page.set_column(0, 20, 18)
            page.set_row(0, None, bold)
            _fill(page, rows, day)
    return file.getvalue()


def download(content: bytes, kind: str, name: str) -> Response:
    """The file as an attachment."""
    response = Response(content, content_type=kind)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def _fill(page: Any, rows: Iterable[Iterable[object]], day: Any) -> None:
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            if isinstance(value, date):
                page.write_datetime(number, place, datetime.combine(value, time()), day)
            elif isinstance(value, str):
                page.write_string(number, place, value)
            else:
                page.write(number, place, value)


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
