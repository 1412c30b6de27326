"""Webhooks: left in the commit of their cause, signed as the specification says, never to a private address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.webhooks import EVENTS, LASTING, PAUSES, check_address, is_public
from timebank.services import hours, messages, publishing, webhooks
from timebank.services.webhooks import WebhookView
from timebank.services.webhooks.send import address_of


class Receiver:
    """A programme of others: it checks the signature with a library of theirs, and carries each message out once."""

    def __init__(self) -> None:
        self.secret, self.status = "", 200
        self.done: list[dict[str, Any]] = []
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.refused = 0
        self.known: set[str] = set()
        outer = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(outer.take(headers, body))
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *words: object) -> None:
                """It says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?from=bank"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """What it answers. Raises nothing: a forged or replayed message is refused with 400."""
        self.asked.append((headers, body))
        try:
            told = Webhook(self.secret).verify(body, headers)
        except WebhookVerificationError:
            self.refused += 1
            return 400
        if self.status == 200 and headers["webhook-id"] not in self.known:
            self.known.add(headers["webhook-id"])
            self.done.append(told)
        return self.status


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def near(world: World) -> World:
    """The world of an installation that may tell its own network."""
    settings = replace(world.bank.settings, webhooks_private=True)
    return replace(world, bank=replace(world.bank, settings=settings))


def registered(world: World, receiver: Receiver, *events: str) -> WebhookView:
    view = webhooks.register(
        world.bank, world.staff["county"], receiver.url, events or tuple(EVENTS), now=NOW - timedelta(hours=1)
    )
    receiver.secret = view.secret
    return view


def sent(world: World, view: WebhookView) -> list[tuple[str, int, int | None]]:
    _, rows = webhooks.see(world.bank, world.staff["county"], view.id)
    return [(one.state, one.tries, one.status) for one in rows]


def moment() -> datetime:
    """The receiver's clock is the real one."""
    return datetime.now(UTC)


def test_a_verified_record_is_told_by_ids_with_a_signature_that_others_can_check(
    near: World, receiver: Receiver
) -> None:
    view = registered(near, receiver)
    volunteer, elder = near.member(name="欧阳海燕"), near.member(name="上官桂芳")
    record = near.verified(volunteer, elder)
    assert webhooks.send_due(near.bank, now=moment()) == 1
    told = receiver.done[0]
    assert told["type"] == "record.verified"
    assert told["data"] == {"record": record.id, "station": near.stations["A"], "entry": record.entry_seq}
    text = receiver.asked[0][1].decode()
    with near.bank.read() as unit:
        for person in (volunteer, elder):
            data = unit.person(person.person_id)
            for word in (data.name, data.phone, data.document_number, person.person_id):
                assert word not in text
    assert webhooks.send_due(near.bank, now=moment()) == 0
    assert sent(near, view) == [("sent", 1, 200)]


def test_every_event_is_told_and_only_to_who_asked_for_it(near: World, receiver: Receiver) -> None:
    registered(near, receiver, "record.rejected", "checkpoint.published")
    near.verified(near.member(), near.member())
    record = near.confirmed(near.member(), near.member())
    hours.step(near.bank, near.staff["worker A"], record.id, "reject", "no_evidence", "", now=NOW)
    signed = publishing.publish(near.bank, now=NOW)
    assert webhooks.send_due(near.bank, now=moment()) == 2
    assert {one["type"]: one["data"] for one in receiver.done} == {
        "record.rejected": {"record": record.id, "station": near.stations["A"]},
        "checkpoint.published": {"size": signed.size},
    }


def test_what_is_undone_is_not_told(near: World, receiver: Receiver) -> None:
    view = registered(near, receiver)

    def fails_after_all() -> None:
        with near.bank.unit() as unit:
            unit.announce("record.verified", {"record": "x"}, now=NOW)
            raise RuntimeError("the cause fails")

    with pytest.raises(RuntimeError):
        fails_after_all()
    record = near.confirmed(near.member(), near.member())
    assert hours.verify(near.bank, near.staff["worker B"], [record.id], now=NOW)[0].refusal is not None
    assert sent(near, view) == []


def test_a_replay_and_a_forgery_are_refused_and_a_repeat_is_carried_out_once(near: World, receiver: Receiver) -> None:
    registered(near, receiver)
    near.verified(near.member(), near.member())
    assert webhooks.send_due(near.bank, now=moment()) == 1
    headers, body = receiver.asked[0]
    assert receiver.take(headers, body) == 200
    assert len(receiver.done) == 1
    late = Webhook(receiver.secret)
    past = moment() - timedelta(minutes=6)
    stamp = str(int(past.timestamp()))
    old = {**headers, "webhook-timestamp": stamp, "webhook-signature": late.sign("m", past, body.decode())}
    assert receiver.take({**old, "webhook-id": "m"}, body) == 400
    assert receiver.take(headers, body.replace(b"record", b"recorb")) == 400
    assert receiver.take({**headers, "webhook-timestamp": str(int(moment().timestamp()) + 1)}, body) == 400
    assert (len(receiver.done), receiver.refused) == (1, 3)


