"""Flood control: so many requests a minute for a route from one address, told in words; log and files are free."""

from __future__ import annotations

from tests.timebank.web.conftest import Browser, refuses
from timebank.app import MOST_REQUESTS
from timebank.domain.errors import RateLimited


def test_too_many_requests_of_one_address(browser: Browser) -> None:
    most = int(MOST_REQUESTS.split()[0])
    for _ in range(most):
        assert browser.get("/services").status_code == 200
        assert browser.get("/api/v1/stations").status_code == 401
    assert refuses(browser.get("/services"), RateLimited)
    answer = browser.get("/api/v1/stations")
    assert (answer.status_code, answer.json["code"]) == (429, "rate_limited")
    assert browser.get("/sign-in").status_code == 200
    assert browser.client.get("/services", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200
    with browser.get("/static/site.css") as file:
        assert file.status_code == 200
    assert browser.get("/log/lunan/checkpoint").status_code == 404
