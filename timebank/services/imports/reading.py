"""A file as titles and lines of text: CSV in the encodings that people have, or the first sheet of an Excel file."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO
from itertools import islice
from typing import Final

from openpyxl import load_workbook

from timebank.domain.errors import SheetUnreadable
from timebank.domain.words import N_
from timebank.services.imports.packages import check_package

MOST_BYTES: Final = 32_000_000
MOST_LINES: Final = 200_000
MOST_COLUMNS: Final = 100
MOST_CELL: Final = 1_000
ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The titles, and each line with its number in the file; the titles are line 1."""

    titles: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]


def read_sheet(data: bytes) -> Sheet:
    """Raises SheetUnreadable."""
    if not data:
        raise SheetUnreadable(reason=N_("it is empty"))
    if len(data) > MOST_BYTES:
        raise SheetUnreadable(reason=N_("it is too large"))
    return _sheet(_excel(data) if data.startswith(ZIP) else _csv(data))


def read_titles(data: bytes) -> tuple[str, ...]:
    """The first line alone, of a sheet that is read as a whole later. Raises SheetUnreadable."""
    if len(data) > MOST_BYTES:
        raise SheetUnreadable(reason=N_("it is too large"))
    return _sheet(islice(_excel(data) if data.startswith(ZIP) else _csv(data), 1)).titles


def _sheet(rows: Iterator[tuple[int, tuple[str, ...]]]) -> Sheet:
    try:
        _, titles = next(rows, (1, ()))
        if not any(titles):
            raise SheetUnreadable(reason=N_("the first line has no titles"))
        named = [title for title in titles if title]
        if len(set(named)) != len(named) or len(titles) > MOST_COLUMNS:
            raise SheetUnreadable(reason=N_("a title stands there twice, or there are too many"))
        lines: list[tuple[int, tuple[str, ...]]] = []
        for number, cells in rows:
            if not any(cells):
                continue
            if len(lines) >= MOST_LINES:
                raise SheetUnreadable(reason=N_("it has more than 200,000 lines"))
            if any(len(cell) > MOST_CELL for cell in cells):
                raise SheetUnreadable(reason=N_("a cell has more than 1,000 characters"))
            if any(cell.startswith("=") for cell in cells):
                raise SheetUnreadable(reason=N_("it has formulas: paste the values alone, and save it again"))
            lines.append((number, cells))
        return Sheet(titles, tuple(lines))
    except csv.Error as error:
        raise SheetUnreadable(reason=N_("the quotation marks do not match")) from error


def _csv(data: bytes) -> Iterator[tuple[int, tuple[str, ...]]]:
    text = _text(data)
    if "\x00" in text:
        raise SheetUnreadable(reason=N_("this is not a text file"))
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return ((reader.line_num, tuple(cell.strip() for cell in cells)) for cells in reader)


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetUnreadable(reason=N_("this is not a text file"))


def _excel(data: bytes) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Values alone: formulas, macros and whatever leads elsewhere are refused."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            check_package(packed)
        book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        rows = book.worksheets[0].iter_rows(values_only=True, max_col=MOST_COLUMNS + 1)
        return ((number, _trimmed(tuple(_cell(one) for one in row))) for number, row in enumerate(rows, 1))
    except SheetUnreadable:
        raise
    except Exception as error:  # openpyxl raises whatever its XML parser meets in a broken file
        raise SheetUnreadable(reason=N_("this is not an Excel file")) from error


def _trimmed(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Without empty cells at the end, which sheets of Excel have at will."""
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
