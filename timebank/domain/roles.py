"""Who may do what, and where: roles, their verbs, their scope, and the separation of duties.

A verb is `noun.verb`. A role alone opens nothing: the service asks `require(actor, verb, station_id, parents)`. What a
member does with own records, purses and requests is decided by the parties of that record (see hours, redemptions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from timebank.domain.errors import Forbidden, NotFound, OwnRecord, SecondPersonNeeded


class RoleName(StrEnum):
    """The roles of the service. A person may hold several; a family proxy is a relation to one elder, not a role."""

    MEMBER = "member"
    WORKER = "worker"
    STREET = "street"
    COUNTY = "county"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Role:
    """A role at one station; `station_id` None means the whole county."""

    name: RoleName
    station_id: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, with which roles and through which door (`via`: web, api, desk, job or seed)."""

    book: str
    person_id: str
    roles: frozenset[Role]
    via: str

    @property
    def role_names(self) -> frozenset[RoleName]:
        return frozenset(role.name for role in self.roles)


STAFF_ROLES = frozenset(RoleName) - {RoleName.MEMBER}
MOVES_CREDIT = frozenset({RoleName.WORKER, RoleName.STREET, RoleName.COUNTY})
GUARDS = frozenset({RoleName.AUDITOR, RoleName.ADMINISTRATOR})

_MEMBER = frozenset(
    {
        "hours.log", "hours.confirm", "hours.dispute", "hours.withdraw", "hours.appeal", "visits.check_in",
        "redemptions.request", "redemptions.cancel",
        "transfers.gift", "transfers.donate", "transfers.undo",
        "passbook.see_own", "receipts.see_own", "members.see_own", "members.export_own", "members.erase_own",
        "proxies.agree", "catalogue.read", "policies.read", "messages.see_own",
        "points.read", "points.order",
        "trainings.join", "needs.post", "needs.take", "offers.make", "activities.join", "projects.join",
    }
)  # fmt: skip
_AT_A_STATION = frozenset(
    {
        "network.read", "members.list", "members.read", "hours.read", "hours.queue", "redemptions.read",
        "passbook.read", "transfers.read", "reversals.read", "catalogue.read", "policies.read", "alerts.read",
        "day_sheet.read", "station_keys.read", "network.report", "messages.see_own",
        "needs.read", "offers.read", "activities.read", "matching.read",
        "rounds.read", "incidents.read", "ratings.read", "credit_files.read", "certificates.read",
        "consent_notes.read", "equipment.read", "national.read", "awards.read", "statistics.read",
    }
)  # fmt: skip
_WORKER = _AT_A_STATION | {
    "members.register", "members.approve", "members.edit", "members.pin", "members.card", "members.qualify",
    "members.suspend", "members.close", "kin.record", "proxies.record", "consents.record",
    "hours.enter", "hours.confirm_at_desk", "hours.dispute_at_desk", "hours.withdraw_at_desk",
    "hours.verify", "hours.reject", "hours.resolve", "slips.issue", "visits.run",
    "redemptions.request_at_desk", "redemptions.run", "transfers.enter_at_desk", "transfers.grant",
    "reversals.request", "passbook.print", "erasures.read", "erasures.request",
    "station_keys.hold", "stations.keep", "inspections.answer", "trainings.run",
    "needs.post_at_desk", "needs.run", "offers.check", "activities.run", "projects.edit", "matching.confirm",
    "rounds.run", "incidents.run", "ratings.enter", "complaints.enter", "estates.read", "estates.report",
    "dormant.read", "dormant.contact",
    "consent_notes.run", "equipment.run", "points.read", "points.run", "national.run", "guests.serve",
    "awards.record",
}  # fmt: skip
_STREET = _AT_A_STATION | {
    "hours.verify", "hours.reject", "hours.resolve", "members.approve", "members.suspend",
    "transfers.grant", "transfers.approve_grant", "reversals.request", "reversals.approve",
    "spot_checks.record", "audits.read", "reports.read", "stations.keep",
    "signals.read", "signals.decide", "inspections.record", "trainings.run",
    "incidents.run", "complaints.handle", "credit_files.record", "listings.propose",
    "estates.read", "estates.settle", "dormant.read", "certificates.revoke", "awards.record",
}  # fmt: skip
_COUNTY = _STREET | {
    "policies.decide", "catalogue.edit", "network.edit", "stations.close", "stations.file", "inspections.begin",
    "audits.run", "ledger.read",
    "erasures.read", "erasures.confirm", "station_keys.retire",
    "credit_files.decide", "listings.decide", "interchange.read", "interchange.decide", "dormant.lapse",
    "webhooks.manage", "points.read", "points.decide", "coverage.invite",
    "grant_programmes.read", "grant_programmes.decide",
    "imports.read", "imports.decide", "statistics.freeze",
}  # fmt: skip
_AUDITOR = frozenset(
    {
        "network.read", "catalogue.read", "policies.read", "ledger.read", "ledger.export", "audits.read", "audits.run",
        "alerts.read", "interchange.read", "witness.hold", "reports.read", "messages.see_own",
        "statistics.read",
    }
)  # fmt: skip
_ADMINISTRATOR = frozenset(
    {
        "network.read", "catalogue.read", "policies.read", "staff.manage", "sessions.revoke", "tokens.manage",
        "keys.manage", "settings.edit", "audits.read", "alerts.read", "alerts.acknowledge", "personal.look",
        "webhooks.manage",
        "messages.see_own",
    }
)  # fmt: skip

