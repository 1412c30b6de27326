"""What an Excel file must not hold: programs, ways to elsewhere, formulas, entities, and far more than it seems."""

from __future__ import annotations

import re
from typing import IO, Final
from zipfile import ZipFile

from timebank.domain.errors import SheetUnreadable
from timebank.domain.words import N_

MOST_UNPACKED: Final = 400_000_000
MOST_RATIO: Final = 300
SMALL: Final = 10_000_000
"""An archive that unpacks to less is never too dense: small sheets pack well."""
CHUNK: Final = 1 << 20
OVERLAP: Final = 200
_HARMFUL = re.compile(r"macrosheets|externalLinks|embeddings|activeX|ctrlProps|customUI", re.IGNORECASE)
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")


def check_package(packed: ZipFile) -> None:
    """Raises SheetUnreadable."""
    parts = packed.infolist()
    unpacked = sum(part.file_size for part in parts)
    dense = unpacked > SMALL and unpacked > MOST_RATIO * sum(part.compress_size for part in parts)
    if unpacked > MOST_UNPACKED or dense:
        raise SheetUnreadable(reason=N_("it is too large"))
    for part in parts:
        if "vbaProject" in part.filename:
            raise SheetUnreadable(reason=N_("it holds a program"))
        if _HARMFUL.search(part.filename):
            raise SheetUnreadable(reason=N_("it has links to other files or embedded objects"))
        if part.filename.endswith((".xml", ".rels")):
            with packed.open(part) as content:
                _check_part(content, is_sheet="worksheets" in part.filename)


def _check_part(content: IO[bytes], *, is_sheet: bool) -> None:
    """No document type, since entities grow without end; in a sheet no formula, since what it gives is not what a
    second person saw."""
    tail = b""
    while chunk := content.read(CHUNK):
        window = tail + chunk
        if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
            raise SheetUnreadable(reason=N_("this is not an Excel file"))
        if is_sheet and _FORMULA.search(window):
            raise SheetUnreadable(reason=N_("it has formulas: paste the values alone, and save it again"))
        tail = window[-OVERLAP:]
