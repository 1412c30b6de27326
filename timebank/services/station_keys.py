"""Keys that stations hold themselves: added by the station, vouched for by its earlier one, retired.

The secret half never comes here: it is made in the worker's browser or on a device, and stays there. The book is what
counts; the station's row only repeats whether a key is in force. See docs/station-signatures.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger import Kind, LedgerError
from ledger.errors import StationSignatureMissing
from ledger.stations import entry_key, key_name
from timebank.domain.errors import NotFound, StationKeyInvalid, StationKeyVouching
from timebank.domain.roles import Actor, require, require_at, stations_of
from timebank.storage.network import Station
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class StationKeyView:
    """A key of a station. `seq`: the entry that added it. `vouched`: an earlier key of the station vouched for it; the
    first has no other to do so. `retired_by_key`: a key of the station said so itself."""

    seq: int
    key_id: str
    text: str
    number: int
    added_at: datetime
    vouched: bool
    retired_seq: int | None
    retired_at: datetime | None
    retired_by_key: bool


@dataclass(frozen=True, slots=True)
class StationKeys:
    """A station with all its keys, and what a new one would be called."""

    station_id: str
    code: str
    name: str
    name_en: str
    book: str
    key_name: str
    next_number: int
    keys: tuple[StationKeyView, ...]
    may_hold: bool
    may_retire: bool

    @property
    def in_force(self) -> tuple[StationKeyView, ...]:
        return tuple(key for key in self.keys if key.retired_seq is None)


def every(bank: Bank, actor: Actor) -> tuple[StationKeys, ...]:
    """The stations in the actor's scope, by code, each with its keys."""
    require(actor, "station_keys.read")
    with bank.read() as unit:
        parents = unit.network.parents()
        scope = stations_of(actor, "station_keys.read", parents)
        holds = stations_of(actor, "station_keys.hold", parents)
        retires = stations_of(actor, "station_keys.retire", parents)
        keys = _views(unit)
        return tuple(
            _station(unit, row, keys.get(row.id, ()), row.id in holds, row.id in retires)
            for row in unit.network.stations()
            if row.id in scope and row.kind == "station"
        )


def of_station(bank: Bank, actor: Actor, station_id: str) -> StationKeys:
    """One station. Raises NotFound."""
    for found in every(bank, actor):
        if found.station_id == station_id:
            return found
    raise NotFound


def add(
    bank: Bank,
    actor: Actor,
    station_id: str,
    *,
    key: str,
    possession: str,
    by: int | None = None,
    signature: str | None = None,
    now: datetime,
) -> StationKeys:
    """Bring a station's key into the book. `key`: a verifier key (Ed25519); `possession`: its own signature; `by` and
    `signature`: the entry of the key that vouches for it, and that one's signature.

    Raises NotFound, StationKeyVouching where a key in force has to vouch and none did, StationKeyInvalid.
    """
    data: dict[str, Any] = {"station": station_id, "add": key, "possession": possession}
    _vouched(data, by, signature)
    with bank.unit() as unit:
        row = _held(unit, actor, station_id, "station_keys.hold")
        known = unit.book.station_keys().values()
        earlier = next((one for one in known if (one.station, one.text) == (station_id, key)), None)
        if earlier is None or earlier.retired_seq is not None:
            number = sum(one.station == station_id for one in known) + 1
            _write(unit, actor, data, now, key=entry_key(station_id, number))
        row.signs = True
    return of_station(bank, actor, station_id)


def retire(
    bank: Bank,
    actor: Actor,
    station_id: str,
    seq: int,
    *,
    by: int | None = None,
    signature: str | None = None,
    now: datetime,
) -> StationKeys:
    """Say in the book that a key of a station signs no more. The station's worker proves it with a key in force; the
    county may do it without one, when the key is lost or stolen, and everybody sees that.

    Raises NotFound, StationKeyInvalid, Forbidden.
    """
    verb = "station_keys.retire" if by is None else "station_keys.hold"
    with bank.unit() as unit:
        row = _held(unit, actor, station_id, verb)
        keys = unit.book.station_keys()
        going = keys.get(seq)
        if going is None or going.station != station_id or going.retired_seq is not None:
            raise NotFound
        data: dict[str, Any] = {"station": station_id, "retire": going.text}
        _vouched(data, by, signature)
        _write(unit, actor, data, now, of=seq)
        row.signs = any(
            key.station == station_id and key.retired_seq is None for place, key in keys.items() if place != seq
        )
    return of_station(bank, actor, station_id)


def _held(unit: Unit, actor: Actor, station_id: str, verb: str) -> Station:
    require_at(actor, verb, station_id, unit.network.parents())
    row = unit.network.get_station(station_id)
    if row is None or row.kind != "station":
        raise NotFound
    return row


def _vouched(data: dict[str, Any], by: int | None, signature: str | None) -> None:
    if by is not None:
        data |= {"by": by, "signature": signature or ""}


def _write(unit: Unit, actor: Actor, data: dict[str, Any], now: datetime, **rest: Any) -> None:
    try:
        unit.append(Kind.KEY, actor.person_id, now=now, data=data, **rest)
    except StationSignatureMissing as error:
        raise StationKeyVouching from error
    except LedgerError as error:
        raise StationKeyInvalid from error


def _views(unit: Unit) -> dict[str, tuple[StationKeyView, ...]]:
    found: dict[str, tuple[StationKeyView, ...]] = {}
    for seq, key in unit.book.station_keys().items():
        added = unit.book.entry(seq)
        retired = None if key.retired_seq is None else unit.book.entry(key.retired_seq)
        view = StationKeyView(
            seq=seq,
            key_id=key.text.split("+")[1],
            text=key.text,
            number=key.number,
            added_at=added.recorded_at,
            vouched="by" in (added.data or {}),
            retired_seq=key.retired_seq,
            retired_at=None if retired is None else retired.recorded_at,
            retired_by_key=retired is not None and "by" in (retired.data or {}),
        )
        found[key.station] = (*found.get(key.station, ()), view)
    return found


def _station(
    unit: Unit, row: Station, keys: tuple[StationKeyView, ...], may_hold: bool, may_retire: bool
) -> StationKeys:
    return StationKeys(
        station_id=row.id,
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        book=unit.origin,
        key_name=key_name(unit.origin, row.id),
        next_number=len(keys) + 1,
        keys=keys,
        may_hold=may_hold,
        may_retire=may_retire,
    )
