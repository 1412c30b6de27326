"""What is done with a complaint: accept, pass on, redirect, answer, object, decide, withdraw, close."""

from __future__ import annotations

from datetime import datetime

from timebank.domain.complaints import ENDED, S, after, check_appeal, check_words, due_at, is_for_staff
from timebank.domain.errors import ComplaintSecondHandler, ComplaintStateConflict, NotFound
from timebank.domain.roles import Actor
from timebank.services.complaints.values import (
    ComplaintView,
    by_secret,
    complains,
    handlers,
    handles,
    readable,
    views,
)
from timebank.storage.complaints import Complaint
from timebank.storage.unit import Bank, Unit


def step(
    bank: Bank,
    actor: Actor,
    complaint_id: str,
    verb: str,
    text: str = "",
    *,
    outcome: str | None = None,
    station_id: str | None = None,
    about_id: str | None = None,
    now: datetime,
) -> ComplaintView | None:
    """One step. `outcome`: of an answer or decision; `station_id`: whom it is passed on to; `about_id`: of `accept`,
    whom it is about, who from then on neither sees nor handles it. None when it is no longer the actor's to see.

    Raises NotFound, Invalid, ComplaintStateConflict, ComplaintAppealLate, ComplaintSecondHandler.
    """
    staff = is_for_staff(verb)
    with bank.unit() as unit:
        row = readable(unit, actor, complaint_id, lock=True)
        if not (handles(unit, actor, row) if staff else complains(actor, row)):
            raise NotFound
        if verb == "decide" and row.answered_by == actor.person_id:
            raise ComplaintSecondHandler
        if verb == "accept" and about_id is not None:
            if unit.people.get(about_id) is None or about_id in (actor.person_id, row.complainant_id):
                raise NotFound
            row.about_id = about_id
        if verb == "pass_on":
            _pass_on(unit, row, station_id)
        _move(unit, row, verb, text, outcome, actor.person_id, actor.via, now)
        if staff:
            _tell_complainant(unit, row, now)
        elif verb == "appeal":
            _tell_handlers(unit, row, now)
        still = complains(actor, row) or handles(unit, actor, row)
        return views(unit, actor, [row], now)[0] if still else None


def step_in_public(
    bank: Bank, number: str, secret: str, address: str, verb: str, text: str = "", *, now: datetime
) -> None:
    """Object, withdraw or close with the secret. Raises ComplaintUnknown, TooManyAttempts, Invalid,
    ComplaintStateConflict, ComplaintAppealLate."""
    if is_for_staff(verb):
        raise NotFound
    complaint_id = by_secret(bank, number, secret, address, now=now)
    with bank.unit() as unit:
        row = unit.complaints.get(complaint_id, lock=True)
        if row is None:
            raise NotFound
        _move(unit, row, verb, text, None, None, "web", now)
        if verb == "appeal":
            _tell_handlers(unit, row, now)


def close_lapsed(bank: Bank, *, now: datetime) -> int:
    """Close what was answered or decided and nobody objected to in time. Gives how many."""
    with bank.unit() as unit:
        rows = unit.complaints.lapsed((S.ANSWERED, S.DECIDED), now)
        for row in rows:
            unit.complaints.move(row, "lapse", S.CLOSED, None, "job", now, None)
        return len(rows)


def _move(
    unit: Unit,
    row: Complaint,
    verb: str,
    text: str,
    outcome: str | None,
    actor_id: str | None,
    via: str,
    now: datetime,
) -> None:
    state = after(row.state, verb)
    check_words(verb, text, outcome)
    check_appeal(verb, row.due_at, now)
    if outcome is not None:
        row.outcome = outcome
    if verb == "answer":
        row.answered_by = actor_id
    if state not in ENDED:
        row.due_at = due_at(unit.care_at(now), state, now)
    sealed = unit.seal_for(row.complainant_id, text.strip()) if text.strip() else None
    unit.complaints.move(row, verb, state, actor_id, via, now, sealed)


def _pass_on(unit: Unit, row: Complaint, station_id: str | None) -> None:
    """Another station of the county. Raises NotFound; ComplaintStateConflict for the same, or for one that is about a
    record, whose station is certain."""
    if station_id is None or unit.network.get_station(station_id) is None:
        raise NotFound
    if station_id == row.station_id or row.record_id is not None:
        raise ComplaintStateConflict
    row.station_id = station_id


def _tell_complainant(unit: Unit, row: Complaint, now: datetime) -> None:
    """Who came from the street has no inbox and looks with the secret."""
    if row.channel != "public":
        unit.tell(row.complainant_id, "complaint_step", "complaint", row.id, now=now)


def _tell_handlers(unit: Unit, row: Complaint, now: datetime) -> None:
    for person_id in handlers(unit, row):
        if person_id != row.answered_by:
            unit.tell(person_id, "complaint_appealed", "complaint", row.id, now=now)
