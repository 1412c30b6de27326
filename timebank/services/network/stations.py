"""Operators and stations: who runs which, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.errors import (
    DivisionInvalid,
    FactInvalid,
    NotFound,
    OperatorTaken,
    StationCodeTaken,
    StationNotOpen,
    StationParentInvalid,
    StreetHasCentre,
)
from timebank.domain.local_time import local_day
from timebank.domain.organisations import ABOVE, OPERATOR_KINDS, checked_uscc
from timebank.domain.roles import Actor, require, require_at
from timebank.services.network.values import StationView, station_views
from timebank.storage.network import Station
from timebank.storage.organisations import Operator, StationEvent
from timebank.storage.unit import Bank, Unit

LATITUDES = (3_000_000, 54_000_000)
LONGITUDES = (73_000_000, 136_000_000)
"""Microdegrees of the country: a swapped pair is found."""


@dataclass(frozen=True, slots=True)
class OperatorView:
    """An operator, and how many stations it runs."""

    id: str
    name: str
    name_en: str
    kind: str
    uscc: str
    stations: int


@dataclass(frozen=True, slots=True)
class NewStation:
    """What is told of a new station. It may lack legal standing: then it is the operator's, with a site number."""

    kind: str
    code: str
    name: str
    name_en: str
    division_code: str
    parent_id: str | None
    operator_id: str
    site_number: str
    address: str
    phone: str
    opening: str
    latitude_microdegrees: int
    longitude_microdegrees: int
    opened_on: date | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What a station itself keeps up to date."""

    address: str
    phone: str
    opening: str
    floor_area_sqm: int | None
    beds: int | None
    day_seats: int | None
    estates: str
    promise: str


def add_operator(
    bank: Bank, actor: Actor, *, name: str, name_en: str, kind: str, uscc: str, certificate_number: str | None,
    now: datetime,
) -> str:  # fmt: skip
    """Add a body that runs stations. Gives its id. Raises UsccInvalid, UsccPaperNeeded, OperatorTaken, FactInvalid."""
    require(actor, "network.edit")
    if kind not in OPERATOR_KINDS:
        raise FactInvalid(field="kind")
    code = checked_uscc(uscc, certificate_number)
    with bank.unit() as unit:
        if unit.organisations.by_uscc(code) is not None:
            raise OperatorTaken
        row = Operator(
            book=unit.origin, id=bank.new_id(now), name=name, name_en=name_en or name, kind=kind, uscc=code,
            certificate_number=(certificate_number or "").strip() or None,
        )  # fmt: skip
        unit.organisations.add(row)
        return row.id


def operators(bank: Bank) -> tuple[OperatorView, ...]:
    """All operators."""
    with bank.read() as unit:
        runs = [row.operator_id for row in unit.network.stations() if row.state != "closed"]
        return tuple(
            OperatorView(row.id, row.name, row.name_en, row.kind, row.uscc, runs.count(row.id))
            for row in unit.organisations.operators()
        )


def add_station(bank: Bank, actor: Actor, new: NewStation, *, now: datetime) -> str:
    """Add a station and open its provider account. Gives its id.

    Raises StationParentInvalid, DivisionInvalid, StationCodeTaken, StreetHasCentre (one centre a street), FactInvalid,
    NotFound for an operator that isn't there.
    """
    require(actor, "network.edit")
    _check_place(new)
    with bank.unit() as unit:
        stations_there = unit.network.stations()
        parent = unit.network.get_station(new.parent_id) if new.parent_id else None
        if new.kind not in ABOVE or (parent.kind if parent else None) != ABOVE[new.kind]:
            raise StationParentInvalid
        if new.division_code not in {row.code for row in unit.network.divisions()}:
            raise DivisionInvalid
        if any(row.code == new.code for row in stations_there):
            raise StationCodeTaken
        centres = {row.division_code for row in stations_there if row.kind == "street_centre" and row.state == "open"}
        if new.kind == "street_centre" and new.division_code in centres:
            raise StreetHasCentre
        if unit.organisations.operator(new.operator_id) is None:
            raise NotFound
        account = bank.opaque("p")
        station = _row(bank, unit, new, account, now)
        unit.network.add(station)
        unit.flush()
        note(bank, unit, actor, station.id, "opened", "", now)
        unit.append_open(account, "provider", actor.person_id, now=now)
        return station.id


def describe(bank: Bank, actor: Actor, station_id: str, told: Description, *, now: datetime) -> None:
    """Change what a station keeps up to date. Raises NotFound, Forbidden, StationNotOpen, FactInvalid."""
    for field in ("floor_area_sqm", "beds", "day_seats"):
        number = getattr(told, field)
        if number is not None and not 0 <= number <= 1_000_000:
            raise FactInvalid(field=field)
    for field, most in (("address", 200), ("phone", 20), ("opening", 80), ("estates", 400), ("promise", 2000)):
        if len(getattr(told, field)) > most:
            raise FactInvalid(field=field)
    with bank.unit() as unit:
        row = kept(unit, actor, station_id)
        row.address, row.phone, row.opening = told.address, told.phone, told.opening
        row.floor_area_sqm, row.beds, row.day_seats = told.floor_area_sqm, told.beds, told.day_seats
        row.estates, row.promise = told.estates, told.promise
        note(bank, unit, actor, station_id, "described", "", now)


def stations(bank: Bank) -> tuple[StationView, ...]:
    """All stations of the county."""
    with bank.read() as unit:
        return station_views(unit, unit.network.stations(), local_day(bank.clock()))


def station(bank: Bank, station_id: str) -> StationView:
    """One station. Raises NotFound."""
    return _one(bank, lambda view: view.id == station_id)


def station_by_code(bank: Bank, code: str) -> StationView:
    """One station by its public code. Raises NotFound."""
    return _one(bank, lambda view: view.code == code)


def kept(unit: Unit, actor: Actor, station_id: str) -> Station:
    """A station that this actor keeps up to date. Raises NotFound, Forbidden, StationNotOpen."""
    require_at(actor, "stations.keep", station_id, unit.network.parents())
    row = unit.network.get_station(station_id)
    if row is None:
        raise NotFound
    if row.state == "closed":
        raise StationNotOpen
    return row


def note(bank: Bank, unit: Unit, actor: Actor, station_id: str, verb: str, text: str, now: datetime) -> None:
    """Write down what happened to a station."""
    unit.organisations.add(
        StationEvent(
            book=unit.origin,
            id=bank.new_id(now),
            station_id=station_id,
            verb=verb,
            by=actor.person_id,
            at=now,
            text=text,
        )
    )


def _one(bank: Bank, fits: Callable[[StationView], bool]) -> StationView:
    for view in stations(bank):
        if fits(view):
            return view
    raise NotFound


def _check_place(new: NewStation) -> None:
    for field, least, most in (("latitude_microdegrees", *LATITUDES), ("longitude_microdegrees", *LONGITUDES)):
        if not least <= getattr(new, field) <= most:
            raise FactInvalid(field=field)
    if not new.code.strip() or len(new.code) > 20 or not new.code.replace("-", "").isalnum() or not new.code.isascii():
        raise FactInvalid(field="code")


def _row(bank: Bank, unit: Unit, new: NewStation, account: str, now: datetime) -> Station:
    return Station(
        book=unit.origin,
        id=bank.new_id(now),
        kind=new.kind,
        code=new.code,
        name=new.name,
        name_en=new.name_en,
        division_code=new.division_code,
        parent_id=new.parent_id,
        operator_id=new.operator_id,
        site_number=new.site_number,
        address=new.address,
        phone=new.phone,
        opening=new.opening,
        latitude_microdegrees=new.latitude_microdegrees,
        longitude_microdegrees=new.longitude_microdegrees,
        opened_on=new.opened_on,
        floor_area_sqm=None,
        beds=None,
        day_seats=None,
        estates="",
        promise="",
        provider_account=account,
        state="open",
    )
