"""Reading complaints: one's own, those to be handled, and one by its number and secret."""

from __future__ import annotations

from datetime import datetime

from timebank.domain.complaints import ENDED, OPEN
from timebank.domain.errors import NotFound
from timebank.domain.roles import Actor, require
from timebank.services.complaints.values import (
    ComplaintStep,
    ComplaintView,
    by_secret,
    handles,
    readable,
    stations_handled,
    steps,
    views,
)
from timebank.storage.unit import Bank


def mine(bank: Bank, actor: Actor, *, now: datetime) -> tuple[ComplaintView, ...]:
    """The actor's complaints, and those written down for somebody, the newest first."""
    with bank.read() as unit:
        return views(unit, actor, unit.complaints.of_person(actor.person_id), now)


def at_stations(
    bank: Bank, actor: Actor, *, ended: bool = False, before: str | None = None, limit: int = 50, now: datetime
) -> tuple[ComplaintView, ...]:
    """The complaints that the actor handles, the newest first. Raises Forbidden."""
    require(actor, "complaints.handle")
    with bank.read() as unit:
        rows = unit.complaints.at_stations(
            stations_handled(unit, actor), ENDED if ended else OPEN, before=before, limit=limit
        )
        return views(unit, actor, [row for row in rows if handles(unit, actor, row)], now)


def see(bank: Bank, actor: Actor, complaint_id: str, *, now: datetime) -> ComplaintView:
    """One complaint, for who makes or handles it. Raises NotFound."""
    with bank.read() as unit:
        return views(unit, actor, [readable(unit, actor, complaint_id)], now)[0]


def trail(bank: Bank, actor: Actor, complaint_id: str) -> tuple[ComplaintStep, ...]:
    """Its history: who did what is for who handles it. Raises NotFound."""
    with bank.read() as unit:
        row = readable(unit, actor, complaint_id)
        return steps(unit, row, unit.complaints.events(row.id), named=handles(unit, actor, row))


def see_in_public(bank: Bank, number: str, secret: str, address: str, *, now: datetime) -> ComplaintView:
    """One complaint, for who has its secret. Raises ComplaintUnknown, TooManyAttempts."""
    complaint_id = by_secret(bank, number, secret, address, now=now)
    with bank.read() as unit:
        row = unit.complaints.get(complaint_id)
        if row is None:
            raise NotFound
        return views(unit, None, [row], now)[0]


def trail_in_public(bank: Bank, number: str, secret: str, address: str, *, now: datetime) -> tuple[ComplaintStep, ...]:
    """Its history, without the names of the staff. Raises ComplaintUnknown, TooManyAttempts."""
    complaint_id = by_secret(bank, number, secret, address, now=now)
    with bank.read() as unit:
        row = unit.complaints.get(complaint_id)
        if row is None:
            raise NotFound
        return steps(unit, row, unit.complaints.events(row.id), named=False)
