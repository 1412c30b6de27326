"""Ending a membership: one way for the desk, which closes it, and for an erasure."""

from __future__ import annotations

from datetime import datetime

from ledger import Kind
from timebank.domain.errors import BalanceLeft, OpenMattersLeft
from timebank.storage import hours, needs, redemptions
from timebank.storage.members import Membership
from timebank.storage.unit import Unit


def require_settled(unit: Unit, person_id: str) -> None:
    """Raises BalanceLeft or OpenMattersLeft; what is left is used, given or donated first."""
    left = sum(unit.balances(person_id).values())
    if left:
        raise BalanceLeft(balance_minutes=left)
    require_nothing_open(unit, person_id)


def require_nothing_open(unit: Unit, person_id: str) -> None:
    """Raises OpenMattersLeft while records, requests, needs, transfers, incidents or complaints of this person are
    open."""
    if unit.hours.page(person_id=person_id, states=hours.OPEN, limit=1):
        raise OpenMattersLeft
    if unit.redemptions.page(person_id=person_id, states=redemptions.OPEN, limit=1):
        raise OpenMattersLeft
    if unit.needs.page(person_id=person_id, states=needs.OPEN, limit=1):
        raise OpenMattersLeft
    if unit.transfers.pending(person_id) or unit.clearings.is_under_way_of(person_id):
        raise OpenMattersLeft
    if unit.consent_notes.is_out_of(person_id) or unit.equipment.is_open_of(person_id):
        raise OpenMattersLeft
    if unit.incidents.is_open_of(person_id) or unit.complaints.is_open_of(person_id):
        raise OpenMattersLeft


def close_membership(unit: Unit, membership: Membership, actor_id: str, *, now: datetime) -> None:
    """Each purse gets its `close` entry. Raises what `require_settled` does."""
    require_settled(unit, membership.person_id)
    membership.state = "closed"
    unit.rounds.end_of(membership.person_id, actor_id, None, now)
    for account in unit.members.purses(membership.person_id).values():
        unit.append(Kind.CLOSE, actor_id, now=now, data={"account": account})
