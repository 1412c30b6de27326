"""What we publish, proven by Go's own transparency log libraries; and what they refuse."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.chain import leaf_hash
from ledger.merkle import root_of
from ledger.notes import KeyType, SigningKey
from tests.ledger.auditing import KEYS
from tests.ledger.books import ORIGIN
from tests.ledger.forging import honest_bodies
from tests.ledger.monitor.gotool import built, judges
from tests.ledger.monitor.static_log import StaticLog, static_log

BODIES = honest_bodies()
KEY = KEYS[0].verifier.encode()


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("go"))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[StaticLog]:
    with static_log(tmp_path) as made:
        yield made


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, len(BODIES)])
def test_go_proves_every_entry_and_the_smaller_trees(tool: Path, log: StaticLog, size: int) -> None:
    log.publish(BODIES[:size])
    smaller = sorted({1, size // 2 or 1, size})
    done = judges(tool, log.url, KEY, *smaller)
    assert done.returncode == 0, done.stderr
    roots = [base64.b64encode(root_of([leaf_hash(body) for body in BODIES[:one]])).decode() for one in smaller]
    lines = [f"{one} {root}" for one, root in zip(smaller, roots, strict=True)]
    assert done.stdout.splitlines() == [*lines, f"ok {size}"]


def test_go_refuses_what_we_refuse(tool: Path, log: StaticLog) -> None:
    log.publish(BODIES)
    other = SigningKey(ORIGIN, KeyType.ED25519, bytes(32)).verifier.encode()
    assert judges(tool, log.url, other).returncode != 0
    entries = log.folder / "log" / "tile" / "entries" / "000"
    raw = bytearray(entries.read_bytes())
    raw[40] ^= 1
    entries.write_bytes(raw)
    assert "entry 0" in judges(tool, log.url, KEY).stderr
    log.publish(BODIES)
    hashes = log.folder / "log" / "tile" / "0" / "000"
    raw = bytearray(hashes.read_bytes())
    raw[0] ^= 1
    hashes.write_bytes(raw)
    assert judges(tool, log.url, KEY).returncode != 0
