"""The erasing process is killed: nothing is changed or all is done, and the next run ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import MetaData, text

from tests.timebank.services.test_privacy import GONE, LATER, with_a_past
from tests.timebank.world import World, build_world, make_bank, settings_in
from timebank.domain.people import ERASED_NAME
from timebank.services import audits, members, privacy

DUE = LATER + timedelta(days=1)
# The ledger's entry stands between the first two of them.
BEFORE_THE_COMMIT = (
    "UPDATE membership SET",
    "UPDATE person SET",
    "DELETE FROM login",
    "DELETE FROM kin",
    "UPDATE document SET",
    "UPDATE erasure SET",
    "commit",
)
KILLED = """
import os, signal, sys
from datetime import datetime
from sqlalchemy import event
from timebank.bootstrap import build_bank
from timebank.services import privacy
from timebank.settings import load

step, due = sys.argv[1], datetime.fromisoformat(sys.argv[2])
bank = build_bank(load())

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def watch(connection, cursor, statement, *_):
    # The statement has run; whether it counts is for the database to say.
    if statement.startswith(step):
        die()
    watch.near_the_end = watch.near_the_end or statement.startswith("UPDATE erasure")

def committing(connection):
    if step == "commit" and watch.near_the_end:
        die()

watch.near_the_end = False
event.listen(bank.engine, "after_cursor_execute", watch)
event.listen(bank.engine, "commit", committing)
if step == "scrub":
    privacy.scrub = die
privacy.carry_out_due(bank, now=due)
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def confirmed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[World, str]]:
    """A world that commits, and the id of a member whose erasure is confirmed and due."""
    url = {} if request.param == "sqlite" else {"TIMEBANK_DATABASE_URL": request.getfixturevalue("postgres_url")}
    bank = make_bank(settings_in(tmp_path, **url))
    world = build_world(bank)
    member, _ = with_a_past(world)
    asked = privacy.ask(bank, member, member.person_id, now=LATER - timedelta(days=30))
    privacy.confirm(bank, world.staff["county"], asked.id, now=DUE)
    yield world, member.person_id
    bank.engine.dispose()


def kill_at(world: World, step: str) -> None:
    """Run the job in a process of its own, which is killed after this step."""
    settings = world.bank.settings
    environment = {"TIMEBANK_INSTANCE": str(settings.instance), "TIMEBANK_DATABASE_URL": settings.database_url}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, step, DUE.isoformat()],
        env={**os.environ, **environment}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, (step, done.stderr)


def everything(world: World) -> dict[str, str]:
    """Of each table, a hash of all its rows."""
    tables = MetaData()
    tables.reflect(world.engine)
    with world.engine.connect() as connection:
        return {
            name: sha256(repr(sorted(map(repr, connection.execute(table.select())))).encode()).hexdigest()
            for name, table in tables.tables.items()
        }


def left_of(world: World, person_id: str) -> list[int]:
    """How many rows still say something of the person, one number for each place."""
    with world.engine.connect() as connection:
        return [connection.execute(text(query), {"who": person_id}).scalar_one() for query in GONE]


def wrapped_key(world: World, person_id: str) -> bytes:
    with world.bank.read() as unit:
        row = unit.people.get(person_id)
        assert row is not None
        return row.wrapped_key


def in_files(world: World, secret: bytes) -> bool:
    """Whether SQLite's files still hold these bytes anywhere."""
    if world.engine.dialect.name != "sqlite":
        return False
    return any(secret in file.read_bytes() for file in world.bank.settings.instance.glob("timebank.db*"))


def test_a_kill_before_the_commit_changes_nothing_and_the_next_run_ends_it(confirmed: tuple[World, str]) -> None:
    world, person_id = confirmed
    before, key = everything(world), wrapped_key(world, person_id)
    assert key
    for step in BEFORE_THE_COMMIT:
        kill_at(world, step)
        assert everything(world) == before, step
    assert privacy.carry_out_due(world.bank, now=DUE) == 1
    check_erased(world, person_id, key)


def test_a_kill_after_the_commit_leaves_all_done_and_the_next_run_clears_the_traces(
    confirmed: tuple[World, str],
) -> None:
    world, person_id = confirmed
    key = wrapped_key(world, person_id)
    kill_at(world, "scrub")
    assert left_of(world, person_id) == [0] * len(GONE)
    done = everything(world)
    assert privacy.carry_out_due(world.bank, now=DUE) == 0
    assert everything(world) == done
    check_erased(world, person_id, key)


def check_erased(world: World, person_id: str, key: bytes) -> None:
    """Nothing readable is left anywhere, and every audit holds."""
    assert left_of(world, person_id) == [0] * len(GONE)
    assert not in_files(world, key)
    with world.bank.read() as unit:
        assert unit.person(person_id).name == ERASED_NAME
    found = members.find(world.bank, world.staff["worker A"], "", now=DUE)
    assert ERASED_NAME in {view.data.name for view in found}
    report = audits.run_now(world.bank, world.staff["auditor"], full=True, now=DUE)
    assert (report.verdict, report.report["documents_erased"] > 0) == ("sound", True)
    assert privacy.open_ones(world.bank, world.staff["county"], now=DUE) == ()