def test_a_failure_is_tried_again_later_under_the_same_id(near: World, receiver: Receiver) -> None:
    view, start = registered(near, receiver), moment()
    near.verified(near.member(), near.member())
    receiver.status = 503
    assert webhooks.send_due(near.bank, now=start) == 0
    assert webhooks.send_due(near.bank, now=start + timedelta(seconds=4)) == 0
    assert len(receiver.asked) == 1
    receiver.status = 200
    assert webhooks.send_due(near.bank, now=start + PAUSES[0]) == 1
    first, second = (headers for headers, _ in receiver.asked)
    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-signature"] != second["webhook-signature"]
    assert sent(near, view) == [("sent", 2, 200)]


def test_a_redirect_is_a_failure_and_goes_nowhere(near: World, receiver: Receiver) -> None:
    view = registered(near, receiver)
    near.verified(near.member(), near.member())
    receiver.status = 307
    assert webhooks.send_due(near.bank, now=moment()) == 0
    assert sent(near, view) == [("waiting", 1, 307)]


def test_lasting_failure_stops_a_receiver_and_says_so(near: World, receiver: Receiver) -> None:
    view, county = registered(near, receiver), near.staff["county"]
    near.verified(near.member(), near.member())
    receiver.status = 500
    day = NOW
    while day < NOW + LASTING:
        webhooks.send_due(near.bank, now=day)
        near.verified(near.member(), near.member())
        day += timedelta(days=1)
    webhooks.send_due(near.bank, now=day)
    assert webhooks.see(near.bank, county, view.id)[0].state == "disabled"
    assert [one.about for one in messages.inbox(near.bank, county)].count("webhook") == 1
    asked = len(receiver.asked)
    assert webhooks.send_due(near.bank, now=day + timedelta(days=2)) == 0
    assert len(receiver.asked) == asked
    receiver.status = 200
    assert webhooks.switch_on(near.bank, county, view.id, now=day).state == "active"
    with pytest.raises(errors.WebhookStateConflict):
        webhooks.switch_on(near.bank, county, view.id, now=day)
    assert webhooks.send_due(near.bank, now=moment() + timedelta(days=20)) == 0
    assert receiver.refused > 0
    webhooks.end(near.bank, county, view.id, now=day)
    with pytest.raises(errors.WebhookStateConflict):
        webhooks.end(near.bank, county, view.id, now=day)


def test_a_receiver_that_is_gone_is_stopped_at_once(near: World, receiver: Receiver) -> None:
    view = registered(near, receiver)
    near.verified(near.member(), near.member())
    receiver.status = 410
    webhooks.send_due(near.bank, now=moment())
    assert webhooks.see(near.bank, near.staff["county"], view.id)[0].state == "disabled"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "https://", "https://user:word@example.org/", "not an address",
        "https://127.0.0.1/", "https://10.1.2.3/", "https://192.168.0.9:8443/x", "https://169.254.169.254/latest",
        "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://[fe80::1]/",
        "https://localhost/", "https://db.internal/", "https://100.64.0.1/", "https://224.0.0.1/", "https://0.0.0.0/",
        "https://example.org/" + "x" * 500, "https://例子.cn/", "https://example.org:99999/",
    ],
)  # fmt: skip
def test_private_addresses_and_plain_ones_are_refused(world: World, url: str) -> None:
    with pytest.raises(errors.WebhookAddressRefused):
        webhooks.register(world.bank, world.staff["county"], url, ("record.verified",), now=NOW)
    assert webhooks.every(world.bank, world.staff["county"]) == ()


def test_a_name_that_stands_for_a_private_address_is_told_nothing(world: World, receiver: Receiver) -> None:
    with pytest.raises(errors.WebhookAddressRefused):
        address_of("localhost", 443, private=False)
    assert address_of("127.0.0.1", 443, private=True) == "127.0.0.1"
    assert check_address("https://example.org/hook", private=False) == "https://example.org/hook"
    assert is_public("1.1.1.1")
    assert is_public("2606:4700::1111")
    near = replace(world, bank=replace(world.bank, settings=replace(world.bank.settings, webhooks_private=True)))
    view = registered(near, receiver)
    world.verified(world.member(), world.member())
    assert webhooks.send_due(world.bank, now=moment()) == 0
    assert receiver.asked == []
    assert sent(world, view) == [("waiting", 1, None)]


def test_only_county_and_administrator_register(world: World) -> None:
    for who in ("worker A", "street", "auditor"):
        with pytest.raises(errors.Forbidden):
            webhooks.register(world.bank, world.staff[who], "https://example.org/", ("record.verified",), now=NOW)
    with pytest.raises(errors.Invalid):
        webhooks.register(world.bank, world.staff["county"], "https://example.org/", ("made.up",), now=NOW)
    with pytest.raises(errors.NotFound):
        webhooks.see(world.bank, world.staff["admin"], "0" * 32)
    assert webhooks.every(world.bank, world.staff["admin"]) == ()


def test_the_secret_is_sealed(world: World, tmp_path: Path) -> None:
    view = webhooks.register(world.bank, world.staff["admin"], "https://example.org/", ("record.verified",), now=NOW)
    assert view.secret.startswith("whsec_")
    with world.bank.read() as unit:
        row = unit.webhooks.get(view.id)
        assert row is not None
        assert view.secret.removeprefix("whsec_").encode() not in row.secret_sealed
    assert webhooks.every(world.bank, world.staff["admin"])[0].secret == ""
    assert json.dumps(view.events) == '["record.verified"]'
