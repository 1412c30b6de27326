"""A world per test process on real SQLite; each test runs in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from tests.timebank.world import World, build_world, make_bank, rolled_back, settings_in


@pytest.fixture(scope="session")
def built_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The county, made once."""
    bank = make_bank(settings_in(tmp_path_factory.mktemp("instance")))
    yield build_world(bank)
    bank.engine.dispose()


@pytest.fixture
def world(built_world: World, tmp_path: Path) -> Iterator[World]:
    """The county, and whatever the test does to it is undone. The signer's memory is the test's own, too: it would
    rightly call a book that was rolled back a fork."""
    with rolled_back(built_world.bank) as bank:
        alone = replace(bank, settings=replace(bank.settings, signer_memory_path=tmp_path / "signer.json"))
        yield World(alone, deepcopy(built_world.stations), dict(built_world.staff))
