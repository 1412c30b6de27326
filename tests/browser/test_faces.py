"""Every page, in both languages, on a phone and a desk: axe finds nothing, nothing is cut off, targets are large."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import People, follow

PAGES = {
    None: ("/", "/sign-in", "/join", "/stations", "/stations/LN-0101", "/map", "/coverage", "/inspections", "/policies",
           "/policies/1", "/services", "/services/errands",
           "/certificates/check", "/honour-roll", "/reports", "/open-data", "/api/docs", "/verify", "/projects",
           "/complain", "/complain/follow", "/nowhere"),
    "19900000050": ("/", "/hours/new", "/hours", "/visits/new", "/redemptions/new", "/redemptions", "/passbook",
                    "/transfers", "/transfers/new", "/interchange/new",
                    "/estates/choice", "/points", "/certificates", "/my-record", "/honours",
                    "/trainings", "/messages", "/messages/wishes", "/account",
                    "/account/password", "/my-data", "/needs", "/needs/new", "/needs/open", "/offers",
                    "/activities", "/complaints", "/complaints/new", "/rounds/mine",
                    "/consent-notes", "/consent-notes/new", "/equipment"),
    "worker": ("/", "/desk", "/desk/verify", "/desk/enter", "/desk/slips", "/members", "/members/new",
               "/redemptions/desk", "/redemptions/at-desk", "/grants", "/corrections", "/erasures",
               "/station-keys", "/network", "/trainings/desk",
               "/needs/desk", "/needs/at-desk", "/offers/desk", "/offers/at-desk",
               "/activities/desk", "/activities/new", "/teams/new", "/projects/new", "/matching",
               "/desk/day-sheets", "/estates", "/dormant", "/hours/due", "/national", "/desk/guests",
               "/statistics",
               "/rounds", "/rounds/new", "/rounds/sheet", "/rounds/coverage", "/incidents", "/incidents/new",
               "/ratings", "/credit-files", "/complaints/new", "/consent-notes/desk", "/equipment/desk"),
    "county": ("/rounds", "/rounds/coverage", "/complaints", "/complaints/overdue", "/credit-files", "/ratings",
               "/credit-files/new", "/listings/new", "/dashboard", "/coverage/figures",
               "/coverage/figures?age=65&special_age=55&cap=500&lapse=", "/coverage/invitations",
               "/supervision", "/call-backs", "/network",
               "/network/operators", "/network/divisions",
               "/network/stations/new", "/policies/new",
               "/grants", "/corrections", "/services", "/services/errands", "/station-keys", "/webhooks",
               "/interchange", "/dormant", "/points", "/grants/programmes", "/circulation", "/statistics",
               "/statistics/operators", "/national", "/imports", "/imports/new"),
    "auditor": ("/audits", "/statistics"),
    "admin": ("/staff", "/tokens", "/audits"),
}  # fmt: skip
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"color-contrast-enhanced": {"enabled": True}, "target-size": {"enabled": True}},
}
TEXT_SMALLER = """(least) => [...document.querySelectorAll('body *')].filter(e =>
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && e.offsetParent !== null
    && parseFloat(getComputedStyle(e).fontSize) < least).map(e => e.outerHTML.slice(0, 120))"""
TARGETS_SMALLER = """(least) => [...document.querySelectorAll(
    'button, .site-bar a, .site-nav a, .site-tile, input:not([type=hidden]), select, textarea, summary')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && e.offsetParent !== null && (box.height < least - 0.5 || box.width < least - 0.5)
    }).map(e => e.outerHTML.slice(0, 120))"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def check(page: Page, path: str) -> None:
    """No violation, no sideways scroll, a landmark and a heading (axe says little of a page that isn't one)."""
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == (404 if path == "/nowhere" else 200), path
    assert page.locator("main h1").count() == 1, path
    found = Axe().run(page, options=RULES).response["violations"]
    assert not found, (path, [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in found])
    assert page.evaluate(WIDER) <= 0, path


@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("login", PAGES, ids=lambda login: login or "nobody")
def test_axe_finds_nothing(visit: Callable[..., Page], login: str | None, width: int, language: str) -> None:
    page = visit(login, width=width, language=language)
    for path in PAGES[login]:
        check(page, path)


@pytest.mark.browser
@pytest.mark.parametrize(("elder", "text", "target"), [(False, 18, 44), (True, 24, 60)])
def test_type_and_targets_are_large(visit: Callable[..., Page], elder: bool, text: int, target: int) -> None:
    for login in ("19900000050", "worker"):
        page = visit(login)
        page.goto("/")
        if elder:
            follow(page, page.get_by_role("button", name="长辈版"))
        for path in PAGES[login]:
            page.goto(path)
            assert page.evaluate(TEXT_SMALLER, text) == [], path
            assert page.evaluate(TARGETS_SMALLER, target) == [], path
            assert page.evaluate(WIDER) <= 0, path


@pytest.mark.browser
def test_high_contrast_and_elder_mode_have_no_violation(visit: Callable[..., Page]) -> None:
    page = visit("19900000050")
    page.goto("/")
    follow(page, page.get_by_role("button", name="长辈版"))
    follow(page, page.get_by_role("button", name="高对比"))
    for path in PAGES["19900000050"]:
        check(page, path)


@pytest.mark.browser
def test_nothing_breaks_the_content_security_policy(visit: Callable[..., Page]) -> None:
    said: list[Any] = []
    page = visit("worker")
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in PAGES["worker"]:
        page.goto(path)
    assert said == []


@pytest.mark.browser
def test_a_member_is_corrected_at_the_desk(visit: Callable[..., Page], people: People) -> None:
    page = visit(people.worker, width=360)
    page.goto("/members")
    follow(page, page.get_by_role("row").filter(has_text=people.elder_number).get_by_role("link"))
    follow(page, page.get_by_role("button", name="更正资料"))
    path = urlsplit(page.url).path
    for there in ("give", "honours", "record", "certificates", ""):
        check(page, path.removesuffix("correct") + there if there else path)
    page.get_by_label("更正原因").fill("门牌写错了")
    page.get_by_label("地址", exact=True).fill("双新楼 7 号")
    follow(page, page.get_by_role("button", name="保存更正"))
    expect(page.get_by_text("双新楼 7 号")).to_have_count(1)
    page.goto("/")
    follow(page, page.get_by_role("button", name="长辈版"))
    page.goto(path)
    assert page.evaluate(TEXT_SMALLER, 24) == []
    assert page.evaluate(TARGETS_SMALLER, 60) == []
    check(page, path)


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_a_stations_papers(visit: Callable[..., Page], width: int) -> None:
    page = visit("county", width=width)
    page.goto("/network")
    links = page.locator("a[href^='/network/stations/']:not([href$='/new'])")
    check(page, str(links.nth(3).get_attribute("href")))
