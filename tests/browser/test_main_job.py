"""The main job in a real browser: by keyboard alone, and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import People, follow
from timebank.demo import PASSWORD

MOST_TABS = 150


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there, as somebody without a mouse would."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"{selector} can't be reached by Tab on {page.url}", pytrace=False)


def press(page: Page, selector: str) -> None:
    """Go there by Tab and press Enter, and wait for the next page."""
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def sign_in(page: Page, login: str) -> None:
    page.goto("/sign-in")
    tab_to(page, "#login")
    page.keyboard.type(login)
    tab_to(page, "#password")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.browser
def test_the_whole_main_job_by_keyboard_alone(visit: Callable[..., Page], people: People) -> None:
    volunteer = visit()
    sign_in(volunteer, people.saver)
    volunteer.goto("/hours/new")
    tab_to(volunteer, "input[name=elder]")
    volunteer.keyboard.press("ArrowUp")
    assert volunteer.locator("input[name=elder]:checked").get_attribute("value") == "other"
    tab_to(volunteer, "#number")
    volunteer.keyboard.type(people.elder_number)
    tab_to(volunteer, "#service")
    volunteer.keyboard.press("Home")
    while volunteer.locator("#service").input_value() != "chatting":  # what was served last stands first
        volunteer.keyboard.press("ArrowDown")
    tab_to(volunteer, "#minutes")
    volunteer.keyboard.press("Home")
    for _ in range(3):
        volunteer.keyboard.press("ArrowDown")
    press(volunteer, "main form .govuk-button")
    assert "/hours/new" not in volunteer.url, volunteer.locator("main").inner_text()[:200]
    record = volunteer.url

    elder = visit()
    sign_in(elder, people.elder)
    elder.goto(record)
    press(elder, "main form[action$='/confirm'] button")
    assert "等待服务站" in elder.locator("main").inner_text()

    worker = visit(width=1280)
    sign_in(worker, people.worker)
    worker.goto("/desk/verify")
    identity = record.rsplit("/", 1)[1]
    press(worker, f"button[name=only][value='{identity}']")
    assert worker.locator(".govuk-notification-banner--success").count() == 1

    volunteer.goto(record)
    facts = volunteer.locator(".govuk-summary-list").first.inner_text()
    assert "1 小时" in facts

    volunteer.goto("/redemptions/new")
    tab_to(volunteer, "input[name=service]")
    volunteer.keyboard.press("Space")
    press(volunteer, "main form:first-of-type > .govuk-button")
    assert "时间已预留" in volunteer.locator("main").inner_text()

    auditor = visit(width=1280)
    sign_in(auditor, "auditor")
    auditor.goto("/audits")
    press(auditor, "main form button")
    assert "账本无误" in auditor.locator("main h1").inner_text()


@pytest.mark.browser
def test_pages_work_without_javascript(visit: Callable[..., Page]) -> None:
    page = visit("worker", scripts=False)
    page.goto("/desk/verify")
    boxes = page.locator("input[name=record]:not([disabled])")
    if boxes.count():
        boxes.first.check()
        follow(page, page.get_by_role("button", name="核实", exact=True))
        expect(page.locator(".govuk-notification-banner").first).to_be_visible()
    page.goto("/members")
    page.fill("#words", "199")
    follow(page, page.get_by_role("button", name="查找"))
    expect(page.locator("h1")).to_have_count(1)


@pytest.mark.browser
def test_the_member_number_is_asked_for_only_where_it_is_needed(visit: Callable[..., Page], people: People) -> None:
    page = visit(people.saver)
    page.goto("/hours/new")
    assert page.locator("input[name=elder]:checked").get_attribute("value") != "other"
    assert page.locator("#number").is_hidden()
    page.get_by_label("另一位老人").check()
    assert page.locator("#number").is_visible()
    page.locator("input[name=elder]").first.check()
    assert page.locator("#number").is_hidden()
    bare = visit(people.saver, scripts=False)
    bare.goto("/hours/new")
    assert bare.locator("#number").is_visible()


@pytest.mark.browser
def test_the_way_out_is_at_the_top(visit: Callable[..., Page], people: People) -> None:
    page = visit(people.saver)
    page.goto("/passbook")
    follow(page, page.locator("header").get_by_role("button", name="退出登录"))
    assert page.locator("header").get_by_role("button", name="退出登录").count() == 0
    page.goto("/passbook")
    assert "/sign-in" in page.url


@pytest.mark.browser
def test_the_passbook_prints_chinese(visit: Callable[..., Page], people: People) -> None:
    from io import BytesIO

    from pypdf import PdfReader

    page = visit(people.saver)
    answer = page.request.get("/passbook.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    text = "".join(part.extract_text() for part in PdfReader(BytesIO(answer.body())).pages)
    assert "存折" in text
    sheet = page.request.get("/passbook.csv").body()
    assert sheet.startswith(b"\xef\xbb\xbf")
