"""Putting a wrong entry right: a request with a reason, a second person, and a reversing entry. Nothing is deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger import Entry, Kind
from timebank.domain.errors import BalanceTooLow, NotFound, ReversalAlreadyAsked, ReversalBreaksBalance
from timebank.domain.evidence import reversal_document
from timebank.domain.hours import RecordState
from timebank.domain.hours import after as hours_after
from timebank.domain.redemptions import RedemptionState
from timebank.domain.redemptions import after as redemption_after
from timebank.domain.reversals import (
    ReversalState,
    after,
    check_reason,
    check_reversible,
    check_second_person,
    undone_step,
)
from timebank.domain.roles import Actor, require, require_at, stations_of
from timebank.domain.states import Party
from timebank.domain.transfers import TransferState
from timebank.domain.transfers import after as transfer_after
from timebank.storage.hours import HoursEvent
from timebank.storage.transfers import Reversal
from timebank.storage.unit import Bank, Unit

SYSTEM = frozenset({Party.SYSTEM})


@dataclass(frozen=True, slots=True)
class ReversalView:
    """A request to undo an entry."""

    id: str
    of_seq: int
    kind: str
    minutes: int
    people: tuple[str, ...]
    reason: str
    text: str
    refused_reason: str | None
    refused_text: str
    asked_by: str
    asked_at: datetime
    state: str
    entry_seq: int | None
    may_decide: bool


def ask(bank: Bank, actor: Actor, seq: int, reason: str, text: str, *, now: datetime) -> ReversalView:
    """Ask that an entry be undone. Raises NotFound, EntryNotReversible, EntryAlreadyReversed, ReversalAlreadyAsked."""
    require(actor, "reversals.request")
    check_reason("ask", reason, text)
    with bank.unit() as unit:
        entry = _entry(unit, seq)
        station_id, people = _owners(unit, entry)
        require_at(actor, "reversals.request", station_id, unit.network.parents())
        check_reversible(str(entry.kind), reversed_already=_is_reversed(unit, seq))
        if unit.transfers.reversal_waits(seq):
            raise ReversalAlreadyAsked
        row = Reversal(
            book=unit.origin,
            id=bank.new_id(now),
            of_seq=seq,
            station_id=station_id,
            reason=reason,
            text_sealed=unit.seal_for(people[0], text) if text else None,
            asked_by=actor.person_id,
            asked_at=now,
            state="asked",
            version=1,
        )
        unit.transfers.add(row)
        unit.flush()
        return _view(unit, actor, row)


def decide(
    bank: Bank,
    actor: Actor,
    reversal_id: str,
    *,
    approve: bool,
    reason: str | None = None,
    text: str = "",
    now: datetime,
) -> ReversalView:
    """A second person approves, and the reversing entry is written; or refuses with a reason and, for `other`, words.

    Raises SecondPersonNeeded for anybody who had a part in it, ReversalBreaksBalance when the hours were used since.
    """
    require(actor, "reversals.approve")
    verb = "approve" if approve else "refuse"
    check_reason(verb, reason, text)
    try:
        with bank.unit() as unit:
            row = unit.transfers.reversal(reversal_id, lock=True)
            if row is None:
                raise NotFound
            require_at(actor, "reversals.approve", row.station_id, unit.network.parents())
            entry = _entry(unit, row.of_seq)
            _, people = _owners(unit, entry)
            check_second_person(actor.person_id, row.asked_by, (*people, entry.actor))
            row.state = str(after(ReversalState(row.state), verb, frozenset({Party.SECOND})))
            row.decided_by, row.decided_at = actor.person_id, now
            if approve:
                _reverse(unit, actor, row, entry, people[0], now)
            else:
                row.refused_reason = reason
                row.refused_text_sealed = unit.seal_for(people[0], text.strip()) if text.strip() else None
            return _view(unit, actor, row)
    except BalanceTooLow as error:
        raise ReversalBreaksBalance from error


def every(bank: Bank, actor: Actor, *, before: str | None = None, limit: int = 50) -> tuple[ReversalView, ...]:
    """Requests at the actor's stations, the newest first."""
    require(actor, "reversals.read")
    with bank.read() as unit:
        stations = stations_of(actor, "reversals.read", unit.network.parents())
        return tuple(_view(unit, actor, row) for row in unit.transfers.reversals(stations, before=before, limit=limit))


