"""Closing a station: announced to everybody, then handed over to its successor by a second person. No hour vanishes:
hours stand in the book under their members, and every open matter goes to the successor.
"""

from __future__ import annotations

from datetime import date, datetime

from timebank.domain.errors import (
    DatesWrong,
    NotFound,
    ReasonMissing,
    StationHasBelow,
    StationNotOpen,
    SuccessorInvalid,
)
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, require_at, require_second_person
from timebank.services.network.stations import note
from timebank.storage.network import Station
from timebank.storage.unit import Bank, Unit


def begin_closing(
    bank: Bank, actor: Actor, station_id: str, *, successor_id: str, last_day: date, reason: str, now: datetime
) -> int:
    """Announce that a station closes after `last_day`. Gives how many members were told.

    Raises SuccessorInvalid, DatesWrong, ReasonMissing, StationHasBelow, StationNotOpen, NotFound, Forbidden.
    """
    if not reason.strip():
        raise ReasonMissing
    if last_day < local_day(now):
        raise DatesWrong
    with bank.unit() as unit:
        row = _closable(unit, actor, station_id)
        if row.state != "open":
            raise StationNotOpen
        successor = unit.network.get_station(successor_id)
        if successor is None or successor.id == row.id or successor.state != "open" or successor.kind != row.kind:
            raise SuccessorInvalid
        if any(one.parent_id == row.id and one.state != "closed" for one in unit.network.stations()):
            raise StationHasBelow
        row.state, row.successor_id, row.closes_on, row.closing_by = "closing", successor_id, last_day, actor.person_id
        note(bank, unit, actor, station_id, "closing", reason, now)
        return _tell(unit, station_id, "station_closing", now)


def call_off(bank: Bank, actor: Actor, station_id: str, *, now: datetime) -> None:
    """The station stays open after all. Raises StationNotOpen unless it was being closed, NotFound, Forbidden."""
    with bank.unit() as unit:
        row = _closable(unit, actor, station_id)
        if row.state != "closing":
            raise StationNotOpen
        row.state, row.successor_id, row.closes_on, row.closing_by = "open", None, None, None
        note(bank, unit, actor, station_id, "called_off", "", now)
        _tell(unit, station_id, "station_stays", now)


def hand_over(bank: Bank, actor: Actor, station_id: str, *, now: datetime) -> dict[str, int]:
    """Close it after its last day: members, open matters and roles. A second person does it. Gives what moved.

    Raises DatesWrong before the day is over, SecondPersonNeeded, StationNotOpen, SuccessorInvalid, NotFound, Forbidden.
    """
    with bank.unit() as unit:
        row = _closable(unit, actor, station_id)
        if row.state != "closing" or row.successor_id is None or row.closes_on is None:
            raise StationNotOpen
        require_second_person(actor, row.closing_by)
        if local_day(now) <= row.closes_on:
            raise DatesWrong
        successor = unit.network.get_station(row.successor_id)
        if successor is None or successor.state != "open":
            raise SuccessorInvalid
        _tell(unit, station_id, "station_closed", now)
        unit.flush()
        moved = unit.hand_over_rows(station_id, successor.id)
        for grant in unit.access.all_roles():
            if grant.station_id == station_id:
                grant.ended_at = now
                unit.access.revoke_sign_ins(grant.person_id, now)
        row.state = "closed"
        note(bank, unit, actor, station_id, "closed", " ".join(f"{name}:{count}" for name, count in moved.items()), now)
        return moved


def _closable(unit: Unit, actor: Actor, station_id: str) -> Station:
    require_at(actor, "stations.close", station_id, unit.network.parents())
    row = unit.network.get_station(station_id)
    if row is None:
        raise NotFound
    return row


def _tell(unit: Unit, station_id: str, kind: str, now: datetime) -> int:
    told = [one for one in unit.members.of_stations([station_id]) if one.state in ("active", "suspended")]
    for membership in told:
        unit.tell(membership.person_id, kind, "station", station_id, now=now)
    return len(told)
