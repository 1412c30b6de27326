"""The audit: whether a book is what it was, and whether what stands in it keeps the rules. See docs on its levels.

`audit` gives a `Report`; its `state`, kept somewhere safe, lets the next audit check the new entries only.
"""

from ledger.audit.evidence import ERASED, Documents, Evidence, Rules
from ledger.audit.findings import (
    ALL_LEVELS,
    BROKEN,
    SOUND,
    WITHOUT_DOCUMENTS,
    Finding,
    Level,
    Pin,
    Report,
)
from ledger.audit.run import audit
from ledger.audit.witnesses import Stamped, Witnessed
from ledger.audit.workers import Workers

__all__ = [
    "ALL_LEVELS",
    "BROKEN",
    "ERASED",
    "SOUND",
    "WITHOUT_DOCUMENTS",
    "Documents",
    "Evidence",
    "Finding",
    "Level",
    "Pin",
    "Report",
    "Rules",
    "Stamped",
    "Witnessed",
    "Workers",
    "audit",
]
