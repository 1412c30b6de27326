"""The station's side: find a helper, put on the waiting list, deliver, settle, give back."""

from __future__ import annotations

from datetime import datetime

from ledger import Kind
from timebank.domain.errors import Forbidden, NotFound, ProviderMissing
from timebank.domain.evidence import Delivered, Document, settle_document
from timebank.domain.local_time import local_day
from timebank.domain.redemptions import (
    GIVES_BACK,
    RedemptionState,
    Waiting,
    after,
    check_delivery,
    check_reason,
    check_waiting_list,
    settlement,
    waiting_order,
)
from timebank.domain.roles import Actor, stations_of
from timebank.domain.states import Party
from timebank.services.redemptions.values import RedemptionView, locked, parties_of, views
from timebank.storage.holding import give, release
from timebank.storage.redemptions import Redemption
from timebank.storage.unit import Bank, Unit


def step(
    bank: Bank, actor: Actor, redemption_id: str, verb: str, reason: str | None, text: str = "", *, now: datetime
) -> RedemptionView:
    """Wait, resume, unassign, decline, cancel, no_show. What ends without care gives the whole hold back.

    `text` are the words behind the reason, sealed under the member's key. Raises NotFound, Forbidden,
    RedemptionStateConflict, ReasonMissing, WordsMissing, WaitingListOff.
    """
    if verb not in ("wait", "resume", "unassign", *GIVES_BACK) or verb == "expire":
        raise NotFound
    check_reason(verb, reason, text)
    with bank.unit() as unit:
        row = locked(unit, redemption_id)
        state = after(RedemptionState(row.state), verb, parties_of(unit, actor, row))
        if verb == "wait":
            check_waiting_list(unit.policy_at(now)[0])
        _tell_of_step(unit, row, verb, now)
        if verb in ("wait", "unassign"):
            row.volunteer_id = None
        if verb in GIVES_BACK:
            release(unit, row, actor.person_id, now)
        sealed = unit.seal_for(row.member_id, text.strip()) if text.strip() else None
        unit.redemptions.move(row, str(state), actor.person_id, actor.via, now, reason, sealed)
        return views(unit, actor, [row])[0]


_TOLD = {"decline": "redemption_declined", "no_show": "redemption_no_show", "unassign": "redemption_unassigned"}


def _tell_of_step(unit: Unit, row: Redemption, verb: str, now: datetime) -> None:
    """What the others must know: who asked, and the helper who was to come."""
    if verb in _TOLD:
        unit.tell(row.member_id, _TOLD[verb], "redemption", row.id, now=now)
    if row.volunteer_id is not None and verb in ("wait", "unassign", "decline", "cancel"):
        unit.tell(row.volunteer_id, "redemption_withdrawn", "redemption", row.id, now=now)


def assign(bank: Bank, actor: Actor, redemption_id: str, volunteer_id: str, *, now: datetime) -> RedemptionView:
    """Give the request to a volunteer. The volunteer logs the hours afterwards, and verifying them pays for them.

    Raises VolunteerIsReceiver, VolunteerUnqualified, NotFound, Forbidden, RedemptionStateConflict.
    """
    with bank.unit() as unit:
        row = locked(unit, redemption_id)
        before = row.volunteer_id
        give(unit, actor, row, volunteer_id, parties_of(unit, actor, row), now)
        if before is not None and before != volunteer_id:
            unit.tell(before, "redemption_withdrawn", "redemption", row.id, now=now)
        unit.tell(volunteer_id, "redemption_for_you", "redemption", row.id, now=now)
        unit.tell(row.receiver_id, "redemption_assigned", "redemption", row.id, now=now)
        return views(unit, actor, [row])[0]


