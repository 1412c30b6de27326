"""The hours of who died: the member's own choice in life, a report with a proof, a second person who settles.

A report freezes the account at once. Settling writes one entry for each purse and heir; it can be undone as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ledger import Kind
from timebank.domain.errors import (
    EstateProofMissing,
    EstateReported,
    HeirInvalid,
    HeirProofMissing,
    Invalid,
    NotFound,
)
from timebank.domain.estates import Choice, EstateState, Facts, Part, after, check_choice, check_day, plan
from timebank.domain.evidence import estate_document, reversal_document
from timebank.domain.kin import DECLARED, Relation
from timebank.domain.local_time import local_day
from timebank.domain.policies import Origin
from timebank.domain.roles import Actor, permits, require, require_at, stations_of
from timebank.domain.states import Party
from timebank.storage import trails
from timebank.storage.estates import Estate, EstateChoice, EstateEntry
from timebank.storage.leaving import require_nothing_open
from timebank.storage.trails import StepView
from timebank.storage.unit import Bank, Unit

PROOF_LONGEST = 200
UNDO_REASON = "wrong_person"


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """What a member chose; `rules` says what the rules would do. `kin`: (id, name, relation) of who may be chosen."""

    kind: str
    heir_id: str | None
    heir: str
    at: datetime | None
    rules: str
    kin: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class PartView:
    """Minutes of a purse and who gets them: a name, the pool, or nobody."""

    origin: str
    minutes: int
    to: str
    lapses: bool


@dataclass(frozen=True, slots=True)
class EstateView:
    """An estate with what settling it would do, or did."""

    id: str
    person_id: str
    name: str
    number: str
    station_id: str
    died_on: date
    proof: str
    heirs: tuple[str, ...]
    spouse_asks: bool
    choice: str
    state: str
    parts: tuple[PartView, ...]
    entries: tuple[int, ...]
    steps: tuple[StepView, ...]
    may_settle: bool
    may_withdraw: bool
    may_undo: bool


def choice(bank: Bank, actor: Actor, person_id: str, *, now: datetime) -> ChoiceView:
    """What the member chose, for the member or the member's station. Raises NotFound, Forbidden."""
    with bank.read() as unit:
        _may_choose(unit, actor, person_id)
        policy, _ = unit.policy_at(now)
        row = unit.estates.choice(person_id)
        kin = unit.members.kin(person_id)
        names = unit.persons(kin)
        return ChoiceView(
            kind=row.kind if row else str(Choice.RULES),
            heir_id=row.heir_id if row else None,
            heir=names[row.heir_id].name if row and row.heir_id in names else "",
            at=row.at if row else None,
            rules=str(policy.inherit),
            kin=tuple((one, names[one].name, relation) for one, relation in sorted(kin.items()) if one in names),
        )


def choose(bank: Bank, actor: Actor, person_id: str, kind: str, heir_id: str | None, *, now: datetime) -> None:
    """Write the choice down: the member online, or the desk on the member's word; never a proxy.

    Raises Invalid, HeirInvalid, EstateChoiceNotAllowed, NotFound, Forbidden.
    """
    if kind not in set(Choice):
        raise Invalid
    with bank.unit() as unit:
        channel = _may_choose(unit, actor, person_id)
        relation = unit.members.kin(person_id).get(heir_id or "")
        heir = heir_id if kind == Choice.HEIR else None
        check_choice(unit.policy_at(now)[0], Choice(kind), Relation(relation) if relation else None)
        unit.estates.add(
            EstateChoice(
                book=unit.origin,
                id=bank.new_id(now),
                person_id=person_id,
                kind=kind,
                heir_id=heir,
                channel=channel,
                recorded_by=actor.person_id,
                at=now,
            )
        )


def _may_choose(unit: Unit, actor: Actor, person_id: str) -> str:
    """How: `screen` for oneself, `desk` for the station."""
    if actor.person_id == person_id and unit.members.get(person_id) is not None:
        return "screen"
    unit.require_member_at(actor, "estates.report", person_id)
    return "desk"


