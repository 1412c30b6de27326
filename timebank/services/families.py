"""Kin and proxies: who is whose relative, and who may act for an elder with the elder's recorded consent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from timebank.domain.errors import KinInvalid, NotFound, ProxyNotRecorded, ProxyTooManyActs, ProxyTooManyElders
from timebank.domain.kin import DECLARED, INVERSE, PROOF_LABELS, Relation
from timebank.domain.local_time import day_start, local_day
from timebank.domain.roles import Actor
from timebank.storage.accounts import record_consent
from timebank.storage.members import Kin, Proxy, ProxyAct
from timebank.storage.unit import Bank, Unit

MOST_ELDERS = 3
MOST_ACTS_A_DAY = 5


@dataclass(frozen=True, slots=True)
class RelativeView:
    """A relative of a member, or somebody who acts for the member."""

    person_id: str
    name: str
    number: str
    relation: str
    proxy_id: str | None
    age: int | None
    proof: str


def record_kin(
    bank: Bank, actor: Actor, person_id: str, relative_id: str, relation: str, proof: str = DECLARED, *, now: datetime
) -> None:
    """Both directions are kept at once, with what was seen of it.

    Raises KinInvalid for oneself, an unknown relation or proof, NotFound.
    """
    try:
        seen = Relation(relation)
    except ValueError as error:
        raise KinInvalid from error
    if person_id == relative_id or seen is Relation.SELF or proof not in PROOF_LABELS:
        raise KinInvalid
    with bank.unit() as unit:
        unit.require_member_at(actor, "kin.record", person_id)
        if unit.members.get(relative_id) is None:
            raise NotFound
        if relative_id in unit.members.kin(person_id):
            raise KinInvalid
        for one, other, towards in ((person_id, relative_id, seen), (relative_id, person_id, INVERSE[seen])):
            unit.members.add(
                Kin(
                    book=unit.origin,
                    id=bank.new_id(now),
                    person_id=one,
                    relative_id=other,
                    relation=str(towards),
                    recorded_by=actor.person_id,
                    recorded_at=now,
                    proof=proof,
                    proof_seen_by=None if proof == DECLARED else actor.person_id,
                    proof_seen_at=None if proof == DECLARED else now,
                )
            )


def prove_kin(bank: Bank, actor: Actor, person_id: str, relative_id: str, proof: str, *, now: datetime) -> None:
    """A paper was seen for a relation that is recorded. Raises KinInvalid for no such paper, NotFound, Forbidden."""
    if proof not in PROOF_LABELS or proof == DECLARED:
        raise KinInvalid
    with bank.unit() as unit:
        unit.require_member_at(actor, "kin.record", person_id)
        rows = unit.members.kinship(person_id, relative_id)
        if not rows:
            raise NotFound
        for row in rows:
            row.proof, row.proof_seen_by, row.proof_seen_at = proof, actor.person_id, now


def record_proxy(bank: Bank, actor: Actor, elder_id: str, proxy_id: str, channel: str, *, now: datetime) -> None:
    """The elder agrees, in the worker's presence, that a relative acts in the elder's name.

    Raises ProxyTooManyElders beyond three, KinInvalid if they are not recorded as relatives.
    """
    with bank.unit() as unit:
        unit.require_member_at(actor, "proxies.record", elder_id)
        if proxy_id not in unit.members.kin(elder_id):
            raise KinInvalid
        if len(unit.members.elders_of(proxy_id)) >= MOST_ELDERS:
            raise ProxyTooManyElders(limit=MOST_ELDERS)
        consent = record_consent(
            bank, unit, elder_id, "proxy", text_version="2026-1", channel=channel, recorded_by=actor.person_id, now=now
        )
        unit.members.add(
            Proxy(
                book=unit.origin,
                id=bank.new_id(now),
                elder_id=elder_id,
                proxy_id=proxy_id,
                consent_id=consent.id,
                recorded_by=actor.person_id,
                started_at=now,
            )
        )


def end_proxy(bank: Bank, actor: Actor, elder_id: str, proxy_id: str, *, now: datetime) -> None:
    """The elder, or the station on the elder's word, takes it back. Raises NotFound."""
    with bank.unit() as unit:
        if actor.person_id != elder_id:
            unit.require_member_at(actor, "proxies.record", elder_id)
        for row in unit.members.proxies_of(elder_id):
            if row.proxy_id == proxy_id:
                row.ended_at = now
                return
    raise NotFound


def act_for(bank: Bank, actor: Actor, elder_id: str, verb: str, *, now: datetime) -> Actor:
    """The actor who acts as this elder. Counts the act; five a day at most.

    Raises ProxyNotRecorded, ProxyTooManyActs.
    """
    zone = ZoneInfo(bank.settings.timezone)
    with bank.unit() as unit:
        if not any(row.elder_id == elder_id for row in unit.members.elders_of(actor.person_id)):
            raise ProxyNotRecorded
        today = day_start(now.astimezone(zone).date(), zone)
        if len(unit.members.proxy_acts_since(actor.person_id, today)) >= MOST_ACTS_A_DAY:
            raise ProxyTooManyActs(limit=MOST_ACTS_A_DAY)
        unit.members.add(
            ProxyAct(
                book=unit.origin,
                id=bank.new_id(now),
                elder_id=elder_id,
                proxy_id=actor.person_id,
                verb=verb[:24],
                at=now,
            )
        )
    return Actor(book=actor.book, person_id=elder_id, roles=actor.roles, via="proxy")


def count_act(bank: Bank, actor: Actor, elder_id: str, verb: str, *, now: datetime) -> None:
    """Count what is done in the name of an elder for whom the actor acts; nothing for anybody else.

    Raises ProxyTooManyActs.
    """
    if elder_id in {elder.person_id for elder in elders_i_act_for(bank, actor)}:
        act_for(bank, actor, elder_id, verb, now=now)


def relatives(bank: Bank, actor: Actor, person_id: str, verb: str = "members.read") -> tuple[RelativeView, ...]:
    """A member's relatives, and who of them may act. The member may see, and the desk for what `verb` names."""
    with bank.read() as unit:
        if person_id != actor.person_id:
            unit.require_member_at(actor, verb, person_id)
        kin = unit.members.kin(person_id)
        proxies = {row.proxy_id for row in unit.members.proxies_of(person_id)}
        return _views(unit, kin, proxies, unit.members.proofs(person_id), local_day(bank.clock()))


def elders_i_act_for(bank: Bank, actor: Actor) -> tuple[RelativeView, ...]:
    """Whom the actor may act for."""
    with bank.read() as unit:
        elders = [row.elder_id for row in unit.members.elders_of(actor.person_id)]
        kin = unit.members.kin(actor.person_id)
        theirs = {elder: kin.get(elder, "other") for elder in elders}
        return _views(unit, theirs, set(elders), unit.members.proofs(actor.person_id), local_day(bank.clock()))


def _views(
    unit: Unit, kin: dict[str, str], proxies: set[str], proofs: dict[str, str], today: date
) -> tuple[RelativeView, ...]:
    people, numbers = unit.persons(kin), unit.members.numbers(kin)
    found = []
    for person_id, relation in kin.items():
        proxy = person_id if person_id in proxies else None
        found.append(
            RelativeView(
                person_id=person_id,
                name=people[person_id].name,
                number=numbers.get(person_id, ""),
                relation=relation,
                proxy_id=proxy,
                age=people[person_id].age_on(today),
                proof=proofs.get(person_id, DECLARED),
            )
        )
    return tuple(found)
