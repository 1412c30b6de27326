"""Pages and API of the programmes of points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.timebank.services.test_network import second_county
from tests.timebank.services.test_points import RULES, awarded, mine, opened, ordered, rice, size
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import points

Staff = Callable[[str], Browser]
FORM = {
    "name": "红分", "name_en": "Red points", "unit": "redpoints", "unit_label": "红分", "unit_label_en": "red points",
    "points_per_hour": "10", "most_a_month": "200", "pickup_days": "7",
}  # fmt: skip


def test_the_county_opens_a_programme_with_two_people(world: World, sign_in: Staff) -> None:
    county = sign_in("county")
    before = size(world)
    assert county.post("/points", **FORM | {"name": ""}).status_code == 422
    assert refuses(county.post("/points", **FORM | {"unit": "min"}), errors.ProgrammeInvalid)
    assert county.post("/points", **FORM).status_code == 302
    assert refuses(county.post("/points", **FORM), errors.ProgrammeTaken)
    view = points.programmes(world.bank, world.staff["county"])[0]
    assert refuses(county.post(f"/points/{view.id}/open"), errors.SecondPersonNeeded)
    assert refuses(county.get(f"/points/{view.id}"), errors.ProgrammeNotOpen)
    assert "须另一人" in county.get("/points").text or "等待" in county.get("/points").text
    assert size(world) == before
    worker = sign_in("worker A")
    assert "红分" not in worker.get("/points").text
    assert worker.post("/points", **FORM).status_code == 403
    assert sign_in("auditor").get("/points").status_code == 403


def test_a_member_orders_and_the_desk_hands_over(
    world: World, sign_in_member: Callable[[Any], Browser], sign_in: Staff
) -> None:
    programme = opened(world)
    member = awarded(world, programme, 100)
    desk, me = sign_in("worker A"), sign_in_member(member)
    here = f"/points/{programme}"
    offer = {
        "what": "goods", "goods-station": world.stations["A"], "goods-kind": "meal", "goods-name": "午餐",
        "goods-name_en": "Lunch", "goods-points": "30", "goods-stock": "2", "goods-village": "50",
        "goods-donors": "50",
    }  # fmt: skip
    assert refuses(desk.post(f"{here}/desk", **offer | {"goods-donors": "40"}), errors.FundingInvalid)
    assert desk.post(f"{here}/desk", **offer | {"goods-name": ""}).status_code == 422
    assert desk.post(f"{here}/desk", **offer).status_code == 302
    goods = points.catalogue(world.bank, member, programme)[0]
    assert "午餐" in me.get(here).text
    for quantity, error in (("3", errors.OutOfStock), ("x", errors.Invalid), ("0", errors.PointsInvalid)):
        assert refuses(me.post(f"{here}/orders", goods=goods.id, quantity=quantity), error)
    assert mine(world, member) == 100
    assert me.post(f"{here}/orders", goods=goods.id, quantity="1").status_code == 302
    order = points.my_orders(world.bank, member, programme)[0]
    assert world.number(member) in desk.get(f"{here}/desk").text
    assert me.post(f"{here}/orders/{order.id}/hand-over").status_code == 403
    assert sign_in("worker B").post(f"{here}/orders/{order.id}/hand-over").status_code == 404
    assert desk.post(f"{here}/orders/{order.id}/hand-over").status_code == 302
    assert refuses(me.post(f"{here}/orders/{order.id}/cancel"), errors.OrderStateConflict)
    again = ordered(world, programme, goods.id, member)
    assert me.post(f"{here}/orders/{again.id}/cancel").status_code == 302
    assert mine(world, member) == 70
    assert desk.post(f"{here}/goods/{goods.id}/restock", change="4").status_code == 302
    assert refuses(desk.post(f"{here}/goods/{goods.id}/restock", change="-9"), errors.OutOfStock)
    assert refuses(desk.post(f"{here}/goods/{goods.id}/restock", change="many"), errors.Invalid)
    assert points.catalogue(world.bank, member, programme)[0].stock == 5


def test_points_are_awarded_and_hours_exchanged(
    world: World, sign_in_member: Callable[[Any], Browser], sign_in: Staff
) -> None:
    programme, member = opened(world), world.rich(60)
    desk, me = sign_in("worker A"), sign_in_member(member)
    here = f"/points/{programme}"
    award = {"what": "award", "award-number": world.number(member), "award-points": "20", "award-reason": "merit"}
    assert refuses(desk.post(f"{here}/desk", **award | {"award-points": "999"}), errors.PointsInvalid)
    assert refuses(desk.post(f"{here}/desk", **award | {"award-number": "1"}), errors.MemberNumberInvalid)
    assert desk.post(f"{here}/desk", **award).status_code == 302
    assert mine(world, member) == 20
    assert refuses(me.post(f"{here}/exchange", hours="9"), errors.BalanceTooLow)
    assert refuses(me.post(f"{here}/exchange", hours="x"), errors.Invalid)
    assert me.post(f"{here}/exchange", hours="1").status_code == 302
    assert world.balance(member) == 0


def test_the_county_changes_the_rules_with_two_people(
    world: World, sign_in: Staff, sign_in_member: Callable[[Any], Browser]
) -> None:
    programme = opened(world)
    second_county(world)
    county, here = sign_in("county"), f"/points/{programme}/changes"
    page = county.get(here).text
    assert 'value="200"' in page
    told = {"name": "红分", "name_en": "Red points", "unit_label": "红分", "unit_label_en": "red points",
            "points_per_hour": "10", "most_a_month": "200", "pickup_days": "7"}  # fmt: skip
    assert refuses(county.post(here, **told, from_day="2026-10-01"), errors.RulesUnchanged)
    assert refuses(county.post(here, **told, lapse_months="12", from_day="2026-09-15"), errors.ProgrammeInvalid)
    assert county.post(here, **told, from_day="soon").status_code == 422
    assert sign_in("street").get(here).status_code == 403
    assert county.post(here, **told, lapse_months="12", from_day="2026-10-01").status_code == 302
    change = points.changes(world.bank, world.staff["county"], programme)[0]
    assert refuses(county.post(f"{here}/{change.id}/decide"), errors.SecondPersonNeeded)
    assert county.post(f"{here}/{change.id}/withdraw").status_code == 302
    assert county.post(f"{here}/{change.id}/think").status_code == 404
    assert points.changes(world.bank, world.staff["county"], programme)[0].state == "withdrawn"


def test_who_has_points_reads_when_they_lapse(world: World, sign_in_member: Callable[[Any], Browser]) -> None:
    programme = opened(world, replace(RULES, lapse_months=12))
    page = sign_in_member(awarded(world, programme, 60)).get(f"/points/{programme}").text
    assert "60 分" in page
    assert "满 12 个月到期" in page


def test_points_over_the_api(world: World, system: Callable[..., System]) -> None:
    programme, member = opened(world), world.member()
    worker = system("worker A", "points.read", "points.run")
    here = f"/points/{programme}"
    told = {"member_number": world.number(member), "points": 100, "reason": "labour"}
    assert worker.post(f"{here}/awards", told | {"reason": "x"}).status_code == 422
    assert worker.post(f"{here}/awards", told | {"points": 900}).json["code"] == "points_invalid"
    assert worker.post(f"{here}/awards", told, key="once").status_code == 201
    assert worker.post(f"{here}/awards", told, key="once").status_code == 201
    assert mine(world, member) == 100
    goods = rice(world, programme)
    wish = {"member_number": world.number(member), "goods_id": goods.id, "quantity": 2}
    assert worker.post(f"{here}/orders", wish | {"quantity": 9}).json["code"] == "out_of_stock"
    made = worker.post(f"{here}/orders", wish)
    assert (made.status_code, made.json["points"]) == (201, 80)
    there = f"{here}/orders/{made.json['id']}/steps"
    assert worker.post(there, {"verb": "eat"}).status_code == 422
    assert worker.post(there, {"verb": "hand_over"}).json["state"] == "handed"
    assert worker.post(there, {"verb": "cancel"}).json["code"] == "order_state_conflict"
    assert worker.get(f"{here}/goods").json["items"][0]["stock"] == 1
    assert worker.get("/points").json["items"][0]["in_circulation"] == 100
    assert system("worker B", "points.run").post(there, {"verb": "cancel"}).status_code == 404


def test_the_log_of_a_programme_is_public_under_its_own_name(world: World, browser: Browser) -> None:
    from timebank.services import publishing

    opened(world)
    theirs = points.banks(world.bank)[0]
    publishing.publish(theirs, now=NOW)
    name = theirs.settings.book.rsplit("/", 1)[-1]
    note = browser.get(f"/log/{name}/checkpoint").text
    assert note.splitlines()[0] == theirs.settings.book
    assert browser.get(f"/log/{name}x/checkpoint").status_code == 404
