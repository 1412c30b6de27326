"""Receipts for those whom an entry is about: as a page, as a file, over the API; nobody else learns that they exist."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from ledger import Kind
from ledger.compact import decode_compact
from ledger.receipts import Receipt, parse_policy, verify_receipt
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.roles import Actor
from timebank.services import families, publishing, receipts, redemptions
from timebank.services.redemptions import AskForCare

Staff, Member = Callable[[str], Browser], Callable[[Any], Browser]


@pytest.fixture
def earned(world: World) -> tuple[Actor, int]:
    """A member with an hour, and the number of the entry that gave it; published."""
    member = world.rich(60)
    publishing.publish(world.bank, now=NOW)
    return member, last_earn(world)


def last_earn(world: World) -> int:
    with world.bank.read() as unit:
        return max(entry.seq for entry in unit.book.entries() if entry.kind is Kind.EARN)


def proves(world: World, raw: bytes | str, seq: int) -> bool:
    policy = parse_policy(publishing.describe(world.bank).policy)
    return verify_receipt(Receipt.parse(raw), policy, world.bank.settings.book).entry.seq == seq


def test_a_member_takes_home_what_proves_the_entry(
    world: World, earned: tuple[Actor, int], sign_in_member: Member
) -> None:
    member, seq = earned
    mine = sign_in_member(member)
    assert f'href="/receipts/{seq}"' in mine.get("/passbook").text
    file = mine.get(f"/receipts/{seq}.tlog-proof")
    assert file.content_type == "text/plain; charset=utf-8"
    assert file.headers["Content-Disposition"] == f"attachment; filename=receipt-{seq}.tlog-proof"
    assert proves(world, file.data, seq)
    page = mine.get(f"/receipts/{seq}")
    assert page.status_code == 200
    assert page.text.count('src="data:image/svg+xml') == page.text.count("TBR1/") > 0
    codes = re.findall(r"TBR1/[0-9A-Z/]+", page.text)
    assert proves(world, decode_compact(codes).encode(), seq)


def test_staff_of_the_station_and_proxies_may_have_it(
    world: World, earned: tuple[Actor, int], sign_in: Staff, sign_in_member: Member
) -> None:
    member, seq = earned
    proxy = world.member(name="李强")
    families.record_kin(world.bank, world.staff["worker A"], member.person_id, proxy.person_id, "child", now=NOW)
    assert sign_in_member(proxy).get(f"/receipts/{seq}").status_code == 404
    families.record_proxy(world.bank, world.staff["worker A"], member.person_id, proxy.person_id, "desk", now=NOW)
    for one in (sign_in_member(proxy), sign_in("worker A"), sign_in("street"), sign_in("county")):
        assert proves(world, one.get(f"/receipts/{seq}.tlog-proof").data, seq)


@pytest.mark.parametrize("path", ["/receipts/{}", "/receipts/{}.tlog-proof"])
def test_for_everybody_else_it_is_not_there(
    world: World, earned: tuple[Actor, int], sign_in: Staff, sign_in_member: Member, browser: Browser, path: str
) -> None:
    _, seq = earned
    for one in (sign_in_member(world.member()), sign_in("worker B"), sign_in("auditor"), sign_in("admin")):
        assert refuses(one.get(path.format(seq)), errors.NotFound)
    assert browser.get(path.format(seq)).status_code == 302


def test_entries_that_move_no_hours_and_numbers_beyond_the_book_have_none(
    world: World, earned: tuple[Actor, int], sign_in: Staff
) -> None:
    worker = sign_in("worker A")
    for seq in (0, 1, world.size(), 2**53, 10**30):
        assert worker.get(f"/receipts/{seq}").status_code == 404, seq
    assert worker.get("/receipts/-1").status_code == 404
    assert worker.get("/receipts/x.tlog-proof").status_code == 404


def test_before_the_next_checkpoint_it_says_to_wait(world: World, sign_in_member: Member) -> None:
    member = world.rich(60)
    seq, mine = last_earn(world), sign_in_member(member)
    assert refuses(mine.get(f"/receipts/{seq}"), errors.ReceiptNotYet)
    publishing.publish(world.bank, now=NOW)
    assert mine.get(f"/receipts/{seq}").status_code == 200
    second = world.rich(60)
    later = last_earn(world)
    assert refuses(sign_in_member(second).get(f"/receipts/{later}.tlog-proof"), errors.ReceiptNotYet)
    assert proves(world, mine.get(f"/receipts/{seq}.tlog-proof").data, seq)
    publishing.publish(world.bank, now=NOW + timedelta(minutes=1))
    assert proves(world, sign_in_member(second).get(f"/receipts/{later}.tlog-proof").data, later)


def test_over_the_api(world: World, earned: tuple[Actor, int], system: Callable[..., System]) -> None:
    _, seq = earned
    answer = system("worker A", "passbook.read").get(f"/receipts/{seq}")
    assert answer.status_code == 200
    assert proves(world, answer.json["text"], seq)
    assert proves(world, decode_compact(answer.json["codes"]).encode(), seq)
    assert answer.json["size"] == world.size()
    stranger = system("worker B", "passbook.read").get(f"/receipts/{seq}")
    assert (stranger.status_code, stranger.json["code"]) == (404, "not_found")
    world.rich(60)
    waiting = system("worker A", "passbook.read").get(f"/receipts/{last_earn(world)}")
    assert (waiting.status_code, waiting.json["code"]) == (409, "receipt_not_yet")


def test_a_line_without_a_checkpoint_is_left_out_of_the_paper(world: World) -> None:
    world.rich(60)
    seq = last_earn(world)
    assert receipts.of_lines(world.bank, [seq]) == ""
    publishing.publish(world.bank, now=NOW)
    assert proves(world, receipts.of_lines(world.bank, [seq, seq, seq + 1000]), seq)


def test_the_page_that_checks_holds_the_policy_and_no_script_of_its_own(app: Flask, world: World) -> None:
    page = app.test_client().get("/verify")
    assert page.status_code == 200
    for line in publishing.describe(world.bank).policy.splitlines():
        assert line in page.text.replace("&#43;", "+")
    assert not re.findall(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page.text)
    assert "camera=(self)" in page.headers["Permissions-Policy"]


def test_the_file_to_save_asks_for_nothing(app: Flask) -> None:
    page = app.test_client().get("/verify/offline.html")
    assert page.status_code == 200
    assert not re.findall(r"(?:src|href|action)=[\"'](?!data:)", page.text.split("<script>")[0])
    for header in (page.headers["Content-Security-Policy"], page.text):
        assert "default-src 'none'" in header.replace("&#39;", "'")
        assert "unsafe" not in header.split("<style>")[0]


def test_a_settlement_that_uses_all_that_was_held_is_its_members(world: World) -> None:
    member, worker = world.rich(60), world.staff["worker A"]
    form = AskForCare(member.person_id, member.person_id, "cleaning", 60, NOW + timedelta(days=1))
    asked = redemptions.ask(world.bank, member, form, now=NOW)
    redemptions.deliver(world.bank, worker, asked.id, 60, delivered_at=NOW, now=NOW)
    settled = redemptions.settle(world.bank, world.staff["second A"], asked.id, now=NOW)
    publishing.publish(world.bank, now=NOW)
    seq = settled.entry_seq or 0
    assert proves(world, receipts.make(world.bank, member, seq, now=NOW).text, seq)
    for stranger in (world.member(), world.staff["worker B"]):
        with pytest.raises(errors.NotFound):
            receipts.make(world.bank, stranger, seq, now=NOW)
