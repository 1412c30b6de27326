"""Coverage in pages and API: plain words for everybody, figures and drafts for who steers, invitations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from tests.timebank.web.conftest import Browser, System
from tests.timebank.world import NOW, World
from timebank.services import coverage


def night(world: World) -> None:
    for _ in range(5):
        world.rich(120, born=date(1950, 3, 15))
    assert coverage.run_nightly(world.bank, now=NOW) == 5


def invited(world: World) -> int:
    with world.bank.read() as unit:
        return len(unit.messages.told("redeem_invited", ["2026-2"]))


def test_everybody_reads_it_in_plain_words(world: World, browser: Browser) -> None:
    assert "每天夜里" in browser.get("/coverage").text
    night(world)
    page = browser.get("/coverage").text
    assert "我存的时间还在吗" in page
    assert "10 小时" in page
    assert "不是对您个人的预测" in page


def test_who_steers_sees_figures_and_tries_a_draft(world: World, sign_in: Callable[[str], Browser]) -> None:
    night(world)
    browser, size = sign_in("county"), world.size()
    assert "/coverage/figures" in browser.get("/").text
    plain = browser.get("/coverage/figures")
    assert plain.status_code == 200
    assert "所有人同时兑换" in plain.text
    assert 'value="60"' in plain.text
    draft = browser.get("/coverage/figures?age=80&special_age=&cap=1500&lapse=")
    assert draft.status_code == 200
    assert 'value="80"' in draft.text
    assert "草案" in draft.text
    wrong = browser.get("/coverage/figures?age=old&cap=-3")
    assert wrong.status_code == 422
    assert "old" in wrong.text
    assert world.size() == size


def test_before_the_first_night_the_page_says_so(sign_in: Callable[[str], Browser]) -> None:
    assert "每天夜里" in sign_in("street").get("/coverage/figures").text


def test_the_county_invites_and_nobody_else(world: World, sign_in: Callable[[str], Browser]) -> None:
    night(world)
    street = sign_in("street")
    assert street.get("/coverage/invitations").status_code == 403
    assert street.post("/coverage/invitations").status_code == 403
    assert sign_in("workerA").get("/coverage/figures").status_code == 403
    assert invited(world) == 0
    county = sign_in("county")
    assert "全部邀请" in county.get("/coverage/invitations").text
    assert county.post("/coverage/invitations").status_code == 302
    assert invited(world) == 5
    assert "没有人" in county.get("/coverage/invitations").text


def test_the_same_over_the_api(world: World, system: Callable[..., System]) -> None:
    county = system("county", "reports.read", "coverage.invite")
    assert county.get("/coverage").status_code == 404
    night(world)
    told = county.get("/coverage").json
    assert (told["outstanding"], told["served_last"], told["never_redeemed"]) == (600, 600, 5)
    assert len(told["cases"]["base"]["percent"]) == 30
    assert county.post("/coverage/invitations", key="once").json == {"invited": 5}
    assert county.post("/coverage/invitations", key="once").json == {"invited": 5}
    assert county.post("/coverage/invitations").json == {"invited": 0}
    assert invited(world) == 5
    assert system("worker A", "hours.queue").get("/coverage").status_code == 403


def test_the_table_has_all_of_the_public_page(world: World, browser: Browser) -> None:
    assert len(browser.get("/coverage.csv").text.splitlines()) == 1
    night(world)
    answer = browser.get("/coverage.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    rows = [line.split(",") for line in answer.text.removeprefix("\ufeff").splitlines()]
    assert rows[1] == ["2026-09-15", "age", "76", "76", "5", "600", "", "", "", ""]
    assert rows[2][1:6] == ["redeemable_year", "2026", "2026", "5", "600"]
    assert [row[1] for row in rows[3:]] == ["coverage_percent"] * 30
    assert all(int(row[7]) <= int(row[8]) <= int(row[9]) for row in rows[3:])


def test_of_few_holders_neither_page_nor_table_tells_anything(world: World, browser: Browser) -> None:
    world.rich(120, born=date(1950, 3, 15))
    coverage.run_nightly(world.bank, now=NOW)
    assert "人数太少" in browser.get("/coverage").text
    assert len(browser.get("/coverage.csv").text.splitlines()) == 1
