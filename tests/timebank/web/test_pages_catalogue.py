"""The catalogue on its page: the county adds and changes items, everybody reads what can be asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.timebank.web.conftest import Browser, refuses
from tests.timebank.world import World
from timebank.domain import errors
from timebank.services import catalogue

Staff, Member = Callable[[str], Browser], Callable[[Any], Browser]
FORM = {"name": "陪下象棋", "name_en": "playing chess", "code": "chess", "five_x": "comfort", "risk": "low",
        "training": "", "minutes_min": "30", "minutes_max": "120", "place": "home", "askable": "y"}  # fmt: skip


def item(world: World, code: str) -> Any:
    return next(one for one in catalogue.items(world.bank) if one.code == code)


def test_the_county_adds_an_item_that_elders_then_ask_for(
    world: World, sign_in: Staff, sign_in_member: Member, browser: Browser
) -> None:
    county, mine = sign_in("county"), sign_in_member(world.rich(60))
    assert 'value="chess"' not in mine.get("/redemptions/new").text
    assert county.post("/services", **FORM).status_code == 302
    assert item(world, "chess").askable
    assert 'value="chess"' in mine.get("/redemptions/new").text
    assert "陪下象棋" in browser.get("/services").text


def test_wrong_items_are_refused(world: World, sign_in: Staff) -> None:
    county, before = sign_in("county"), catalogue.items(world.bank)
    assert refuses(county.post("/services", **{**FORM, "code": "chatting"}), errors.ServiceCodeTaken)
    assert refuses(county.post("/services", **{**FORM, "name": "上门打针"}), errors.ServiceMedical)
    for change in ({"code": "Chess!"}, {"minutes_max": "10"}, {"risk": "high"}, {"name": ""}, {"five_x": "fun"}):
        assert county.post("/services", **{**FORM, **change}).status_code == 422, change
    assert refuses(sign_in("worker A").post("/services", **FORM), errors.Forbidden)
    assert catalogue.items(world.bank) == before


def test_an_item_is_taken_off_the_list_and_put_back(world: World, sign_in: Staff, browser: Browser) -> None:
    county = sign_in("county")
    assert county.post("/services/shopping/offer", active="no").status_code == 302
    assert "代购物品" not in browser.get("/services").text
    assert "代购物品" in county.get("/services").text
    assert county.post("/services/shopping/offer", active="yes").status_code == 302
    assert "代购物品" in browser.get("/services").text
    for code in ("urgent_help", "small_repairs"):
        assert county.post(f"/services/{code}/offer", active="no").status_code == 302
    assert refuses(county.post("/services/safety_check/offer", active="no"), errors.BaseServiceLocked)
    assert refuses(county.post("/services/nothing/offer", active="no"), errors.ServiceNotOffered)
    assert refuses(sign_in("worker A").post("/services/shopping/offer", active="no"), errors.Forbidden)


def test_what_elders_cannot_ask_for_is_not_offered_to_them(
    world: World, sign_in: Staff, sign_in_member: Member, browser: Browser
) -> None:
    county, mine = sign_in("county"), sign_in_member(world.rich(60))
    assert 'value="station_duty"' not in mine.get("/redemptions/new").text
    assert 'value="station_duty"' in mine.get("/hours/new").text
    assert "站点值守" not in browser.get("/services").text
    assert county.post("/services/station_duty/askable", askable="yes").status_code == 302
    assert 'value="station_duty"' in mine.get("/redemptions/new").text
    assert county.post("/services/station_duty/askable", askable="no").status_code == 302
    assert not item(world, "station_duty").askable
    assert refuses(county.post("/services/nothing/askable", askable="no"), errors.ServiceNotOffered)
    assert refuses(sign_in("worker A").post("/services/cleaning/askable", askable="no"), errors.Forbidden)
    assert item(world, "cleaning").askable
