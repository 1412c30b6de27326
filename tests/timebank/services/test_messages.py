"""Messages: told in the commit of their cause, sent by the ways that a person agreed to, never at night."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.messages import TEXTS, check_email, is_quiet, reminder_due
from timebank.domain.policies import preset
from timebank.domain.roles import Actor
from timebank.services import hours, mail, messages, redemptions
from timebank.services.messages import Wishes
from timebank.services.redemptions import AskForCare
from timebank.storage.unit import Bank

NIGHT = datetime(2026, 9, 15, 15, 0, tzinfo=UTC)
CARE = preset("demo").care
assert CARE is not None


def tell(world: World, to: Actor, kind: str = "gift_received", *, urgent: bool = False) -> None:
    with world.bank.unit() as unit:
        unit.tell(to.person_id, kind, "passbook", "", now=NOW, urgent=urgent)


def outbox(bank: Bank) -> list[str]:
    """What has left as short messages."""
    return sorted(file.read_text() for file in (bank.settings.instance / "sms").glob("*.txt"))


def test_the_inbox_is_ones_own_and_is_read(world: World) -> None:
    one, other = world.member(), world.member()
    tell(world, one)
    assert [view.text for view in messages.inbox(world.bank, one)] == [TEXTS["gift_received"]]
    assert messages.inbox(world.bank, other) == ()
    assert (messages.unread(world.bank, one), messages.mark_read(world.bank, one, now=NOW)) == (1, 1)
    assert (messages.unread(world.bank, one), messages.mark_read(world.bank, one, now=NOW)) == (0, 0)


def test_a_kind_without_words_is_a_mistake(world: World) -> None:
    one = world.member()
    with pytest.raises(KeyError), world.bank.unit() as unit:
        unit.tell(one.person_id, "gossip", "passbook", "", now=NOW)


def test_without_consent_a_message_stays_in_the_inbox(world: World) -> None:
    one = world.member()
    tell(world, one)
    assert messages.send_due(world.bank, now=NOW) == 1
    assert mail.send_due(world.bank, now=NOW) == 0
    assert messages.send_due(world.bank, now=NOW) == 0
    assert messages.unread(world.bank, one) == 1


def test_each_way_is_a_consent_and_the_words_are_in_the_chosen_language(world: World) -> None:
    bank, one = world.bank, world.member()
    messages.choose(bank, one, Wishes("zhang@example.org", True, True, "zh"), now=NOW)
    assert messages.wishes(bank, one) == Wishes("zhang@example.org", True, True, "zh")
    tell(world, one)
    assert messages.send_due(bank, now=NOW) == 1
    assert mail.send_due(bank, now=NOW) == 2
    phone, first, *_ = outbox(bank)[-1].splitlines()
    assert (phone, first) == ("19900000001", "有人赠给您时长，已记入账户。")
    messages.choose(bank, one, Wishes("", False, True, "en"), now=NOW + timedelta(hours=1))
    tell(world, one)
    assert messages.send_due(bank, now=NOW) == 1
    assert mail.send_due(bank, now=NOW) == 1
    assert any(TEXTS["gift_received"] in text and "0315-12349" in text for text in outbox(bank))
    with bank.read() as unit:
        said = [(row.kind, row.given) for row in unit.members.consents(one.person_id) if "messages" in row.kind]
    assert sorted(said) == [("messages_email", False), ("messages_email", True), ("messages_sms", True)]


def test_addresses_that_can_not_be(world: World) -> None:
    one = world.member()
    for address in ("", "zhang", "a@b", "a b@c.de", "a@c.de\nBcc: x@y.de", "张@例.中国", "x" * 120 + "@c.de"):
        with pytest.raises(errors.EmailInvalid):
            messages.choose(world.bank, one, Wishes(address, True, False, "zh"), now=NOW)
    assert messages.wishes(world.bank, one) == Wishes("", False, False, "zh")
    assert check_email(" a.b@c-d.org ") == "a.b@c-d.org"


def test_a_landline_gets_no_short_message(world: World) -> None:
    one = world.member()
    with world.bank.unit() as unit:
        row = unit.people.get(one.person_id)
        assert row is not None
        row.sealed = unit.seal_for(one.person_id, replace(unit.person(one.person_id), phone="03152800001").to_json())
    with pytest.raises(errors.PhoneInvalid):
        messages.choose(world.bank, one, Wishes("", False, True, "zh"), now=NOW)


def test_at_night_only_what_is_urgent_leaves(world: World) -> None:
    one = world.member()
    tell(world, one)
    assert messages.send_due(world.bank, now=NIGHT) == 0
    tell(world, one, "hours_disputed", urgent=True)
    assert messages.send_due(world.bank, now=NIGHT) == 1
    assert messages.send_due(world.bank, now=NIGHT + timedelta(hours=9, minutes=30)) == 1


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"), [(20, 59, False), (21, 0, True), (3, 0, True), (7, 59, True), (8, 0, False)]
)
def test_quiet_hours_go_over_midnight(hour: int, minute: int, quiet: bool) -> None:
    assert CARE is not None
    here = datetime(2026, 9, 15, hour, minute, tzinfo=UTC) - timedelta(hours=8)
    assert is_quiet(CARE.messages, here) is quiet
    by_day = replace(CARE.messages, quiet_from="12:00", quiet_to="14:00")
    assert is_quiet(by_day, datetime(2026, 9, 15, 5, 0, tzinfo=UTC))
    assert not is_quiet(by_day, datetime(2026, 9, 15, 6, 0, tzinfo=UTC))


def test_which_reminder_is_due() -> None:
    at = NOW + timedelta(hours=24)
    assert reminder_due((24, 2), at, None, NOW - timedelta(minutes=1)) is None
    assert reminder_due((24, 2), at, None, NOW) == 24
    assert reminder_due((24, 2), at, None, at - timedelta(hours=2)) == 2
    assert reminder_due((24, 2), at, None, at) is None


def test_both_sides_are_told_of_a_helper_and_reminded_twice(world: World) -> None:
    bank, rich, helper, worker = world.bank, world.rich(240), world.member(), world.staff["worker A"]
    wanted = NOW + timedelta(days=2)
    one = redemptions.ask(bank, rich, AskForCare(rich.person_id, rich.person_id, "chatting", 60, wanted), now=NOW)
    redemptions.assign(bank, worker, one.id, helper.person_id, now=NOW)
    assert [view.text for view in messages.inbox(bank, helper)] == [TEXTS["redemption_for_you"]]
    assert messages.inbox(bank, rich)[0].text == TEXTS["redemption_assigned"]
    steps = [(-30, 0), (-24, 2), (-23, 0), (-2, 2), (-1, 0), (1, 0)]
    told = [messages.remind_due(bank, now=wanted + timedelta(hours=before)) for before, _ in steps]
    assert told == [number for _, number in steps]
    redemptions.step(bank, worker, one.id, "no_show", "elder_absent", "", now=wanted + timedelta(hours=2))
    assert messages.inbox(bank, rich)[0].text == TEXTS["redemption_no_show"]


def test_a_helper_hears_when_another_comes(world: World) -> None:
    bank, rich, worker = world.bank, world.rich(240), world.staff["worker A"]
    first, second = world.member(), world.member()
    wish = AskForCare(rich.person_id, rich.person_id, "chatting", 60, NOW + timedelta(days=2))
    one = redemptions.ask(bank, rich, wish, now=NOW)
    redemptions.assign(bank, worker, one.id, first.person_id, now=NOW)
    redemptions.assign(bank, worker, one.id, second.person_id, now=NOW + timedelta(seconds=1))
    assert messages.inbox(bank, first)[0].text == TEXTS["redemption_withdrawn"]
    redemptions.step(bank, worker, one.id, "decline", "nobody_free", "", now=NOW + timedelta(seconds=2))
    assert messages.inbox(bank, second)[0].text == TEXTS["redemption_withdrawn"]
    assert messages.inbox(bank, rich)[0].text == TEXTS["redemption_declined"]


def test_a_refused_step_tells_nobody(world: World) -> None:
    bank, volunteer, elder = world.bank, world.member(), world.member()
    record = world.confirmed(volunteer, elder)
    with pytest.raises(errors.WordsMissing):
        hours.step(bank, world.staff["worker A"], record.id, "reject", "other", "", now=NOW)
    assert messages.inbox(bank, volunteer) == ()
    hours.step(bank, world.staff["worker A"], record.id, "reject", "other", "写错了", now=NOW)
    assert messages.inbox(bank, volunteer)[0].text == TEXTS["hours_rejected"]


def test_short_messages_go_to_the_operators_program(world: World, tmp_path: Path) -> None:
    program, kept = tmp_path / "send", tmp_path / "kept"
    program.write_text(f"#!/bin/sh\ncat >> {kept}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    bank = replace(world.bank, settings=replace(world.bank.settings, sms_command=str(program)))
    one = world.member()
    messages.choose(bank, one, Wishes("", False, True, "zh"), now=NOW)
    tell(world, one)
    messages.send_due(bank, now=NOW)
    assert mail.send_due(bank, now=NOW) == 1
    assert kept.read_text().startswith("1990000000")
    program.write_text("#!/bin/sh\ncat > /dev/null; exit 3\n")
    tell(world, one)
    messages.send_due(bank, now=NOW)
    assert mail.send_due(bank, now=NOW) == 0
    program.write_text("#!/bin/sh\ncat > /dev/null\n")
    assert mail.send_due(bank, now=NOW) == 0
    assert mail.send_due(bank, now=NOW + timedelta(minutes=3)) == 1
