"""Checking in and out by scanning the elder's card: a real camera stream, which shows a card that the desk printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import segno
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import FLAGS, People, chromium_path, follow
from timebank.demo import PASSWORD

WIDTH, HEIGHT, FRAMES, MODULE = 640, 480, 10, 8
WHITE, BLACK, GREY = 235, 16, 128
CAMERA = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


def film(text: str, path: Path, module: int = MODULE) -> None:
    """A short film (YUV4MPEG2, 4:2:0) of a white wall with this QR code on it."""
    rows = [bytearray([WHITE]) * WIDTH for _ in range(HEIGHT)]
    matrix = segno.make(text, error="m").matrix
    top, left = (HEIGHT - len(matrix) * module) // 2, (WIDTH - len(matrix) * module) // 2
    for y, line in enumerate(matrix):
        for x, dark in enumerate(line):
            if dark:
                for row in rows[top + y * module : top + (y + 1) * module]:
                    row[left + x * module : left + (x + 1) * module] = bytes([BLACK]) * module
    frame = b"FRAME\n" + b"".join(rows) + bytes([GREY]) * (WIDTH * HEIGHT // 2)
    head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(head + frame * FRAMES)


@pytest.fixture
def card(visit: Callable[..., Page], people: People) -> str:
    """The code of a new card, as the desk prints it for the elder."""
    desk = visit(people.worker, width=1280)
    desk.goto("/members")
    desk.fill("#words", people.elder_number)
    follow(desk, desk.get_by_role("button", name="查找"))
    follow(desk, desk.locator("tbody th a"))
    follow(desk, desk.get_by_role("button", name="打印新卡"))
    return desk.locator(".site-mono").inner_text().strip()


@pytest.fixture
def with_camera(chromium: Browser, server: str, card: str, tmp_path: Path, people: People) -> Iterator[Page]:
    """The saver's phone; its camera sees the card."""
    film(card, tmp_path / "card.y4m")
    flags = [*FLAGS, *CAMERA, f"--use-file-for-fake-video-capture={tmp_path / 'card.y4m'}"]
    browser = chromium.browser_type.launch(executable_path=chromium_path(), args=flags)
    page = browser.new_context(viewport={"width": 360, "height": 800}, locale="zh-CN", base_url=server).new_page()
    page.goto("/sign-in")
    page.fill("#login", people.saver)
    page.fill("#password", PASSWORD)
    with page.expect_navigation():
        page.press("#password", "Enter")
    yield page
    browser.close()


@pytest.mark.browser
def test_a_card_is_scanned_at_the_beginning_and_at_the_end_of_a_visit(with_camera: Page, card: str) -> None:
    """At the end the card is accepted, too: what is refused is a visit of no length."""
    page, said = with_camera, []
    page.on("console", lambda message: said.append(message.text))
    page.goto("/visits/new")
    page.get_by_role("button", name="扫描会员卡").click()
    expect(page.locator(".site-scan [role=status]")).to_have_text("已读出会员卡，请继续往下填。", timeout=30_000)
    assert page.locator("#card").input_value() == card
    expect(page.locator("video")).to_be_hidden()
    assert page.evaluate("document.activeElement.hasAttribute('data-scan-start')")
    page.select_option("#service", "chatting")
    follow(page, page.get_by_role("button", name="签到", exact=True))
    expect(page.locator("main h1")).to_have_text("与老人签出")
    page.get_by_role("button", name="扫描会员卡").click()
    expect(page.locator("#card")).to_have_value(card, timeout=30_000)
    assert said == []
    follow(page, page.get_by_role("button", name="签出", exact=True))
    expect(page.locator(".govuk-error-summary")).to_contain_text("这项服务至少要 15 分钟")
    follow(page, page.get_by_role("button", name="放弃这次签到"))
    expect(page.locator(".govuk-notification-banner--success")).to_be_visible()


@pytest.mark.browser
def test_without_a_camera_or_scripts_there_is_no_button(visit: Callable[..., Page], people: People) -> None:
    for scripts in (True, False):
        page = visit(people.saver, scripts=scripts)
        page.goto("/visits/new")
        expect(page.locator("#card")).to_be_visible()
        expect(page.get_by_role("button", name="扫描会员卡")).to_be_hidden()


@pytest.mark.browser
def test_only_pages_that_scan_may_use_the_camera(visit: Callable[..., Page], people: People) -> None:
    page = visit(people.saver)
    for path, allowed in (("/visits/new", "camera=(self)"), ("/", "camera=()"), ("/hours/new", "camera=()")):
        answer = page.goto(path)
        assert answer is not None
        assert allowed in answer.headers["permissions-policy"], path
