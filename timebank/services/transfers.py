"""Gifts, donations and grants. A gift waits in escrow for the undo time, so that it can be taken back with one tap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger import Draft, Kind
from timebank.domain.errors import NotFound
from timebank.domain.evidence import Moved, transfer_document
from timebank.domain.identity import parse_member_number
from timebank.domain.kin import Relation
from timebank.domain.local_time import local_day, month_start
from timebank.domain.policies import (
    GiftTo,
    Origin,
    Policy,
    Use,
    grant_sources,
    groups_of,
    spend_plan,
    usable_minutes,
)
from timebank.domain.roles import Actor, covers, require, require_at
from timebank.domain.states import Party
from timebank.domain.transfers import (
    GrantWish,
    Side,
    TransferState,
    after,
    check_approver,
    check_reason,
    due_at,
    refuse_donation,
    refuse_gift,
    refuse_grant,
)
from timebank.storage.redemptions import Transfer
from timebank.storage.unit import Bank, Unit

SCHEDULER = "scheduler"


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
    asked_at: datetime
    due_at: datetime
    can_undo: bool
    entry_seq: int | None
    asked_by: str


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


def giving(bank: Bank, actor: Actor, *, now: datetime) -> Giving:
    """What the actor may give. Zero where the rules allow none."""
    with bank.read() as unit:
        policy, _ = unit.policy_at(now)
        purses = _purses(unit, actor.person_id)
        gifts = policy.gift.to is not GiftTo.NONE
        return Giving(
            gift_minutes=usable_minutes(policy, purses, Use.GIFT) if gifts else 0,
            donate_minutes=usable_minutes(policy, purses, Use.DONATE) if policy.donate else 0,
            undo_minutes=policy.undo_minutes,
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
            policy, _side(unit, actor.person_id), _side(unit, receiver_id), seen, _purses(unit, actor.person_id),
            minutes, given_minutes,
        ):  # fmt: skip
            raise error
        return _hold(bank, unit, actor, policy, "gift", receiver_id, minutes, now)


def donate(bank: Bank, actor: Actor, minutes: int, *, now: datetime) -> TransferView:
    """Give hours to the pool, from which elders in need get them."""
    require(actor, "transfers.donate")
    with bank.unit() as unit:
        policy, _ = unit.policy_at(now)
        unit.members.get(actor.person_id, lock=True)
        for error in refuse_donation(policy, _side(unit, actor.person_id), _purses(unit, actor.person_id), minutes):
            raise error
        return _hold(bank, unit, actor, policy, "donate", None, minutes, now)


def undo(bank: Bank, actor: Actor, transfer_id: str, *, now: datetime) -> TransferView:
    """Take a gift or donation back while it still waits. Raises NotFound, TransferStateConflict."""
    with bank.unit() as unit:
        row = unit.transfers.get(transfer_id, lock=True)
        if row is None or row.giver_id != actor.person_id:
            raise NotFound
        row.state = str(after(TransferState(row.state), "undo", frozenset({Party.OWNER})))
        row.done_at = now
        unit.append_many([_release(unit, row, actor.person_id, now)], now=now)
        return _views(unit, [row], now)[0]


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


def ask_grant(bank: Bank, actor: Actor, receiver_id: str, minutes: int, reason: str, *, now: datetime) -> TransferView:
    """A worker asks for hours for an elder in need; a street or county centre decides. Raises `refuse_grant`."""
    require(actor, "transfers.grant")
    with bank.unit() as unit:
        membership = unit.members.get(receiver_id)
        if membership is None:
            raise NotFound
        require_at(actor, "transfers.grant", membership.station_id, unit.network.parents())
        policy, _ = unit.policy_at(now)
        _check_grant(unit, policy, receiver_id, minutes, now)
        row = Transfer(
            book=unit.origin,
            id=bank.new_id(now),
            kind="grant",
            giver_id=None,
            receiver_id=receiver_id,
            minutes=minutes,
            reason=reason[:32],
            actor_id=actor.person_id,
            state="pending",
            asked_at=now,
            due_at=now,
            version=1,
        )
        unit.transfers.add(row)
        unit.flush()
        return _views(unit, [row], now)[0]


def decide_grant(
    bank: Bank, actor: Actor, transfer_id: str, *, approve: bool, reason: str | None = None, now: datetime
) -> TransferView:
    """A second person approves a grant, or refuses it with a reason. Raises SecondPersonNeeded and `refuse_grant`."""
    require(actor, "transfers.approve_grant")
    with bank.unit() as unit:
        row = unit.transfers.get(transfer_id, lock=True)
        membership = unit.members.get(row.receiver_id) if row is not None and row.receiver_id else None
        if row is None or row.kind != "grant" or membership is None or row.receiver_id is None:
            raise NotFound
        require_at(actor, "transfers.approve_grant", membership.station_id, unit.network.parents())
        check_approver(actor.person_id, row.actor_id, row.receiver_id)
        verb = "carry_out" if approve else "refuse"
        check_reason(verb, reason)
        row.state = str(after(TransferState(row.state), verb, frozenset({Party.SECOND})))
        row.approver_id, row.done_at = actor.person_id, now
        if approve:
            policy, policy_hash = unit.policy_at(now)
            _check_grant(unit, policy, row.receiver_id, row.minutes, now)
            _grant(unit, actor, row, policy, policy_hash, now)
        return _views(unit, [row], now)[0]


def mine(bank: Bank, actor: Actor, *, now: datetime) -> tuple[TransferView, ...]:
    """The actor's gifts and donations, given and received."""
    with bank.read() as unit:
        return _views(unit, unit.transfers.of_person(actor.person_id), now)


