"""Flood control: so many requests a minute from one address, told in words; the public log and files are free."""

from __future__ import annotations

from tests.timebank.web.conftest import Browser, refuses
from timebank.app import MOST_REQUESTS
from timebank.domain.errors import RateLimited


def test_too_many_requests_of_one_address(browser: Browser) -> None:
    most = int(MOST_REQUESTS.split()[0])
    for _ in range(most):
        assert browser.get("/healthz").status_code == 200
    assert refuses(browser.get("/sign-in"), RateLimited)
    answer = browser.client.get("/api/v1/stations")
    assert (answer.status_code, answer.json["code"]) == (429, "rate_limited")
    assert browser.client.get("/sign-in", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200
    with browser.get("/static/site.css") as file:
        assert file.status_code == 200
    assert browser.get("/log/lunan/checkpoint").status_code == 404
