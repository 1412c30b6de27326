"""Everybody of the demonstration network, looked for in all that leaves the database: found nowhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest
import time_machine
from sqlalchemy import text
from werkzeug.test import TestResponse

from ledger.exporting import export
from ledger.stores.sql import SqlStore
from ledger.tiles import decode_entries
from tests.timebank.web.conftest import Browser
from tests.timebank.world import NOW, make_bank, settings_in
from timebank.app import create_app
from timebank.demo import PASSWORD, load_demo
from timebank.demo.load import SEED, STAFF
from timebank.demo.people import people
from timebank.services import Bank, publishing

DAYS, MEMBERS = 6, 60
BOOK = "timebank.example/everybody"
PREFIX = "/log/everybody"
LOGINS = ("worker", "worker3", "county", "auditor", "admin", "19900000001", "19900000041")
PAGES = (
    "/", "/hours", "/hours/new", "/redemptions", "/redemptions/new", "/passbook", "/passbook.csv", "/transfers",
    "/account", "/my-data", "/my-data.json", "/desk", "/desk/verify", "/desk/enter", "/members", "/members/new",
    "/erasures", "/grants", "/needs", "/needs/open", "/needs/desk", "/offers", "/offers/desk", "/activities",
    "/activities/desk", "/projects", "/matching", "/staff", "/audits", "/nowhere",
)  # fmt: skip


@dataclass(frozen=True)
class Everybody:
    """The network, and what must be found nowhere: names, phones and identity numbers of members and staff."""

    bank: Bank
    members: tuple[str, ...]
    secrets: frozenset[str]

    def found_in(self, said: str) -> list[str]:
        """Those that stand in a text as they are, or as JSON, addresses and hexadecimal dumps write them."""
        return sorted(secret for secret in self.secrets if any(form in said for form in written(secret)))


def written(secret: str) -> tuple[str, ...]:
    return secret, json.dumps(secret)[1:-1], quote(secret), secret.encode().hex()


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    """A demonstration network of some days, committed and published; its entries are public."""
    environ = {"TIMEBANK_BOOK": BOOK, "TIMEBANK_BOOK_IS_PUBLIC": "yes"}
    bank = make_bank(settings_in(tmp_path_factory.mktemp("everybody"), **environ))
    assert load_demo(bank, say=lambda said: None, now=NOW, days=DAYS)
    publishing.publish(bank, now=NOW)
    with bank.engine.connect() as connection:
        ids = connection.execute(text("select id from person")).scalars().all()
        members = tuple(connection.execute(text("select person_id from membership order by number")).scalars())
    with bank.read() as unit:
        known = unit.persons(ids)
    assert len(members) == MEMBERS
    assert len(known) > MEMBERS + len(STAFF)
    assert all(len(known[who].document_number) == 18 for who in members)
    secrets = {said for data in known.values() for said in (data.name, data.phone, data.document_number) if said}
    yield Everybody(bank, members, frozenset(secrets))
    bank.engine.dispose()


@contextmanager
def doors(everybody: Everybody) -> Iterator[dict[str, Browser]]:
    """Browsers of nobody and of people of every role."""
    with time_machine.travel(NOW, tick=False):
        app = create_app(bank=everybody.bank)
        app.testing = True
        yield {
            "": Browser(app.test_client()),
            **{login: Browser(app.test_client()).sign_in(login, PASSWORD) for login in LOGINS},
        }


def a_day(everybody: Everybody, browsers: dict[str, Browser]) -> list[TestResponse]:
    """Everybody's pages opened, every member looked up and opened by the desks, people who mistype their password."""
    answers = [browsers[login].get(path) for login in LOGINS for path in PAGES]
    for who in everybody.members:
        for login in ("worker", "worker3", "auditor", "19900000001"):
            answers.append(browsers[login].get(f"/members/{who}"))
        answers.append(browsers["worker"].get(f"/members/{who}/correct"))
    for secret in sorted(everybody.secrets):
        answers.append(browsers["worker"].post("/members", words=secret))
        answers.append(browsers["worker"].post("/members/new", name=secret, phone=secret, document_number=secret))
    for secret in sorted(everybody.secrets)[:5]:
        answers.append(browsers[""].post("/sign-in", login=secret, password=secret))
    return answers


