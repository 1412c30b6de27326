"""The texts for time, and the form of ids and hashes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entries import check_hash, check_text, format_at, parse_at, parse_on
from ledger.errors import FormatError


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_cut_to_milliseconds_and_read_back(moment: datetime) -> None:
    text = format_at(moment)
    assert len(text) == 24
    assert parse_at(text) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def test_every_zone_is_written_as_utc() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert format_at(datetime(2026, 1, 1, 7, 59, 59, 999999, tzinfo=shanghai)) == "2025-12-31T23:59:59.999Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(FormatError, match="zone"):
        format_at(datetime(2026, 1, 1))  # noqa: DTZ001 - this is what must be refused


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.000+00:00",
        "2026-01-01 00:00:00.000Z",
        "2026-01-01T00:00:00.0000Z",
        "2026-02-30T00:00:00.000Z",
        "2026-01-01T24:00:00.000Z",
        "2026-01-01T23:59:60.000Z",
        "２０２６-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00.000Z\n",
        "",
    ],
)
def test_other_spellings_of_a_time_are_refused(text: str) -> None:
    with pytest.raises(FormatError):
        parse_at(text)


def test_a_day_is_a_day_of_the_calendar() -> None:
    assert parse_on("2024-02-29") == date(2024, 2, 29)
    for text in ("2026-02-29", "20260101", "2026-1-1", "2026-01-01T00:00"):
        with pytest.raises(FormatError, match="on"):
            parse_on(text)


@pytest.mark.parametrize("text", ["", " ", "a b", "阿明", "a\n", "a" * 256, "\x7f", None, 7])
def test_an_id_is_short_visible_ascii(text: object) -> None:
    with pytest.raises(FormatError):
        check_text(text, "actor")


def test_what_an_id_may_be() -> None:
    for text in ("m-0123456789abcdef", "a" * 255, "~!", "timebank.example/lunan"):
        assert check_text(text, "actor") == text


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 63 + "\n", b"0" * 64, None])
def test_a_hash_is_64_lower_case_hex_digits(text: object) -> None:
    with pytest.raises(FormatError):
        check_hash(text, "prev")
