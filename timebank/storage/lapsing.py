"""What is left of an elder's granted hours, and on which day each part lapses."""

from __future__ import annotations

from datetime import date

from ledger import Kind
from timebank.domain.local_time import add_months, local_day
from timebank.domain.lots import Lot, Movement, left_of
from timebank.storage.unit import Unit

BACK = (Kind.RELEASE, Kind.SETTLE, Kind.REVERSE)


def granted_lots(unit: Unit, person_id: str) -> tuple[Lot, ...]:
    """By the entry that granted it; what lapses first stands first. A grant's entries carry its id in their key."""
    account = unit.members.purses(person_id).get("granted")
    shares = unit.issued.lapsing_shares(person_id)
    if account is None or not shares:
        return ()
    ends = {share.transfer_id: add_months(local_day(at), months) for share, at, months in shares}
    return left_of(
        Movement(line.entry.seq, line.minutes, line.entry.kind in BACK, _ends(line.entry.key or "", ends))
        for line in unit.book.statement(account)
    )


def _ends(key: str, ends: dict[str, date]) -> date | None:
    kind, _, rest = key.partition("-")
    return ends.get(rest.rpartition("-")[0]) if kind == "grant" else None
