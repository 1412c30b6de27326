"""Figures and the map: what they count, whose reach they show, and what is too small to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.timebank.web.conftest import Browser, System
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.figures import bars, heat, last_months, placed, told
from timebank.services import dashboard, redemptions
from timebank.services.redemptions import AskForCare


def test_the_last_months_end_with_this_one() -> None:
    assert last_months(date(2026, 2, 28), 3) == ("2025-12", "2026-01", "2026-02")
    assert len(last_months(date(2026, 1, 31))) == 12


def test_bars_heat_and_small_numbers() -> None:
    assert [bar.length for bar in bars([("a", 10), ("b", 5), ("c", 0)])] == [1000, 500, 0]
    assert bars([("a", 0)])[0].length == 0
    assert [told(number, 5) for number in (0, 1, 4, 5)] == [0, None, None, 5]
    assert [heat(number, 8) for number in (0, 1, 2, 3, 8)] == [0, 1, 1, 2, 4]


def test_places_keep_their_order_on_the_map() -> None:
    points = {one.key: one for one in placed({"north": (40_000_000, 118_000_000), "south": (39_000_000, 118_000_000),
                                              "east": (39_500_000, 118_500_000)})}  # fmt: skip
    assert points["north"].y < points["east"].y < points["south"].y
    assert points["east"].x > points["north"].x
    assert placed({}) == ()
    alone = placed({"one": (39_000_000, 118_000_000)})[0]
    assert 0 < alone.x < 1000
    assert 0 < alone.y < 640


def test_what_is_counted_and_for_whom(world: World) -> None:
    bank, rich = world.bank, world.rich(240)
    elder = world.member("B")
    redemptions.ask(
        bank, rich, AskForCare(rich.person_id, rich.person_id, "chatting", 60, NOW + timedelta(days=1)), now=NOW
    )
    for who, minutes in (("county", 240), ("street", 240)):
        view = dashboard.see(bank, world.staff[who], None, now=NOW)
        assert sum(bar.value for bar in view.by_service) == minutes
        assert sum(bar.value for bar in view.months) == minutes
        assert (view.requests_open, view.members, view.elders) == (1, None, None)
    at_b = dashboard.see(bank, world.staff["county"], world.stations["B"], now=NOW)
    assert (at_b.requests_open, at_b.by_service) == (0, ())
    assert elder.person_id not in repr(at_b)
    for _ in range(4):
        world.member("B")
    assert dashboard.see(bank, world.staff["county"], world.stations["B"], now=NOW).members == 5


def test_the_heat_of_what_was_not_met(world: World) -> None:
    bank, rich, worker = world.bank, world.rich(600), world.staff["worker A"]
    for day in range(1, 6):
        wish = AskForCare(rich.person_id, rich.person_id, "chatting", 60, NOW + timedelta(days=day))
        one = redemptions.ask(bank, rich, wish, now=NOW)
        redemptions.step(bank, worker, one.id, "decline", "nobody_free", "", now=NOW)
    other = AskForCare(rich.person_id, rich.person_id, "shopping", 60, NOW + timedelta(days=7))
    one = redemptions.ask(bank, rich, other, now=NOW)
    redemptions.step(bank, worker, one.id, "wait", None, "", now=NOW)
    view = dashboard.see(bank, world.staff["street"], None, now=NOW)
    assert view.unmet_services == ("chatting", "shopping")
    assert [(place.id, [(cell.number, cell.heat) for cell in cells]) for place, cells in view.unmet] == [
        (world.stations["A"], [(5, 4), (None, 1)])
    ]


def test_outside_ones_reach_nothing_is_there(world: World) -> None:
    street = world.staff["street"]
    with pytest.raises(errors.NotFound):
        dashboard.see(world.bank, street, world.stations["county"], now=NOW)
    with pytest.raises(errors.NotFound):
        dashboard.see(world.bank, street, "0" * 32, now=NOW)
    with pytest.raises(errors.Forbidden):
        dashboard.see(world.bank, world.staff["worker A"], None, now=NOW)
    nowhere = replace(street, roles=frozenset(replace(role, station_id=world.stations["A"]) for role in street.roles))
    with pytest.raises(errors.NotFound):
        dashboard.see(world.bank, nowhere, world.stations["B"], now=NOW)


def test_the_page_and_the_api(world: World, sign_in: Callable[[str], Browser], system: Callable[..., System]) -> None:
    world.rich(240)
    county = sign_in("county")
    page = county.get("/dashboard").text
    assert "4 小时" in page
    assert f"/dashboard?at={world.stations['county']}" in page
    assert county.get(f"/dashboard?at={world.stations['street']}").status_code == 200
    assert county.get("/dashboard?at=nowhere").status_code == 404
    assert sign_in("worker A").get("/dashboard").status_code == 403
    api = system("street", "reports.read")
    assert sum(api.get("/dashboard").json["minutes_by_service"].values()) == 240
    assert api.get("/dashboard", at=world.stations["B"]).json["minutes_by_service"] == {}
    assert api.get("/dashboard", at=world.stations["county"]).status_code == 404


def test_the_map_is_a_drawing_and_a_list(world: World, browser: Browser) -> None:
    page = browser.get("/map").text
    assert page.count("<circle") == 4
    assert "/stations/LN-A" in page
    sorted_page = browser.get(f"/map?from={world.stations['A']}").text
    assert "0 米" in sorted_page
    assert browser.get("/map?from=nowhere").status_code == 404
