"""What is told of an elder's use: facts, to the elder and the own station alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from timebank.domain.errors import NotFound
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, require_at
from timebank.storage.unit import Bank


@dataclass(frozen=True, slots=True)
class FactsOfUse:
    """What is told of an elder's use: how often nobody was there. No score, never public."""

    no_shows: int
    last_on: date | None


def facts_of_use(bank: Bank, actor: Actor, person_id: str) -> FactsOfUse:
    """How often nobody was there when help came: for the member and the own station. Raises NotFound, Forbidden."""
    with bank.read() as unit:
        membership = unit.members.get(person_id)
        if membership is None:
            raise NotFound
        if actor.person_id != person_id:
            require_at(actor, "members.read", membership.station_id, unit.network.parents())
        rows = unit.redemptions.page(person_id=person_id, states=["no_show"], limit=200)
        mine = [row for row in rows if row.receiver_id == person_id]
        return FactsOfUse(len(mine), max((local_day(row.wanted_at) for row in mine), default=None))