def test_it_looks_for_every_member_and_would_find_them(everybody: Everybody) -> None:
    made = {said for one in people(Random(SEED)) for said in (one.name, one.phone, one.resident_id)}
    assert made <= everybody.secrets
    assert {said for _, name, phone, *_ in STAFF for said in (name, phone)} <= everybody.secrets
    with doors(everybody) as browsers:
        seen = {
            secret
            for login in ("worker", "worker3")
            for secret in everybody.found_in(browsers[login].get("/members").text)
        }
    assert len(seen) > 20


def test_no_log_line_and_no_metric_names_anybody(everybody: Everybody, capfd: pytest.CaptureFixture[str]) -> None:
    with doors(everybody) as browsers:
        answers = a_day(everybody, browsers)
        metrics = browsers[""].get("/metrics").text
    out, err = capfd.readouterr()
    counts = Counter(answer.status_code for answer in answers)
    assert counts[200] > 300, counts
    assert min(counts[403], counts[404], counts[422]) > 50, counts
    assert not counts[500], counts
    assert out.count('"event": "request"') >= len(answers) > 600
    assert everybody.found_in(out + err) == []
    assert "timebank_requests_total" in metrics
    assert everybody.found_in(metrics) == []
    assert not [who for who in everybody.members if who in metrics]


def test_no_page_of_an_error_names_anybody(everybody: Everybody) -> None:
    with doors(everybody) as browsers:
        refused = [answer for login in ("", "auditor", "worker3") for answer in _refusals(everybody, browsers[login])]
    assert {302, 403, 404} <= {answer.status_code for answer in refused}
    assert 200 not in {answer.status_code for answer in refused}
    own = {name for login, name, *_ in STAFF if login in ("auditor", "worker3")}
    for answer in refused:
        said = answer.text + repr(list(answer.headers))
        assert set(everybody.found_in(said)) <= own, answer.request.path


def _refusals(everybody: Everybody, browser: Browser) -> Iterable[TestResponse]:
    with everybody.bank.read() as unit:
        mine = {one.id for one in unit.network.stations() if one.code == "LN-0201"}
        hidden = [
            row.person_id for row in map(unit.members.get, everybody.members) if row and row.station_id not in mine
        ]
    for who in hidden:
        yield browser.get(f"/members/{who}")
        yield browser.get(f"/members/{who}/correct")
        yield browser.post(f"/members/{who}/data.json")
    yield browser.get("/nowhere")


def test_nothing_of_the_book_that_is_given_out_names_anybody(everybody: Everybody, tmp_path: Path) -> None:
    bank = everybody.bank
    with bank.read() as unit:
        head = unit.book.store.head(BOOK)
        assert head is not None
        bodies = [repr(unit.book.entry(seq)) for seq in range(head.size)]
    assert len(bodies) > 100
    assert everybody.found_in("\n".join(bodies)) == []
    with SqlStore(bank.engine) as store:
        export(store, BOOK, tmp_path / "bundle")
    files = [file for file in (tmp_path / "bundle").rglob("*") if file.is_file()]
    assert any("tile" in file.parts for file in files)
    for file in files:
        assert everybody.found_in(file.read_bytes().decode("utf-8", "replace")) == [], file.name


def test_nothing_of_the_public_log_names_anybody(everybody: Everybody) -> None:
    with doors(everybody) as browsers:
        browser = browsers[""]
        checkpoint = browser.get(f"{PREFIX}/checkpoint").text
        size = int(checkpoint.splitlines()[1])
        said = [checkpoint, browser.get(f"{PREFIX}/policy").text, browser.get(f"{PREFIX}/log.v3.json").text]
        entries = 0
        for index in range(0, size, 256):
            width = min(256, size - index)
            name = f"{index // 256:03d}" + ("" if width == 256 else f".p/{width}")
            hashes, bundle = (browser.get(f"{PREFIX}/tile/{level}/{name}") for level in ("0", "entries"))
            assert (hashes.status_code, bundle.status_code) == (200, 200)
            entries += len(list(decode_entries(bundle.data)))
            said += [answer.data.decode("utf-8", "replace") for answer in (hashes, bundle)]
    assert entries == size > 100
    assert everybody.found_in("\n".join(said)) == []