def report(
    bank: Bank,
    actor: Actor,
    person_id: str,
    *,
    died_on: date,
    proof: str,
    heirs: Sequence[str] = (),
    spouse_asks: bool = False,
    now: datetime,
) -> EstateView:
    """The desk was shown that a member died. The account is frozen; a second person settles.

    `heirs`: ids of recorded relatives. Raises EstateProofMissing, EstateDayInvalid, HeirInvalid, HeirProofMissing,
    EstateReported, NotFound, Forbidden.
    """
    if not proof.strip():
        raise EstateProofMissing
    check_day(died_on, local_day(now))
    with bank.unit() as unit:
        membership = unit.require_member_at(actor, "estates.report", person_id)
        unit.members.get(person_id, lock=True)
        if person_id == actor.person_id or unit.estates.open_of(person_id) is not None:
            raise EstateReported
        if membership.state not in ("active", "suspended"):
            raise NotFound
        _check_heirs(unit, person_id, heirs)
        row = Estate(
            book=unit.origin,
            id=bank.new_id(now),
            person_id=person_id,
            station_id=membership.station_id,
            died_on=died_on,
            proof_sealed=unit.seal_for(person_id, proof.strip()[:PROOF_LONGEST]),
            heirs=json.dumps(list(dict.fromkeys(heirs))),
            spouse_asks=spouse_asks,
            state=str(EstateState.REPORTED),
            state_before=membership.state,
            version=1,
        )
        membership.state = "suspended"
        unit.access.revoke_sign_ins(person_id, now)
        unit.estates.add(row)
        unit.estates.move(row, str(EstateState.REPORTED), actor.person_id, actor.via, now)
        return _view(unit, actor, row, now)


def _check_heirs(unit: Unit, person_id: str, heirs: Sequence[str]) -> None:
    """Recorded relatives with a membership, for whom a paper was seen. Raises HeirInvalid, HeirProofMissing."""
    proofs = unit.members.proofs(person_id)
    for one in heirs:
        membership = unit.members.get(one)
        if one not in proofs or membership is None or membership.state != "active":
            raise HeirInvalid
        if proofs[one] == DECLARED:
            raise HeirProofMissing


def settle(bank: Bank, actor: Actor, estate_id: str, *, now: datetime) -> EstateView:
    """A second person settles: one entry for each purse and heir, and the membership is closed.

    Raises OpenMattersLeft while requests or records of the member are open, SecondPersonNeeded (as Forbidden),
    HeirInvalid if an heir's membership has ended meanwhile, EstateStateConflict, NotFound.
    """
    with bank.unit() as unit:
        row = _locked(unit, actor, "estates.settle", estate_id)
        state = after(EstateState(row.state), "settle", _standing(unit, actor, row))
        require_nothing_open(unit, row.person_id)
        membership = unit.members.get(row.person_id, lock=True)
        policy, digest = unit.policy_at(now)
        _check_heirs(unit, row.person_id, json.loads(row.heirs))
        parts = plan(policy, _purses(unit, row.person_id), _facts(unit, row))
        document = unit.keep_document(
            "estate", row.person_id, estate_document(estate_id=row.id, person_id=row.person_id,
            died_on=row.died_on, heirs=json.loads(row.heirs), settled_by=actor.person_id), now=now,
        )  # fmt: skip
        accounts = unit.members.purses(row.person_id)
        for number, part in enumerate(parts):
            entry = unit.append(
                Kind.RETIRE if part.lapses else Kind.INHERIT,
                actor.person_id,
                [(accounts[str(part.origin)], -part.minutes), (_target(unit, part, actor, now), part.minutes)],
                now=now,
                policy=digest,
                key=f"estate-{row.id}-{row.version}-{number}",
                evidence=document.commitment,
            )
            unit.estates.add(EstateEntry(book=unit.origin, estate_id=row.id, seq=entry.seq))
            if part.person_id is not None:
                unit.tell(part.person_id, "hours_inherited", "passbook", row.id, now=now)
        if membership is not None:
            membership.state = "closed"
            unit.rounds.end_of(row.person_id, actor.person_id, "died", now)
        unit.estates.move(row, str(state), actor.person_id, actor.via, now)
        return _view(unit, actor, row, now)


def _target(unit: Unit, part: Part, actor: Actor, now: datetime) -> str:
    if part.lapses:
        return unit.issuance
    return unit.pool if part.person_id is None else unit.purse(part.person_id, "received", actor.person_id, now=now)


def withdraw(bank: Bank, actor: Actor, estate_id: str, *, now: datetime) -> EstateView:
    """The report was wrong: the account is as it was. Raises EstateStateConflict, NotFound, Forbidden."""
    with bank.unit() as unit:
        row = _locked(unit, actor, "estates.read", estate_id)
        state = after(EstateState(row.state), "withdraw", _standing(unit, actor, row))
        membership = unit.members.get(row.person_id, lock=True)
        if membership is not None:
            membership.state = row.state_before
        unit.estates.move(row, str(state), actor.person_id, actor.via, now)
        return _view(unit, actor, row, now)


