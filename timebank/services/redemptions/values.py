"""What the pages and the API are given of a redemption, and who stands how to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import NotFound
from timebank.domain.redemptions import Involved, RedemptionState, parties, verbs_open
from timebank.domain.roles import Actor, covers, permits, stations_of
from timebank.domain.states import Party
from timebank.storage import trails
from timebank.storage.redemptions import OPEN, Redemption
from timebank.storage.trails import StepView
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class RedemptionView:
    """A request as who may see it sees it."""

    id: str
    number: str
    state: str
    station_id: str
    member_id: str
    member: str
    receiver_id: str
    receiver: str
    service_code: str
    service: str
    service_en: str
    minutes: int
    wanted_at: datetime
    requested_at: datetime
    expires_at: datetime
    volunteer_id: str | None
    volunteer: str
    provider_station_id: str | None
    delivered_minutes: int | None
    settled_minutes: int | None
    entry_seq: int | None
    record_id: str | None
    note: str
    verbs: tuple[str, ...]


def locked(unit: Unit, redemption_id: str) -> Redemption:
    """The row, held against others until the commit. Raises NotFound."""
    row = unit.redemptions.get(redemption_id, lock=True)
    if row is None:
        raise NotFound
    return row


def parties_of(unit: Unit, actor: Actor, row: Redemption) -> frozenset[Party]:
    """How the actor stands to the request. Raises NotFound for who has nothing to do with it."""
    tree = unit.network.parents()
    is_proxy = unit.members.is_proxy(row.member_id, actor.person_id)
    runs = permits(actor, "redemptions.run") and covers(actor, row.station_id, tree, "redemptions.run")
    involved = Involved(row.member_id, row.receiver_id, row.volunteer_id, row.delivered_by)
    found = parties(actor.person_id, involved, is_proxy=is_proxy, at_desk=runs)
    if not found and not (
        permits(actor, "redemptions.read") and covers(actor, row.station_id, tree, "redemptions.read")
    ):
        raise NotFound
    return found


def views(unit: Unit, actor: Actor, rows: Iterable[Redemption]) -> tuple[RedemptionView, ...]:
    """Several requests with the names of their people."""
    rows = list(rows)
    ids = {one for row in rows for one in (row.member_id, row.receiver_id, row.volunteer_id) if one}
    names = {person_id: data.name for person_id, data in unit.persons(ids).items()}
    services = {service.code: service for service in unit.catalogue.services()}
    found = []
    for row in rows:
        service = services.get(row.service_code)
        found.append(
            RedemptionView(
                id=row.id,
                number=row.number,
                state=row.state,
                station_id=row.station_id,
                member_id=row.member_id,
                member=names.get(row.member_id, ""),
                receiver_id=row.receiver_id,
                receiver=names.get(row.receiver_id, ""),
                service_code=row.service_code,
                service=service.name if service else row.service_code,
                service_en=service.name_en if service else row.service_code,
                minutes=row.minutes,
                wanted_at=row.wanted_at,
                requested_at=row.requested_at,
                expires_at=row.expires_at,
                volunteer_id=row.volunteer_id,
                volunteer=names.get(row.volunteer_id or "", ""),
                provider_station_id=row.provider_station_id,
                delivered_minutes=row.delivered_minutes,
                settled_minutes=row.settled_minutes,
                entry_seq=row.entry_seq,
                record_id=row.record_id,
                note=unit.open_for(row.member_id, row.note_sealed) or "",
                verbs=verbs_open(RedemptionState(row.state), parties_of(unit, actor, row)),
            )
        )
    return tuple(found)


def see(bank: Bank, actor: Actor, redemption_id: str) -> RedemptionView:
    """One request. Raises NotFound for who has nothing to do with it."""
    with bank.read() as unit:
        row = unit.redemptions.get(redemption_id)
        if row is None:
            raise NotFound
        return views(unit, actor, [row])[0]


def mine(bank: Bank, actor: Actor, *, before: str | None = None, limit: int = 20) -> tuple[RedemptionView, ...]:
    """The actor's requests, as payer, receiver or helper, the newest first."""
    with bank.read() as unit:
        return views(unit, actor, unit.redemptions.page(person_id=actor.person_id, before=before, limit=limit))


def of_member(bank: Bank, actor: Actor, person_id: str, *, limit: int = 20) -> tuple[RedemptionView, ...]:
    """A member's open requests, for the desk, the newest first; what another station serves is its matter.

    Raises NotFound beyond the actor's stations.
    """
    with bank.read() as unit:
        unit.require_member_at(actor, "redemptions.read", person_id)
        here = stations_of(
            actor, "redemptions.read", unit.network.parents()
        )  # what another station serves is its matter
        return views(
            unit, actor, unit.redemptions.page(person_id=person_id, station_ids=here, states=OPEN, limit=limit)
        )


def of_elders(bank: Bank, actor: Actor, *, limit: int = 20) -> tuple[RedemptionView, ...]:
    """The open requests of the elders for whom the actor may act."""
    with bank.read() as unit:
        rows = []
        for proxy in unit.members.elders_of(actor.person_id):
            rows += unit.redemptions.page(person_id=proxy.elder_id, states=OPEN, limit=limit)
        return views(unit, actor, [row for row in rows if _is_for(unit, actor, row)])


def _is_for(unit: Unit, actor: Actor, row: Redemption) -> bool:
    """Whether the payer of a request is an elder for whom the actor may act."""
    return any(proxy.proxy_id == actor.person_id for proxy in unit.members.proxies_of(row.member_id))


def at_desk(
    bank: Bank, actor: Actor, states: Iterable[str] = OPEN, *, before: str | None = None, limit: int = 50
) -> tuple[RedemptionView, ...]:
    """The requests at the actor's stations in these states."""
    with bank.read() as unit:
        stations = stations_of(actor, "redemptions.read", unit.network.parents())
        rows = unit.redemptions.page(station_ids=stations, states=states, before=before, limit=limit)
        return views(unit, actor, rows)


def trail(bank: Bank, actor: Actor, redemption_id: str) -> tuple[StepView, ...]:
    """The history of a request. Raises NotFound."""
    with bank.read() as unit:
        row = unit.redemptions.get(redemption_id)
        if row is None:
            raise NotFound
        parties_of(unit, actor, row)
        return trails.trail(unit, unit.redemptions.events(redemption_id), row.member_id)