PERMISSIONS: Mapping[RoleName, frozenset[str]] = {
    RoleName.MEMBER: _MEMBER,
    RoleName.WORKER: frozenset(_WORKER),
    RoleName.STREET: frozenset(_STREET),
    RoleName.COUNTY: frozenset(_COUNTY),
    RoleName.AUDITOR: _AUDITOR,
    RoleName.ADMINISTRATOR: _ADMINISTRATOR,
}
GUEST_VERBS = frozenset(
    {
        "guests.serve", "passbook.read", "redemptions.request_at_desk", "needs.post_at_desk", "needs.read",
        "redemptions.read", "hours.enter", "transfers.enter_at_desk", "complaints.enter", "points.run",
    }
)  # fmt: skip
"""What any station does for a member who stands at its desk, wherever the account is kept. Data, PIN, card, kin and
proxies stay with the member's own station."""
VERBS = frozenset().union(*PERMISSIONS.values())

Parents = Mapping[str, str | None]
"""Each station's id → the id of the station above it."""


def permissions(name: RoleName) -> frozenset[str]:
    """The verbs of a role."""
    return PERMISSIONS[name]


def permits(actor: Actor, verb: str) -> bool:
    """Whether any role of the actor has the verb, wherever it holds. KeyError on a verb that doesn't exist."""
    if verb not in VERBS:
        raise KeyError(verb)
    return any(verb in PERMISSIONS[role.name] for role in actor.roles)


def above(station_id: str, parents: Parents) -> frozenset[str]:
    """The station (or division) and all above it. A circle in the tree ends the walk instead of hanging it."""
    seen: set[str] = set()
    here: str | None = station_id
    while here is not None and here in parents and here not in seen:
        seen.add(here)
        here = parents[here]
    return frozenset(seen)


def role_covers(role: Role, station_id: str, parents: Parents) -> bool:
    """A worker covers the own station alone; a centre covers all below it; a role without a station the county."""
    if station_id not in parents:
        return False
    if role.station_id is None:
        return role.name is not RoleName.WORKER
    if role.name is RoleName.WORKER:
        return role.station_id == station_id
    return role.station_id in above(station_id, parents)


def covers(actor: Actor, station_id: str, parents: Parents, verb: str | None = None) -> bool:
    """Whether a staff role of the actor (one that has `verb`, if given) reaches the station."""
    return any(
        role.name in STAFF_ROLES
        and (verb is None or verb in PERMISSIONS[role.name])
        and role_covers(role, station_id, parents)
        for role in actor.roles
    )


def stations_of(actor: Actor, verb: str, parents: Parents) -> frozenset[str]:
    """All stations at which the actor may do this: the scope of a list or a queue."""
    return frozenset(station_id for station_id in parents if covers(actor, station_id, parents, verb))


def workplaces(actor: Actor) -> frozenset[str]:
    """The stations where the actor works at the desk, not those above which the actor stands."""
    return frozenset(role.station_id for role in actor.roles if role.name == RoleName.WORKER and role.station_id)


def require(actor: Actor, verb: str) -> None:
    """Raises Forbidden unless some role has the verb."""
    if not permits(actor, verb):
        raise Forbidden


def require_at(actor: Actor, verb: str, station_id: str, parents: Parents) -> None:
    """Raises Forbidden without the verb, NotFound where it doesn't reach: outsiders don't learn what exists."""
    require(actor, verb)
    if not covers(actor, station_id, parents, verb):
        raise NotFound


def may_look_at_person(actor: Actor, station_id: str, parents: Parents, *, reason: str | None) -> bool:
    """Personal data: the own station's staff; an administrator only with a reason that is logged."""
    if covers(actor, station_id, parents, "members.read"):
        return True
    return permits(actor, "personal.look") and bool(reason)


def roles_fit(names: frozenset[RoleName]) -> bool:
    """Who reads the books or keeps the keys holds no role that moves credit."""
    return not names & GUARDS or not names & MOVES_CREDIT


class TakenPart(Protocol):
    """What separation of duties looks at in a record."""

    @property
    def volunteer_id(self) -> str: ...
    @property
    def elder_id(self) -> str: ...
    @property
    def entered_by(self) -> str: ...
    @property
    def confirmed_by(self) -> str | None: ...


def part_in(person_id: str, record: TakenPart) -> str | None:
    """How a person took part in a record: served, received, entered or confirmed; None if not at all."""
    if person_id == record.volunteer_id:
        return "served"
    if person_id == record.elder_id:
        return "received"
    if person_id == record.entered_by:
        return "entered"
    if record.confirmed_by is not None and person_id == record.confirmed_by:
        return "confirmed"
    return None


def may_verify(actor: Actor, record: TakenPart) -> bool:
    """Never served, received, typed in, nor confirmed it in the elder's place."""
    return part_in(actor.person_id, record) is None


def require_no_part(actor: Actor, record: TakenPart) -> None:
    """Raises OwnRecord for anybody who took part in the record."""
    if not may_verify(actor, record):
        raise OwnRecord


def require_second_person(actor: Actor, *parties: str | None) -> None:
    """Raises SecondPersonNeeded when the actor asked for it, or gains or loses by it."""
    if actor.person_id in parties:
        raise SecondPersonNeeded
