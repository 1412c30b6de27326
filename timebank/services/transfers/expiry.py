"""What is not used of a grant lapses on the day that its programme said: back to where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from ledger import Kind
from timebank.domain.evidence import grant_lapse_document
from timebank.domain.local_time import local_day
from timebank.domain.lots import Lot, lapsed, total
from timebank.storage.lapsing import granted_lots
from timebank.storage.unit import Bank, Unit

SCHEDULER: Final = "scheduler"
WARN: Final = timedelta(days=30)


def lapse_grants_due(bank: Bank, *, now: datetime) -> int:
    """Let lapse what is due, one elder in one commit, and tell elders a month before. Gives how many lost hours.

    Safe to repeat: what is left is computed from the book. Hours that are held for a request don't lapse.
    """
    with bank.read() as unit:
        elders = unit.issued.with_lapsing_shares()
    return sum(_lapse_of(bank, person_id, now) for person_id in elders)


def _lapse_of(bank: Bank, person_id: str, now: datetime) -> bool:
    today = local_day(now)
    with bank.unit() as unit:
        unit.members.get(person_id, lock=True)
        lots = granted_lots(unit, person_id)
        due = lapsed(lots, today)
        if due:
            _write(unit, person_id, due, now)
            unit.tell(person_id, "grant_lapsed", "passbook", person_id, now=now)
        elif _warns(unit, person_id, lapsed(lots, today + WARN), today):
            unit.tell(person_id, "grant_lapses_soon", "passbook", person_id, now=now)
        return bool(due)


def _write(unit: Unit, person_id: str, due: Sequence[Lot], now: datetime) -> None:
    """One entry: what was issued leaves circulation again, what came from the pool goes back to it."""
    document = unit.keep_document(
        "lapse", person_id,
        grant_lapse_document(person_id=person_id, parts=[(one.seq, one.amount, str(one.lapses_on)) for one in due]),
        now=now,
    )  # fmt: skip
    back: dict[str, int] = {}
    for one in due:
        sources = [account for account, minutes in unit.book.entry(one.seq).postings if minutes < 0]
        back[sources[0]] = back.get(sources[0], 0) + one.amount
    purse = unit.members.purses(person_id)["granted"]
    unit.append(
        Kind.EXPIRE,
        SCHEDULER,
        [(purse, -total(due)), *back.items()],
        now=now,
        policy=unit.policy_at(now)[1],
        key=f"grant-lapse-{purse}-{unit.book.head().size}",
        evidence=document.commitment,
    )


def _warns(unit: Unit, person_id: str, soon: Sequence[Lot], today: date) -> bool:
    """Once for each grant of which something is left."""
    if not soon:
        return False
    told = False
    for share, at, _ in unit.issued.lapsing_shares(person_id):
        if share.warned_on is None and local_day(at) <= today and _is_of(unit, share.transfer_id, soon):
            share.warned_on, told = today, True
    return told


def _is_of(unit: Unit, transfer_id: str, lots: Sequence[Lot]) -> bool:
    return any((unit.book.entry(one.seq).key or "").startswith(f"grant-{transfer_id}-") for one in lots)
