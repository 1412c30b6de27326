"""Deny by default: every route says who may, and what it says is true for those who may not."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.timebank.web.conftest import Browser
from tests.timebank.world import NOW, World
from timebank.domain.roles import VERBS
from timebank.web.guard import PUBLIC, SIGNED_IN, allows_of

PUBLIC_ROUTES = {
    "api-docs.openapi_json", "catalogue.index", "complaints.complain", "complaints.follow", "docs.index",
    "healthz", "home.index", "look.change", "members.apply",
    "metrics", "dashboard.stations", "coverage.index", "honours.roll", "coverage.table",
    "inspections.index", "inspections.show", "inspections.document", "network.index", "network.show",
    "network.sign",
    "policies.index", "policies.show", "readyz", "sessions.sign_in", "static",
    "log.checkpoint", "log.description", "log.policy", "log.policy_at", "log.tile", "log.timestamp", "verify.index",
    "standards.card_pdf", "standards.show", "verify.offline", "projects.index",
    "reports.index", "reports.show", "reports.document", "reports.table", "reports.excel", "reports.paper",
    "reports.receipt", "reports.data", "reports.data_csv", "reports.data_json", "reports.data_excel",
    "certificates.check", "interchange.card", "interchange.receive", "interchange.exchange",
}  # fmt: skip


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """(endpoint, method, path with made-up values) of every route."""
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:int:)\w+>", "1", rule.rule)
        path = re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", path)
        path = re.sub(r"<(?:string:|path:)?\w+>", "0" * 32, path)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            found.append((rule.endpoint, method, path))
    return found


def test_every_route_names_who_may(app: Flask) -> None:
    for endpoint, _, path in routes(app):
        allows = allows_of(app, endpoint)
        assert allows is not None, path
        assert allows in VERBS | {PUBLIC, SIGNED_IN}, (path, allows)
    assert {endpoint for endpoint, _, _ in routes(app) if allows_of(app, endpoint) == PUBLIC} == PUBLIC_ROUTES


def test_nobody_gets_past_the_door_without_signing_in(app: Flask, browser: Browser) -> None:
    for endpoint, method, path in routes(app):
        if allows_of(app, endpoint) == PUBLIC:
            continue
        answer = browser.get(path) if method == "GET" else browser.post(path)
        if path.startswith("/api/"):
            assert answer.status_code == 401, path
        else:
            assert answer.status_code == 302, path
            assert "/sign-in" in answer.headers["Location"], path


@pytest.mark.parametrize("who", ["auditor", "admin", "worker A", "street", "county"])
def test_who_lacks_the_permission_is_refused(
    app: Flask, world: World, sign_in: Callable[[str], Browser], who: str
) -> None:
    from timebank.domain.roles import permits

    browser = sign_in(who)
    refused = 0
    for endpoint, method, path in routes(app):
        allows = allows_of(app, endpoint)
        if path.startswith("/api/") or allows in (PUBLIC, SIGNED_IN, None) or permits(world.staff[who], str(allows)):
            continue
        answer = browser.get(path) if method == "GET" else browser.post(path)
        assert answer.status_code == 403, (who, path)
        refused += 1
    assert refused > 10


def test_every_page_for_a_role_opens(app: Flask, world: World, sign_in: Callable[[str], Browser]) -> None:
    """Each page without values in its path opens for who may see it."""
    from timebank.domain.roles import permits
    from timebank.services import inspections

    assert inspections.begin(world.bank, world.staff["county"], now=NOW) == 1
    for who, actor in world.staff.items():
        browser = sign_in(who)
        for endpoint, method, path in routes(app):
            allows = allows_of(app, endpoint)
            simple = method == "GET" and "0" * 32 not in path and not path.startswith(("/api/v1", "/static"))
            if not simple or (allows not in (PUBLIC, SIGNED_IN) and not permits(actor, str(allows))):
                continue
            if endpoint in ("readyz", "receipts.show", "receipts.file"):
                continue
            assert browser.get(path).status_code in (200, 302), (who, path)


def test_objects_that_are_not_yours_are_not_there(app: Flask, world: World, sign_in: Callable[[str], Browser]) -> None:
    record = world.confirmed(world.member(), world.member())
    member = world.member()
    stranger = sign_in("worker B")
    for path in (f"/hours/{record.id}", f"/members/{member.person_id}", f"/members/{member.person_id}/passbook"):
        assert stranger.get(path).status_code == 404, path


def test_a_post_without_the_pages_token_changes_nothing(app: Flask) -> None:
    answer = app.test_client().post("/sign-in", data={"login": "admin", "password": "x"})
    assert answer.status_code == 400
    assert "请" in answer.text


def test_headers_on_every_answer(browser: Browser) -> None:
    answer = browser.get("/sign-in")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Request-ID"]


def test_cookies_are_closed_to_scripts_and_other_sites(app: Flask, browser: Browser) -> None:
    answer = browser.post("/sign-in", login="admin", password="three green apples")
    cookie = next(value for name, value in answer.headers if name == "Set-Cookie" and value.startswith("timebank="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_sign_in_never_sends_to_another_site(browser: Browser) -> None:
    answer = browser.post("/sign-in?next=//evil.example/", login="admin", password="three green apples")
    assert answer.headers["Location"] == "/"
    answer = browser.post("/look", switch="elder", back="//evil.example/")
    assert answer.headers["Location"] == "/"


def test_machines_are_told_what_is_up(browser: Browser) -> None:
    assert browser.get("/healthz").text == "ok\n"
    assert "database: ok" in browser.get("/readyz").text
    assert "timebank_requests_total" in browser.get("/metrics").text


def test_switches_stay(browser: Browser) -> None:
    assert 'class="govuk-template"' in browser.get("/sign-in").text
    browser.post("/look", switch="elder", back="/sign-in")
    browser.post("/look", switch="contrast", back="/sign-in")
    assert 'class="govuk-template elder contrast"' in browser.get("/sign-in").text
    assert 'lang="zh-CN"' in browser.get("/sign-in").text
    browser.post("/look", switch="language", back="/sign-in")
    assert '<html lang="en"' in browser.get("/sign-in").text
