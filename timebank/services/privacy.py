"""Erasing a person's data: ask, think it over, withdraw; a second person confirms; the scheduler carries it out.

What the ledger holds stays: random ids, minutes and days. What made them a person's is destroyed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import ErasureAsked, Invalid, NotFound, PersonErased, StaffRoleLeft, TimebankError
from timebank.domain.privacy import (
    CHANNELS,
    OPEN,
    ErasureState,
    due_at,
    require_confirmable,
    require_open,
)
from timebank.domain.roles import Actor, covers, permits, require, require_at, require_second_person, stations_of
from timebank.storage.ids import digest
from timebank.storage.leaving import close_membership, require_settled
from timebank.storage.members import Membership
from timebank.storage.privacy import Erasure
from timebank.storage.scrubbing import scrub
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class ErasureView:
    """A request, as the member and the staff see it. `problem` is the code of what keeps it from being done."""

    id: str
    person_id: str
    name: str
    number: str
    channel: str
    state: str
    asked_at: datetime
    due_at: datetime
    done_at: datetime | None
    problem: str | None
    may_confirm: bool
    may_withdraw: bool


def ask(bank: Bank, actor: Actor, person_id: str, channel: str = "self", *, now: datetime) -> ErasureView:
    """Ask that a member's data be erased: the member, or the desk for the member or the member's heirs.

    Raises NotFound, PersonErased, ErasureAsked, StaffRoleLeft, BalanceLeft, OpenMattersLeft.
    """
    if channel not in CHANNELS or (channel == "self") != (actor.person_id == person_id):
        raise Invalid
    with bank.unit() as unit:
        _membership(unit, actor, person_id)
        unit.members.get(person_id, lock=True)
        _require_erasable(unit, person_id)
        row = Erasure(
            book=unit.origin,
            id=bank.new_id(now),
            person_id=person_id,
            channel=channel,
            asked_by=actor.person_id,
            asked_at=now,
            due_at=due_at(now),
            state=str(ErasureState.WAITING),
            version=1,
        )
        unit.privacy.add(row)
        unit.flush()
        return _view(unit, actor, row, now)


def withdraw(bank: Bank, actor: Actor, erasure_id: str, *, now: datetime) -> ErasureView:
    """Take the request back, as long as it isn't done: the member, or the desk on the member's word.

    Raises NotFound, ErasureStateConflict.
    """
    with bank.unit() as unit:
        row = _require(unit, erasure_id)
        _membership(unit, actor, row.person_id)
        require_open(row.state)
        row.state, row.decided_by, row.decided_at = str(ErasureState.WITHDRAWN), actor.person_id, now
        return _view(unit, actor, row, now)


def confirm(bank: Bank, actor: Actor, erasure_id: str, *, now: datetime) -> ErasureView:
    """The county agrees, after the time to think it over; never who asked for it, nor the person.

    Raises Forbidden, NotFound, SecondPersonNeeded, ErasureWaits, ErasureStateConflict.
    """
    with bank.unit() as unit:
        require(actor, "erasures.confirm")
        row = _require(unit, erasure_id)
        unit.require_member_at(actor, "erasures.confirm", row.person_id)
        require_second_person(actor, row.asked_by, row.person_id)
        require_confirmable(row.state, row.due_at, now)
        row.state, row.decided_by, row.decided_at = str(ErasureState.CONFIRMED), actor.person_id, now
        return _view(unit, actor, row, now)


def own(bank: Bank, actor: Actor, *, now: datetime) -> ErasureView | None:
    """My last request, if there was one."""
    with bank.read() as unit:
        row = unit.privacy.newest(actor.person_id)
        return _view(unit, actor, row, now) if row is not None else None


def open_ones(bank: Bank, actor: Actor, *, now: datetime) -> tuple[ErasureView, ...]:
    """The requests at the actor's stations that wait or are confirmed, the oldest first."""
    with bank.read() as unit:
        stations = stations_of(actor, "erasures.read", unit.network.parents())
        return tuple(_view(unit, actor, row, now) for row in unit.privacy.in_states(OPEN, stations))


def carry_out_due(bank: Bank, *, now: datetime) -> int:
    """Erase those that are confirmed, each in a commit of its own. Gives how many.

    One that can't be closed meanwhile, because hours came in, says so in `problem` and is tried again.
    """
    with bank.read() as unit:
        due = unit.privacy.confirmed()
    done = sum(_try(bank, erasure_id, now) for erasure_id in due)
    # Also where nothing was due: an earlier run may have been killed after its commit and before this.
    scrub(bank)
    return done


def _try(bank: Bank, erasure_id: str, now: datetime) -> bool:
    try:
        return _carry_out(bank, erasure_id, now)
    except TimebankError as error:
        code = error.code
    with bank.unit() as unit:
        _require(unit, erasure_id).problem = code[:40]
    return False


def _carry_out(bank: Bank, erasure_id: str, now: datetime) -> bool:
    with bank.unit() as unit:
        row = _require(unit, erasure_id)
        membership = unit.members.get(row.person_id, lock=True)
        person = unit.people.get(row.person_id)
        if row.state != ErasureState.CONFIRMED or membership is None or person is None:
            return False
        if unit.access.roles(row.person_id):
            raise StaffRoleLeft
        if membership.state != "closed":
            close_membership(unit, membership, row.decided_by or row.asked_by, now=now)
        for name in unit.privacy.logins(row.person_id):
            unit.access.forget_throttle(digest("login" + name))
        unit.privacy.erase(person, now)
        row.state, row.done_at, row.problem = str(ErasureState.DONE), now, None
    return True


def _require(unit: Unit, erasure_id: str) -> Erasure:
    row = unit.privacy.get(erasure_id, lock=True)
    if row is None:
        raise NotFound
    return row


def _membership(unit: Unit, actor: Actor, person_id: str) -> Membership:
    """The membership, for the person and for the desk of the station. Raises NotFound, Forbidden."""
    membership = unit.members.get(person_id)
    if membership is None:
        raise NotFound
    if actor.person_id == person_id:
        require(actor, "members.erase_own")
    else:
        require_at(actor, "erasures.request", membership.station_id, unit.network.parents())
    return membership


def _require_erasable(unit: Unit, person_id: str) -> None:
    person = unit.people.get(person_id)
    if person is None or not person.wrapped_key:
        raise PersonErased
    before = unit.privacy.newest(person_id)
    if before is not None and before.state in OPEN:
        raise ErasureAsked
    if unit.access.roles(person_id):
        raise StaffRoleLeft
    require_settled(unit, person_id)


def _view(unit: Unit, actor: Actor, row: Erasure, now: datetime) -> ErasureView:
    membership = unit.members.get(row.person_id)
    if membership is None:
        raise NotFound
    ripe = row.state == ErasureState.WAITING and now >= row.due_at
    mine = actor.person_id in (row.asked_by, row.person_id)
    reaches = permits(actor, "erasures.confirm") and covers(
        actor, membership.station_id, unit.network.parents(), "erasures.confirm"
    )
    return ErasureView(
        id=row.id,
        person_id=row.person_id,
        name=unit.person(row.person_id).name,
        number=membership.number,
        channel=row.channel,
        state=row.state,
        asked_at=row.asked_at,
        due_at=row.due_at,
        done_at=row.done_at,
        problem=row.problem,
        may_confirm=ripe and reaches and not mine,
        may_withdraw=row.state in OPEN and (actor.person_id == row.person_id or permits(actor, "erasures.request")),
    )
