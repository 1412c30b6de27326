"""Publishing under failures: each step fails before or after it took effect, or the process is killed there. Whatever
happens, no two checkpoints contradict each other, and the next round puts things right.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger import Draft, Kind
from ledger.checkpoints import SignerMemory, open_checkpoint
from ledger.keyfiles import read_keys
from ledger.stores.sql import JoinedSqlStore, SqlStore
from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.services import audits, publishing
from timebank.storage.publishing import Publishing

STEPS: dict[str, tuple[type, str]] = {
    "remember": (SignerMemory, "advance"),
    "store": (SqlStore, "add_checkpoint"),
    "publish": (Publishing, "add"),
}
REPOSITORY = Path(__file__).resolve().parents[3]


class OutageError(Exception):
    """Something that nobody foresaw."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world that commits, with a checkpoint published and entries after it."""
    more = {}
    if request.param == "postgresql":
        more["TIMEBANK_DATABASE_URL"] = request.getfixturevalue("postgres_url")
    bank = make_bank(settings_in(tmp_path, **more))
    world = build_world(bank)
    publishing.publish(bank, now=NOW)
    grow(world)
    yield world
    bank.engine.dispose()


def grow(world: World) -> None:
    account = {"account": f"m-{world.size():016x}", "account_kind": "member"}
    with world.bank.unit() as unit:
        unit.append_many([Draft(Kind.OPEN, "worker", data=account)], now=NOW)


def must_be_whole(world: World) -> None:
    """Every checkpoint stands in one history, the signer remembers the last, and the published one is complete."""
    bank = world.bank
    keys = [key.verifier for key in read_keys(bank.settings.signing_key_path)]
    with bank.read() as unit:
        for row in unit.book.store.checkpoints(unit.origin):
            tree = open_checkpoint(row.note, unit.origin, keys).checkpoint
            assert (tree.size, tree.root) == (row.size, unit.book.root(row.size))
            last = tree
        published = unit.publishing.latest()
    assert SignerMemory(bank.settings.signer_memory_path).last(bank.settings.book) == last
    assert published is not None
    assert published.size == world.size() == last.size
    assert audits.run_full(bank, now=NOW) == "sound"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("persisted", [False, True])
def test_a_step_that_fails(busy: World, monkeypatch: pytest.MonkeyPatch, step: str, persisted: bool) -> None:
    owner, name = STEPS[step]
    real: Callable[..., Any] = getattr(owner, name)
    failed = []

    def failing(*arguments: Any, **named: Any) -> Any:
        failed.append(step)
        if persisted:
            real(*arguments, **named)
        raise OutageError

    for one in {owner, JoinedSqlStore} if step == "store" else {owner}:
        monkeypatch.setattr(one, name, failing)
    for _ in range(3):
        with pytest.raises(OutageError):
            publishing.publish(busy.bank, now=NOW + timedelta(seconds=5))
        grow(busy)
    assert failed
    monkeypatch.undo()
    assert publishing.publish(busy.bank, now=NOW + timedelta(seconds=10)).size == busy.size()
    must_be_whole(busy)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("persisted", [False, True])
def test_a_process_that_is_killed(busy: World, step: str, persisted: bool) -> None:
    owner, name = STEPS[step]
    code = f"""
    import os, signal
    from datetime import UTC, datetime
    from {owner.__module__} import {owner.__name__} as Owner
    from timebank.bootstrap import build_bank
    from timebank.services import publishing
    from timebank.settings import load

    real = Owner.{name}

    def killed(*arguments, **named):
        if {persisted}:
            real(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    Owner.{name} = killed
    publishing.publish(build_bank(load()), now=datetime.now(UTC))
    """
    settings = busy.bank.settings
    environment = os.environ | {
        "TIMEBANK_INSTANCE": str(settings.instance),
        "TIMEBANK_DATABASE_URL": settings.database_url,
    }
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=REPOSITORY, env=environment, check=False)
    assert done.returncode == -9
    grow(busy)
    assert publishing.publish(busy.bank, now=NOW + timedelta(seconds=10)).size == busy.size()
    must_be_whole(busy)


def test_a_restored_backup_is_seen_and_nothing_is_signed(busy: World, tmp_path: Path) -> None:
    """The signer remembers more entries than the database has."""
    publishing.publish(busy.bank, now=NOW)
    memory = SignerMemory(busy.bank.settings.signer_memory_path)
    last = memory.last(busy.bank.settings.book)
    assert last is not None
    memory.advance(last, type(last)(last.origin, last.size + 5, b"\1" * 32))
    grow(busy)
    refused = publishing.publish(busy.bank, now=NOW)
    assert refused.size is None
    assert "does not extend" in refused.why or "findings" in refused.why
    assert publishing.checkpoint(busy.bank).size == last.size
