"""Files that hold more than a sheet: each is refused whole, before anything of it is kept."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from timebank.domain import errors
from timebank.services.imports.reading import MOST_CELL, read_sheet


def workbook(*rows: list[object]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(out)
    return out.getvalue()


def changed(data: bytes, name: str, content: bytes) -> bytes:
    """The workbook with one more part, or another one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            if one != name:
                new.writestr(one, old.read(one))
        new.writestr(name, content)
    return out.getvalue()


GOOD = workbook(["a", "b"], [1, 2])


def test_a_plain_workbook_is_read() -> None:
    assert read_sheet(GOOD).lines == ((2, ("1", "2")),)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (workbook(["a", "b"], ["=1+1", 2]), "formulas"),
        (b"a,b\n=1+1,2\n", "formulas"),
        (changed(GOOD, "xl/vbaProject.bin", b"x"), "program"),
        (changed(GOOD, "xl/externalLinks/externalLink1.xml", b"<x/>"), "links"),
        (changed(GOOD, "xl/embeddings/oleObject1.bin", b"x"), "links"),
        (changed(GOOD, "xl/media/bomb.bin", b"\0" * 50_000_000), "too large"),
        (changed(GOOD, "xl/sharedStrings.xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><sst/>"), "not an Excel"),
        (changed(GOOD, "xl/worksheets/sheet1.xml", b"<worksheet"), "not an Excel"),
        (GOOD[:-40], "not an Excel"),
        (b"a,b\n" + b"x" * (MOST_CELL + 1) + b",1\n", "1,000 characters"),
    ],
    ids=["formula", "csv formula", "macro", "link", "object", "bomb", "entity", "broken", "cut", "cell"],
)
def test_what_is_no_plain_sheet_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(errors.SheetUnreadable, match=reason):
        read_sheet(data)
