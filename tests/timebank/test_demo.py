"""The demonstration: a real book that passes the audit, loaded once only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.timebank.world import NOW, make_bank, settings_in
from timebank.demo.load import load_demo
from timebank.services import Bank, audits, beginning


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    bank = make_bank(settings_in(tmp_path))
    yield bank
    bank.engine.dispose()


def test_the_demo_is_sound_and_is_loaded_once(bank: Bank) -> None:
    said: list[str] = []
    assert load_demo(bank, say=said.append, now=NOW, days=3)
    size = beginning.size(bank)
    assert size > 60
    assert str(size) in said[-1]
    assert not load_demo(bank, say=said.append, now=NOW, days=3)
    assert beginning.size(bank) == size
    assert audits.run_full(bank, now=NOW) is not None
    with bank.read() as unit:
        run = unit.audits.runs()[0]
    assert (run.verdict, run.size) == ("sound", size)