def grants(bank: Bank, actor: Actor, *, now: datetime) -> tuple[TransferView, ...]:
    """Grants for members of the actor's stations, the newest first."""
    require(actor, "transfers.read")
    with bank.read() as unit:
        tree = unit.network.parents()
        rows = []
        for row in unit.transfers.of_kind("grant"):
            membership = unit.members.get(row.receiver_id or "")
            if membership is not None and covers(actor, membership.station_id, tree, "transfers.read"):
                rows.append(row)
        return _views(unit, rows, now)


def pool_minutes(bank: Bank) -> int:
    """What was donated and not yet given out."""
    with bank.read() as unit:
        return unit.book.balance(unit.pool)


def _side(unit: Unit, person_id: str) -> Side:
    membership = unit.members.get(person_id)
    if membership is None:
        raise NotFound
    return Side(person_id, membership.state == "active", membership.state == "closed")


def _purses(unit: Unit, person_id: str) -> dict[Origin, int]:
    return {Origin(origin): minutes for origin, minutes in unit.balances(person_id).items()}


def _hold(
    bank: Bank,
    unit: Unit,
    actor: Actor,
    policy: Policy,
    kind: str,
    receiver_id: str | None,
    minutes: int,
    now: datetime,
) -> TransferView:
    """Set the hours aside until the undo time is over."""
    use = Use.GIFT if kind == "gift" else Use.DONATE
    plan = spend_plan(policy, _purses(unit, actor.person_id), minutes, use)
    accounts = unit.members.purses(actor.person_id)
    row = Transfer(
        book=unit.origin,
        id=bank.new_id(now),
        kind=kind,
        giver_id=actor.person_id,
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
    document = unit.keep_document("transfer", actor.person_id, transfer_document(_moved(unit, row, plan)), now=now)
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
    return _views(unit, [row], now)[0]


def _moved(unit: Unit, row: Transfer, plan: tuple[tuple[Origin, int], ...], groups: tuple[str, ...] = ()) -> Moved:
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


def _release(unit: Unit, row: Transfer, actor_id: str, now: datetime) -> Draft:
    return Draft(
        kind=Kind.RELEASE,
        actor=actor_id,
        postings=(*unit.given_back(row.hold_seq or 0, row.minutes), (unit.escrow, -row.minutes)),
        of=row.hold_seq,
        policy=unit.policy_at(now)[1],
        key=f"release-{row.id}",
    )


def _carry_out(unit: Unit, row: Transfer, now: datetime) -> None:
    """The hold is released and the hours move on, in one batch: no one else can take them in between."""
    row.state = str(after(TransferState(row.state), "carry_out", frozenset({Party.SYSTEM})))
    row.done_at = now
    hold = unit.book.entry(row.hold_seq or 0)
    back = unit.given_back(row.hold_seq or 0, row.minutes)
    if row.kind == "gift" and row.receiver_id is not None:
        target = unit.purse(row.receiver_id, "received", SCHEDULER, now=now)
        kind = Kind.GIFT
    else:
        target, kind = unit.pool, Kind.DONATE
    moved = Draft(
        kind=kind,
        actor=row.actor_id,
        postings=(*((account, -part) for account, part in back), (target, row.minutes)),
        policy=unit.policy_at(now)[1],
        key=f"transfer-{row.id}",
        evidence=hold.evidence,
    )
    row.entry_seq = unit.append_many([_release(unit, row, SCHEDULER, now), moved], now=now)[1].seq


def _check_grant(unit: Unit, policy: Policy, receiver_id: str, minutes: int, now: datetime) -> None:
    consents = {row.kind: row.given for row in unit.members.consents(receiver_id)}
    wish = GrantWish(
        receiver=_side(unit, receiver_id),
        facts=unit.facts(receiver_id),
        consented=consents.get("sensitive", False),
        minutes=minutes,
        granted_this_month=unit.transfers.granted_since(receiver_id, month_start(now)),
        on=local_day(now),
    )
    for error in refuse_grant(policy, wish, unit.book.balance(unit.pool)):
        raise error


def _grant(unit: Unit, actor: Actor, row: Transfer, policy: Policy, policy_hash: str, now: datetime) -> None:
    """From the pool, and what the pool lacks issued, if the policy says so: one entry each."""
    receiver_id = row.receiver_id or ""
    groups = groups_of(policy, unit.facts(receiver_id), local_day(now), policy.grants.groups)
    document = unit.keep_document("transfer", receiver_id, transfer_document(_moved(unit, row, (), groups)), now=now)
    target = unit.purse(receiver_id, "granted", actor.person_id, now=now)
    from_pool, issued = grant_sources(policy, unit.book.balance(unit.pool), row.minutes)
    for source, part, word in ((unit.pool, from_pool, "pool"), (unit.issuance, issued, "issued")):
        if part:
            entry = unit.append(
                Kind.GRANT,
                actor.person_id,
                [(source, -part), (target, part)],
                now=now,
                policy=policy_hash,
                key=f"grant-{row.id}-{word}",
                evidence=document.commitment,
            )
            row.entry_seq = entry.seq


def _views(unit: Unit, rows: list[Transfer], now: datetime) -> tuple[TransferView, ...]:
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
            asked_at=row.asked_at,
            due_at=row.due_at,
            can_undo=row.state == "pending" and row.kind != "grant",
            entry_seq=row.entry_seq,
            asked_by=row.actor_id,
        )
        for row in rows
    )
