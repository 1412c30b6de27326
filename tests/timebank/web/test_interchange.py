"""Pages of the exchange between counties: agree, send, look; and what another book may ask."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest

from ledger.notes import KeyType, generate
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.identity import member_number
from timebank.services import interchange, transfers

Staff = Callable[[str], Browser]
THERE = "timebank.example/there"
NUMBER = member_number(417)


@pytest.fixture
def card() -> str:
    """The card of a county that has no witnesses, with keys of its own."""
    log, papers = generate(THERE, KeyType.ED25519), generate(f"{THERE}/papers", KeyType.ED25519)
    policy = f"log {log.verifier.encode()}\nquorum none\n"
    found = interchange.Card(THERE, "丰南区", "https://there.example", policy, papers.verifier.encode())
    return json.dumps(asdict(found))


@pytest.fixture
def partner(world: World, card: str) -> str:
    """The id of an agreement in force."""
    from tests.timebank.services.test_network import second_county

    view = interchange.propose(world.bank, world.staff["county"], card, 600, now=NOW)
    return interchange.agree(world.bank, second_county(world), view.id, now=NOW).id


def test_the_county_proposes_and_a_second_person_agrees(world: World, sign_in: Staff, card: str) -> None:
    county = sign_in("county")
    size = world.size()
    assert refuses(county.post("/interchange", card="{}", limit="10"), errors.PartnerInvalid)
    assert refuses(county.post("/interchange", card=card, limit="0"), errors.LimitInvalid)
    assert county.post("/interchange", card="", limit="10").status_code == 422
    here = county.post("/interchange", card=card, limit="10").headers["Location"]
    assert refuses(county.post("/interchange", card=card, limit="10"), errors.PartnerTaken)
    assert "须由县里另一人同意" in county.get(here).text
    assert refuses(county.post(f"{here}/agree"), errors.SecondPersonNeeded)
    assert refuses(county.post(f"{here}/suspend"), errors.PartnerStateConflict)
    assert world.size() == size
    assert "丰南区" in county.get("/interchange").text
    auditor = sign_in("auditor")
    assert auditor.get(here).status_code == 200
    assert auditor.post(f"{here}/agree").status_code == 403
    assert sign_in("worker A").get("/interchange").status_code == 403
    assert refuses(county.get("/interchange/partners/nobody"), errors.NotFound)


def test_a_member_sends_hours_and_takes_them_back(
    world: World, sign_in_member: Callable[[Any], Browser], sign_in: Staff, partner: str
) -> None:
    member = world.rich(120)
    browser = sign_in_member(member)
    form = {"partner": partner, "number": NUMBER, "hours": "1", "minutes": "30"}
    assert "丰南区" in browser.get("/interchange/new").text
    asked = browser.post("/interchange/new", **form)
    assert (asked.status_code, world.balance(member)) == (200, 120)
    assert "1 小时 30 分" in asked.text
    sure = form | {"sure": "yes"}
    for change, error in (
        ({"number": "1"}, errors.MemberNumberInvalid),
        ({"hours": "9"}, errors.BalanceTooLow),
        ({"hours": "0", "minutes": "0"}, errors.MinutesInvalid),
    ):
        assert refuses(browser.post("/interchange/new", **sure | change), error)
    assert browser.post("/interchange/new", **form | {"number": ""}).status_code == 422
    assert world.balance(member) == 120
    assert browser.post("/interchange/new", **sure).status_code == 302
    assert "您把 1 小时 30 分转到了外县" in browser.get("/transfers").text.replace(" 转", "转")
    assert world.balance(member) == 30
    view = transfers.mine(world.bank, member, now=NOW)[0]
    assert browser.post(f"/transfers/{view.id}/undo").status_code == 302
    assert world.balance(member) == 120
    here = f"/interchange/partners/{partner}"
    assert "已撤销" in sign_in("county").get(here).text


def test_a_step_that_is_none_suspends_no_partner(world: World, sign_in: Staff, partner: str) -> None:
    assert sign_in("county").post(f"/interchange/partners/{partner}/agre").status_code == 404
    assert interchange.partner(world.bank, world.staff["county"], partner).state == "agreed"


def test_what_is_settled_by_month_goes_out_as_a_sheet(world: World, sign_in: Staff, partner: str) -> None:
    member = world.rich(120)
    transfers.cross(world.bank, member, partner, NUMBER, 90, now=NOW)
    transfers.carry_out_due(world.bank, now=NOW + timedelta(hours=1))
    sheet = sign_in("auditor").get(f"/interchange/partners/{partner}/netting.csv")
    assert sheet.text.splitlines()[1] == "2026-09,90,0,90"


def test_another_book_is_answered_only_for_a_proof(world: World, browser: Browser) -> None:
    size = world.size()
    card = json.loads(browser.get("/interchange/card").text)
    assert card["origin"] == world.bank.settings.book
    assert card["papers_key"].startswith(f"{world.bank.settings.book}/papers+")
    for path in ("/interchange/transfers", "/interchange/statements"):
        answer = browser.client.post(path, data=b"nothing")
        assert answer.status_code == 422
    assert world.size() == size


def test_agreements_over_the_api(world: World, system: Callable[..., System], partner: str) -> None:
    auditor = system("auditor", "interchange.read")
    assert [one["origin"] for one in auditor.get("/interchange").json["items"]] == [THERE]
    seen = auditor.get(f"/interchange/{partner}").json
    assert (seen["balance_minutes"], seen["transfers"], seen["months"]) == (0, [], [])
    assert auditor.get("/interchange/nobody").json["code"] == "not_found"
    assert system("auditor", "audits.read").get("/interchange").status_code == 403
