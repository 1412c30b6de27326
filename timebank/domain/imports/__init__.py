"""Sheets that come from other systems: what they may hold, which column is what, and each line checked.

Nothing here writes. A finding names line, field and code, never what stands in the cell: it may be shown and logged.
"""

from timebank.domain.imports.fields import (
    FIELD_LABELS,
    FIELDS,
    KIND_LABELS,
    MAPPINGS,
    STATE_LABELS,
    ImportKind,
    ImportState,
    ReadyMapping,
    guess,
    missing_fields,
)
from timebank.domain.imports.rows import (
    FINDING_LABELS,
    BalanceRow,
    Finding,
    HistoryRow,
    MemberRow,
    Row,
    ServiceRow,
    check_line,
    from_json,
    keys_of,
    to_json,
)

__all__ = [
    "FIELDS",
    "FIELD_LABELS",
    "FINDING_LABELS",
    "KIND_LABELS",
    "MAPPINGS",
    "STATE_LABELS",
    "BalanceRow",
    "Finding",
    "HistoryRow",
    "ImportKind",
    "ImportState",
    "MemberRow",
    "ReadyMapping",
    "Row",
    "ServiceRow",
    "check_line",
    "from_json",
    "guess",
    "keys_of",
    "missing_fields",
    "to_json",
]
