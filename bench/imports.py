"""How long a sheet of 100,000 members with their hours takes: the dry run and carrying it out together, on SQLite."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

from tests.timebank.services.test_network import second_county
from tests.timebank.world import NOW, build_world, make_bank, settings_in
from timebank.demo.people import resident_number
from timebank.services import imports
from timebank.services.imports import NewImport

LINES, AT_MOST_SECONDS = 100_000, 120.0


def run(directory: Path, postgres_url: str | None = None) -> list[dict[str, Any]]:
    """The rows of the table: measure, value, against, ratio, wanted."""
    bank = make_bank(settings_in(directory / "imports"))
    world = build_world(bank)
    approver = second_county(world)
    new = NewImport("members", world.stations["A"], "旧系统", _sheet(), agreed=True)
    begun = time.perf_counter()
    view = imports.load(bank, world.staff["county"], new, now=NOW)
    imports.work_due(bank, now=NOW)
    checked = time.perf_counter() - begun
    view = imports.see(bank, approver, view.id)
    imports.approve(bank, approver, view.id, view.digest, now=NOW)
    while imports.work_due(bank, now=NOW):
        pass
    seconds = time.perf_counter() - begun
    done = imports.see(bank, approver, view.id)
    bank.engine.dispose()
    if done.lines != {"done": LINES}:
        raise RuntimeError(f"not all lines were taken over: {done.lines}")
    return [
        {
            "measure": f"a sheet of {LINES:,} members with hours, checked ({checked:.0f} s) and taken over (at most)",
            "value": f"{seconds:.0f} s",
            "against": f"{AT_MOST_SECONDS:.0f} s",
            "ratio": seconds / AT_MOST_SECONDS,
            "wanted": 1.0,
            "reached": seconds <= AT_MOST_SECONDS,
        }
    ]


def _sheet() -> bytes:
    lines = ["key,name,phone,document_number,minutes"]
    for number in range(LINES):
        paper = resident_number(date(1940 + number // 900 % 50, number % 12 + 1, number % 28 + 1), number % 900)
        lines.append(f"V{number},王秀英,188{number:08d},{paper},{number % 900 + 1}")
    return "\n".join(lines).encode()
