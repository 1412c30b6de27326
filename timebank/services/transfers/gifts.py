"""Gifts and donations. They wait in escrow for the undo time, so that they can be taken back with one tap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger import Draft, Kind
from timebank.domain.errors import NotFound
from timebank.domain.identity import parse_member_number
from timebank.domain.kin import Relation
from timebank.domain.local_time import month_start
from timebank.domain.policies import (
    GiftTo,
    Use,
    usable_minutes,
)
from timebank.domain.roles import Actor, require
from timebank.domain.states import Party
from timebank.domain.transfers import (
    TransferState,
    after,
    refuse_donation,
    refuse_gift,
)
from timebank.services.transfers.crossings import carry_over, undone
from timebank.services.transfers.escrow import hold, release
from timebank.services.transfers.values import TransferView, purses_of, side_of, views
from timebank.storage.transfers import Transfer
from timebank.storage.unit import Bank, Unit

SCHEDULER = "scheduler"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a gift goes to, as the giver may see it: relatives by name, others by the family name alone."""

    person_id: str
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Giving:
    """What the rules let a member give and donate now, and for how long it can be taken back."""

    gift_minutes: int
    donate_minutes: int
    undo_minutes: int
    to_anybody: bool


def giving(bank: Bank, actor: Actor, *, now: datetime) -> Giving:
    """What the actor may give. Zero where the rules allow none."""
    with bank.read() as unit:
        policy, _ = unit.policy_at(now)
        purses = purses_of(unit, actor.person_id)
        gifts = policy.gift.to is not GiftTo.NONE
        return Giving(
            gift_minutes=usable_minutes(policy, purses, Use.GIFT) if gifts else 0,
            donate_minutes=usable_minutes(policy, purses, Use.DONATE) if policy.donate else 0,
            undo_minutes=policy.undo_minutes,
            to_anybody=policy.gift.to is GiftTo.ANY,
        )


def addressee(bank: Bank, actor: Actor, number: str) -> Addressee:
    """The member with this number. Raises MemberNumberInvalid, NotFound."""
    with bank.read() as unit:
        membership = unit.members.by_number(parse_member_number(number))
        if membership is None:
            raise NotFound
        person = unit.person(membership.person_id)
        near = membership.person_id in unit.members.kin(actor.person_id)
        return Addressee(membership.person_id, person.name if near else person.masked().name, membership.number)


def gift(bank: Bank, actor: Actor, receiver_id: str, minutes: int, *, now: datetime) -> TransferView:
    """Give hours to another member. Raises what `domain.transfers.refuse_gift` says."""
    require(actor, "transfers.gift")
    with bank.unit() as unit:
        policy, _ = unit.policy_at(now)
        unit.members.get(actor.person_id, lock=True)
        relation = unit.members.kin(actor.person_id).get(receiver_id)
        seen = Relation(relation) if relation else None
        given = [row for row in unit.transfers.given_since(actor.person_id, month_start(now)) if row.kind == "gift"]
        given_minutes = sum(row.minutes for row in given if row.state in ("pending", "done"))
        for error in refuse_gift(
            policy, side_of(unit, actor.person_id), side_of(unit, receiver_id), seen, purses_of(unit, actor.person_id),
            minutes, given_minutes,
        ):  # fmt: skip
            raise error
        return hold(bank, unit, actor, policy, "gift", receiver_id, minutes, now)


def donate(bank: Bank, actor: Actor, minutes: int, *, now: datetime) -> TransferView:
    """Give hours to the pool, from which elders in need get them."""
    require(actor, "transfers.donate")
    with bank.unit() as unit:
        policy, _ = unit.policy_at(now)
        unit.members.get(actor.person_id, lock=True)
        for error in refuse_donation(policy, side_of(unit, actor.person_id), purses_of(unit, actor.person_id), minutes):
            raise error
        return hold(bank, unit, actor, policy, "donate", None, minutes, now)


def undo(bank: Bank, actor: Actor, transfer_id: str, *, now: datetime) -> TransferView:
    """Take a gift or donation back while it still waits. Raises NotFound, TransferStateConflict."""
    with bank.unit() as unit:
        row = unit.transfers.get(transfer_id, lock=True)
        if row is None or row.giver_id != actor.person_id:
            raise NotFound
        row.state = str(after(TransferState(row.state), "undo", frozenset({Party.OWNER})))
        row.done_at = now
        unit.append_many([release(unit, row, actor.person_id, now)], now=now)
        if row.kind == "clear":
            undone(unit, row, now)
        return views(unit, [row], now)[0]


def carry_out_due(bank: Bank, *, now: datetime) -> int:
    """Carry out the gifts and donations whose undo time is over; each in a commit of its own. Gives how many."""
    with bank.read() as unit:
        due = unit.transfers.due(now)
    for transfer_id in due:
        with bank.unit() as unit:
            row = unit.transfers.get(transfer_id, lock=True)
            if row is not None and row.state == "pending" and row.kind != "grant":
                _carry_out(unit, row, now)
    return len(due)


def _carry_out(unit: Unit, row: Transfer, now: datetime) -> None:
    """The hold is released and the hours move on, in one batch: no one else can take them in between."""
    row.state = str(after(TransferState(row.state), "carry_out", frozenset({Party.SYSTEM})))
    row.done_at = now
    if row.kind == "clear":
        carry_over(unit, row, SCHEDULER, now)
        return
    waited = unit.book.entry(row.hold_seq or 0)
    back = unit.given_back(row.hold_seq or 0, row.minutes)
    if row.kind == "gift" and row.receiver_id is not None:
        target = unit.purse(row.receiver_id, "received", SCHEDULER, now=now)
        unit.tell(row.receiver_id, "gift_received", "passbook", row.id, now=now)
        kind = Kind.GIFT
    else:
        target, kind = unit.pool, Kind.DONATE
    moved = Draft(
        kind=kind,
        actor=row.actor_id,
        postings=(*((account, -part) for account, part in back), (target, row.minutes)),
        policy=unit.policy_at(now)[1],
        key=f"transfer-{row.id}",
        evidence=waited.evidence,
    )
    row.entry_seq = unit.append_many([release(unit, row, SCHEDULER, now), moved], now=now)[1].seq
