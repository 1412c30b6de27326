"""Verifying: the record becomes credit. The entry is written in the same commit as the new state, or neither is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ledger import Draft, Kind, Posting
from timebank.domain.errors import NotFound, NothingToCredit, TimebankError
from timebank.domain.evidence import Document, ServedHours, hours_document
from timebank.domain.hours import RecordState, after
from timebank.domain.local_time import local_day
from timebank.domain.policies import CapOutcome, Origin, cap_outcome, credit_minutes, origin_of_service
from timebank.domain.redemptions import RedemptionState
from timebank.domain.redemptions import after as redemption_after
from timebank.domain.roles import Actor, require, require_no_part
from timebank.domain.states import Party
from timebank.services.hours.steps import locked
from timebank.services.hours.values import add_event, parties_of, record_of
from timebank.storage.hours import HoursRecord
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of one record of several: its entry, or why it was left as it was."""

    record_id: str
    number: str
    entry_seq: int | None
    credited_minutes: int
    refusal: TimebankError | None


def verify(bank: Bank, actor: Actor, record_ids: Sequence[str], *, now: datetime) -> tuple[Verified, ...]:
    """Verify one or many; each in a commit of its own, so that one refusal does not hold up the others.

    A refusal (OwnRecord, HoursStateConflict, ElderConfirmationMissing, NotFound, BalanceCapReached, NothingToCredit)
    stands in the answer beside its record.
    """
    require(actor, "hours.verify")
    outcomes = []
    for record_id in dict.fromkeys(record_ids):
        try:
            outcomes.append(_verify(bank, actor, record_id, now))
        except TimebankError as error:
            outcomes.append(Verified(record_id, "", None, 0, error))
    return tuple(outcomes)


def _verify(bank: Bank, actor: Actor, record_id: str, now: datetime) -> Verified:
    with bank.unit() as unit:
        row = locked(unit, record_id)
        who = parties_of(unit, actor, row)
        require_no_part(actor, record_of(row))
        before = row.state
        row.state = str(after(RecordState(before), "verify", who))
        row.verified_by, row.verified_at = actor.person_id, now
        _credit(bank, unit, actor, row, now)
        add_event(bank, unit, row, actor, before, now)
        return Verified(row.id, row.number, row.entry_seq, row.credited_minutes or 0, None)


def _credit(bank: Bank, unit: Unit, actor: Actor, row: HoursRecord, now: datetime) -> None:
    """Issue the credit, or let the receiver pay it; what is above the cap goes to the pool, all in one batch."""
    policy, policy_hash = unit.policy_at(now)
    credit = credit_minutes(policy, row.service_code, row.minutes)
    if credit == 0:
        raise NothingToCredit
    outcome = cap_outcome(policy, unit.worth(row.volunteer_id), credit, issued=row.redemption_id is None)
    credited = outcome.to_member + outcome.to_pool
    account = unit.purse(row.volunteer_id, str(origin_of_service(row.in_group)), actor.person_id, now=now)
    paid = _paid(unit, row, credited)
    document = unit.keep_document(
        "hours", row.volunteer_id, evidence_of(row, outcome, [(origin, part) for origin, _, part in paid]), now=now
    )
    row.document_id, row.credited_minutes = document.id, credited
    if credited == 0:
        return
    note = _Note(actor.person_id, document.commitment, policy_hash)
    if row.redemption_id is not None:
        drafts = _care(unit, row, account, credited, paid, note)
    else:
        drafts = [note.draft(Kind.EARN, row, ((account, credited), (unit.issuance, -credited)))]
    place = len(drafts) - 1
    if outcome.to_pool:
        postings = ((account, -outcome.to_pool), (unit.pool, outcome.to_pool))
        drafts.append(replace(note.draft(Kind.DONATE, row, postings), key=None, on=None))
    row.entry_seq = unit.append_many(drafts, now=now)[place].seq
    if row.redemption_id is not None:
        _close(unit, actor, row, credited, now)


@dataclass(frozen=True, slots=True)
class _Note:
    """What the entries of one record have in common."""

    actor_id: str
    commitment: str
    policy_hash: str

    def draft(self, kind: Kind, row: HoursRecord, postings: tuple[Posting, ...]) -> Draft:
        return Draft(
            kind=kind,
            actor=self.actor_id,
            postings=postings,
            key=f"hours-{row.id}-{row.version}",
            evidence=self.commitment,
            policy=self.policy_hash,
            on=local_day(row.started_at),
        )


def _paid(unit: Unit, row: HoursRecord, credited: int) -> list[tuple[Origin, str, int]]:
    """From which purses of the receiver these hours are paid; nothing where nobody pays."""
    if row.redemption_id is None:
        return []
    request = unit.redemptions.get(row.redemption_id, lock=True)
    if request is None or request.hold_seq is None or request.record_id != row.id:
        raise NotFound
    rest = dict(unit.given_back(request.hold_seq, request.minutes - credited))
    paid = []
    for account, held in unit.given_back(request.hold_seq, request.minutes):
        owner = unit.members.owner(account)
        if owner is not None and held > rest.get(account, 0):
            paid.append((Origin(owner.origin), account, held - rest.get(account, 0)))
    return paid


def _care(
    unit: Unit, row: HoursRecord, account: str, credited: int, paid: list[tuple[Origin, str, int]], note: _Note
) -> list[Draft]:
    """The hold is released, and the hours that were used become the volunteer's, in one batch."""
    request = unit.redemptions.get(row.redemption_id or "")
    if request is None or request.hold_seq is None:
        raise NotFound
    release = Draft(
        kind=Kind.RELEASE,
        actor=note.actor_id,
        postings=(*unit.given_back(request.hold_seq, request.minutes), (unit.escrow, -request.minutes)),
        of=request.hold_seq,
        policy=note.policy_hash,
        key=f"release-{request.id}-{request.version}",
    )
    used = tuple((purse, -part) for _, purse, part in paid)
    return [release, note.draft(Kind.CARE, row, (*used, (account, credited)))]


def _close(unit: Unit, actor: Actor, row: HoursRecord, credited: int, now: datetime) -> None:
    """The request that these hours answered is settled."""
    request = unit.redemptions.get(row.redemption_id or "", lock=True)
    if request is None:
        raise NotFound
    state = redemption_after(RedemptionState(request.state), "settle", frozenset({Party.VERIFIER}))
    request.entry_seq, request.settled_minutes = row.entry_seq, credited
    unit.redemptions.move(request, str(state), actor.person_id, actor.via, now)


def evidence_of(row: HoursRecord, outcome: CapOutcome, plan: Sequence[tuple[Origin, int]]) -> Document:
    """The document that the entry commits to: ids, times and codes, the four roles, and no name."""
    served = ServedHours(
        record_id=row.id,
        number=row.number,
        station_id=row.station_id,
        volunteer_id=row.volunteer_id,
        elder_id=row.elder_id,
        entered_by=row.entered_by,
        confirmed_by=row.confirmed_by or "",
        confirmed_how=row.confirmed_how or "",
        verified_by=row.verified_by or "",
        service_code=row.service_code,
        started_at=row.started_at,
        ended_at=row.ended_at,
        source=row.source,
        in_group=row.in_group,
        slip_number=row.slip_number,
        to_member=outcome.to_member,
        to_pool=outcome.to_pool,
        commended=outcome.commended,
        redemption_id=row.redemption_id,
        plan=tuple(plan),
    )
    return hours_document(served)
