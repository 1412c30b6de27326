"""A request for care and its hold: made, given to a volunteer, given back. Shared by all that rides on a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger import Kind
from timebank.domain.catalogue import required_training
from timebank.domain.errors import MemberNotActive, NotFound, ProxyNotRecorded, VolunteerUnqualified
from timebank.domain.evidence import Document, hold_document
from timebank.domain.identity import matter_number
from timebank.domain.kin import Relation
from timebank.domain.local_time import local_day
from timebank.domain.policies import Origin, spend_plan
from timebank.domain.redemptions import (
    Means,
    RedemptionState,
    Wish,
    after,
    check_volunteer,
    expires_at,
    hold_minutes,
    require_possible,
)
from timebank.domain.roles import Actor, permits
from timebank.domain.states import Party
from timebank.storage.members import Membership
from timebank.storage.redemptions import Redemption
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class AskForCare:
    """Care as somebody asks for it: who pays, for whom, what, how long, when."""

    member_id: str
    receiver_id: str
    service_code: str
    minutes: int
    wanted_at: datetime
    note: str = ""


def who_asks(unit: Unit, actor: Actor, membership: Membership, verb: str) -> tuple[frozenset[Party], str]:
    """How the actor may ask with this member's hours, and the station that will serve; `verb` is the desk's.

    Raises ProxyNotRecorded, NotFound at a station where the member neither belongs nor is a guest.
    """
    if actor.person_id == membership.person_id:
        return frozenset({Party.OWNER}), membership.station_id
    if unit.members.is_proxy(membership.person_id, actor.person_id):
        return frozenset({Party.PROXY}), membership.station_id
    if permits(actor, verb):
        return frozenset({Party.DESK}), unit.serving_station(actor, verb, membership)
    raise ProxyNotRecorded


def check_wish(unit: Unit, form: AskForCare, now: datetime) -> None:
    """Whether the hold could be made now. Raises MemberNotActive, the first refusal of `domain.redemptions`."""
    _require_active(unit, form)
    require_possible(_wish(unit, form), _means(unit, form, now))


def hold(
    bank: Bank, unit: Unit, actor: Actor, form: AskForCare, who: frozenset[Party], station_id: str, now: datetime
) -> Redemption:
    """A new request with its hold, one entry over all purses used. The payer's membership is locked before.

    Raises MemberNotActive and each refusal of `domain.redemptions`.
    """
    _require_active(unit, form)
    policy, policy_hash = unit.policy_at(now)
    wish, means = _wish(unit, form), _means(unit, form, now)
    require_possible(wish, means)
    cost = hold_minutes(policy, wish)
    row = _row(bank, unit, actor, form, station_id, cost, now)
    row.expires_at = expires_at(policy, form.wanted_at, now)
    unit.redemptions.add(row)
    unit.flush()
    unit.redemptions.move(row, "requested", actor.person_id, actor.via, now)
    accounts = unit.members.purses(form.member_id)
    plan = spend_plan(policy, means.purses, cost)
    document = unit.keep_document("redemption", form.member_id, _evidence(row, form, plan), now=now)
    entry = unit.append(
        Kind.HOLD,
        actor.person_id,
        [*((accounts[str(origin)], -part) for origin, part in plan), (unit.escrow, cost)],
        now=now,
        policy=policy_hash,
        key=f"hold-{row.id}",
        evidence=document.commitment,
    )
    row.hold_seq = entry.seq
    unit.redemptions.move(row, str(after(RedemptionState.REQUESTED, "hold", who)), actor.person_id, actor.via, now)
    return row


def give(unit: Unit, actor: Actor, row: Redemption, volunteer_id: str, who: frozenset[Party], now: datetime) -> None:
    """Give the request to a volunteer. Raises VolunteerIsReceiver, VolunteerUnqualified, NotFound, Forbidden,
    RedemptionStateConflict."""
    state = after(RedemptionState(row.state), "assign", who)
    membership = unit.members.get(volunteer_id)
    if membership is None or membership.state != "active":
        raise NotFound
    relation = unit.members.kin(volunteer_id).get(row.receiver_id)
    check_volunteer(volunteer_id, row.receiver_id, row.member_id, Relation(relation) if relation else None)
    training, on = training_for(unit, row), local_day(row.wanted_at)
    if training is not None and training not in unit.members.trainings(volunteer_id, on):
        raise VolunteerUnqualified(on=on)
    row.volunteer_id = volunteer_id
    unit.redemptions.move(row, str(state), actor.person_id, actor.via, now)


def take_back(unit: Unit, actor: Actor, row: Redemption, who: frozenset[Party], now: datetime) -> None:
    """The volunteer doesn't come: the request waits for another one. Raises Forbidden, RedemptionStateConflict."""
    state = after(RedemptionState(row.state), "unassign", who)
    row.volunteer_id = None
    unit.redemptions.move(row, str(state), actor.person_id, actor.via, now)


