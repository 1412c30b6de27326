"""Gifts and donations. They wait in escrow for the undo time, so that they can be taken back with one tap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger import Draft, Kind
from timebank.domain.errors import NotFound, SecondPersonNeeded
from timebank.domain.identity import parse_member_number
from timebank.domain.kin import Relation
from timebank.domain.local_time import month_start
from timebank.domain.policies import (
    GiftTo,
    Policy,
    Use,
    usable_minutes,
)
from timebank.domain.roles import Actor, permits, require
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
from timebank.storage.presence import prove
from timebank.storage.transfers import Transfer
from timebank.storage.unit import Bank, Unit

SCHEDULER, DESK_VERB = "scheduler", "transfers.enter_at_desk"


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


@dataclass(frozen=True, slots=True)
class AtDesk:
    """A member at the desk who gives: whose hours, and the PIN or card by which the member shows to be there."""

    giver_id: str
    pin: str = ""
    card: str = ""


def giving(bank: Bank, actor: Actor, giver_id: str | None = None, *, now: datetime) -> Giving:
    """What the actor, or a member at the actor's desk, may give. Zero where the rules allow none. Raises NotFound."""
    with bank.read() as unit:
        if giver_id is not None:
            unit.require_member_at(actor, DESK_VERB, giver_id)
        policy, _ = unit.policy_at(now)
        purses = purses_of(unit, giver_id or actor.person_id)
        gifts = policy.gift.to is not GiftTo.NONE
        return Giving(
            gift_minutes=usable_minutes(policy, purses, Use.GIFT) if gifts else 0,
            donate_minutes=usable_minutes(policy, purses, Use.DONATE) if policy.donate else 0,
            undo_minutes=policy.undo_minutes,
            to_anybody=policy.gift.to is GiftTo.ANY,
        )


def addressee(bank: Bank, actor: Actor, number: str, giver_id: str | None = None) -> Addressee:
    """The member with this number, as the giver may see it. Raises MemberNumberInvalid, NotFound."""
    with bank.read() as unit:
        membership = unit.members.by_number(parse_member_number(number))
        if membership is None:
            raise NotFound
        person = unit.person(membership.person_id)
        near = membership.person_id in unit.members.kin(giver_id or actor.person_id)
        return Addressee(membership.person_id, person.name if near else person.masked().name, membership.number)


def gift(
    bank: Bank, actor: Actor, receiver_id: str, minutes: int, *, desk: AtDesk | None = None, now: datetime
) -> TransferView:
    """Give hours to another member: the own ones, or at the desk those of a member who shows to be there.

    Raises what `domain.transfers.refuse_gift` says, and at the desk PinWrong, PinNotSet, CardUnknown, TooManyAttempts,
    SecondPersonNeeded where the worker would get them, NotFound.
    """
    giver_id = _giver(bank, actor, "transfers.gift", desk, now)
    if desk is not None and receiver_id == actor.person_id:
        raise SecondPersonNeeded
    with bank.unit() as unit:
        policy, _ = unit.policy_at(now)
        unit.members.get(giver_id, lock=True)
        relation = unit.members.kin(giver_id).get(receiver_id)
        seen = Relation(relation) if relation else None
        given = [row for row in unit.transfers.given_since(giver_id, month_start(now)) if row.kind == "gift"]
        given_minutes = sum(row.minutes for row in given if row.state in ("pending", "done"))
        for error in refuse_gift(
            policy, side_of(unit, giver_id), side_of(unit, receiver_id), seen, purses_of(unit, giver_id),
            minutes, given_minutes,
        ):  # fmt: skip
            raise error
        return _held(bank, unit, actor, giver_id, policy, "gift", receiver_id, minutes, now)


def donate(bank: Bank, actor: Actor, minutes: int, *, desk: AtDesk | None = None, now: datetime) -> TransferView:
    """Give hours to the pool, from which elders in need get them. At the desk as `gift`."""
    giver_id = _giver(bank, actor, "transfers.donate", desk, now)
    with bank.unit() as unit:
        policy, _ = unit.policy_at(now)
        unit.members.get(giver_id, lock=True)
        for error in refuse_donation(policy, side_of(unit, giver_id), purses_of(unit, giver_id), minutes):
            raise error
        return _held(bank, unit, actor, giver_id, policy, "donate", None, minutes, now)


def _giver(bank: Bank, actor: Actor, verb: str, desk: AtDesk | None, now: datetime) -> str:
    """Whose hours are given. At the desk the member shows to be there, each time."""
    if desk is None:
        require(actor, verb)
        return actor.person_id
    with bank.read() as unit:
        unit.require_member_at(actor, DESK_VERB, desk.giver_id)
    prove(bank, desk.giver_id, pin=desk.pin, card=desk.card, now=now)
    return desk.giver_id


def _held(
    bank: Bank, unit: Unit, actor: Actor, giver_id: str, policy: Policy, kind: str, receiver_id: str | None,
    minutes: int, now: datetime,
) -> TransferView:  # fmt: skip
    """The hours wait; who gave them at a desk is told, and can take them back as at home."""
    view = hold(bank, unit, actor, giver_id, policy, kind, receiver_id, minutes, now)
    if giver_id != actor.person_id:
        unit.tell(giver_id, "given_at_desk", "transfer", view.id, now=now)
    return view


def undo(bank: Bank, actor: Actor, transfer_id: str, *, now: datetime) -> TransferView:
    """Take a gift or donation back while it still waits: the giver, or the desk for the giver.

    Raises NotFound, TransferStateConflict.
    """
    with bank.unit() as unit:
        row = unit.transfers.get(transfer_id, lock=True)
        if row is None or row.giver_id is None:
            raise NotFound
        party = Party.OWNER
        if row.giver_id != actor.person_id:
            if not permits(actor, DESK_VERB):
                raise NotFound
            unit.require_member_at(actor, DESK_VERB, row.giver_id)
            party = Party.DESK
        row.state = str(after(TransferState(row.state), "undo", frozenset({party})))
        row.done_at = now
        unit.append_many([release(unit, row, actor.person_id, now)], now=now)
        if row.kind == "clear":
            undone(unit, row, now)
        return views(unit, [row], now)[0]


def of_member(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> tuple[TransferView, ...]:
    """What a member at the actor's desk gave, the newest first. Raises NotFound."""
    with bank.read() as unit:
        unit.require_member_at(actor, DESK_VERB, person_id)
        rows = [row for row in unit.transfers.of_person(person_id) if row.giver_id == person_id]
        return views(unit, rows, now)


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
