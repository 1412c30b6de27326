"""A county of its own for each story, and an audit of its whole book at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.timebank.world import NOW, World, build_world, make_bank, settings_in
from timebank.services import audits


@pytest.fixture
def county(tmp_path: Path) -> Iterator[World]:
    """A county with a database of its own."""
    bank = make_bank(settings_in(tmp_path))
    yield build_world(bank)
    bank.engine.dispose()


@pytest.fixture
def the_book_is_sound(county: World) -> Callable[[], None]:
    """The auditor finds nothing at any of the four levels, and says so in the book."""

    def check() -> None:
        size = county.size()
        report = audits.run_now(county.bank, county.staff["auditor"], full=True, now=NOW)
        assert (report.verdict, report.size, report.report["levels"]) == ("sound", size, [1, 2, 3, 4])
        assert report.report["findings"] == []
        assert county.size() == size + 1

    return check
