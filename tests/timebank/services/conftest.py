"""Two counties that agreed with each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from tests.timebank.services.counties import LATER, County


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[County, County]]:
    """Two counties that agreed with each other; their books are those that settings name by themselves."""
    with time_machine.travel(LATER):
        here = County(tmp_path / "here", "timebank.example/here")
        there = County(tmp_path / "there", "timebank.example/there")
        here.agree_with(there)
        there.agree_with(here)
        yield here, there
        here.close()
        there.close()