def end(
    unit: Unit, actor: Actor, row: Redemption, verb: str, who: frozenset[Party], now: datetime, reason: str | None
) -> None:
    """Cancel, decline, expire or no_show: all that is held goes back. Raises Forbidden, RedemptionStateConflict."""
    state = after(RedemptionState(row.state), verb, who)
    release(unit, row, actor.person_id, now)
    unit.redemptions.move(row, str(state), actor.person_id, actor.via, now, reason)


def release(unit: Unit, row: Redemption, actor_id: str, now: datetime) -> None:
    """Give the whole hold back to the purses that it came from."""
    if row.hold_seq is None:
        return
    postings = [*unit.given_back(row.hold_seq, row.minutes), (unit.escrow, -row.minutes)]
    _, policy_hash = unit.policy_at(now)
    key = f"release-{row.id}-{row.version}"
    unit.append(Kind.RELEASE, actor_id, postings, now=now, of=row.hold_seq, policy=policy_hash, key=key)


def training_for(unit: Unit, row: Redemption) -> str | None:
    """The training that the service of a request requires."""
    service = unit.catalogue.service(row.service_code)
    return required_training(service) if service is not None else None


def _require_active(unit: Unit, form: AskForCare) -> None:
    """Who pays and who is helped are members whose account is neither suspended nor ended."""
    for person_id in sorted({form.member_id, form.receiver_id}):
        membership = unit.members.get(person_id)
        if membership is None or membership.state != "active":
            raise MemberNotActive


def _wish(unit: Unit, form: AskForCare) -> Wish:
    relation = unit.members.kin(form.member_id).get(form.receiver_id)
    seen = Relation.SELF if form.member_id == form.receiver_id else Relation(relation or "other")
    return Wish(form.service_code, form.minutes, form.wanted_at, seen)


def _means(unit: Unit, form: AskForCare, now: datetime) -> Means:
    return Means(
        now=now,
        policy=unit.policy_at(now)[0],
        service=unit.catalogue.service(form.service_code),
        member=unit.facts(form.member_id),
        receiver=unit.facts(form.receiver_id),
        purses={Origin(origin): minutes for origin, minutes in unit.balances(form.member_id).items()},
        open_requests=unit.redemptions.open_of(form.member_id),
    )


def _evidence(row: Redemption, form: AskForCare, plan: tuple[tuple[Origin, int], ...]) -> Document:
    return hold_document(
        redemption_id=row.id,
        station_id=row.station_id,
        member_id=row.member_id,
        receiver_id=row.receiver_id,
        service_code=row.service_code,
        minutes=form.minutes,
        plan=plan,
    )


def _row(
    bank: Bank, unit: Unit, actor: Actor, form: AskForCare, station_id: str, cost: int, now: datetime
) -> Redemption:
    year = local_day(now).year
    return Redemption(
        book=unit.origin,
        id=bank.new_id(now),
        number=matter_number("R", year, unit.network.next_number(f"redemption {year}")),
        station_id=station_id,
        member_id=form.member_id,
        receiver_id=form.receiver_id,
        requested_by=actor.person_id,
        service_code=form.service_code,
        minutes=cost,
        wanted_at=form.wanted_at,
        note_sealed=unit.seal_for(form.member_id, form.note) if form.note else None,
        state="requested",
        requested_at=now,
        version=1,
    )
