"""What the pages and the API are given of a transfer, and what gifts and grants have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import NotFound
from timebank.domain.evidence import Moved
from timebank.domain.policies import (
    Origin,
)
from timebank.domain.roles import Actor
from timebank.domain.transfers import (
    Side,
)
from timebank.storage.transfers import Transfer
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class TransferView:
    """A transfer as its two sides and the station see it."""

    id: str
    kind: str
    giver_id: str | None
    giver: str
    receiver_id: str | None
    receiver: str
    minutes: int
    state: str
    reason: str | None
    text: str
    refused_reason: str | None
    refused_text: str
    asked_at: datetime
    due_at: datetime
    can_undo: bool
    entry_seq: int | None
    asked_by: str


def mine(bank: Bank, actor: Actor, *, now: datetime) -> tuple[TransferView, ...]:
    """The actor's gifts and donations, given and received."""
    with bank.read() as unit:
        return views(unit, unit.transfers.of_person(actor.person_id), now)


def views(unit: Unit, rows: list[Transfer], now: datetime) -> tuple[TransferView, ...]:
    ids = {one for row in rows for one in (row.giver_id, row.receiver_id) if one}
    names = {person_id: data.name for person_id, data in unit.persons(ids).items()}
    return tuple(
        TransferView(
            id=row.id,
            kind=row.kind,
            giver_id=row.giver_id,
            giver=names.get(row.giver_id or "", ""),
            receiver_id=row.receiver_id,
            receiver=names.get(row.receiver_id or "", ""),
            minutes=row.minutes,
            state=row.state,
            reason=row.reason,
            text=unit.open_for(row.receiver_id or "", row.text_sealed) or "",
            refused_reason=row.refused_reason,
            refused_text=unit.open_for(row.receiver_id or "", row.refused_text_sealed) or "",
            asked_at=row.asked_at,
            due_at=row.due_at,
            can_undo=row.state == "pending" and row.kind != "grant",
            entry_seq=row.entry_seq,
            asked_by=row.actor_id,
        )
        for row in rows
    )


def side_of(unit: Unit, person_id: str) -> Side:
    membership = unit.members.get(person_id)
    if membership is None:
        raise NotFound
    return Side(person_id, membership.state == "active", membership.state == "closed")


def purses_of(unit: Unit, person_id: str) -> dict[Origin, int]:
    return {Origin(origin): minutes for origin, minutes in unit.balances(person_id).items()}


def moved(unit: Unit, row: Transfer, plan: tuple[tuple[Origin, int], ...], groups: tuple[str, ...] = ()) -> Moved:
    relation = None
    if row.giver_id is not None and row.receiver_id is not None:
        relation = unit.members.kin(row.giver_id).get(row.receiver_id)
    return Moved(
        transfer_id=row.id,
        kind=row.kind,
        giver_id=row.giver_id,
        receiver_id=row.receiver_id,
        relation=relation,
        minutes=row.minutes,
        plan=plan,
        asked_by=row.actor_id,
        approved_by=row.approver_id,
        reason=row.reason,
        groups=groups,
    )
