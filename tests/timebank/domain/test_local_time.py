"""Local days and months of the county."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.domain import local_time
from timebank.domain.kin import INVERSE, Relation


def test_a_night_watch_counts_on_two_days() -> None:
    start = datetime(2026, 10, 31, 14, 30, tzinfo=UTC)  # 22:30 in China
    end = start + timedelta(hours=4)
    assert local_time.minutes_by_day(start, end) == {date(2026, 10, 31): 90, date(2026, 11, 1): 150}


@given(st.integers(0, 40_000_000), st.integers(0, 5000))
def test_no_minute_is_lost_between_days(since_2000: int, minutes: int) -> None:
    begun = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=since_2000)
    found = local_time.minutes_by_day(begun, begun + timedelta(minutes=minutes))
    assert sum(found.values()) == minutes


def test_a_month_begins_at_local_midnight() -> None:
    moment = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
    assert local_time.local_day(moment) == date(2026, 11, 1)
    assert local_time.month_start(moment) == moment
    assert local_time.month_end(moment) == datetime(2026, 11, 30, 16, 0, tzinfo=UTC)


def test_months_keep_to_their_last_day() -> None:
    assert local_time.add_months(date(2027, 1, 31), 1) == date(2027, 2, 28)
    assert local_time.add_months(date(2026, 11, 30), 14) == date(2028, 1, 30)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        local_time.local_day(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


def test_times_as_text() -> None:
    text = local_time.rfc3339(datetime(2026, 1, 2, 8, 0, 0, 123456, tzinfo=local_time.CHINA))
    assert text == "2026-01-02T00:00:00.123Z"
    assert local_time.rfc3339(local_time.parse_rfc3339(text)) == text
    with pytest.raises(ValueError, match="does not match"):
        local_time.parse_rfc3339("2026-01-02")


@pytest.mark.parametrize("relation", Relation)
def test_relations_have_a_way_back(relation: Relation) -> None:
    assert INVERSE[INVERSE[relation]] is relation


@pytest.mark.parametrize(
    "text",
    ["2026-05-04", "2026/5/4", " 2026.5.4 ", "2026年5月4日", "2026/5/4 9:30", "2026-05-04T00:00:00Z"],
)
def test_a_day_is_read_as_people_write_it(text: str) -> None:
    assert local_time.read_day(text) == date(2026, 5, 4)


@pytest.mark.parametrize(
    "text",
    ["", "4.5.2026", "2026-02-30", "2026-13-01", "26-5-4", "2026-5", "\uff12026-5-4", "2026-5-4x"],
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        local_time.read_day(text)
