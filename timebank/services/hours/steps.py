"""The steps of a record between people: confirm, dispute, uphold, reject, withdraw, appeal, log again."""

from __future__ import annotations

from datetime import datetime

from timebank.domain.errors import NotFound
from timebank.domain.hours import DROPS_CONFIRMATION, ConfirmedHow, RecordState, after, check_reason
from timebank.domain.redemptions import RedemptionState
from timebank.domain.redemptions import after as redemption_after
from timebank.domain.roles import Actor
from timebank.domain.states import Party
from timebank.services.hours.values import HoursView, add_event, parties_of, views
from timebank.storage.hours import HoursRecord
from timebank.storage.presence import prove
from timebank.storage.unit import Bank, Unit


def step(
    bank: Bank, actor: Actor, record_id: str, verb: str, reason: str | None, text: str, *, now: datetime
) -> HoursView:
    """Take a step that needs no proof of presence. What was confirmed is confirmed anew after some of them.

    Raises NotFound, Forbidden, HoursStateConflict, ReasonMissing, ReasonUnknown.
    """
    if verb in ("confirm", "verify", "log", "reverse"):
        raise NotFound
    check_reason(verb, reason, text)
    with bank.unit() as unit:
        row = locked(unit, record_id)
        before = row.state
        row.state = str(after(RecordState(before), verb, parties_of(unit, actor, row)))
        if verb in DROPS_CONFIRMATION:
            row.confirmed_at = row.confirmed_by = row.confirmed_how = None
        add_event(bank, unit, row, actor, before, now, reason=reason, text=text)
        if verb in ("reject", "dispute"):
            kind = "hours_rejected" if verb == "reject" else "hours_disputed"
            unit.tell(row.volunteer_id, kind, "hours", row.id, now=now)
        if verb == "reject":
            unit.announce("record.rejected", {"record": row.id, "station": row.station_id}, now=now)
        if verb in ("reject", "withdraw") and row.redemption_id is not None:
            _undeliver(unit, actor, row.redemption_id, now)
            row.redemption_id = None
        unit.flush()
        return views(unit, actor, [row])[0]


def _undeliver(unit: Unit, actor: Actor, redemption_id: str, now: datetime) -> None:
    """The hours did not stand, so the request that they answered waits for its helper again."""
    request = unit.redemptions.get(redemption_id, lock=True)
    if request is None:
        raise NotFound
    state = redemption_after(RedemptionState(request.state), "undeliver", frozenset({Party.SYSTEM}))
    request.delivered_minutes = request.delivered_at = request.delivered_by = request.record_id = None
    unit.redemptions.move(request, str(state), actor.person_id, actor.via, now)


def confirm(bank: Bank, actor: Actor, record_id: str, how: str, *, now: datetime) -> HoursView:
    """The elder says yes on the own phone; or a proxy; or the desk writes down that the elder said so.

    Raises NotFound, Forbidden, HoursStateConflict.
    """
    with bank.unit() as unit:
        row = locked(unit, record_id)
        who = parties_of(unit, actor, row)
        if Party.ELDER in who:
            said = ConfirmedHow.WEB
        elif Party.PROXY in who:
            said = ConfirmedHow.PROXY
        else:
            said = ConfirmedHow.PHONE if how == ConfirmedHow.PHONE else ConfirmedHow.DESK
        return _confirm(bank, unit, actor, row, who, said, actor.person_id, now)


def confirm_by_elder(
    bank: Bank, actor: Actor, record_id: str, *, pin: str = "", card: str = "", now: datetime
) -> HoursView:
    """The elder types the PIN, or shows the card, at the volunteer's phone or at the desk.

    Raises PinWrong, PinNotSet, CardUnknown, TooManyAttempts, NotFound, HoursStateConflict.
    """
    with bank.read() as unit:
        row = unit.hours.get(record_id)
        if row is None:
            raise NotFound
        parties_of(unit, actor, row)
        elder_id = row.elder_id
    said = prove(bank, elder_id, pin=pin, card=card, now=now)
    with bank.unit() as unit:
        row = locked(unit, record_id)
        return _confirm(bank, unit, actor, row, frozenset({Party.ELDER}), said, elder_id, now)


def locked(unit: Unit, record_id: str) -> HoursRecord:
    """The row, held against others until the commit. Raises NotFound."""
    row = unit.hours.get(record_id, lock=True)
    if row is None:
        raise NotFound
    return row


def _confirm(
    bank: Bank,
    unit: Unit,
    actor: Actor,
    row: HoursRecord,
    who: frozenset[Party],
    said: ConfirmedHow,
    confirmed_by: str,
    now: datetime,
) -> HoursView:
    before = row.state
    row.state = str(after(RecordState(before), "confirm", who))
    row.confirmed_at, row.confirmed_by, row.confirmed_how = now, confirmed_by, str(said)
    add_event(bank, unit, row, actor, before, now)
    unit.flush()
    return views(unit, actor, [row])[0]