def asked(bank: Bank, actor: Actor) -> int:
    """How many requests at the actor's stations wait for a second person."""
    with bank.read() as unit:
        return unit.transfers.reversals_asked(stations_of(actor, "reversals.read", unit.network.parents()))


def _entry(unit: Unit, seq: int) -> Entry:
    if not 0 <= seq < unit.book.head().size:
        raise NotFound
    return unit.book.entry(seq)


def _is_reversed(unit: Unit, seq: int) -> bool:
    return any(entry.kind is Kind.REVERSE for entry in unit.book.entries_of(seq))


def _owners(unit: Unit, entry: Entry) -> tuple[str, list[str]]:
    """The station that answers for the entry, and the members whose accounts it moved. Raises NotFound for none."""
    owners = [unit.members.owner(account) for account, _ in entry.postings]
    people = [owner.person_id for owner in owners if owner is not None]
    membership = unit.members.get(people[0]) if people else None
    if membership is None:
        raise NotFound
    return membership.station_id, people


def _reverse(unit: Unit, actor: Actor, row: Reversal, entry: Entry, subject_id: str, now: datetime) -> None:
    document = unit.keep_document(
        "reversal",
        subject_id,
        reversal_document(
            reversal_id=row.id, of=entry.seq, reason=row.reason, asked_by=row.asked_by, decided_by=actor.person_id
        ),
        now=now,
    )
    row.entry_seq = unit.reverse(entry, actor.person_id, document, f"reverse-{row.id}", now=now).seq
    _undo_matter(unit, actor, entry, row.reason, now)


def _undo_matter(unit: Unit, actor: Actor, entry: Entry, reason: str, now: datetime) -> None:
    """The record, redemption or transfer that the entry belonged to goes its step back."""
    noun = (undone_step(str(entry.kind)) or ("", ""))[0]
    record = unit.hours.by_entry(entry.seq) if noun == "hours" else None
    if record is not None:
        before = record.state
        record.state = str(hours_after(RecordState(before), "reverse", SYSTEM))
        unit.flush()
        unit.hours.add(
            HoursEvent(
                book=unit.origin,
                record_id=record.id,
                step=record.version,
                state_before=before,
                state=record.state,
                actor_id=actor.person_id,
                via=actor.via,
                at=now,
                reason=reason,
            )
        )
    request = unit.redemptions.by_entry(entry.seq)
    if request is not None:
        request.settled_minutes = None
        if noun == "redemptions":
            state = redemption_after(RedemptionState(request.state), "reopen", SYSTEM)
            unit.redemptions.move(request, str(state), actor.person_id, actor.via, now, reason)
    transfer = unit.transfers.by_entry(entry.seq) if noun == "transfers" else None
    if transfer is not None:
        transfer.state = str(transfer_after(TransferState(transfer.state), "reverse", SYSTEM))


def _view(unit: Unit, actor: Actor, row: Reversal) -> ReversalView:
    entry = unit.book.entry(row.of_seq)
    _, people = _owners(unit, entry)
    names = unit.persons({*people, row.asked_by})
    took_part = {row.asked_by, entry.actor, *people}
    return ReversalView(
        id=row.id,
        of_seq=row.of_seq,
        kind=str(entry.kind),
        minutes=sum(minutes for _, minutes in entry.postings if minutes > 0),
        people=tuple(names[one].name for one in people if one in names),
        reason=row.reason,
        text=unit.open_for(people[0], row.text_sealed) or "",
        refused_reason=row.refused_reason,
        refused_text=unit.open_for(people[0], row.refused_text_sealed) or "",
        asked_by=names[row.asked_by].name if row.asked_by in names else "",
        asked_at=row.asked_at,
        state=row.state,
        entry_seq=row.entry_seq,
        may_decide=row.state == "asked" and actor.person_id not in took_part,
    )
