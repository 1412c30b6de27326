"""Asking for care. The hours are held in the same commit, so that they can't be spent twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger import Kind
from timebank.domain.errors import NotFound, ProxyNotRecorded
from timebank.domain.evidence import Document, hold_document
from timebank.domain.identity import matter_number
from timebank.domain.kin import Relation
from timebank.domain.local_time import local_day
from timebank.domain.policies import Origin, spend_plan
from timebank.domain.redemptions import Means, RedemptionState, Wish, after, expires_at, hold_minutes, require_possible
from timebank.domain.roles import Actor, covers, permits
from timebank.domain.states import Party
from timebank.services.redemptions.values import RedemptionView, views
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


def ask(bank: Bank, actor: Actor, form: AskForCare, *, now: datetime) -> RedemptionView:
    """The member, a proxy of the member, or the member's station asks. The hold is one entry over all purses used.

    Raises each refusal of `domain.redemptions`, NotFound for a member of another station, ProxyNotRecorded.
    """
    with bank.unit() as unit:
        membership = unit.members.get(form.member_id, lock=True)
        if membership is None:
            raise NotFound
        who = who_asks(unit, actor, form.member_id, membership.station_id)
        policy, policy_hash = unit.policy_at(now)
        relation = unit.members.kin(form.member_id).get(form.receiver_id)
        seen = Relation.SELF if form.member_id == form.receiver_id else Relation(relation or "other")
        wish = Wish(form.service_code, form.minutes, form.wanted_at, seen)
        purses = {Origin(origin): minutes for origin, minutes in unit.balances(form.member_id).items()}
        means = Means(
            now=now,
            policy=policy,
            service=unit.catalogue.service(form.service_code),
            member=unit.facts(form.member_id),
            receiver=unit.facts(form.receiver_id),
            purses=purses,
            open_requests=unit.redemptions.open_of(form.member_id),
        )
        require_possible(wish, means)
        cost = hold_minutes(policy, wish)
        row = _row(bank, unit, actor, form, membership.station_id, cost, now)
        row.expires_at = expires_at(policy, form.wanted_at, now)
        unit.redemptions.add(row)
        unit.flush()
        unit.redemptions.move(row, "requested", actor.person_id, actor.via, now)
        accounts = unit.members.purses(form.member_id)
        plan = spend_plan(policy, purses, cost)
        postings = [*((accounts[str(origin)], -part) for origin, part in plan), (unit.escrow, cost)]
        document = unit.keep_document("redemption", form.member_id, _evidence(row, form, plan), now=now)
        entry = unit.append(
            Kind.HOLD,
            actor.person_id,
            postings,
            now=now,
            policy=policy_hash,
            key=f"hold-{row.id}",
            evidence=document.commitment,
        )
        row.hold_seq = entry.seq
        unit.redemptions.move(row, str(after(RedemptionState.REQUESTED, "hold", who)), actor.person_id, actor.via, now)
        return views(unit, actor, [row])[0]


def see_purses(bank: Bank, actor: Actor) -> dict[str, int]:
    """Origin → minutes of the actor's own purses."""
    with bank.read() as unit:
        return unit.balances(actor.person_id)


def who_asks(unit: Unit, actor: Actor, member_id: str, station_id: str) -> frozenset[Party]:
    """How the actor may ask with this member's hours. Raises ProxyNotRecorded, NotFound at another station."""
    if actor.person_id == member_id:
        return frozenset({Party.OWNER})
    if unit.members.is_proxy(member_id, actor.person_id):
        return frozenset({Party.PROXY})
    verb = "redemptions.request_at_desk"
    if permits(actor, verb):
        if covers(actor, station_id, unit.network.parents(), verb):
            return frozenset({Party.DESK})
        raise NotFound
    raise ProxyNotRecorded


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
