"""Sheets from other systems: loaded, checked, approved by a second person, carried out, taken back; and given out."""

from timebank.services.imports.deciding import NewImport, approve, choose, load, undo, withdraw
from timebank.services.imports.exporting import export
from timebank.services.imports.reading import read_sheet
from timebank.services.imports.values import ImportView, every, findings, see
from timebank.services.imports.working import forget_undecided, work_due

__all__ = [
    "ImportView",
    "NewImport",
    "approve",
    "choose",
    "every",
    "export",
    "findings",
    "forget_undecided",
    "load",
    "read_sheet",
    "see",
    "undo",
    "withdraw",
    "work_due",
]
