"""Pages of certificates: made, printed, checked by anybody, revoked; the time limit of records."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from tests.timebank.services.test_certificates import filed, issued
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import World
from timebank.domain import errors
from timebank.services import certificates

Staff = Callable[[str], Browser]
PERIOD = {"first": "2026-01-01", "last": "2026-09-15"}


def test_a_member_makes_prints_and_keeps_a_certificate(
    world: World, sign_in_member: Callable[[Any], Browser], browser: Browser
) -> None:
    member = world.rich(90)
    me = sign_in_member(member)
    assert refuses(me.post("/certificates", **PERIOD), errors.IssuerNotFiled)
    filed(world)
    assert refuses(me.post("/certificates", **PERIOD | {"first": "2026-09-15"}), errors.NothingToCertify)
    assert me.post("/certificates", **PERIOD | {"first": "soon"}).status_code == 422
    here = me.post("/certificates", **PERIOD).headers["Location"]
    view = certificates.own(world.bank, member)[0]
    assert view.number in me.get(here).text
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(me.get(f"{here}.pdf").data)).pages)
    told = "".join(text.split())
    for words in ("志愿服务记录证明", view.number, view.code, "张桂芳", "1.50小时", "尚未录入", "备-2026-1"):
        assert words in told, words
    with zipfile.ZipFile(BytesIO(me.get(f"{here}.zip").data)) as both:
        assert sorted(both.namelist()) == [f"certificate-{view.number}.pdf", f"certificate-{view.number}.pdf.sig"]
    other = sign_in_member(world.member())
    for path in (here, f"{here}.pdf", f"{here}.zip"):
        assert browser.get(path).status_code == 302
        assert other.get(path).status_code in (403, 404)


def test_anybody_checks_a_certificate(world: World, browser: Browser) -> None:
    filed(world)
    view = issued(world, world.rich(60))
    assert view.number in browser.get(f"/certificates/check?number={view.number}").text
    found = browser.post("/certificates/check", number=view.number, code=view.code).text
    assert "有效" in found
    assert "张**" in found
    assert "张桂芳" not in found
    assert refuses(browser.post("/certificates/check", number=view.number, code="0" * 10), errors.CertificateUnknown)
    assert browser.post("/certificates/check", number="", code="").status_code == 422


def test_the_desk_makes_one_and_the_street_revokes_it(world: World, sign_in: Staff) -> None:
    filed(world)
    member = world.rich(60)
    desk, street = sign_in("worker A"), sign_in("street")
    here = desk.post(f"/members/{member.person_id}/certificates", **PERIOD).headers["Location"]
    assert sign_in("worker B").post(f"/members/{member.person_id}/certificates", **PERIOD).status_code == 404
    assert desk.post(f"{here}/revoke", reason="misused").status_code == 403
    assert refuses(street.post(f"{here}/revoke", reason="because"), errors.ReasonUnknown)
    assert street.post(f"{here}/revoke", reason="misused").status_code == 302
    assert refuses(street.post(f"{here}/revoke", reason="misused"), errors.CertificateStateConflict)
    assert sign_in("worker B").get(here).status_code == 404


def test_what_waits_shows_its_time_limit(world: World, sign_in: Staff) -> None:
    record = world.confirmed(world.member(), world.member())
    assert record.number in sign_in("worker A").get("/hours/due").text
    assert record.number not in sign_in("worker B").get("/hours/due").text
    assert sign_in("admin").get("/hours/due").status_code == 403


def test_certificates_over_the_api(world: World, system: Callable[..., System]) -> None:
    filed(world)
    member = world.rich(60)
    worker = system("worker A", "passbook.print", "certificates.read", "hours.queue")
    wish = {"member_number": world.number(member), **PERIOD}
    assert worker.post("/certificates", wish | {"last": "2027-01-01"}).json["code"] == "period_invalid"
    made = worker.post("/certificates", wish, key="once")
    assert (made.status_code, made.json["minutes"], made.json["state"]) == (201, 60, "valid")
    assert worker.post("/certificates", wish, key="once").json["number"] == made.json["number"]
    assert "张桂芳" not in made.text
    here = f"/certificates/{made.json['id']}"
    assert worker.get(here).json["lines"][0]["minutes"] == 60
    assert worker.get("/certificates/due").json["items"] == []
    assert system("worker B", "certificates.read").get(here).status_code == 404
    street = system("street", "certificates.revoke")
    assert street.post(f"{here}/revoke", {"reason": "because"}).status_code == 422
    assert street.post(f"{here}/revoke", {"reason": "misused"}).json["state"] == "revoked"
    assert street.post(f"{here}/revoke", {"reason": "misused"}).json["code"] == "certificate_state_conflict"
