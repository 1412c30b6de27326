"""Webhooks on their pages and over the API."""

from __future__ import annotations

from collections.abc import Callable

from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import World
from timebank.domain import errors
from timebank.services import webhooks

Staff = Callable[[str], Browser]
FORM = {"url": "https://example.org/hook", "events": "record.verified"}


def test_register_see_and_end(world: World, sign_in: Staff) -> None:
    county = sign_in("county")
    page = county.post("/webhooks", **FORM)
    assert page.status_code == 200
    assert "whsec_" in page.text
    assert "whsec_" not in county.get("/webhooks").text
    view = webhooks.every(world.bank, world.staff["county"])[0]
    here = f"/webhooks/{view.id}"
    assert view.url in sign_in("admin").get(here).text
    assert refuses(county.post(f"{here}/step", step="on"), errors.WebhookStateConflict)
    assert county.post(f"{here}/step", step="end").status_code == 302
    assert refuses(county.post(f"{here}/step", step="end"), errors.WebhookStateConflict)
    assert county.get(f"/webhooks/{'0' * 32}").status_code == 404


def test_refusals_keep_what_was_typed(world: World, sign_in: Staff) -> None:
    county = sign_in("county")
    wrong = county.post("/webhooks", **{**FORM, "url": "http://10.0.0.1/hook"})
    assert refuses(wrong, errors.WebhookAddressRefused)
    assert "http://10.0.0.1/hook" in wrong.text
    assert refuses(county.post("/webhooks", url=FORM["url"]), errors.Invalid)
    assert county.post("/webhooks", **{**FORM, "url": ""}).status_code == 422
    assert refuses(sign_in("street").post("/webhooks", **FORM), errors.Forbidden)
    assert webhooks.every(world.bank, world.staff["county"]) == ()


def test_over_the_api(world: World, system: Callable[..., System]) -> None:
    one = system("county", "webhooks.manage")
    made = one.post("/webhooks", {"url": FORM["url"], "events": ["record.verified"]})
    assert made.status_code == 201
    assert made.json["secret"].startswith("whsec_")
    assert one.get("/webhooks").json["items"][0]["secret"] == ""
    assert one.post("/webhooks", {"url": "https://127.0.0.1/", "events": ["record.verified"]}).status_code == 422
    assert one.post("/webhooks", {"url": FORM["url"], "events": ["made.up"]}).status_code == 422
    here = f"/webhooks/{made.json['id']}"
    assert one.post(f"{here}/on").json["code"] == "webhook_state_conflict"
    assert one.post(f"{here}/end").json["state"] == "ended"
    assert one.post(f"/webhooks/{'0' * 32}/end").status_code == 404
