"""The app over the world of a test, at the world's time; people who signed in, and systems with tokens."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from babel.support import Translations
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from werkzeug.test import TestResponse

import timebank
from tests.timebank.world import NOW, PASSWORD, World
from timebank.app import create_app
from timebank.domain.errors import TimebankError
from timebank.services import members, tokens

CHINESE = Translations.load(Path(timebank.__file__).parent / "translations", ["zh"])
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """A visitor who posts forms as a browser does: with the token of the page."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, **form: Any) -> TestResponse:
        found = TOKEN.search(self.client.get("/sign-in").text)
        assert found is not None
        return self.client.post(path, data={"csrf_token": found[1], **form})

    def sign_in(self, login: str, password: str = PASSWORD) -> Browser:
        answer = self.post("/sign-in", login=login, password=password)
        assert answer.status_code == 302, answer.text
        return self


def refuses(answer: TestResponse, error: type[TimebankError]) -> bool:
    """Whether a page says in Chinese what is wrong and what to do next, with the error's status."""
    assert answer.status_code == error.status, (answer.status_code, answer.text[-2000:])
    for english in (error.message, error.remedy):
        chinese = CHINESE.gettext(english)
        assert chinese != english
        for part in re.split(r"%\(\w+\)s", chinese):
            assert str(escape(part)) in answer.text, part
    return True


class System:
    """A station's own system: a token, and a fresh key with each POST unless one is given."""

    def __init__(self, client: FlaskClient, secret: str) -> None:
        self.client, self.secret = client, secret

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(f"/api/v1{path}", query_string=query, headers=self._headers())

    def post(self, path: str, body: Any = None, key: str | None = None) -> TestResponse:
        headers = self._headers() | {"Idempotency-Key": key or secrets.token_hex(8)}
        return self.client.post(f"/api/v1{path}", json=body if body is not None else {}, headers=headers)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


@pytest.fixture
def app(world: World) -> Iterator[Flask]:
    with time_machine.travel(NOW, tick=False):
        app = create_app(bank=world.bank)
        app.testing = True
        yield app


@pytest.fixture
def browser(app: Flask) -> Browser:
    """Nobody yet."""
    return Browser(app.test_client())


@pytest.fixture
def sign_in(app: Flask, world: World) -> Callable[[str], Browser]:
    """Somebody of the staff, by the world's name."""

    def go(who: str) -> Browser:
        return Browser(app.test_client()).sign_in(who.replace(" ", ""))

    return go


@pytest.fixture
def sign_in_member(app: Flask, world: World) -> Callable[[Any], Browser]:
    """A member."""

    def go(member: Any) -> Browser:
        phone = members.see(world.bank, member, member.person_id, now=NOW).data.phone
        return Browser(app.test_client()).sign_in(phone)

    return go


@pytest.fixture
def system(app: Flask, world: World) -> Callable[..., System]:
    """A system that acts for somebody of the staff, with these scopes."""

    def make(who: str, *scopes: str) -> System:
        _, secret = tokens.make(
            world.bank,
            world.staff["admin"],
            name="t",
            owner_id=world.staff[who].person_id,
            scopes=scopes,
            days=1,
            now=NOW,
        )
        return System(app.test_client(), secret)

    return make
