"""Coverage from the book: the simulation against what is expected of it, the night's figures, drafts, invitations."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.coverage import HORIZON, Cohort, Rules, assumptions, expected
from timebank.services import coverage
from timebank.services.coverage import Capacity, Draft

RULES = Rules(60, None, needs_any=False, has_hours_rule=False, cap_minutes=None, lapse_years=None, passes_on=True)
HOLDERS = {Cohort(50, 10): [600] * 400, Cohort(62, 0): list(range(100, 900)), Cohort(81, 0): [3000] * 200}
CAPACITY = Capacity(100_000, 0.01, 50_000)


def test_the_simulation_comes_to_what_is_expected() -> None:
    outcome = coverage.simulate(assumptions(), RULES, HOLDERS, CAPACITY, runs=400, seed=1)
    mean = expected(assumptions(), RULES, {cohort: sum(held) for cohort, held in HOLDERS.items()})
    for (low, middle, high), wanted in zip(outcome.asked, mean, strict=True):
        assert low <= middle <= high
        assert middle == pytest.approx(wanted, rel=0.05, abs=200)
    total = sum(sum(held) for held in HOLDERS.values())
    assert outcome.redeemed + outcome.lapsed + outcome.left == pytest.approx(total)
    assert outcome.redeemed == pytest.approx(sum(mean), rel=0.01)


def test_the_same_seed_gives_the_same_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    first = coverage.simulate(assumptions(), RULES, HOLDERS, CAPACITY, runs=50, seed=7)
    assert coverage.simulate(assumptions(), RULES, HOLDERS, CAPACITY, runs=50, seed=7) == first
    assert coverage.simulate(assumptions(), RULES, HOLDERS, CAPACITY, runs=50, seed=8) != first
    monkeypatch.setattr("timebank.services.coverage.simulation.BLOCK", 500)
    assert coverage.simulate(assumptions(), RULES, HOLDERS, CAPACITY, runs=50, seed=7) == first


def test_certain_use_and_certain_capacity_are_exact() -> None:
    given = replace(assumptions(), use_able=1000, use_dependent=1000, spread_percent=0)
    outcome = coverage.simulate(given, RULES, {Cohort(70, 0): [1000]}, Capacity(400, 0, 200), runs=10, seed=1)
    assert outcome.asked[0] == (1000, 1000, 1000)
    assert outcome.percent[0] == (60, 60, 60)
    assert outcome.percent[1] == (999, 999, 999)
    assert len(outcome.percent) == HORIZON


def test_a_night_makes_figures_once_and_moves_nothing(world: World) -> None:
    for _ in range(5):
        world.rich(120, born=date(1950, 3, 15))
    young = world.rich(60, born=date(1990, 3, 15))
    size = world.size()
    assert coverage.run_nightly(world.bank, now=NOW) == 6
    assert coverage.run_nightly(world.bank, now=NOW) == 0
    view = coverage.latest(world.bank, world.staff["county"])
    assert view is not None
    assert (view.outstanding, view.redeemable, view.served_last, view.never_redeemed) == (660, None, 660, 6)
    assert [(band.members, band.minutes) for band in view.ages] == [(6, 660)]
    assert set(view.cases) == {"base", "fewer_volunteers", "longer_lives", "everybody_redeems"}
    assert view.percent_next is not None
    assert view.cases["everybody_redeems"].asked[0] == (600, 600, 600)
    assert world.size() == size
    with world.bank.read() as unit:
        row = unit.coverage.latest()
        assert row is not None
        assert young.person_id not in row.figures
        assert sum(cell[4] for cell in json.loads(row.figures)["cells"]) == 660
    assert coverage.run_nightly(world.bank, now=NOW + timedelta(days=1)) == 6


def test_few_holders_are_not_told_to_everybody(world: World) -> None:
    assert coverage.for_public(world.bank) is None
    world.rich(120)
    coverage.run_nightly(world.bank, now=NOW)
    view = coverage.for_public(world.bank)
    assert view is not None
    assert (view.outstanding, view.redeemable, view.served_last) == (None, None, 120)


def test_what_may_be_used_today_is_told_when_nobody_is_found_by_subtraction(world: World) -> None:
    for _ in range(5):
        world.rich(120, born=date(1950, 3, 15))
    world.rich(60, born=date(1990, 3, 15))
    coverage.run_nightly(world.bank, now=NOW)
    view = coverage.for_public(world.bank)
    assert view is not None
    assert (view.outstanding, view.redeemable) == (660, None)
    for _ in range(4):
        world.rich(60, born=date(1990, 3, 15))
    coverage.run_nightly(world.bank, now=NOW + timedelta(days=1))
    later = coverage.for_public(world.bank)
    assert later is not None
    assert (later.outstanding, later.redeemable) == (900, 600)


def test_a_draft_stands_beside_the_present_rules_and_changes_nothing(world: World) -> None:
    county = world.staff["county"]
    assert coverage.compare(world.bank, county, None) is None
    world.rich(600, born=date(1950, 3, 15))
    coverage.run_nightly(world.bank, now=NOW)
    size = world.size()
    plain = coverage.compare(world.bank, county, None)
    assert plain is not None
    assert all(line.asked == line.draft_asked for line in plain.lines)
    assert plain.present == Draft(60, 50, 90000, None)
    later = coverage.compare(world.bank, county, Draft(80, None, 90000, None))
    capped = coverage.compare(world.bank, county, Draft(60, 50, 300, None))
    assert later is not None
    assert capped is not None
    assert (later.lines[0].asked, later.lines[0].draft_asked) == (plain.lines[0].asked, 0)
    assert abs(capped.lines[0].draft_asked * 2 - capped.lines[0].asked) <= 1
    assert world.size() == size


def test_who_never_redeemed_is_invited_once_in_half_a_year(world: World) -> None:
    county, old = world.staff["county"], world.rich(120, born=date(1950, 3, 15))
    world.rich(120, born=date(1990, 3, 15))
    waiting = coverage.never_redeemed(world.bank, county, now=NOW)
    assert [(one.person_id, one.minutes) for one in waiting] == [(old.person_id, 120)]
    size = world.size()
    assert coverage.invite(world.bank, county, now=NOW) == 1
    assert coverage.invite(world.bank, county, now=NOW + timedelta(days=3)) == 0
    assert world.size() == size
    with world.bank.read() as unit:
        assert [one.kind for one in unit.messages.of(old.person_id) if one.about == "redeeming"] == ["redeem_invited"]
    assert coverage.invite(world.bank, county, now=NOW + timedelta(days=200)) == 1


def test_who_may_not_steer_is_refused_and_nobody_is_told(world: World) -> None:
    old = world.rich(120, born=date(1950, 3, 15))
    for who in ("worker A", "street", "auditor", "admin"):
        with pytest.raises(errors.Forbidden):
            coverage.invite(world.bank, world.staff[who], now=NOW)
        with pytest.raises(errors.Forbidden):
            coverage.never_redeemed(world.bank, world.staff[who], now=NOW)
    for who in ("worker A", "admin"):
        with pytest.raises(errors.Forbidden):
            coverage.latest(world.bank, world.staff[who])
        with pytest.raises(errors.Forbidden):
            coverage.compare(world.bank, world.staff[who], None)
    with world.bank.read() as unit:
        assert [one for one in unit.messages.of(old.person_id) if one.about == "redeeming"] == []
