"""A sheet is taken over and taken back while the process is killed, on each engine: nothing is lost or done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.timebank.services.test_network import second_county
from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.demo.people import resident_number
from timebank.services import audits, imports
from timebank.services.imports import ImportView, NewImport

COUNT = 1_200
KILLED = """
import os, signal, sys
from datetime import datetime
from sqlalchemy import event
from timebank.bootstrap import build_bank
from timebank.services import imports
from timebank.settings import load
bank = build_bank(load())
step, left = sys.argv[1], int(sys.argv[2])
def watch(connection, cursor, statement, *_):
    global left
    if statement.startswith(step):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
def commit(connection):
    watch(None, None, "commit")
event.listen(bank.engine, "after_cursor_execute", watch)
event.listen(bank.engine, "commit", commit)
imports.work_due(bank, now=datetime.fromisoformat(sys.argv[3]))
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def lasting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world that commits, on each engine."""
    url = {} if request.param == "sqlite" else {"TIMEBANK_DATABASE_URL": request.getfixturevalue("postgres_url")}
    bank = make_bank(settings_in(tmp_path, **url))
    yield build_world(bank)
    bank.engine.dispose()


def kill(world: World, step: str, left: int) -> None:
    """Another process goes on with the work, and dies at the `left`th statement that begins so."""
    settings = world.bank.settings
    environment = {"TIMEBANK_INSTANCE": str(settings.instance), "TIMEBANK_DATABASE_URL": settings.database_url}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, step, str(left), NOW.isoformat()],
        env={**os.environ, **environment}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, (step, done.stderr[-2000:])


def finished(world: World, view: ImportView) -> ImportView:
    while imports.work_due(world.bank, now=NOW):
        pass
    return imports.see(world.bank, world.staff["county"], view.id)


def sheet() -> bytes:
    """1,200 members with an hour each."""
    lines = ["key,name,phone,document_number,minutes"]
    for number in range(COUNT):
        paper = resident_number(date(1950, 1, 1) + timedelta(days=number), number % 900)
        lines.append(f"V{number},王秀英,188{number:08d},{paper},60")
    return "\n".join(lines).encode()


def test_a_kill_at_any_point_loses_and_doubles_nothing(lasting: World) -> None:
    world, bank, county = lasting, lasting.bank, lasting.staff["county"]
    other = second_county(world)
    view = imports.load(bank, county, NewImport("members", world.stations["A"], "old", sheet(), agreed=True), now=NOW)
    imports.approve(bank, other, view.id, view.digest, now=NOW)
    for step, left in (("INSERT INTO person", 2), ("INSERT INTO import_line", 1), ("DELETE FROM import_chunk", 1)):
        kill(world, step, left)
    kill(world, "commit", 1)
    done = finished(world, view)
    assert (done.state, done.rows_done, done.lines) == ("done", COUNT, {"done": COUNT})
    with bank.read() as unit:
        assert unit.book.balance(done.account or "") == -60 * COUNT
    assert audits.run_full(bank, now=NOW) == "sound"
    for actor in (county, other):
        imports.undo(bank, actor, view.id, now=NOW)
    for step, left in (("INSERT INTO document", 7), ("UPDATE import_line", 1), ("commit", 2)):
        kill(world, step, left)
    after = finished(world, view)
    assert (after.state, after.lines) == ("undone", {"undone": COUNT})
    with bank.read() as unit:
        assert unit.book.balance(done.account or "") == 0
    assert audits.run_full(bank, now=NOW + timedelta(hours=1)) == "sound"
