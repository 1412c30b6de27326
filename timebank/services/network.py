"""County, divisions, stations: made once, read by everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ledger import Kind
from timebank.domain.errors import DivisionInvalid, NotFound, StationParentInvalid
from timebank.domain.identity import DivisionLevel, check_division
from timebank.domain.roles import Actor, require
from timebank.storage.network import County, Division, Station
from timebank.storage.unit import Bank

ABOVE = {"county_centre": None, "street_centre": "county_centre", "station": "street_centre"}


@dataclass(frozen=True, slots=True)
class StationView:
    """A station as everybody may see it."""

    id: str
    kind: str
    code: str
    name: str
    name_en: str
    division: str
    division_code: str
    address: str
    phone: str
    opening: str
    latitude_microdegrees: int
    longitude_microdegrees: int
    operator_name: str
    operator_uscc: str
    filing_number: str | None
    state: str


@dataclass(frozen=True, slots=True)
class NewStation:
    """What is told of a new station."""

    kind: str
    code: str
    name: str
    name_en: str
    division_code: str
    parent_id: str | None
    operator_name: str
    operator_uscc: str
    address: str
    phone: str
    opening: str
    latitude_microdegrees: int
    longitude_microdegrees: int
    filing_number: str | None


def found(bank: Bank, *, division_code: str, name: str, name_en: str, hotline: str) -> bool:
    """Begin a county's network: its row. False if it was there already."""
    with bank.unit() as unit:
        if unit.network.county() is not None:
            return False
        unit.network.add(
            County(
                book=unit.origin,
                division_code=division_code,
                name=name,
                name_en=name_en,
                hotline=hotline,
                is_demo=bank.settings.is_demo,
            )
        )
        return True


def add_division(
    bank: Bank, actor: Actor, *, code: str, level: str, name: str, name_en: str, parent_code: str | None, since: date
) -> None:
    """Add a division under its parent. Raises DivisionInvalid."""
    require(actor, "network.edit")
    try:
        seen = DivisionLevel(level)
    except ValueError as error:
        raise DivisionInvalid from error
    with bank.unit() as unit:
        parents = {row.code: DivisionLevel(row.level) for row in unit.network.divisions()}
        if parent_code is not None and parent_code not in parents:
            raise DivisionInvalid
        check_division(code, seen, (parent_code, parents[parent_code]) if parent_code else None)
        unit.network.add(
            Division(
                book=unit.origin,
                code=code,
                level=str(seen),
                name=name,
                name_en=name_en,
                parent_code=parent_code,
                valid_from=since,
            )
        )


def add_station(bank: Bank, actor: Actor, new: NewStation, *, now: datetime) -> str:
    """Add a station and open its provider account. Gives its id. Raises StationParentInvalid, DivisionInvalid."""
    require(actor, "network.edit")
    with bank.unit() as unit:
        parent = unit.network.get_station(new.parent_id) if new.parent_id else None
        if new.kind not in ABOVE or (parent.kind if parent else None) != ABOVE[new.kind]:
            raise StationParentInvalid
        if new.division_code not in {row.code for row in unit.network.divisions()}:
            raise DivisionInvalid
        account = bank.opaque("p")
        station = Station(
            book=unit.origin,
            id=bank.new_id(now),
            kind=new.kind,
            code=new.code,
            name=new.name,
            name_en=new.name_en,
            division_code=new.division_code,
            parent_id=new.parent_id,
            operator_name=new.operator_name,
            operator_uscc=new.operator_uscc,
            address=new.address,
            phone=new.phone,
            opening=new.opening,
            latitude_microdegrees=new.latitude_microdegrees,
            longitude_microdegrees=new.longitude_microdegrees,
            filing_number=new.filing_number,
            provider_account=account,
            state="open",
        )
        unit.network.add(station)
        unit.append(Kind.OPEN, actor.person_id, now=now, data={"account": account, "account_kind": "provider"})
        return station.id


def stations(bank: Bank) -> tuple[StationView, ...]:
    """All stations of the county."""
    with bank.read() as unit:
        names = {row.code: row.name for row in unit.network.divisions()}
        return tuple(_view(row, names) for row in unit.network.stations())


def station(bank: Bank, station_id: str) -> StationView:
    """One station. Raises NotFound."""
    for view in stations(bank):
        if view.id == station_id:
            return view
    raise NotFound


def _view(row: Station, names: dict[str, str]) -> StationView:
    return StationView(
        id=row.id,
        kind=row.kind,
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        division=names.get(row.division_code, ""),
        division_code=row.division_code,
        address=row.address,
        phone=row.phone,
        opening=row.opening,
        latitude_microdegrees=row.latitude_microdegrees,
        longitude_microdegrees=row.longitude_microdegrees,
        operator_name=row.operator_name,
        operator_uscc=row.operator_uscc,
        filing_number=row.filing_number,
        state=row.state,
    )
