"""The second factor on its pages: set up, asked for, refused; and the way out at the top of every page."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from flask import Flask

from tests.timebank.web.conftest import Browser, refuses
from tests.timebank.world import NOW, PASSWORD, World
from timebank.app import create_app
from timebank.domain import errors
from timebank.storage.vault import Vault

SECRET = re.compile(r'site-mono">([A-Z2-7]{32})<')


@pytest.fixture
def strict(world: World) -> Iterator[Flask]:
    """The app as in production: staff need a second factor."""
    bank = replace(world.bank, settings=replace(world.bank.settings, totp_required=True))
    with time_machine.travel(NOW, tick=False):
        yield create_app(bank=bank)


def enrolled(app: Flask) -> tuple[Browser, str]:
    """A worker who set up an authenticator, and its secret."""
    desk = Browser(app.test_client()).sign_in("workera")
    found = SECRET.search(desk.get("/account/authenticator").text)
    assert found is not None
    done = desk.post("/account/authenticator", code=pyotp.TOTP(found[1]).at(NOW))
    assert (done.status_code, done.headers["Location"]) == (302, "/")
    return desk, found[1]


def test_staff_set_up_an_authenticator_before_anything_else(strict: Flask) -> None:
    desk = Browser(strict.test_client()).sign_in("workera")
    assert desk.get("/desk").headers["Location"] == "/account/authenticator"
    page = desk.get("/account/authenticator")
    assert "data:image/svg+xml" in page.text
    assert "退出登录" in page.text
    assert refuses(desk.post("/account/authenticator", code="000000"), errors.SecondFactorWrong)
    assert desk.get("/desk").status_code == 302
    assert enrolled(strict)[0].get("/desk").status_code == 200


def test_the_code_is_asked_for_at_each_sign_in_and_counts_once(strict: Flask) -> None:
    _, secret = enrolled(strict)
    again = Browser(strict.test_client()).sign_in("workera")
    for path in ("/", "/desk", "/account/authenticator", "/account/password"):
        assert again.get(path).headers["Location"] == "/sign-in/code", path
    assert again.get("/sign-in/code").status_code == 200
    used = pyotp.TOTP(secret).at(NOW)
    assert refuses(again.post("/sign-in/code", code=used), errors.SecondFactorWrong)
    assert refuses(again.post("/sign-in/code", code="12345"), errors.SecondFactorWrong)
    assert again.get("/desk").status_code == 302
    with time_machine.travel(NOW + timedelta(seconds=90), tick=False):
        later = pyotp.TOTP(secret).at(NOW + timedelta(seconds=90))
        assert again.post("/sign-in/code", code=later).headers["Location"] == "/"
        assert again.get("/desk").status_code == 200


@pytest.mark.parametrize("lost", ["the key", "the cookie"])
def test_an_enrolment_begun_before_the_master_key_was_changed_begins_anew(
    world: World, strict: Flask, lost: str
) -> None:
    desk = Browser(strict.test_client()).sign_in("workera")
    shown = SECRET.search(desk.get("/account/authenticator").text)
    assert shown is not None
    with desk.client.session_transaction() as cookie:
        if lost == "the key":
            destroyed = Vault(os.urandom(32), world.bank.settings.index_key, os.urandom)
            cookie["authenticator"] = destroyed.seal_for_service("enrol", shown[1]).hex()
        else:
            del cookie["authenticator"]
    code = pyotp.TOTP(shown[1]).at(NOW)
    answer = desk.post("/account/authenticator", code=code)
    assert refuses(answer, errors.EnrolmentLost)
    fresh = SECRET.search(answer.text)
    assert fresh is not None
    assert fresh[1] != shown[1]
    assert desk.get("/desk").headers["Location"] == "/account/authenticator", "nothing was set up"
    assert refuses(desk.post("/account/authenticator", code=code), errors.SecondFactorWrong)
    newest = SECRET.search(desk.get("/account/authenticator").text)
    assert newest is not None
    assert desk.post("/account/authenticator", code=pyotp.TOTP(newest[1]).at(NOW)).status_code == 302


def test_codes_cannot_be_guessed(strict: Flask) -> None:
    enrolled(strict)
    again = Browser(strict.test_client()).sign_in("workera")
    answers = [again.post("/sign-in/code", code=f"00000{number}").status_code for number in range(9)]
    assert answers[0] == errors.SecondFactorWrong.status
    assert answers[-1] == errors.TooManyAttempts.status
    assert again.get("/desk").status_code == 302


def test_who_is_signed_in_and_the_way_out_stand_at_the_top(
    world: World, sign_in_member: Callable[[Any], Browser]
) -> None:
    mine = sign_in_member(world.member(name="欧阳桂芳"))
    top = mine.get("/").text.split("</header>")[0]
    assert "欧阳桂芳" in top
    assert top.count('action="/sign-out"') == 1
    assert mine.post("/sign-out").status_code == 302
    assert "欧阳桂芳" not in mine.get("/").text
    assert PASSWORD not in top
