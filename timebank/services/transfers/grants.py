"""Grants: hours for elders in need, from the pool or issued, asked for by one and decided by another."""

from __future__ import annotations

from datetime import datetime

from ledger import Kind
from timebank.domain.errors import NotFound
from timebank.domain.evidence import transfer_document
from timebank.domain.local_time import local_day, month_start
from timebank.domain.policies import (
    Policy,
    grant_sources,
    groups_of,
)
from timebank.domain.roles import Actor, require, require_at, stations_of
from timebank.domain.states import Party
from timebank.domain.transfers import (
    GrantWish,
    TransferState,
    after,
    check_approver,
    check_reason,
    refuse_grant,
)
from timebank.services.transfers.values import TransferView, moved, side_of, views
from timebank.storage.transfers import Transfer
from timebank.storage.unit import Bank, Unit


def ask_grant(
    bank: Bank, actor: Actor, receiver_id: str, minutes: int, reason: str, text: str = "", *, now: datetime
) -> TransferView:
    """A worker asks for hours for an elder in need; a street or county centre decides.

    `text` are the words behind the reason, sealed under the elder's key. Raises `refuse_grant`, ReasonUnknown,
    WordsMissing.
    """
    require(actor, "transfers.grant")
    check_reason("ask", reason, text)
    with bank.unit() as unit:
        unit.require_member_at(actor, "transfers.grant", receiver_id)
        policy, _ = unit.policy_at(now)
        _check_grant(unit, policy, receiver_id, minutes, now)
        row = Transfer(
            book=unit.origin,
            id=bank.new_id(now),
            kind="grant",
            giver_id=None,
            receiver_id=receiver_id,
            minutes=minutes,
            reason=reason,
            text_sealed=_sealed(unit, receiver_id, text),
            actor_id=actor.person_id,
            state="pending",
            asked_at=now,
            due_at=now,
            version=1,
        )
        unit.transfers.add(row)
        unit.flush()
        return views(unit, [row], now)[0]


def decide_grant(
    bank: Bank,
    actor: Actor,
    transfer_id: str,
    *,
    approve: bool,
    reason: str | None = None,
    text: str = "",
    now: datetime,
) -> TransferView:
    """A second person approves a grant, or refuses it with a reason and, for `other`, words.

    Raises SecondPersonNeeded, ReasonMissing, ReasonUnknown, WordsMissing and `refuse_grant`.
    """
    require(actor, "transfers.approve_grant")
    with bank.unit() as unit:
        row = unit.transfers.get(transfer_id, lock=True)
        membership = unit.members.get(row.receiver_id) if row is not None and row.receiver_id else None
        if row is None or row.kind != "grant" or membership is None or row.receiver_id is None:
            raise NotFound
        require_at(actor, "transfers.approve_grant", membership.station_id, unit.network.parents())
        check_approver(actor.person_id, row.actor_id, row.receiver_id)
        verb = "carry_out" if approve else "refuse"
        check_reason(verb, reason, text)
        row.state = str(after(TransferState(row.state), verb, frozenset({Party.SECOND})))
        row.approver_id, row.done_at = actor.person_id, now
        if approve:
            _check_grant(unit, unit.policy_at(now)[0], row.receiver_id, row.minutes, now)
            grant_now(unit, actor, row, now)
        else:
            row.refused_reason, row.refused_text_sealed = reason, _sealed(unit, row.receiver_id, text)
        return views(unit, [row], now)[0]


def grants(
    bank: Bank, actor: Actor, *, before: str | None = None, limit: int = 50, now: datetime
) -> tuple[TransferView, ...]:
    """Grants for members of the actor's stations, the newest first."""
    require(actor, "transfers.read")
    with bank.read() as unit:
        stations = stations_of(actor, "transfers.read", unit.network.parents())
        return views(unit, unit.transfers.grants(stations, before=before, limit=limit), now)


def pending_grants(bank: Bank, actor: Actor) -> int:
    """How many grants at the actor's stations wait for a second person."""
    with bank.read() as unit:
        return unit.transfers.grants_pending(stations_of(actor, "transfers.read", unit.network.parents()))


def _sealed(unit: Unit, receiver_id: str, text: str) -> bytes | None:
    return unit.seal_for(receiver_id, text.strip()) if text.strip() else None


def pool_minutes(bank: Bank) -> int:
    """What was donated and not yet given out."""
    with bank.read() as unit:
        return unit.book.balance(unit.pool)


def _check_grant(unit: Unit, policy: Policy, receiver_id: str, minutes: int, now: datetime) -> None:
    consents = {row.kind: row.given for row in unit.members.consents(receiver_id)}
    wish = GrantWish(
        receiver=side_of(unit, receiver_id),
        facts=unit.facts(receiver_id),
        consented=consents.get("sensitive", False),
        minutes=minutes,
        granted_this_month=unit.transfers.granted_since(receiver_id, month_start(now)),
        on=local_day(now),
    )
    for error in refuse_grant(policy, wish, unit.book.balance(unit.pool)):
        raise error


def grant_now(unit: Unit, actor: Actor, row: Transfer, now: datetime) -> None:
    """Carry a grant out. From the pool, and what the pool lacks issued, if the policy says so: one entry each."""
    policy, policy_hash = unit.policy_at(now)
    receiver_id = row.receiver_id or ""
    groups = groups_of(policy, unit.facts(receiver_id), local_day(now), policy.grants.groups)
    document = unit.keep_document("transfer", receiver_id, transfer_document(moved(unit, row, (), groups)), now=now)
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
