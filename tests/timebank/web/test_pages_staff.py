"""Pages of staff, tokens, rules, audits and sessions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import NOW, PASSWORD, World
from timebank.domain import errors
from timebank.services import audits, policies, sessions, tokens

Staff = Callable[[str], Browser]


def test_an_administrator_appoints_and_takes_back(world: World, sign_in: Staff) -> None:
    admin = sign_in("admin")
    form = {"name": "韩梅", "phone": "19888880001", "login": "hanmei", "password": PASSWORD, "role": "worker",
            "station_id": world.stations["B"]}  # fmt: skip
    assert admin.post("/staff", **form).status_code == 302
    assert "韩梅" in admin.get("/staff").text
    assert refuses(admin.post("/staff", **{**form, "phone": "19888880002"}), errors.LoginTaken)
    assert refuses(admin.post("/staff", **{**form, "login": "hanmei2"}), errors.PhoneTaken)
    wrong_place = {**form, "login": "hanmei3", "phone": "19888880003", "role": "county"}
    assert refuses(admin.post("/staff", **wrong_place), errors.RoleNotGrantable)
    assert admin.post("/staff", **{**form, "name": ""}).status_code == 422
    member = world.member()
    grant = {"number": world.number(member), "role": "worker", "station_id": world.stations["A"]}
    assert admin.post("/staff/grant", **grant).status_code == 302
    assert refuses(admin.post("/staff/grant", **{**grant, "number": "1"}), errors.MemberNumberInvalid)
    assert refuses(admin.post(f"/staff/roles/{'0' * 32}/end"), errors.NotFound)
    ended = re.findall(r"/staff/roles/([0-9a-f]{32})/end", admin.get("/staff").text)
    assert len(ended) > 6


def test_personal_data_are_seen_with_a_reason_only(world: World, sign_in: Staff) -> None:
    member, admin = world.member(name="欧阳桂芳"), sign_in("admin")
    number = world.number(member)
    assert refuses(admin.post("/staff/look", number=number, reason=" "), errors.ReasonMissing)
    assert "欧阳桂芳" in admin.post("/staff/look", number=number, reason="court order 7").text
    assert refuses(sign_in("worker A").post("/staff/look", number=number, reason="x"), errors.Forbidden)


def test_a_token_is_shown_once_and_ends_at_once(world: World, sign_in: Staff, app: object) -> None:
    admin, owner = sign_in("admin"), world.staff["worker A"].person_id
    form = {"name": "kiosk", "owner_id": owner, "scopes": "hours.read", "days": "30"}
    secret = re.search(r"tb_[\w-]{40,}", admin.post("/tokens", **form).text)
    assert secret is not None
    assert secret[0] not in admin.get("/tokens").text
    kiosk = System(admin.client, secret[0])
    assert kiosk.get("/hours").status_code == 200
    assert refuses(admin.post("/tokens", **{**form, "scopes": "policies.decide"}), errors.TokenScopeUnknown)
    row = tokens.every(world.bank, world.staff["admin"])[0]
    assert admin.post(f"/tokens/{row.id}/end").status_code == 302
    assert kiosk.get("/hours").status_code == 401
    assert refuses(admin.post(f"/tokens/{'0' * 32}/end"), errors.NotFound)


def test_the_county_decides_on_rules_that_everybody_reads(world: World, sign_in: Staff, browser: Browser) -> None:
    county, size = sign_in("county"), world.size()
    form = {"text": policies.template("beijing"), "effective_on": (NOW + timedelta(days=2)).date().isoformat()}
    assert county.get("/policies/new?template=beijing").status_code == 200
    assert refuses(county.get("/policies/new?template=nowhere"), errors.PresetUnknown)
    late = {**form, "effective_on": (NOW - timedelta(days=2)).date().isoformat()}
    assert refuses(county.post("/policies/new", **late), errors.PolicyBackdated)
    assert county.post("/policies/new", **{**form, "text": "{"}).status_code == 422
    assert world.size() == size
    made = county.post("/policies/new", **form)
    assert (made.status_code, world.size()) == (302, size + 1)
    assert browser.get(made.headers["Location"]).status_code == browser.get("/policies").status_code == 200
    assert refuses(browser.get("/policies/99"), errors.NotFound)


def test_an_auditor_runs_an_audit_and_reads_it(world: World, sign_in: Staff) -> None:
    auditor = sign_in("auditor")
    done = auditor.post("/audits/run", scope="full")
    assert done.status_code == 302
    assert "账本" in auditor.get(done.headers["Location"]).text
    assert auditor.get("/audits").status_code == sign_in("street").get("/audits").status_code == 200
    assert refuses(auditor.get(f"/audits/{'0' * 32}"), errors.NotFound)
    size = world.size()
    assert refuses(sign_in("worker A").post("/audits/run", scope="full"), errors.Forbidden)
    assert refuses(auditor.post(f"/alerts/{'0' * 32}/acknowledge", reason="x"), errors.Forbidden)
    assert refuses(sign_in("admin").post(f"/alerts/{'0' * 32}/acknowledge", reason="x"), errors.NotFound)
    assert (world.size(), len(audits.history(world.bank, world.staff["auditor"]))) == (size, 1)


def test_who_signs_in_sees_the_devices_and_ends_them(world: World, sign_in: Staff, browser: Browser) -> None:
    assert refuses(browser.post("/sign-in", login="workera", password="wrong one"), errors.SignInFailed)
    assert browser.post("/sign-in", login="", password="").status_code == 422
    here, there = sign_in("worker A"), sign_in("worker A")
    ids = re.findall(r"/account/devices/([0-9a-f]{32})/end", here.get("/account").text)
    assert ids
    mine = sessions.devices(world.bank, world.staff["worker A"], "", now=NOW)
    assert len(mine) == 2
    assert refuses(sign_in("second A").post(f"/account/devices/{ids[0]}/end"), errors.NotFound)
    assert here.post(f"/account/devices/{ids[0]}/end").status_code == 302
    assert there.get("/account").status_code == 302
    assert refuses(here.post("/account/password", old="wrong one", new="a much better one"), errors.PasswordWrong)
    assert refuses(here.post("/account/password", old=PASSWORD, new="aaaaaaaaa"), errors.PasswordTooWeak)
    assert here.post("/account/password", old=PASSWORD, new="a much better one").status_code == 302
    assert here.post("/sign-out").status_code == 302
    assert "/sign-in" in here.get("/account").headers["Location"]


def test_english_is_complete_on_the_page_of_a_refusal(sign_in: Staff) -> None:
    desk = sign_in("worker A")
    desk.post("/look", switch="language", back="/")
    page = desk.get(f"/hours/{'0' * 32}")
    assert page.status_code == 404
    assert errors.NotFound.message.replace("'", "&#39;") in page.text
    assert errors.NotFound.remedy in page.text
    words = re.sub(r"<button[^>]*lang=.*?</button>", "", page.text).replace("赵敏", "")
    assert not re.search("[\u4e00-\u9fff]", words)