def deliver(
    bank: Bank, actor: Actor, redemption_id: str, minutes: int, *, delivered_at: datetime, now: datetime
) -> RedemptionView:
    """The station itself delivered: a meal, a seat, a service of its staff. A second person settles it.

    A helper's visit is delivered by logging its hours, never here. Raises DeliveredMoreThanHeld, DeliveryInFuture,
    Forbidden, RedemptionStateConflict.
    """
    check_delivery(delivered_at, now)
    with bank.unit() as unit:
        row = locked(unit, redemption_id)
        who = parties_of(unit, actor, row)
        if Party.DESK not in who:
            raise Forbidden
        state = after(RedemptionState(row.state), "deliver", who)
        settlement(unit.policy_at(now)[0], row.service_code, row.minutes, minutes)
        row.volunteer_id, row.provider_station_id = None, row.station_id
        row.delivered_minutes, row.delivered_at, row.delivered_by = minutes, delivered_at, actor.person_id
        unit.redemptions.move(row, str(state), actor.person_id, actor.via, now)
        return views(unit, actor, [row])[0]


def settle(bank: Bank, actor: Actor, redemption_id: str, *, now: datetime) -> RedemptionView:
    """Settle what the station delivered: what was used goes to the provider, the rest back, in one entry.

    Who recorded the delivery never settles it. Nothing used is a release. Raises Forbidden, RedemptionStateConflict,
    ProviderMissing where a volunteer delivered: that is settled by verifying the volunteer's hours.
    """
    with bank.unit() as unit:
        row = locked(unit, redemption_id)
        state = after(RedemptionState(row.state), "settle", parties_of(unit, actor, row))
        station = unit.network.get_station(row.provider_station_id) if row.provider_station_id else None
        if station is None or station.provider_account is None or row.delivered_minutes is None:
            raise ProviderMissing
        policy, policy_hash = unit.policy_at(now)
        used = settlement(policy, row.service_code, row.minutes, row.delivered_minutes).used
        if used == 0:
            release(unit, row, actor.person_id, now)
        else:
            document = unit.keep_document("redemption", row.member_id, evidence_of(row, actor, used), now=now)
            entry = unit.append(
                Kind.SETTLE,
                actor.person_id,
                [
                    *unit.given_back(row.hold_seq or 0, row.minutes - used),
                    (unit.escrow, -row.minutes),
                    (station.provider_account, used),
                ],
                now=now,
                of=row.hold_seq,
                policy=policy_hash,
                evidence=document.commitment,
                key=f"settle-{row.id}-{row.version}",
            )
            row.entry_seq = entry.seq
        row.settled_minutes = used
        unit.redemptions.move(row, str(state), actor.person_id, actor.via, now)
        told = {"redemption": row.id, "station": row.station_id, "entry": row.entry_seq}
        unit.announce("redemption.settled", told, now=now)
        return views(unit, actor, [row])[0]


def evidence_of(row: Redemption, actor: Actor, used: int) -> Document:
    """The document that the settling entry commits to: ids, times and codes, and no name."""
    if row.delivered_at is None or row.delivered_minutes is None:
        raise ProviderMissing
    delivered = Delivered(
        redemption_id=row.id,
        station_id=row.station_id,
        member_id=row.member_id,
        receiver_id=row.receiver_id,
        service_code=row.service_code,
        held=row.minutes,
        delivered=row.delivered_minutes,
        used=used,
        provider_station_id=row.provider_station_id,
        volunteer_id=None,
        delivered_by=row.delivered_by or "",
        delivered_at=row.delivered_at,
        settled_by=actor.person_id,
    )
    return settle_document(delivered)


def waiting_list(bank: Bank, actor: Actor, *, now: datetime) -> tuple[RedemptionView, ...]:
    """Who waits at the actor's stations, in the policy's order."""
    with bank.read() as unit:
        stations = stations_of(actor, "redemptions.read", unit.network.parents())
        rows = {row.id: row for row in unit.redemptions.waiting(stations, ("waiting",))}
        requests = [
            Waiting(row.id, row.requested_at, row.wanted_at, unit.facts(row.receiver_id)) for row in rows.values()
        ]
        policy, _ = unit.policy_at(now)
        ordered = waiting_order(policy, requests, local_day(now))
        return views(unit, actor, [rows[one.id] for one in ordered])
