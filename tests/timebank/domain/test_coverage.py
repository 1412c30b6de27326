"""Coverage as pure rules: certain deaths, constant use, later ages, and no minute that appears or is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from timebank.domain.coverage import (
    HORIZON,
    NEVER,
    Assumptions,
    Cell,
    Cohort,
    Rules,
    assumptions,
    banded,
    by_cohort,
    death_rate,
    deaths,
    expected,
    hours_wait,
    paths,
    percent,
    rules_of,
    stressed,
    trend,
    wait_of,
)
from timebank.domain.policies import preset

RULES = Rules(60, 50, needs_any=False, has_hours_rule=False, cap_minutes=None, lapse_years=None, passes_on=False)
IMMORTAL = replace(assumptions(), deaths_at_60=0.0, oldest_age=NEVER)
STEADY = replace(IMMORTAL, use_able=100.0, use_dependent=100.0)


def test_the_data_file_says_what_it_is_and_gives_a_life_that_can_be() -> None:
    given = assumptions()
    assert "not a published life table" in given.source
    left, alive = 0.0, 1.0
    for age in range(60, 111):
        alive *= 1 - death_rate(given, age)
        left += alive
    assert 18 < left < 25
    assert death_rate(given, 110) == 1
    assert death_rate(given, 68) == pytest.approx(2 * death_rate(given, 60))


def test_constant_use_without_death_is_a_geometric_row() -> None:
    asked = expected(STEADY, RULES, {Cohort(70, 0): 1000})
    assert asked == pytest.approx([1000 * 0.1 * 0.9**year for year in range(HORIZON)])
    waiting = expected(STEADY, RULES, {Cohort(55, 5): 1000})
    assert waiting[:5] == (0, 0, 0, 0, 0)
    assert waiting[5:] == pytest.approx(asked[:-5])


def test_who_dies_for_certain_asks_for_one_year() -> None:
    dying = replace(STEADY, oldest_age=0)
    assert expected(dying, RULES, {Cohort(70, 0): 1000}) == pytest.approx([100] + [0] * (HORIZON - 1))
    heirs = replace(RULES, passes_on=True)
    later = expected(replace(dying, use_passed_on=50.0), heirs, {Cohort(70, 0): 1000})
    assert later[:3] == pytest.approx((100, 45, 42.75))


@pytest.mark.parametrize("cohort", [Cohort(20, 40), Cohort(45, 15), Cohort(60, 0), Cohort(88, 0), Cohort(64, NEVER)])
@pytest.mark.parametrize("rules", [RULES, replace(RULES, passes_on=True), replace(RULES, lapse_years=10)])
def test_no_minute_appears_or_is_lost_on_any_path(cohort: Cohort, rules: Rules) -> None:
    ways = paths(assumptions(), rules, cohort)
    assert sum(way.probability for way in ways) == pytest.approx(1)
    for year, asked in enumerate(expected(assumptions(), rules, {cohort: 1})):
        assert asked == pytest.approx(sum(way.probability * way.asked[year] for way in ways))
    for way in ways:
        assert sum(way.asked) + way.lapsed + way.left == pytest.approx(1)
        assert min(*way.asked, way.lapsed, way.left) >= 0


def test_a_later_age_is_a_later_demand() -> None:
    cells = [Cell(age, special=False, hours_wait=0, members=3, minutes=600) for age in range(30, 90)]
    before = expected(assumptions(), RULES, by_cohort(RULES, cells))
    later_rules = replace(RULES, age_years=65)
    after = expected(assumptions(), later_rules, by_cohort(later_rules, cells))
    total_before, total_after = 0.0, 0.0
    for one, other in zip(before, after, strict=True):
        total_before, total_after = total_before + one, total_after + other
        assert total_after < total_before


def test_stress_goes_the_way_it_says() -> None:
    cases = stressed(assumptions())
    held = {Cohort(65, 0): 1000, Cohort(75, 0): 1000}
    asked = {name: sum(expected(given, RULES, held)) for name, (given, _) in cases.items()}
    assert asked["longer_lives"] > asked["base"]
    assert expected(cases["everybody_redeems"][0], RULES, held)[0] == pytest.approx(2000)
    assert asked["fewer_volunteers"] == asked["base"]
    assert cases["fewer_volunteers"][1] == 70


def test_waits_follow_the_policy() -> None:
    young = Cell(45, special=False, hours_wait=3, members=1, minutes=60)
    assert wait_of(RULES, young) == 15
    assert wait_of(RULES, replace(young, special=True)) == 5
    assert wait_of(RULES, replace(young, hours_wait=NEVER)) == HORIZON
    either = replace(RULES, needs_any=True, has_hours_rule=True)
    assert wait_of(either, young) == 3
    assert wait_of(replace(RULES, age_years=None, special_age_years=None), young) == 3
    assert [hours_wait(*one) for one in ((None, 0, 0), (600, 600, 0), (600, 0, 0), (600, 90, 100))] == [0, 0, NEVER, 6]


def test_a_cap_cuts_what_lies_above_it_and_a_lapse_what_waits_longer() -> None:
    cells = [Cell(70, special=False, hours_wait=0, members=2, minutes=6000)]
    assert by_cohort(replace(RULES, cap_minutes=1000), cells) == {Cohort(70, 0): 2000}
    assert by_cohort(replace(RULES, cap_minutes=9000), cells) == {Cohort(70, 0): 6000}
    lapsing = replace(RULES, lapse_years=3)
    assert sum(expected(IMMORTAL, lapsing, {Cohort(50, 10): 1000})) == 0
    assert sum(expected(IMMORTAL, lapsing, {Cohort(58, 2): 1000})) > 0


def test_bands_hold_enough_people_and_all_the_minutes() -> None:
    rows = [(60, 2, 100), (61, 3, 50), (70, 6, 10), (80, 1, 7)]
    bands = banded(rows, 5)
    assert [(one.first, one.last, one.members, one.minutes) for one in bands] == [(60, 61, 5, 150), (70, 80, 7, 17)]
    alone = [(60, 1, 10)] * 7 + [(61, 1, 3)] * 5
    assert [(one.first, one.last, one.members, one.minutes) for one in banded(alone, 5)] == [
        (60, 60, 7, 70), (61, 61, 5, 15),
    ]  # fmt: skip
    assert banded([(60, 4, 100)], 5) == ()
    assert banded([], 5) == ()


def test_trends_and_percents_keep_their_bounds() -> None:
    given: Assumptions = assumptions()
    assert [trend(given, *pair) for pair in ((0, 0), (100, 0), (200, 100), (50, 100), (99, 100))] == [
        0, 0, 0.03, -0.1, -0.01,
    ]  # fmt: skip
    assert [percent(*pair) for pair in ((50, 100), (1e9, 100), (5, 0), (0, 100))] == [50, 999, None, 0]


def test_rules_come_from_the_policy() -> None:
    rules = rules_of(preset("demo"))
    assert (rules.age_years, rules.special_age_years, rules.cap_minutes) == (60, 50, 90000)
    assert sum(deaths(assumptions(), 70)) == pytest.approx(1)
