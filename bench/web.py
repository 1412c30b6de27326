"""Verifying one record through gunicorn, against a bare Flask handler that inserts one row: same server, same clients.

Both run with the service's own gunicorn settings on PostgreSQL, and both are asked over 16 kept connections.
"""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import text

from tests.timebank.world import World, build_world, make_bank, settings_in
from timebank.commands import GUNICORN
from timebank.services import hours

CLIENTS = 16
RECORDS = 960
ROOT = Path(__file__).resolve().parents[1]
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
Ask = Callable[[http.client.HTTPConnection, str, dict[str, str]], None]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def run(directory: Path, postgres_url: str) -> list[dict[str, object]]:
    """One row of the table: requests a second of both, and their ratio."""
    settings = settings_in(directory / "web", TIMEBANK_DATABASE_URL=postgres_url)
    bank = make_bank(settings, now=datetime.now(UTC))
    world = build_world(bank)
    records = _confirmed_records(world)
    with bank.engine.begin() as connection:
        connection.execute(text("create table bare (id text primary key, at timestamptz default now())"))
    bank.engine.dispose()
    environment = {
        **os.environ,
        "TIMEBANK_INSTANCE": str(directory / "web"),
        "TIMEBANK_DATABASE_URL": postgres_url,
        "BENCH_URL": postgres_url,
        # Each client has an address of its own, as behind a proxy, so that the flood control of the service, which
        # stays on, does not take 16 people for one.
        "TIMEBANK_PROXIES": "1",
    }

    def insert(connection: http.client.HTTPConnection, record_id: str, address: dict[str, str]) -> None:
        _post(connection, "/", {}, address)

    with serving("bench.bare", 8731, environment) as bare:
        raw = max(_measure(bare, insert, records) for _ in range(2))
    with serving("wsgi", 8732, environment) as service:
        cookie, token = _sign_in(service)
        headers = {"Cookie": cookie}

        def verify(connection: http.client.HTTPConnection, record_id: str, address: dict[str, str]) -> None:
            _post(connection, "/desk/verify", {"csrf_token": token, "only": record_id}, headers | address)

        real = _measure(service, verify, records)
    bank = make_bank(settings)
    with bank.read() as unit:
        done = sum(unit.hours.get(one).state == "verified" for one in records)  # type: ignore[union-attr]
    bank.engine.dispose()
    if done != len(records):
        raise RuntimeError(f"only {done} of {len(records)} records were verified")
    return [
        {
            "measure": "verify one record: POST through gunicorn, PostgreSQL, 16 connections",
            "value": f"{real:,.0f}/s",
            "against": f"bare Flask handler that inserts one row: {raw:,.0f}/s",
            "ratio": real / raw,
            "wanted": 0.3,
        }
    ]


def _confirmed_records(world: World) -> list[str]:
    """Records that only wait to be verified, over many volunteers, as at a station after a busy month."""
    now = datetime.now(UTC)
    made = []
    with world.bank.together() as bank:
        inner = World(bank, world.stations, world.staff)
        volunteers = [inner.member() for _ in range(48)]
        elder = inner.member()
        for number in range(RECORDS):
            volunteer = volunteers[number % len(volunteers)]
            ago = timedelta(days=1 + number // len(volunteers), hours=3)
            view = hours.log(bank, volunteer, inner.told(elder, ago=ago, minutes=30, now=now), now=now)
            hours.confirm(bank, elder, view.id, "", now=now)
            made.append(view.id)
    return made


@contextmanager
def serving(application: str, port: int, environment: dict[str, str]) -> Iterator[int]:
    command = [sys.executable, "-m", "gunicorn", *GUNICORN, "--bind", f"127.0.0.1:{port}", application]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as server:  # noqa: S603 - our own words
        for _ in range(100):
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=1).request("GET", "/healthz")
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(2)
        try:
            yield port
        finally:  # or a run that fails would wait for the server for ever
            server.terminate()
            server.wait(timeout=30)


def _measure(port: int, one: Ask, records: list[str]) -> float:
    """Requests a second: the records shared out over 16 clients, each on a connection of its own."""

    def client(number: int, mine: list[str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for record in mine:
            one(connection, record, {"X-Forwarded-For": f"10.0.0.{number + 1}"})
        connection.close()

    shares = [records[number::CLIENTS] for number in range(CLIENTS)]
    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, range(CLIENTS), shares))
    return len(records) / (time.perf_counter() - started)


def _post(
    connection: http.client.HTTPConnection, path: str, form: dict[str, str], headers: dict[str, str]
) -> http.client.HTTPResponse:
    connection.request("POST", path, urlencode(form), {**FORM, **headers})
    answer = connection.getresponse()
    answer.read()
    if answer.status not in (200, 302):
        raise RuntimeError(f"{path}: {answer.status}")
    return answer


def _sign_in(port: int) -> tuple[str, str]:
    """The cookies and the form token of a worker."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/sign-in")
    page = connection.getresponse()
    found = TOKEN.search(page.read().decode())
    look = str(page.getheader("Set-Cookie")).split(";")[0]
    if found is None:
        raise RuntimeError("no form token")
    answer = _post(
        connection,
        "/sign-in",
        {"csrf_token": found[1], "login": "workera", "password": "three green apples"},
        {"Cookie": look},
    )
    session = [value.split(";")[0] for name, value in answer.getheaders() if name == "Set-Cookie"]
    return "; ".join([look, *(one for one in session if one.startswith("timebank="))]), found[1]
