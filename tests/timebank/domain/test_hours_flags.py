"""Flags: what is unusual, with the numbers that make it so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from timebank.domain import hours
from timebank.domain import policies as pol
from timebank.domain.catalogue import Place, seed_services
from timebank.domain.hours import Claim, Flag, Neighbourhood, Source, Worked
from timebank.domain.kin import Relation

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
NINE = datetime(2026, 11, 19, 1, 0, tzinfo=UTC)
SERVICES = {service.code: service for service in seed_services()}
CLAIM = Claim("v", "e", "cleaning", NINE, NINE + timedelta(hours=1), Place.HOME, Source.CONFIRMED)
QUIET = Neighbourhood(NOW, pol.preset("demo"), SERVICES["cleaning"], None, frozenset())


def worked(
    days: int = 0, minutes: int = 0, volunteer: str = "v", elder: str = "x", place: Place = Place.HOME
) -> Worked:
    start = NINE + timedelta(days=days, minutes=minutes)
    return Worked("r", volunteer, elder, start, start + timedelta(minutes=30), place)


def test_an_ordinary_record_has_no_flag() -> None:
    assert hours.flags(CLAIM, QUIET) == ()


def test_nothing_is_flagged_where_the_policy_sets_no_threshold() -> None:
    many = tuple(worked(0, 40 * at) for at in range(2, 12))
    loud = replace(QUIET, own=many, pair=many, entries_today=99, station_manual=9, station_all=10)
    late = replace(CLAIM, source=Source.MANUAL)
    assert hours.flags(late, replace(loud, policy=pol.preset("kiss"))) == (Flag("typed_by_hand"),)


@pytest.mark.parametrize(("before", "flagged"), [(11, False), (12, True)])
def test_the_same_pair_again_and_again(before: int, flagged: bool) -> None:
    pair = tuple(worked(-day, elder="e") for day in range(1, before + 1))
    flag = Flag("pair_often", (("records", before + 1), ("limit", 12)))
    assert hours.flags(CLAIM, replace(QUIET, pair=pair)) == (flag,) * flagged


def test_old_records_of_a_pair_don_t_count() -> None:
    pair = tuple(worked(-31 - day, elder="e") for day in range(20))
    assert hours.flags(CLAIM, replace(QUIET, pair=pair)) == ()


@pytest.mark.parametrize(("days", "flagged"), [(-30, True), (-31, False), (3, True)])
def test_who_serves_each_other(days: int, flagged: bool) -> None:
    back = worked(days, volunteer="e", elder="v")
    assert hours.flags(CLAIM, replace(QUIET, pair=(back,))) == (Flag("reciprocal", (("days", abs(days)),)),) * flagged


@pytest.mark.parametrize(("others", "flagged"), [(3, False), (4, True)])
def test_bursts(others: int, flagged: bool) -> None:
    own = tuple(worked(0, 120 + 60 * at) for at in range(others))
    flag = Flag("burst", (("records", others + 1), ("limit", 4)))
    assert hours.flags(CLAIM, replace(QUIET, own=own)) == (flag,) * flagged


@pytest.mark.parametrize(
    ("other", "gap"),
    [
        (worked(0, 64), 4),
        (worked(0, 65), None),
        (worked(0, -32), 2),
        (worked(0, -30), 0),
        (worked(0, 61, elder="e"), None),
        (worked(0, 61, place=Place.STATION), 1),
    ],
)
def test_too_fast_from_place_to_place(other: Worked, gap: int | None) -> None:
    flags = () if gap is None else (Flag("too_fast", (("gap_minutes", gap),)),)
    assert hours.flags(CLAIM, replace(QUIET, own=(other,))) == flags


def test_two_elders_in_one_house_need_no_way() -> None:
    at_station = replace(CLAIM, place=Place.STATION)
    assert hours.flags(at_station, replace(QUIET, own=(worked(0, 61, place=Place.STATION),))) == ()


def test_late_and_bulk_entry() -> None:
    late = replace(QUIET, now=NOW + timedelta(days=10), entries_today=21)
    assert hours.flags(CLAIM, late) == (
        Flag("late_entry", (("days", 11), ("limit", 10))),
        Flag("bulk_entry", (("records", 21), ("limit", 20))),
    )


def test_typed_in_by_hand_is_always_said() -> None:
    typed = replace(CLAIM, source=Source.MANUAL)
    assert hours.flags(typed, QUIET) == (Flag("typed_by_hand"),)
    share = replace(QUIET, station_manual=5, station_all=20)
    assert hours.flags(typed, share) == (
        Flag("typed_by_hand"),
        Flag("manual_share", (("percent", 25), ("limit", 20))),
    )
    assert hours.flags(typed, replace(share, station_manual=5, station_all=9)) == (Flag("typed_by_hand"),)


def test_a_service_for_two_needs_two() -> None:
    bathing = replace(QUIET, service=SERVICES["bathing"])
    second = worked(0, 10, volunteer="w", elder="e")
    assert hours.flags(CLAIM, bathing) == (Flag("second_person_missing"),)
    assert hours.flags(CLAIM, replace(bathing, elder=(second,))) == ()
    assert hours.flags(CLAIM, replace(QUIET, elder=(second,))) == (Flag("elder_elsewhere"),)
    assert hours.flags(replace(CLAIM, in_group=True), replace(QUIET, elder=(second,))) == ()


def test_advice_and_relatives() -> None:
    meals = replace(QUIET, service=SERVICES["meal_delivery"])
    assert hours.flags(CLAIM, meals) == (Flag("training_advised"),)
    assert hours.flags(CLAIM, replace(meals, trainings=frozenset({"food_safety"}))) == ()
    assert hours.flags(CLAIM, replace(QUIET, relation=Relation.SIBLING)) == (Flag("relatives"),)


def test_every_flag_has_words_that_its_numbers_fill() -> None:
    assert set(hours.FLAG_LABELS) == set(hours.FLAG_TEXTS)
    numbers = {"records": 1, "limit": 1, "days": 1, "percent": 1, "gap_minutes": 1}
    assert all(text % numbers for text in hours.FLAG_TEXTS.values())
