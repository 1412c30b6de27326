"""SIGKILL at random moments, under load: no acknowledged entry is lost, none is half-written."""

from __future__ import annotations

import os
import random
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.books import ORIGIN, earn, make_schema, small_book, sql_store, sqlite_url, write
from tests.ledger.hammer import context, endless
from tests.ledger.replay import check_whole
from tests.postgres import cluster

KILLS = 50
CHECK_EVERY = 10


def _begin(url: str) -> None:
    make_schema(url)
    with sql_store(url) as store:
        write(small_book(store), earn("ann", 10**6), earn("bob", 10**6), earn("eve", 10**6))


def _killed(
    url: str, seed: int, pause_seconds: float, crash: Callable[[], None] | None = None
) -> list[tuple[int, str]]:
    """Start a crowd of four, kill it a moment after its first word; returns what it was told was written."""
    reading, writing = os.pipe()
    processes: Any = context()
    process = processes.Process(target=_child, args=(url, seed, processes.reducer.DupFd(writing)))
    process.start()
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], 60)
    assert ready, "the crowd never wrote anything"
    time.sleep(pause_seconds)
    os.kill(process.pid, signal.SIGKILL)
    if crash is not None:
        crash()
    process.join()
    with os.fdopen(reading, "rb") as pipe:
        *lines, cut = pipe.read().split(b"\n")
    assert cut == b""
    return [(int(seq), key) for seq, key in (line.decode().split() for line in lines)]


def _child(url: str, seed: int, pipe: Any) -> None:
    endless(url, 4, seed, pipe.detach())


def _check(url: str, acknowledged: list[tuple[int, str]]) -> None:
    with sql_store(url) as store:
        entries = check_whole(store, ORIGIN)
    written = {(entry.seq, entry.key) for entry in entries}
    assert set(acknowledged) <= written
    assert len(acknowledged) == len(set(acknowledged))


def _torment(url: str, crash: Callable[[], None] | None = None) -> None:
    chance = random.Random(7)
    acknowledged: list[tuple[int, str]] = []
    for number in range(1, KILLS + 1):
        crashes = crash if number % CHECK_EVERY == 0 else None
        acknowledged += _killed(url, number, chance.uniform(0, 0.06), crashes)
        if number % CHECK_EVERY == 0:
            _check(url, acknowledged)
    assert len(acknowledged) > KILLS


@pytest.mark.slow
def test_kills_on_sqlite(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    _begin(url)
    _torment(url)


@pytest.mark.slow
@pytest.mark.postgres
def test_kills_on_postgres_and_crashes_of_the_server() -> None:
    with cluster(durable=True) as server:
        url = server.new_database()
        _begin(url)

        def crash() -> None:
            server.stop("immediate")
            server.start()

        _torment(url, crash)
