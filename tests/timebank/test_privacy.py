"""Names, phones and resident IDs stay where they belong: in no log, entry, metric, checkpoint or address."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text

from ledger.exporting import export
from ledger.stores.sql import JoinedSqlStore
from tests.timebank.web.conftest import Browser, app, browser, sign_in, sign_in_member
from tests.timebank.world import NOW, PASSWORD, PIN, World
from timebank.demo.people import resident_number
from timebank.domain.roles import Actor
from timebank.services import families, members, publishing, transfers

__all__ = ["app", "browser", "sign_in", "sign_in_member"]
ADDRESS = re.compile(r'(?:href|action|src|hx-get|hx-post)="([^"]*)"')


class Circle:
    """Some people of the world, what must be said of them nowhere, and pages about them."""

    def __init__(self, world: World) -> None:
        worker = world.staff["worker A"]
        self.payer = world.rich(240, name="欧阳桂芳", pin=PIN)
        self.helper = world.member(name="司马建国", born=date(1970, 2, 3))
        families.record_kin(world.bank, worker, self.payer.person_id, self.helper.person_id, "child", now=NOW)
        families.record_proxy(world.bank, worker, self.payer.person_id, self.helper.person_id, "desk", now=NOW)
        self.record = world.logged(self.helper, world.member(name="上官秀英"))
        transfers.gift(world.bank, self.payer, self.helper.person_id, 30, now=NOW)
        self.secrets = tuple(self._said_of(world, one) for one in (self.payer, self.helper))

    @staticmethod
    def _said_of(world: World, actor: Actor) -> tuple[str, str, str]:
        data = members.see(world.bank, actor, actor.person_id, now=NOW).data
        assert len(data.document_number) == 18
        return data.name, data.phone, data.document_number

    def found_in(self, text: str) -> list[str]:
        words = [word for three in self.secrets for word in three] + ["上官秀英", PASSWORD, PIN]
        return [word for word in words if word in text or json.dumps(word)[1:-1] in text or quote(word) in text]


@pytest.fixture
def circle(world: World) -> Circle:
    return Circle(world)


def a_day(circle: Circle, world: World, member: Browser, desk: Browser) -> list[Any]:
    """Pages opened and forms posted, some of them refused."""
    here = f"/members/{circle.payer.person_id}"
    name, phone, document = circle.secrets[0]
    answers = [
        member.get(path)
        for path in ("/", "/hours", "/hours/new", "/visits/new", "/redemptions/new", "/redemptions", "/passbook",
                     "/passbook.csv", "/passbook.pdf", "/transfers", "/transfers/new", "/account",
                     "/needs", "/needs/new",
                     "/needs/open", "/offers", "/activities", "/projects")
    ]  # fmt: skip
    answers += [
        desk.get(path)
        for path in ("/", "/desk", "/desk/verify", "/desk/enter", "/members", "/members/new", here, f"{here}/passbook",
                     f"{here}/passbook.pdf", "/redemptions/desk", "/grants", "/corrections",
                     "/needs/desk", "/offers/desk",
                     "/activities/desk", "/activities/new", "/matching",
                     f"/needs/at-desk?member={world.number(circle.payer)}",
                     f"/redemptions/at-desk?member={world.number(circle.payer)}")
    ]  # fmt: skip
    answers += [
        desk.post("/members", words=name),
        desk.post("/members", words=phone),
        desk.post(
            "/members/new", name=name, phone=phone, document_type="resident", document_number=document,
            station_id=world.stations["A"], receives="y", consent="y",
        ),
        desk.post(
            "/members/new", name="司马建国", phone="19877770009", document_type="resident",
            document_number=resident_number(date(1950, 1, 1), 977), station_id=world.stations["A"], consent="y",
        ),
        desk.post(f"{here}/pin", pin=PIN),
        desk.post(f"{here}/card"),
        desk.post("/sign-in?next=/passbook", login=phone, password="wrong again"),
        desk.post(f"/hours/{circle.record.id}/presence", pin="000000"),
    ]  # fmt: skip
    return answers


def test_no_address_of_any_page_holds_personal_data(
    world: World, circle: Circle, sign_in: Callable[[str], Browser], sign_in_member: Callable[[Any], Browser]
) -> None:
    seen = 0
    for answer in a_day(circle, world, sign_in_member(circle.payer), sign_in("worker A")):
        for address in [*ADDRESS.findall(answer.text if "html" in answer.content_type else ""),
                        answer.headers.get("Location", ""), answer.headers.get("Content-Disposition", "")]:  # fmt: skip
            if not address.startswith("data:"):
                assert not circle.found_in(address), address
                assert "%" not in address or "%2F" in address or "%3F" in address, address
                seen += 1
    assert seen > 300


def test_no_log_line_and_no_metric_holds_personal_data(
    world: World,
    circle: Circle,
    sign_in: Callable[[str], Browser],
    sign_in_member: Callable[[Any], Browser],
    capfd: pytest.CaptureFixture[str],
) -> None:
    member, desk = sign_in_member(circle.payer), sign_in("worker A")
    answers = a_day(circle, world, member, desk)
    out, err = capfd.readouterr()
    assert out.count('"event": "request"') >= len(answers)
    assert not circle.found_in(out + err)
    metrics = member.get("/metrics").text
    assert "timebank_requests_total" in metrics
    assert not circle.found_in(metrics)
    assert circle.payer.person_id not in metrics


def test_no_entry_and_no_checkpoint_holds_personal_data(world: World, circle: Circle, tmp_path: Path) -> None:
    transfers.carry_out_due(world.bank, now=NOW.replace(hour=9))
    with world.bank.read() as unit:
        bodies = [repr(unit.book.entry(seq)) for seq in range(world.size())]
    assert len(bodies) == world.size() > 15
    assert not circle.found_in("\n".join(bodies))
    # The signer remembers the size for ever, and this book is rolled back: it gets a memory of its own.
    settings = replace(world.bank.settings, signer_memory_path=tmp_path / "signer.json")
    bank = replace(world.bank, settings=settings)
    assert publishing.publish(bank, now=NOW).size == world.size()
    assert bank.outer is not None
    row = bank.outer.execute(text("select * from ledger_checkpoint")).mappings().one()
    assert row["size"] == world.size()
    assert not circle.found_in(repr(dict(row)) + settings.signer_memory_path.read_text())


def test_no_bundle_tile_or_page_of_an_error_holds_personal_data(
    world: World, circle: Circle, tmp_path: Path, sign_in: Callable[[str], Browser]
) -> None:
    publishing.publish(world.bank, now=NOW)
    assert world.bank.outer is not None
    store = JoinedSqlStore(world.bank.outer)
    export(store, world.bank.settings.book, tmp_path / "bundle")
    files = [file for file in (tmp_path / "bundle").rglob("*") if file.is_file()]
    assert any("tile" in file.parts for file in files)
    assert not circle.found_in("\n".join(file.read_bytes().decode("utf-8", "replace") for file in files))
    hidden = sign_in("worker B").get(f"/members/{circle.payer.person_id}")
    assert hidden.status_code == 404
    assert not circle.found_in(hidden.text)
