"""What the scheduler does for sheets: checks large ones, carries out, takes back, forgets what nobody decided on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from timebank.domain.imports import ImportState
from timebank.services.imports.carrying import carry_chunk
from timebank.services.imports.checking import check_now
from timebank.services.imports.undoing import undo_lines
from timebank.storage.unit import Bank

CHUNKS: Final = 40
"""So many commits in one go; then the other work of the scheduler has its turn."""
PATIENCE: Final = timedelta(days=30)


def work_due(bank: Bank, *, now: datetime) -> int:
    """Gives how many sheets were worked at. Safe to repeat after a crash at any point."""
    with bank.read() as unit:
        ids = unit.imports.at_work()
    for import_id in ids:
        _work(bank, import_id, now)
    return len(ids)


def _work(bank: Bank, import_id: str, now: datetime) -> None:
    if check_now(bank, import_id, now=now):
        return
    for step in (carry_chunk, undo_lines):
        for _ in range(CHUNKS):
            if not step(bank, import_id, now=now):
                break


def forget_undecided(bank: Bank, *, now: datetime) -> int:
    """Sheets on which nobody decided in a month are withdrawn, and their content is forgotten. Gives how many."""
    with bank.unit() as unit:
        old = [
            row
            for row in unit.imports.page(limit=500)
            if row.state in (ImportState.UPLOADED, ImportState.CHECKED) and row.proposed_at < now - PATIENCE
        ]
        for row in old:
            row.state, row.file_sealed, row.ended_at = str(ImportState.WITHDRAWN), None, now
            unit.flush()
            unit.imports.forget_content(row.id)
        return len(old)
