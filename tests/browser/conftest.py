"""A real Chromium before real gunicorn workers over a demonstration network of some days."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from tests.gunicorn import serving
from tests.timebank.world import make_bank, settings_in
from timebank.demo import PASSWORD, load_demo

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
MISSING = "Chromium is missing; install it, e.g. with: apt-get install chromium fonts-noto-cjk"
DAYS = 16
WORKERS = {"LN-0101": "worker", "LN-0102": "worker4", "LN-0201": "worker3"}


@dataclass(frozen=True)
class People:
    """Somebody over 60 who saved hours, an elder of the same station, and its worker: how they sign in."""

    saver: str
    elder: str
    elder_number: str
    worker: str


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demonstration network of some days."""
    folder = tmp_path_factory.mktemp("served")
    bank = make_bank(settings_in(folder))
    load_demo(bank, say=lambda text: None, days=DAYS)
    bank.engine.dispose()
    return folder


@pytest.fixture(scope="session")
def people(instance: Path) -> People:
    """Somebody who saved hours and may use them, and an elder and a worker of the same station."""
    bank = make_bank(settings_in(instance))
    today = datetime.now(UTC).date()
    with bank.read() as unit:
        stations = {one.id: one.code for one in unit.network.stations() if one.code in WORKERS}
        rows = unit.members.of_stations(stations, "active")
        known = {row.person_id: unit.person(row.person_id) for row in rows}
        rich = [row for row in rows if unit.balances(row.person_id).get("earned", 0) >= 60]
        saver = next(row for row in rich if (known[row.person_id].age_on(today) or 0) >= 60)
        elder = next(
            row
            for row in reversed(rows)
            if row.station_id == saver.station_id
            and row.person_id != saver.person_id
            and not unit.members.kin(saver.person_id).get(row.person_id)
        )
    bank.engine.dispose()
    code = stations[saver.station_id]
    return People(known[saver.person_id].phone, known[elder.person_id].phone, elder.number, WORKERS[code])


@pytest.fixture(scope="session")
def server(instance: Path) -> Iterator[str]:
    """The address of the served network."""
    with serving(instance) as address:
        yield address


def chromium_path() -> str:
    """Debian's Chromium; a test that needs it fails where it is missing."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail(MISSING, pytrace=False)
    return path


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        browser.close()


def follow(page: Page, where: Locator) -> None:
    """Click what leads to another page, and wait for that page."""
    with page.expect_navigation():
        where.click()


@pytest.fixture
def visit(chromium: Browser, server: str) -> Iterator[Callable[..., Page]]:
    """A page in a window of this width and language, signed in as somebody if a login is given."""
    contexts: list[BrowserContext] = []

    def go(login: str | None = None, *, width: int = 360, language: str = "zh-CN", scripts: bool = True) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, locale=language, base_url=server, java_script_enabled=scripts
        )
        contexts.append(context)
        page = context.new_page()
        if login is not None:
            page.goto("/sign-in")
            page.fill("#login", login)
            page.fill("#password", PASSWORD)
            with page.expect_navigation():
                page.press("#password", "Enter")
            assert "/sign-in" not in page.url
        return page

    yield go
    for context in contexts:
        context.close()
