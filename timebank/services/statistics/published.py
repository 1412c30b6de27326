"""Frozen reports as anybody may read them, and the receipt of the entry that holds one's digest."""

from __future__ import annotations

import json
from typing import Any

from timebank.domain.errors import NotFound, ReceiptNotYet
from timebank.services.statistics.values import ReportLine, ReportView, report_line, report_view
from timebank.storage.publishing import receipts_of
from timebank.storage.unit import Bank


def every(bank: Bank) -> tuple[ReportLine, ...]:
    """All frozen reports, the latest year and version first."""
    with bank.read() as unit:
        newest: dict[int, int | None] = {}
        rows = unit.statistics.frozen(whole=False)
        for row in rows:
            newest.setdefault(row.year, row.edition)
        return tuple(report_line(row, newest[row.year]) for row in rows)


def see(bank: Bank, year: int, edition: int | None = None) -> ReportView:
    """The report of a year: its newest version, or the one asked for. Raises NotFound."""
    with bank.read() as unit:
        row, newest = unit.statistics.of_year(year, edition), unit.statistics.of_year(year)
        if row is None or newest is None:
            raise NotFound
        return report_view(row, newest.edition)


def documents(bank: Bank) -> tuple[dict[str, Any], ...]:
    """The newest report of each year, the earliest first: the open data."""
    with bank.read() as unit:
        found: dict[int, dict[str, Any]] = {}
        for row in unit.statistics.frozen():
            found.setdefault(row.year, json.loads(row.document))
        return tuple(found[year] for year in sorted(found))


def receipt(bank: Bank, year: int, edition: int | None = None) -> str:
    """The receipt of the report's entry, for anybody: the entry names no person. Raises NotFound, ReceiptNotYet."""
    view = see(bank, year, edition)
    with bank.read() as unit:
        published = unit.publishing.latest()
        if published is None or view.entry_seq >= published.size:
            raise ReceiptNotYet
        row = unit.book.store.row(unit.origin, view.entry_seq)
        if row is None:
            raise NotFound
        return receipts_of(unit.book, [row], published)[0].encode()
