"""My data: seen, downloaded, erased; the desk's and the county's pages about it; refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from tests.timebank.web.conftest import Browser, refuses
from tests.timebank.world import NOW, PIN, World
from timebank.domain import errors
from timebank.domain.hours import ConfirmedHow, RecordState, Source
from timebank.domain.identity import DocumentType, Sex
from timebank.domain.kin import Relation
from timebank.domain.ledger_words import ORIGIN_LABELS
from timebank.domain.own_data import FIELDS, PARTS
from timebank.domain.people import ERASED_NAME, PersonData
from timebank.domain.privacy import CHANNELS, WAITING_DAYS, ErasureState
from timebank.domain.redemptions import RedemptionState
from timebank.domain.transfers import TransferKind, TransferState
from timebank.services import families, members, own_data, privacy, transfers
from timebank.storage.privacy import _HISTORY, _OF_PERSON, _SECRET
from timebank.web.own_words import CODES

Staff, Member = Callable[[str], Browser], Callable[[Any], Browser]
EARLIER = NOW - timedelta(days=WAITING_DAYS)


def test_a_member_downloads_all_that_is_kept(world: World, sign_in_member: Member) -> None:
    me = world.rich(60, name="欧阳桂芳", pin=PIN)
    data = members.see(world.bank, me, me.person_id, now=NOW).data
    browser = sign_in_member(me)
    page = browser.get("/my-data").text
    assert data.name in page
    assert data.phone in page
    answer = browser.get("/my-data.json")
    assert answer.headers["Cache-Control"] == "no-store"
    found = json.loads(answer.text)
    assert found["format"] == own_data.FORMAT
    assert (found["person"]["name"], found["person"]["document_number"]) == (data.name, data.document_number)
    assert found["balances_minutes"] == {"earned": 60}
    assert [row["minutes"] for row in found["hours_record"]] == [60]
    assert [row["state"] for row in found["hours_event"]] == ["logged", "confirmed", "verified"]
    assert {"member", "hours"} <= {row["kind"] for row in found["document"]}
    assert all(row["document"] and row["salt"] for row in found["document"])
    assert "pin_hash" not in answer.text
    assert "李秀英" not in answer.text


def test_a_member_reads_all_that_is_kept_on_paper(world: World, sign_in_member: Member, sign_in: Staff) -> None:
    me = world.rich(60, name="欧阳桂芳", pin=PIN)
    data = members.see(world.bank, me, me.person_id, now=NOW).data
    answer = sign_in_member(me).get("/my-data.pdf")
    assert (answer.content_type, answer.headers["Cache-Control"]) == ("application/pdf", "no-store")
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages)
    told = "".join(text.split())
    for words in (data.name, data.phone, data.document_number, "服务时间记录", "1小时", "证件号码", "账本凭据文件"):
        assert words in told, words
    assert "李秀英" not in told
    place = f"/members/{me.person_id}/data.pdf"
    assert sign_in("worker A").post(place).data[:5] == b"%PDF-"
    assert sign_in("worker B").post(place).status_code == 404
    assert sign_in("auditor").post(place).status_code == 403
    english = sign_in_member(me)
    english.post("/look", switch="language", back="/")
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(english.get("/my-data.pdf").data)).pages)
    assert "Records of hours" in text


def test_every_field_that_is_kept_has_a_name() -> None:
    """A new table or column shows here until people can read what it is."""
    columns = {column.name for table, _ in _OF_PERSON for column in table.__table__.c if column.name not in _SECRET}
    columns |= {column.name for table, *_ in _HISTORY for column in table.__table__.c}
    told = {"document" if name == "sealed" else name.removesuffix("_sealed") for name in columns}
    assert told | set(PersonData.__dataclass_fields__) | {"id"} == set(FIELDS)
    tables = {str(table.__tablename__) for table, *_ in (*_OF_PERSON, *_HISTORY)}
    assert tables | {"person", "balances_minutes"} == set(PARTS)


def test_codes_are_told_in_the_reader_s_words(world: World, sign_in: Staff, sign_in_member: Member) -> None:
    me = world.rich(60, name="欧阳桂芳", pin=PIN)
    friend = world.member(name="司马建国")
    families.record_kin(world.bank, world.staff["worker A"], me.person_id, friend.person_id, "child", now=NOW)
    families.record_proxy(world.bank, world.staff["worker A"], me.person_id, friend.person_id, "desk", now=NOW)
    families.act_for(world.bank, friend, me.person_id, "hours.confirm", now=NOW)
    transfers.gift(world.bank, me, friend.person_id, 30, now=NOW)
    sign_in("worker A").post(f"/members/{me.person_id}/data.json")
    document = own_data.own(world.bank, me, now=NOW)
    browser = sign_in_member(me)
    chinese = printed(browser.get("/my-data.pdf").data)
    for words in (
        "居民身份证", "正常", "入会登记", "已记入", "子女", "确认了服务时间", "在服务台", "转赠", "资料已交给本人",
    ):  # fmt: skip
        assert words in chinese, words
    browser.post("/look", switch="language", back="/")
    english = printed(browser.get("/my-data.pdf").data)
    for words in ("Residentidentitycard", "Credited", "child", "Confirmedhours", "gift", "Recordofhours"):
        assert words in english, words
    raw = {
        value
        for part, rows in document.items() if isinstance(rows, list)
        for row in rows
        for field, value in row.items()
        if (part, field) in CODES and isinstance(value, str)
    }  # fmt: skip
    assert {"verified", "hours.confirm", "membership", "export for the member"} <= raw
    assert not [code for code in raw if "_" in code and code in chinese]


def test_every_code_has_words_and_every_word_is_chinese_too() -> None:
    """A code that is added somewhere shows here until people can read it."""
    for place, codes in (
        (("hours_record", "state"), RecordState), (("hours_record", "source"), Source),
        (("hours_record", "confirmed_how"), ConfirmedHow), (("redemption", "state"), RedemptionState),
        (("transfer", "kind"), TransferKind), (("transfer", "state"), TransferState),
        (("kin", "relation"), set(Relation)), (("erasure", "state"), ErasureState),
        (("person", "sex"), Sex), (("person", "document_type"), DocumentType), (("purse", "origin"), ORIGIN_LABELS),
        (("erasure", "channel"), CHANNELS),
    ):  # fmt: skip
        assert {str(code) for code in codes} <= {str(code) for code in CODES[place]}, place
    assert {part for part, _ in CODES} <= set(PARTS)
    assert {field for _, field in CODES} <= set(FIELDS)


def printed(paper: bytes) -> str:
    """The text of a PDF, without its spaces."""
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(paper)).pages).split())


def test_the_desk_downloads_for_the_member_and_that_is_kept(world: World, sign_in: Staff) -> None:
    member = world.member()
    answer = sign_in("worker A").post(f"/members/{member.person_id}/data.json")
    looked = json.loads(answer.text)["look"]
    assert [row["actor_id"] for row in looked] == [world.staff["worker A"].person_id]
    assert sign_in("worker B").post(f"/members/{member.person_id}/data.json").status_code == 404
    assert sign_in("worker A").post("/members/nobody/data.json").status_code == 404
    assert sign_in("auditor").post(f"/members/{member.person_id}/data.json").status_code == 403


def test_a_member_asks_and_takes_it_back(world: World, sign_in_member: Member) -> None:
    me, stranger = world.member(), world.member()
    browser = sign_in_member(me)
    assert browser.post("/my-data/erase").status_code == 302
    assert refuses(browser.post("/my-data/erase"), errors.ErasureAsked)
    view = privacy.own(world.bank, me, now=NOW)
    assert view is not None
    assert f"/my-data/keep/{view.id}" in browser.get("/my-data").text
    assert sign_in_member(stranger).post(f"/my-data/keep/{view.id}").status_code in (403, 404)
    assert browser.post(f"/my-data/keep/{view.id}").status_code == 302
    assert refuses(browser.post(f"/my-data/keep/{view.id}"), errors.ErasureStateConflict)


def test_hours_left_are_said(world: World, sign_in_member: Member) -> None:
    assert refuses(sign_in_member(world.rich(60)).post("/my-data/erase"), errors.BalanceLeft)


def test_desk_asks_county_confirms_and_pages_of_others_go_on(
    world: World, sign_in: Staff, sign_in_member: Member
) -> None:
    elder, friend = world.member(), world.member()
    record = world.verified(friend, elder)
    desk, county = sign_in("worker A"), sign_in("county")
    here = f"/members/{elder.person_id}"
    assert f"{here}/erase" in desk.get(f"{here}/data").text
    assert desk.post(f"{here}/erase", channel="heirs").status_code == 302
    early = privacy.open_ones(world.bank, world.staff["county"], now=NOW)[0]
    assert refuses(county.post(f"/erasures/{early.id}/confirm"), errors.ErasureWaits)
    assert desk.post(f"/erasures/{early.id}/confirm").status_code == 403
    assert desk.post(f"/erasures/{early.id}/withdraw").status_code == 302
    ripe = privacy.ask(world.bank, world.staff["worker A"], elder.person_id, "heirs", now=EARLIER)
    assert f"/erasures/{ripe.id}/confirm" in county.get("/erasures").text
    assert f"/erasures/{ripe.id}/confirm" not in desk.get("/erasures").text
    assert county.post(f"/erasures/{ripe.id}/confirm").status_code == 302
    assert privacy.carry_out_due(world.bank, now=NOW) == 1
    assert refuses(desk.post(f"{here}/erase", channel="desk"), errors.PersonErased)
    assert refuses(desk.post(f"{here}/data.json"), errors.PersonErased)
    theirs = sign_in_member(friend)
    for browser, path in (
        (theirs, "/"), (theirs, "/hours"), (theirs, f"/hours/{record.id}"), (theirs, "/passbook"), (theirs, "/my-data"),
        (theirs, "/passbook.pdf"), (desk, "/members"), (desk, here), (desk, f"{here}/passbook"), (desk, f"{here}/data"),
        (desk, "/desk"), (desk, "/redemptions/desk"), (county, "/grants"), (county, "/corrections"),
    ):  # fmt: skip
        assert browser.get(path).status_code == 200, path
    assert ERASED_NAME in theirs.get(f"/hours/{record.id}").text
    assert ERASED_NAME in desk.get(here).text
