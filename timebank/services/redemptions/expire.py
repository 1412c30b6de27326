"""Holds that nobody used go back by themselves. Run by the scheduler."""

from __future__ import annotations

from datetime import datetime

from timebank.domain.redemptions import RedemptionState, after, is_expired
from timebank.domain.states import Party
from timebank.storage.holding import release
from timebank.storage.unit import Bank

SCHEDULER = "scheduler"
MAY_EXPIRE = ("requested", "waiting", "held", "assigned")


def expire_due(bank: Bank, *, now: datetime) -> int:
    """Let every request expire whose time is over; each in a commit of its own. Gives how many."""
    with bank.read() as unit:
        due = unit.redemptions.expired(MAY_EXPIRE, now)
    done = 0
    for redemption_id in due:
        with bank.unit() as unit:
            row = unit.redemptions.get(redemption_id, lock=True)
            if row is None or not is_expired(RedemptionState(row.state), row.expires_at, now):
                continue
            state = after(RedemptionState(row.state), "expire", frozenset({Party.SYSTEM}))
            release(unit, row, SCHEDULER, now)
            unit.redemptions.move(row, str(state), SCHEDULER, "job", now)
            done += 1
    return done
