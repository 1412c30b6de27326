"""Pages and API of messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.services import messages
from timebank.services.messages import Wishes

SAID = "有人赠给您时长"


def tell(world: World, person_id: str) -> None:
    with world.bank.unit() as unit:
        unit.tell(person_id, "gift_received", "passbook", "", now=NOW)


def test_a_member_finds_reads_and_is_done(world: World, sign_in_member: Callable[[Any], Browser]) -> None:
    one = world.member()
    tell(world, one.person_id)
    me = sign_in_member(one)
    assert "1 条新消息" in me.get("/").text
    page = me.get("/messages").text
    assert SAID in page
    assert 'href="/passbook"' in page
    assert me.post("/messages/read").status_code == 302
    assert "条新消息" not in me.get("/").text
    assert SAID in me.get("/messages").text
    assert SAID not in sign_in_member(world.member()).get("/messages").text


def test_how_somebody_wants_to_be_told(world: World, sign_in_member: Callable[[Any], Browser]) -> None:
    one = world.member()
    me = sign_in_member(one)
    bad = me.post("/messages/wishes", wants_email="y", email="zhang", language="zh")
    assert refuses(bad, errors.EmailInvalid)
    assert 'value="zhang"' in bad.text
    assert me.post("/messages/wishes", wants_email="y", email="z@example.org", language="klingon").status_code == 422
    assert messages.wishes(world.bank, one) == Wishes("", False, False, "zh")
    assert me.post("/messages/wishes", wants_email="y", email="z@example.org", language="en").status_code == 302
    assert messages.wishes(world.bank, one) == Wishes("z@example.org", True, False, "en")
    assert "z@example.org" in me.get("/messages/wishes").text


def test_messages_over_the_api(world: World, system: Callable[..., System]) -> None:
    worker = system("worker A", "messages.see_own")
    tell(world, world.staff["worker A"].person_id)
    assert [(one["about"], one["is_read"]) for one in worker.get("/messages").json["items"]] == [("passbook", False)]
    assert worker.post("/messages/read").json == {"read": 1}
    wanted = {"email": "a@b.cn", "wants_email": True, "wants_sms": False, "language": "en"}
    assert worker.post("/messages/wishes", wanted).json == wanted
    assert worker.get("/messages/wishes").json == wanted
    answer = worker.post("/messages/wishes", {**wanted, "email": "x"})
    assert (answer.status_code, answer.json["code"]) == (422, "email_invalid")
    assert worker.post("/messages/wishes", {**wanted, "language": "fr"}).status_code == 422
    assert worker.get("/messages/wishes").json == wanted
