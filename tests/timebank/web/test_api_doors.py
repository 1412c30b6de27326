"""Every route of the API: who gets in, with which token and key, and that the description names it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.timebank.web.conftest import Browser, System
from tests.timebank.world import World
from timebank.domain.roles import PERMISSIONS, RoleName, permits
from timebank.web.guard import allows_of

STAFF = {"worker A": RoleName.WORKER, "street": RoleName.STREET, "county": RoleName.COUNTY, "auditor": RoleName.AUDITOR}
WITHOUT_BODY = (
    "/coverage/invitations",
    "/inspections",
    "/approve",
    "/revoke",
    "/messages/read",
    "/call-off",
    "/hand-over",
)
NOT_FOR_STAFF = {"hours.log", "needs.take", "offers.make", "activities.join", "projects.join"}


def api_routes(app: Flask) -> list[tuple[str, str, str]]:
    """(rule, method, verb) of every route under /api/v1."""
    return [
        (rule.rule, method, str(allows_of(app, rule.endpoint)))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"})
    ]


def filled(rule: str) -> str:
    return re.sub(r"<[^>]+>", "0" * 32, rule).removeprefix("/api/v1")


def who_may(world: World, verb: str) -> str | None:
    return next((who for who in STAFF if permits(world.staff[who], verb)), None)


@pytest.fixture
def everywhere(world: World, system: Callable[..., System]) -> dict[str, System]:
    """A system for each role, with all that the role may."""
    return {who: system(who, *PERMISSIONS[role]) for who, role in STAFF.items()}


def test_there_are_routes_for_every_noun(app: Flask) -> None:
    nouns = {rule.split("/")[3] for rule, _, _ in api_routes(app)}
    assert nouns == {
        "hours", "members", "redemptions", "policies", "stations", "services", "grants", "reversals", "audits",
        "receipts", "reports", "station-keys", "statistics", "network", "operators", "divisions",
        "messages", "inspections", "signals", "call-backs", "dashboard", "trainings", "erasures",
        "day-sheets", "estates", "interchange", "points", "certificates", "national",
        "guests", "gifts", "imports", "honours", "records",
        "rounds", "incidents", "coverage", "ratings", "complaints", "credit-files", "listings",
        "equipment", "consent-notes", "webhooks",
        "needs", "offers", "activities", "teams", "projects", "matching",
    }  # fmt: skip


def test_nobody_gets_in_without_a_token_that_is_known(app: Flask) -> None:
    client = app.test_client()
    for rule, method, _ in api_routes(app):
        for headers in ({}, {"Authorization": "Bearer tb_made_up"}, {"Authorization": "Basic dGI6dGI="}):
            answer = client.open(f"/api/v1{filled(rule)}", method=method, headers=headers)
            assert (answer.status_code, answer.content_type) == (401, "application/problem+json"), rule
            assert answer.json["code"] == "token_invalid", rule


def test_a_token_without_the_scope_is_told_which(app: Flask, system: Callable[..., System]) -> None:
    narrow = {"queue": system("worker A", "hours.queue"), "stations": system("worker A", "network.read")}
    for rule, method, verb in api_routes(app):
        one = narrow["stations" if rule.endswith("/queue") else "queue"]
        answer = one.get(filled(rule)) if method == "GET" else one.post(filled(rule))
        assert (answer.status_code, answer.json["code"]) == (403, "token_scope_missing"), rule
        assert verb in answer.json["title"] + answer.json["detail"], rule


def test_every_post_asks_for_a_key_and_does_nothing_without_one(
    app: Flask, world: World, everywhere: dict[str, System]
) -> None:
    size, asked = world.size(), 0
    for rule, method, verb in api_routes(app):
        who = who_may(world, verb)
        if method != "POST" or who is None:
            assert method == "GET" or verb in NOT_FOR_STAFF, rule
            continue
        for key in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "x" * 81}):
            headers = {"Authorization": f"Bearer {everywhere[who].secret}", **key}
            answer = app.test_client().post(f"/api/v1{filled(rule)}", json={}, headers=headers)
            assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_missing"), rule
        asked += 1
    assert asked > 20
    assert world.size() == size


def test_what_does_not_exist_is_not_found(app: Flask, world: World, everywhere: dict[str, System]) -> None:
    for rule, method, verb in api_routes(app):
        who = who_may(world, verb)
        if "<" not in rule or method != "GET" or who is None:
            continue
        answer = everywhere[who].get(filled(rule))
        assert (answer.status_code, answer.json["code"]) == (404, "not_found"), rule


def test_a_body_that_is_no_object_is_refused(app: Flask, world: World, everywhere: dict[str, System]) -> None:
    size = world.size()
    for rule, method, verb in api_routes(app):
        who = who_may(world, verb)
        if method != "POST" or who is None or rule.endswith(WITHOUT_BODY):
            continue
        one = everywhere[who]
        headers = {"Authorization": f"Bearer {one.secret}", "Idempotency-Key": "odd"}
        for body in ("[]", '"x"', "7"):
            answer = one.client.post(
                f"/api/v1{filled(rule)}", data=body, headers=headers, content_type="application/json"
            )
            assert answer.status_code == 422, (rule, body, answer.text)
        broken = one.client.post(f"/api/v1{filled(rule)}", data="{", headers=headers, content_type="application/json")
        assert broken.status_code in (400, 422), rule
        assert one.post(filled(rule), {"surprise": 1}).status_code == 422, rule
    assert world.size() == size


def test_the_description_names_every_route_and_method(app: Flask, browser: Browser) -> None:
    spec = browser.get("/api/openapi.json").json
    assert spec["openapi"].startswith("3.1")
    assert spec["info"]["title"]
    assert spec["info"]["version"]
    assert spec["components"]["securitySchemes"]["bearer"] == {"type": "http", "scheme": "bearer"}
    described = {(path, method.upper()) for path, methods in spec["paths"].items() for method in methods}
    for rule, method, _ in api_routes(app):
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)
        assert (path, method) in described, (method, rule)
        operation = spec["paths"][path][method.lower()]
        assert operation["summary"], rule
        assert any(status.startswith("2") for status in operation["responses"]), rule
        named = {one["name"] for one in spec["paths"][path].get("parameters", []) + operation.get("parameters", [])}
        assert set(re.findall(r"\{(\w+)\}", path)) <= named, rule


def test_whatever_the_description_refers_to_is_in_it(browser: Browser) -> None:
    answer = browser.get("/api/openapi.json")
    spec = answer.json
    for reference in set(re.findall(r'"\$ref":\s*"([^"]+)"', answer.text)):
        found = spec
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found, reference


def test_the_page_to_browse_shows_every_route_and_fetches_nothing_from_elsewhere(app: Flask, browser: Browser) -> None:
    page = browser.get("/api/docs")
    assert page.status_code == 200
    for rule, _, _ in api_routes(app):
        assert re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule) in page.text, rule
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)
