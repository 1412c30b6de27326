"""A station's key in real browsers: made in one, used there, vouched for another's, retired; then audited."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ledger.audit import audit
from tests.browser.conftest import WORKERS, People, follow
from tests.browser.test_faces import RULES, TARGETS_SMALLER, TEXT_SMALLER, WIDER
from tests.timebank.world import make_bank, settings_in
from timebank.domain.errors import TimebankError
from timebank.domain.roles import Actor, Role, RoleName
from timebank.services import hours
from timebank.services.hours import LogHours
from timebank.storage.checking import store_of

SECRETS = """async () => {
    const opened = await new Promise((done) => {
        const one = indexedDB.open("station-keys", 1)
        one.onsuccess = () => done(one.result)
    })
    const all = await new Promise((done) => {
        const one = opened.transaction("keys").objectStore("keys").getAll()
        one.onsuccess = () => done(one.result)
    })
    const tried = []
    for (const key of all.flat()) {
        tried.push(key.secret.extractable)
        for (const form of ["pkcs8", "jwk", "raw"]) {
            tried.push(await crypto.subtle.exportKey(form, key.secret).then(() => true, () => false))
        }
    }
    opened.close()
    return tried
}"""


def confirmed(instance: Path, code: str, count: int) -> None:
    """So many records of this station that wait to be verified."""
    bank = make_bank(settings_in(instance))
    now = datetime.now(UTC)
    with bank.read() as unit:
        station = next(one.id for one in unit.network.stations() if one.code == code)
        people = [row.person_id for row in unit.members.of_stations({station: code}, "active")]
    actors = [Actor(bank.settings.book, one, frozenset({Role(RoleName.MEMBER, station)}), "web") for one in people]
    for volunteer, elder in itertools.permutations(actors, 2):
        told = LogHours(elder.person_id, "chatting", now - timedelta(minutes=50), 30, "home")
        try:
            record = hours.log(bank, volunteer, told, now=now)
            hours.confirm(bank, elder, record.id, "", now=now)
        except TimebankError:
            continue
        count -= 1
        if not count:
            break
    bank.engine.dispose()
    assert not count


def fine(page: Page) -> None:
    """As every page: nothing that axe finds, large enough, no wider than the phone."""
    found = Axe().run(page, options=RULES).response["violations"]
    assert not found, [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in found]
    assert page.evaluate(TEXT_SMALLER, 18) == []
    assert page.evaluate(TARGETS_SMALLER, 44) == []
    assert page.evaluate(WIDER) <= 0


@pytest.mark.browser
def test_a_station_signs_with_keys_of_its_browsers(visit: Callable[..., Page], people: People, instance: Path) -> None:
    code, login = next(pair for pair in WORKERS.items() if pair[1] != people.worker)
    confirmed(instance, code, 4)
    first, second, said = visit(login), visit(login), []
    for page in (first, second):
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))

    first.goto("/station-keys")
    follow(first, first.get_by_role("button", name="在本浏览器生成密钥"))
    expect(first.locator("[data-here]")).to_be_visible()
    expect(first.get_by_role("button", name="为它担保")).to_be_visible()
    fine(first)
    assert first.evaluate(SECRETS) == [False, False, False, False]

    # The other computer has no key: it can't verify, and has to ask the first.
    second.goto("/desk/verify")
    follow(second, second.get_by_role("button", name="核实", exact=False).first)
    expect(second.locator("[data-says]")).to_have_text("本浏览器没有本站的密钥，请到有密钥的电脑上核实。")
    expect(second.get_by_role("button", name="签署并核实")).to_be_hidden()
    second.goto("/station-keys")
    second.get_by_role("button", name="在本浏览器生成密钥").click()
    request = second.get_by_label("本浏览器的申请文字")
    expect(request).to_be_visible()
    fine(second)

    # A false request is refused before anything is sent.
    first.get_by_label("本站另一台电脑的申请文字").fill("abc def")
    first.get_by_role("button", name="为它担保").click()
    expect(first.locator("[data-says]")).to_have_text("这不是本站的申请文字。")
    first.get_by_label("本站另一台电脑的申请文字").fill(request.input_value())
    follow(first, first.get_by_role("button", name="为它担保"))
    expect(first.get_by_text("由本站此前的密钥担保。")).to_be_visible()

    # Both sign now.
    for page in (first, second):
        page.goto("/desk/verify")
        follow(page, page.locator("button[name=only]").first)
        expect(page.locator("[data-minutes]").first).not_to_have_text("–")
        fine(page)
        follow(page, page.get_by_role("button", name="签署并核实"))
        expect(page.locator(".govuk-notification-banner--success")).to_be_visible()

    # A page that shows one thing and lets sign another is not signed.
    first.goto("/desk/verify")
    first.route("**/desk/verify", lambda route: lie(route))
    follow(first, first.locator("button[name=only]").first)
    expect(first.locator("[data-says]")).to_have_text("待签内容与显示的不一致。请不要签署，并联系县级中心。")
    expect(first.get_by_role("button", name="签署并核实")).to_be_hidden()
    first.unroute("**/desk/verify")

    for _ in range(2):
        first.goto("/station-keys")
        first.locator("[data-retire] summary").last.click()
        follow(first, first.get_by_role("button", name="停用", exact=True).last)
    expect(first.get_by_text("已停用", exact=True)).to_have_count(2)
    assert said == []

    bank = make_bank(settings_in(instance))
    with store_of(bank) as store:
        report = audit(store, bank.settings.book)
    bank.engine.dispose()
    assert report.is_sound, report.findings


def lie(route: object) -> None:
    """The server, in the hands of somebody else, has more minutes signed than were served."""
    answer = route.fetch()  # type: ignore[attr-defined]
    route.fulfill(response=answer, body=answer.text().replace("&#34;to_member&#34;:", "&#34;to_member&#34;:9"))  # type: ignore[attr-defined]
