"""Founds a county's network from a file: divisions under their codes, centres and stations under their parents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from timebank.domain.roles import Actor, Role, RoleName
from timebank.services import Bank, beginning, network
from timebank.services.network import NewStation


def found_network(bank: Bank, document: dict[str, Any], *, now: datetime) -> dict[str, str]:
    """Make what the document says (see `presets/lunan.json`). Gives station code → id. Raises KeyError for a missing
    field, and what `services.network` raises.
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
    operators: dict[str, str] = {}
    ids: dict[str, str] = {}
    for row in document["stations"]:
        if row["uscc"] not in operators:
            operators[row["uscc"]] = network.add_operator(
                bank, founder, name=row["operator"], name_en="", kind=row.get("operator_kind", "nonprofit"),
                uscc=row["uscc"], certificate_number=row.get("certificate_number"), now=now,
            )  # fmt: skip
        ids[row["code"]] = network.add_station(bank, founder, _station(row, ids, operators), now=now)
    return ids


def _station(row: dict[str, Any], ids: dict[str, str], operators: dict[str, str]) -> NewStation:
    return NewStation(
        kind=row["kind"],
        code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        division_code=row["division"],
        parent_id=ids[row["parent"]] if row["parent"] else None,
        operator_id=operators[row["uscc"]],
        site_number=row.get("site_number", row["code"]),
        address=row["address"],
        phone=row["phone"],
        opening=row["opening"],
        latitude_microdegrees=row["latitude_microdegrees"],
        longitude_microdegrees=row["longitude_microdegrees"],
        opened_on=date.fromisoformat(row["opened_on"]) if row.get("opened_on") else None,
    )
