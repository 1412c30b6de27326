"""Hours that wait in escrow until the time for taking them back is over."""

from __future__ import annotations

from datetime import datetime

from ledger import Draft, Kind
from timebank.domain.evidence import transfer_document
from timebank.domain.policies import Policy, Use, spend_plan
from timebank.domain.roles import Actor
from timebank.domain.transfers import due_at
from timebank.services.transfers.values import TransferView, moved, purses_of, views
from timebank.storage.transfers import Transfer
from timebank.storage.unit import Bank, Unit

USES = {"gift": Use.GIFT, "donate": Use.DONATE, "clear": Use.REDEEM}
"""What a purse has to allow, by the kind of transfer."""


def hold(
    bank: Bank,
    unit: Unit,
    actor: Actor,
    giver_id: str,
    policy: Policy,
    kind: str,
    receiver_id: str | None,
    minutes: int,
    now: datetime,
) -> TransferView:
    """Set the giver's hours aside until the undo time is over."""
    plan = spend_plan(policy, purses_of(unit, giver_id), minutes, USES[kind])
    accounts = unit.members.purses(giver_id)
    row = Transfer(
        book=unit.origin,
        id=bank.new_id(now),
        kind=kind,
        giver_id=giver_id,
        receiver_id=receiver_id,
        minutes=minutes,
        actor_id=actor.person_id,
        state="pending",
        asked_at=now,
        due_at=due_at(policy, now),
        version=1,
    )
    unit.transfers.add(row)
    unit.flush()
    document = unit.keep_document("transfer", giver_id, transfer_document(moved(unit, row, plan)), now=now)
    postings = [*((accounts[str(origin)], -part) for origin, part in plan), (unit.escrow, minutes)]
    entry = unit.append(
        Kind.HOLD,
        actor.person_id,
        postings,
        now=now,
        policy=unit.policy_at(now)[1],
        key=f"hold-{row.id}",
        evidence=document.commitment,
    )
    row.hold_seq = entry.seq
    return views(unit, [row], now)[0]


def release(unit: Unit, row: Transfer, actor_id: str, now: datetime) -> Draft:
    """The entry that gives back what waits."""
    return Draft(
        kind=Kind.RELEASE,
        actor=actor_id,
        postings=(*unit.given_back(row.hold_seq or 0, row.minutes), (unit.escrow, -row.minutes)),
        of=row.hold_seq,
        policy=unit.policy_at(now)[1],
        key=f"release-{row.id}",
    )
