"""The work list of signals: found each night by rules, looked at and closed by people who took no part."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import AlreadyRecorded, NotFound, OwnSignal, ReasonUnknown, WordsMissing
from timebank.domain.roles import Actor, require, require_at, stations_of
from timebank.domain.signals import GIFTS_BACK, LOOK_BACK, Found, Given, Served, signals
from timebank.storage.supervision import OPEN, Signal
from timebank.storage.unit import Bank, Unit

DECISIONS = ("explained", "passed_on")


@dataclass(frozen=True, slots=True)
class SignalView:
    """A signal for those who look at it: rule, numbers, the people by name."""

    id: str
    rule: str
    params: dict[str, int | str]
    station_id: str
    station: str
    station_en: str
    people: tuple[tuple[str, str], ...]
    found_at: datetime
    state: str
    words: str
    decided_at: datetime | None


def find(bank: Bank, *, now: datetime) -> int:
    """Look over the verified records of the last months. Gives how many new signals there are."""
    with bank.unit() as unit:
        care = unit.get_care(now)
        if care is None:
            return 0
        policy, _ = unit.policy_at(now)
        served = [Served(*row) for row in unit.hours.verified_since(now - LOOK_BACK)]
        given = [Given(*row) for row in unit.transfers.gifts_since(now - GIFTS_BACK)]
        homes = unit.members.homes(one.giver_id for one in given)
        gap = care.inspections.manual_share_gap_percent
        found = signals(policy, served, given, unit.members.all_kin(), homes, gap_percent=gap)
        return _raise_new(bank, unit, found, now)


def _raise_new(bank: Bank, unit: Unit, found: tuple[Found, ...], now: datetime) -> int:
    """Keep those that were never said before."""
    known = {rule: unit.supervision.known(rule) for rule in {one.rule for one in found}}
    fresh = [one for one in found if one.about not in known[one.rule] and one.station_id]
    for one in fresh:
        known[one.rule].add(one.about)
        unit.supervision.raise_signal(bank.new_id(now), one, now)
    return len(fresh)


def work_list(bank: Bank, actor: Actor, states: tuple[str, ...] = (OPEN,)) -> tuple[SignalView, ...]:
    """The signals in reach, the newest first."""
    require(actor, "signals.read")
    with bank.read() as unit:
        reach = stations_of(actor, "signals.read", unit.network.parents())
        return _views(bank, unit, unit.supervision.signals(reach, states))


def decide(bank: Bank, actor: Actor, signal_id: str, decision: str, words: str, *, now: datetime) -> None:
    """Close a signal: explained, or passed on (to a correction, a complaint, the credit file), with words.

    Raises NotFound, OwnSignal, AlreadyRecorded, ReasonUnknown, WordsMissing, Forbidden.
    """
    if decision not in DECISIONS:
        raise ReasonUnknown
    if not words.strip():
        raise WordsMissing
    with bank.unit() as unit:
        row = unit.supervision.signal(signal_id)
        if row is None:
            raise NotFound
        require_at(actor, "signals.decide", row.station_id, unit.network.parents())
        if actor.person_id in row.persons.split():
            raise OwnSignal
        if row.state != OPEN:
            raise AlreadyRecorded
        row.state, row.decided_by, row.decided_at = decision, actor.person_id, now
        row.words_sealed = bank.vault.seal_for_service("signal", words.strip()[:1000])


def _views(bank: Bank, unit: Unit, rows: list[Signal]) -> tuple[SignalView, ...]:
    stations = {row.id: row for row in unit.network.stations()}
    people = unit.persons({person for row in rows for person in row.persons.split()})
    return tuple(
        SignalView(
            id=row.id,
            rule=row.rule,
            params=json.loads(row.params),
            station_id=row.station_id,
            station=stations[row.station_id].name,
            station_en=stations[row.station_id].name_en,
            people=tuple((one, people[one].name if one in people else "") for one in row.persons.split()),
            found_at=row.found_at,
            state=row.state,
            words=str(bank.vault.open_for_service("signal", row.words_sealed)) if row.words_sealed else "",
            decided_at=row.decided_at,
        )
        for row in rows
    )
