"""The definitions fit the tables, the words and the page that explains them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from timebank.domain.errors import ReportYearNotOver
from timebank.domain.statistics.catalogue import definitions
from timebank.domain.statistics.report import check_year, year_span
from timebank.domain.statistics.tallies import FAMILY_OF
from timebank.services.statistics.facts import is_in_time

DOCS = Path(__file__).resolve().parents[3] / "docs" / "statistics.md"


def test_every_figure_stands_on_a_base_and_has_its_words() -> None:
    known = definitions()
    codes = [one.code for one in known.figures]
    assert len(set(codes)) == len(codes) == 39
    for one in known.figures:
        assert one.base in FAMILY_OF or one.of is not None or one.code == "coverage_percent", one.code
        assert not one.part or one.part in {part.code for part in known.parts}, one.code
        assert one.unit in {unit.code for unit in known.units}
        assert one.topic in {topic.code for topic in known.topics}
        assert all((one.name, one.name_en, one.meaning, one.meaning_en, one.source, one.how))
        assert one.of is None or set(one.of) <= set(codes)
    assert set(FAMILY_OF) <= {one.base for one in known.figures}


def test_the_page_explains_every_figure_as_the_report_does() -> None:
    page = DOCS.read_text(encoding="utf-8")
    for one in definitions().figures:
        assert f"| `{one.code}` | {one.name} · {one.name_en} | {one.unit} | {one.meaning_en} " in page, one.code


def test_a_year_is_that_of_the_calendar_here() -> None:
    start, end = year_span(2026)
    assert (start, end) == (datetime(2025, 12, 31, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC))
    with pytest.raises(ReportYearNotOver):
        check_year(2026, end - timedelta(seconds=1))
    check_year(2026, end)


def test_ten_working_days_pass_over_a_holiday() -> None:
    assert is_in_time(date(2026, 9, 1), date(2026, 9, 15))
    assert not is_in_time(date(2026, 9, 1), date(2026, 9, 16))
    assert is_in_time(date(2026, 9, 28), date(2026, 10, 15)), "the National Day's week does not count"
