"""Accounts of staff: who works where, in which role. Guards of the books hold no role that moves credit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import LastAdministrator, NotFound, RoleNotGrantable
from timebank.domain.roles import Actor, RoleName, require, roles_fit
from timebank.storage.access import RoleGrant
from timebank.storage.accounts import add_person, give_login, staff_data
from timebank.storage.network import Station
from timebank.storage.unit import Bank, Unit

FITS = {
    RoleName.WORKER: ("station", "street_centre", "county_centre"),
    RoleName.STREET: ("street_centre",),
    RoleName.COUNTY: ("county_centre",),
}


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role that a person holds."""

    grant_id: str
    role: str
    station: str
    station_en: str


@dataclass(frozen=True, slots=True)
class StaffView:
    """One member of the staff."""

    person_id: str
    name: str
    roles: tuple[RoleView, ...]


def appoint(
    bank: Bank,
    actor: Actor,
    *,
    name: str,
    phone: str,
    login: str,
    password: str,
    role: str,
    station_id: str | None,
    now: datetime,
    must_change: bool = True,
) -> str:
    """Make an account for a member of the staff, with a first password. Gives the person's id.

    A phone belongs to one person, so that nobody is a volunteer under one id and verifies under another: who is a
    member already gets the role by `grant`. Raises LoginTaken, PhoneTaken, RoleNotGrantable, NameInvalid, PhoneInvalid.
    """
    require(actor, "staff.manage")
    hashed = bank.passwords.hash(password)
    data = staff_data(name, phone)
    with bank.unit() as unit:
        person_id = add_person(bank, unit, data, now=now)
        give_login(bank, unit, person_id, login, hashed, kind="name", must_change=must_change, now=now)
        _grant(bank, unit, actor, person_id, role, station_id, now)
        return person_id


def grant(bank: Bank, actor: Actor, person_id: str, role: str, station_id: str | None, *, now: datetime) -> None:
    """Give a person one more role. Raises RoleNotGrantable, NotFound."""
    require(actor, "staff.manage")
    with bank.unit() as unit:
        if unit.people.get(person_id) is None:
            raise NotFound
        _grant(bank, unit, actor, person_id, role, station_id, now)


def end_role(bank: Bank, actor: Actor, grant_id: str, *, now: datetime) -> None:
    """Take a role back; the person's sessions end, so that the next one has the roles of now.

    Raises NotFound, LastAdministrator.
    """
    require(actor, "staff.manage")
    with bank.unit() as unit:
        row = unit.access.role(grant_id)
        if row is None or row.ended_at is not None:
            raise NotFound
        administrators = [g for g in unit.access.all_roles() if g.role == RoleName.ADMINISTRATOR]
        if row.role == RoleName.ADMINISTRATOR and len(administrators) == 1:
            raise LastAdministrator
        row.ended_at = now
        unit.access.revoke_sign_ins(row.person_id, now)


def every(bank: Bank, actor: Actor) -> tuple[StaffView, ...]:
    """All staff with their roles."""
    require(actor, "staff.manage")
    with bank.read() as unit:
        stations = {station.id: station for station in unit.network.stations()}
        grants: dict[str, list[RoleGrant]] = {}
        for row in unit.access.all_roles():
            grants.setdefault(row.person_id, []).append(row)
        people = unit.persons(grants)
        return tuple(
            StaffView(person_id, people[person_id].name, tuple(_role(row, stations) for row in rows))
            for person_id, rows in grants.items()
        )


def _role(row: RoleGrant, stations: dict[str, Station]) -> RoleView:
    station = stations.get(row.station_id or "")
    return RoleView(row.id, row.role, station.name if station else "", station.name_en if station else "")


def _grant(
    bank: Bank, unit: Unit, actor: Actor, person_id: str, role: str, station_id: str | None, now: datetime
) -> None:
    try:
        name = RoleName(role)
    except ValueError as error:
        raise RoleNotGrantable from error
    station = unit.network.get_station(station_id) if station_id else None
    if name in FITS and (station is None or station.kind not in FITS[name]):
        raise RoleNotGrantable
    if name is RoleName.MEMBER or (name not in FITS and station_id is not None):
        raise RoleNotGrantable
    held = {RoleName(row.role) for row in unit.access.roles(person_id)}
    if not roles_fit(frozenset(held | {name})):
        raise RoleNotGrantable
    unit.access.add(
        RoleGrant(
            book=unit.origin,
            id=bank.new_id(now),
            person_id=person_id,
            role=str(name),
            station_id=station_id,
            granted_by=actor.person_id,
            granted_at=now,
        )
    )
