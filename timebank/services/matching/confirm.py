"""A worker confirms suggestions, one or many. Only now is anything assigned, and every gate is asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from timebank.domain.errors import AlreadyBooked, NeedStateConflict, NotFound, TimebankError
from timebank.domain.local_time import day_start, local_day
from timebank.domain.needs import STATE_LABELS, NeedState
from timebank.domain.roles import Actor, require, require_at
from timebank.domain.states import Party
from timebank.storage.booking import book, booked
from timebank.storage.needs import Need
from timebank.storage.unit import Bank, Unit

DESK = frozenset({Party.DESK})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one confirmed pair: assigned, or why not."""

    need_id: str
    person_id: str
    refusal: TimebankError | None


def confirm(bank: Bank, actor: Actor, pairs: Sequence[tuple[str, str]], *, now: datetime) -> tuple[Outcome, ...]:
    """Give each need to its volunteer; each pair in a commit of its own. What is refused leaves its need open.

    Nobody gives a need to oneself. Raises Forbidden.
    """
    require(actor, "matching.confirm")
    found = []
    for need_id, person_id in pairs:
        try:
            _assign(bank, actor, need_id, person_id, now)
            found.append(Outcome(need_id, person_id, None))
        except TimebankError as error:
            found.append(Outcome(need_id, person_id, error))
    return tuple(found)


def _assign(bank: Bank, actor: Actor, need_id: str, person_id: str, now: datetime) -> None:
    with bank.unit() as unit:
        need = unit.needs.get(need_id, lock=True)
        membership = unit.members.get(person_id)
        if need is None or membership is None or person_id == actor.person_id or not membership.serves:
            raise NotFound
        for station_id in (need.station_id, membership.station_id):
            require_at(actor, "matching.confirm", station_id, unit.network.parents())
        if need.wanted_at <= now:
            raise NeedStateConflict(state=STATE_LABELS[NeedState.EXPIRED])
        _check_day(unit, need, person_id, local_day(need.wanted_at), now)
        book(unit, actor, need, person_id, DESK, now)


def _check_day(unit: Unit, need: Need, person_id: str, day: date, now: datetime) -> None:
    """Nobody is given more than the care rules' minutes of a day. Raises AlreadyBooked."""
    start = day_start(day)
    end = start + timedelta(days=1)
    promised = sum(
        int((to - since) / timedelta(minutes=1))
        for since, to in booked(unit, [person_id], start, end).get(person_id, ())
    )
    done = unit.matching.minutes([person_id], start, end).get(person_id, 0)
    if promised + done + need.minutes > unit.care_at(now).matching.day_minutes_most:
        raise AlreadyBooked
