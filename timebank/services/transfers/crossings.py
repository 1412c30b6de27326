"""Sending hours to the own membership, or somebody else's, in another county. They wait in escrow for the undo time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger import Draft, Kind
from timebank.domain.errors import ClearingLimitReached, ConversionOff, NotFound, PartnerUnknown, ProgrammeNotOpen
from timebank.domain.evidence import clearing_document
from timebank.domain.identity import parse_member_number
from timebank.domain.points import converted, from_document
from timebank.domain.policies import Use, usable_minutes
from timebank.domain.roles import Actor, require
from timebank.domain.transfers import refuse_crossing
from timebank.services.transfers.escrow import hold, release
from timebank.services.transfers.values import TransferView, purses_of, side_of
from timebank.storage.clearing import LOCAL, OUT, Clearing, Partner
from timebank.storage.programmes import bank_of
from timebank.storage.transfers import Transfer
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class Destination:
    """A county to which hours can be sent."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where the actor may send hours, and how many."""

    destinations: tuple[Destination, ...]
    usable_minutes: int
    undo_minutes: int


def crossing(bank: Bank, actor: Actor, *, now: datetime) -> Crossing:
    """Where hours can be sent, and how many of the actor's."""
    require(actor, "transfers.gift")
    with bank.read() as unit:
        policy, _ = unit.policy_at(now)
        agreed = [row for row in unit.clearings.partners() if row.state == "agreed"]
        return Crossing(
            destinations=tuple(Destination(row.id, row.name) for row in agreed),
            usable_minutes=usable_minutes(policy, purses_of(unit, actor.person_id), Use.REDEEM),
            undo_minutes=policy.undo_minutes,
        )


def cross(bank: Bank, actor: Actor, partner_id: str, number: str, minutes: int, *, now: datetime) -> TransferView:
    """Send hours to a member of another county, by the member number there.

    Raises PartnerUnknown, MemberNumberInvalid, MinutesInvalid, BalanceTooLow, ClearingLimitReached.
    """
    require(actor, "transfers.gift")
    member_number = parse_member_number(number)
    with bank.unit() as unit:
        partner = unit.clearings.partner(partner_id, lock=True)
        if partner is None or partner.state != "agreed" or partner.url == LOCAL:
            raise PartnerUnknown
        return _send_over(bank, unit, actor, partner, member_number, minutes, now)


def exchange(bank: Bank, actor: Actor, programme_id: str, minutes: int, *, now: datetime) -> TransferView:
    """Let own hours become points of a programme, at the rate of its rules; they wait for the undo time first.

    Raises NotFound, ProgrammeNotOpen, ConversionOff, ConversionUneven, MinutesInvalid, BalanceTooLow.
    """
    require(actor, "transfers.gift")
    with bank.unit() as unit:
        programme, membership = unit.points.programme(programme_id), unit.members.get(actor.person_id)
        if programme is None or membership is None:
            raise NotFound
        if programme.state != "open":
            raise ProgrammeNotOpen
        with bank_of(bank, programme.origin).read() as there:
            rules = there.points.rules_at(now)
            if rules is None:
                raise ProgrammeNotOpen
            converted(from_document(rules.document), minutes)
        partner = unit.clearings.partner(programme_id, lock=True)
        if partner is None:
            raise ConversionOff
        return _send_over(bank, unit, actor, partner, membership.number, minutes, now)


def _send_over(
    bank: Bank, unit: Unit, actor: Actor, partner: Partner, member_number: str, minutes: int, now: datetime
) -> TransferView:
    """The hold, and what the other book will be told. The partner must be locked."""
    policy, _ = unit.policy_at(now)
    unit.members.get(actor.person_id, lock=True)
    for error in refuse_crossing(policy, side_of(unit, actor.person_id), purses_of(unit, actor.person_id), minutes):
        raise error
    _check_limit(unit, partner, minutes + unit.clearings.held_minutes(partner.id))
    view = hold(bank, unit, actor, actor.person_id, policy, "clear", None, minutes, now)
    document = clearing_document(transfer_id=view.id, book=partner.origin, member_number=member_number, minutes=minutes)
    told = {"document": document, "salt": bank.random(32).hex()}
    unit.clearings.add(
        Clearing(
            book=unit.origin,
            id=view.id,
            direction=OUT,
            partner_id=partner.id,
            person_id=actor.person_id,
            minutes=minutes,
            message_sealed=unit.seal_for(actor.person_id, told),
            state="held",
            made_at=now,
            tries=0,
            problem="",
            version=1,
        )
    )
    return view


def _check_limit(unit: Unit, partner: Partner, minutes: int) -> None:
    if unit.book.balance(partner.account or "") + minutes > partner.limit_minutes:
        raise ClearingLimitReached


def undone(unit: Unit, row: Transfer, now: datetime) -> None:
    """The transfer was taken back in time: nothing of it leaves the county."""
    crossing = unit.clearings.get(row.id, lock=True)
    if crossing is not None:
        crossing.state, crossing.ended_at, crossing.message_sealed = "undone", now, None


def carry_over(unit: Unit, row: Transfer, actor_id: str, now: datetime) -> None:
    """The hold is released and the hours go to the other book's account, in one batch. From now on it is told there."""
    crossing = unit.clearings.get(row.id, lock=True)
    partner = unit.clearings.partner(crossing.partner_id, lock=True) if crossing is not None else None
    if crossing is None or partner is None or partner.account is None or row.giver_id is None:
        raise PartnerUnknown
    told = unit.open_for(row.giver_id, crossing.message_sealed)
    document = unit.document("clearing", row.giver_id, told["document"], now=now, salt=bytes.fromhex(told["salt"]))
    unit.people.add(document)
    back = unit.given_back(row.hold_seq or 0, row.minutes)
    moved = Draft(
        kind=Kind.CLEAR,
        actor=actor_id,
        postings=tuple(sorted((*((account, -part) for account, part in back), (partner.account, row.minutes)))),
        policy=unit.policy_at(now)[1],
        key=f"clear-out-{row.id}",
        evidence=document.commitment,
        data={"book": partner.origin, "transfer": row.id},
    )
    row.entry_seq = unit.append_many([release(unit, row, actor_id, now), moved], now=now)[1].seq
    crossing.state, crossing.entry_seq, crossing.next_try_at = "sent", row.entry_seq, now
