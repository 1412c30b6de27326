"""Founds a county's network from a file: divisions under their codes, centres and stations under their parents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from timebank.domain.roles import Actor, Role, RoleName
from timebank.services import Bank, beginning, network
from timebank.services.network import NewStation


def found_network(bank: Bank, document: dict[str, Any], *, now: datetime) -> dict[str, str]:
    """Make what the document says (see `presets/lunan.json`). Gives station code → id. Raises KeyError for a missing
    field, DivisionInvalid, StationParentInvalid.
    """
    county = document["county"]
    network.found(
        bank,
        division_code=county["code"],
        name=county["name"],
        name_en=county["name_en"],
        hotline=county["hotline"],
    )
    founder = Actor(bank.settings.book, beginning.FOUNDER, frozenset({Role(RoleName.COUNTY)}), "seed")
    above = [*document["above"], {**county, "level": "county", "parent": document["above"][0]["code"]}]
    for row in [*above, *document["divisions"]]:
        network.add_division(
            bank,
            founder,
            code=row["code"],
            level=row["level"],
            name=row["name"],
            name_en=row["name_en"],
            parent_code=row["parent"],
            since=date.fromisoformat(document["since"]),
        )
    ids: dict[str, str] = {}
    for row in document["stations"]:
        ids[row["code"]] = network.add_station(bank, founder, _station(row, ids), now=now)
    return ids


def _station(row: dict[str, Any], ids: dict[str, str]) -> NewStation:
    return NewStation(
        kind=row["kind"],
        code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        division_code=row["division"],
        parent_id=ids[row["parent"]] if row["parent"] else None,
        operator_name=row["operator"],
        operator_uscc=row["uscc"],
        address=row["address"],
        phone=row["phone"],
        opening=row["opening"],
        latitude_microdegrees=row["latitude_microdegrees"],
        longitude_microdegrees=row["longitude_microdegrees"],
        filing_number=row["filing"],
    )