def undo(bank: Bank, actor: Actor, estate_id: str, *, now: datetime) -> EstateView:
    """It was settled wrongly: each entry is reversed, by somebody else than who settled. All of them, or none.

    Raises BalanceTooLow if an heir has used the hours, EstateStateConflict, SecondPersonNeeded (as Forbidden).
    """
    with bank.unit() as unit:
        row = _locked(unit, actor, "estates.settle", estate_id)
        settled_by = unit.estates.events(row.id)[-1].actor_id
        who = frozenset[Party]() if settled_by == actor.person_id else _standing(unit, actor, row)
        state = after(EstateState(row.state), "undo", who)
        for kept in unit.estates.entries(row.id):
            entry = unit.book.entry(kept.seq)
            document = unit.keep_document(
                "reversal",
                row.person_id,
                reversal_document(
                    reversal_id=row.id, of=entry.seq, reason=UNDO_REASON, asked_by=settled_by,
                    decided_by=actor.person_id,
                ),
                now=now,
            )  # fmt: skip
            key = f"estate-undo-{row.id}-{entry.seq}"
            kept.reversed_seq = unit.reverse(entry, actor.person_id, document, key, now=now).seq
        membership = unit.members.get(row.person_id, lock=True)
        if membership is not None:
            membership.state = row.state_before
        unit.estates.move(row, str(state), actor.person_id, actor.via, now)
        return _view(unit, actor, row, now)


def see(bank: Bank, actor: Actor, estate_id: str, *, now: datetime) -> EstateView:
    """One estate. Raises NotFound, Forbidden."""
    with bank.read() as unit:
        row = unit.estates.get(estate_id)
        if row is None:
            raise NotFound
        require_at(actor, "estates.read", row.station_id, unit.network.parents())
        return _view(unit, actor, row, now)


def every(
    bank: Bank, actor: Actor, *, before: str | None = None, limit: int = 20, now: datetime
) -> tuple[EstateView, ...]:
    """The estates at the actor's stations, the newest first."""
    require(actor, "estates.read")
    with bank.read() as unit:
        stations = stations_of(actor, "estates.read", unit.network.parents())
        return tuple(_view(unit, actor, row, now) for row in unit.estates.page(stations, before, limit))


def _locked(unit: Unit, actor: Actor, verb: str, estate_id: str) -> Estate:
    row = unit.estates.get(estate_id, lock=True)
    if row is None:
        raise NotFound
    require_at(actor, verb, row.station_id, unit.network.parents())
    return row


def _standing(unit: Unit, actor: Actor, row: Estate) -> frozenset[Party]:
    """Who reported is the desk; who settles is another, and no heir."""
    reported_by = unit.estates.events(row.id)[0].actor_id
    found = {Party.DESK} if permits(actor, "estates.report") else set()
    if actor.person_id != reported_by and actor.person_id not in json.loads(row.heirs):
        found |= {Party.SECOND} if permits(actor, "estates.settle") else set()
    return frozenset(found)


def _purses(unit: Unit, person_id: str) -> dict[Origin, int]:
    return {Origin(origin): minutes for origin, minutes in unit.balances(person_id).items()}


def _facts(unit: Unit, row: Estate) -> Facts:
    kin = unit.members.kin(row.person_id)
    chosen = unit.estates.choice(row.person_id)
    heirs = tuple((one, Relation(kin[one])) for one in json.loads(row.heirs) if one in kin)
    heir_id = chosen.heir_id if chosen else None
    membership = unit.members.get(heir_id) if heir_id else None
    alive = membership is not None and membership.state == "active" and heir_id in kin
    if alive and heir_id is not None and heir_id not in dict(heirs):
        heirs = (*heirs, (heir_id, Relation(kin[heir_id])))
    kind = Choice(chosen.kind) if chosen and (chosen.kind != Choice.HEIR or alive) else Choice.RULES
    return Facts(heirs, row.spouse_asks, kind, heir_id if alive else None)


def _view(unit: Unit, actor: Actor, row: Estate, now: datetime) -> EstateView:
    facts, who = _facts(unit, row), _standing(unit, actor, row)
    names = unit.persons({row.person_id, *(one for one, _ in facts.heirs)})
    membership = unit.members.get(row.person_id)
    events = unit.estates.events(row.id)
    reported = row.state == EstateState.REPORTED
    parts = plan(unit.policy_at(now)[0], _purses(unit, row.person_id), facts) if reported else ()
    own = {one: data.name for one, data in names.items()}
    second = Party.SECOND in who and events[-1].actor_id != actor.person_id
    return EstateView(
        id=row.id,
        person_id=row.person_id,
        name=own.get(row.person_id, ""),
        number=membership.number if membership else "",
        station_id=row.station_id,
        died_on=row.died_on,
        proof=unit.open_for(row.person_id, row.proof_sealed) or "",
        heirs=tuple(own.get(one, "") for one, _ in facts.heirs),
        spouse_asks=row.spouse_asks,
        choice=str(facts.choice),
        state=row.state,
        parts=tuple(
            PartView(str(one.origin), one.minutes, own.get(one.person_id or "", ""), one.lapses) for one in parts
        ),
        entries=tuple(one.seq for one in unit.estates.entries(row.id)),
        steps=trails.trail(unit, events, row.person_id),
        may_settle=reported and second,
        may_withdraw=reported and bool(who),
        may_undo=row.state == EstateState.SETTLED and second,
    )
