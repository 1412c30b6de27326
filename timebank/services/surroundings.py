"""What stands around every page: the county's name, the hotline, and the alarms that staff must see."""

from __future__ import annotations

from dataclasses import dataclass

from timebank.domain.roles import STAFF_ROLES, Actor
from timebank.storage.unit import Bank


@dataclass(frozen=True, slots=True)
class Alarm:
    """An open alert, as the banner shows it."""

    id: str
    summary: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The frame of a page."""

    county: str
    county_en: str
    hotline: str
    name: str
    alarms: tuple[Alarm, ...]


def see(bank: Bank, actor: Actor | None) -> Surroundings:
    """The frame for this visitor. Alarms are for staff alone."""
    with bank.read() as unit:
        county = unit.network.county()
        staff = actor is not None and any(role.name in STAFF_ROLES for role in actor.roles)
        alerts = unit.audits.open_alerts() if staff else []
        return Surroundings(
            county=county.name if county else "",
            county_en=county.name_en if county else "",
            hotline=county.hotline if county else "",
            name=unit.person(actor.person_id).name if actor else "",
            alarms=tuple(Alarm(alert.id, alert.summary) for alert in alerts),
        )
