"""Who can help with a request: the station's volunteers who hold the training that it needs, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from timebank.domain.errors import NotFound
from timebank.domain.kin import OWED_BY_LAW, Relation
from timebank.domain.local_time import local_day
from timebank.domain.roles import Actor, require_at
from timebank.storage.holding import training_for
from timebank.storage.redemptions import Redemption
from timebank.storage.unit import Bank, Unit

BATCH = 50


@dataclass(frozen=True, slots=True)
class Helper:
    """A volunteer who may be asked."""

    person_id: str
    number: str
    name: str
    age: int | None


@dataclass(frozen=True, slots=True)
class Helpers:
    """A page of helpers. `training`: what they all hold. `next`: the number after which the next page begins."""

    people: tuple[Helper, ...]
    training: str | None
    next: str | None


def helpers(
    bank: Bank, actor: Actor, redemption_id: str, words: str = "", *, after: str = "", limit: int = 20, now: datetime
) -> Helpers:
    """Whom the desk can give the request to, by part of the member number or of the name.

    Names are sealed: a search by name opens those of the trained volunteers, batch by batch, until the page is full;
    all else opens those of the page alone. Raises NotFound, Forbidden.
    """
    words = words.strip()
    digits = "".join(words.split()) if "".join(words.split()).isdigit() else ""
    with bank.read() as unit:
        row = unit.redemptions.get(redemption_id)
        if row is None:
            raise NotFound
        require_at(actor, "redemptions.run", row.station_id, unit.network.parents())
        training = training_for(unit, row)
        found: list[Helper] = []
        while True:
            batch = unit.redemptions.volunteers(
                row.station_id, training=training, on=local_day(row.wanted_at), digits=digits, after=after, limit=BATCH
            )
            for one in _fitting(unit, row, batch, "" if digits else words, now):
                if len(found) == limit:
                    return Helpers(tuple(found), training, found[-1].number)
                found.append(one)
            if len(batch) < BATCH:
                return Helpers(tuple(found), training, None)
            after = list(batch.values())[-1]


def _fitting(unit: Unit, row: Redemption, batch: dict[str, str], name: str, now: datetime) -> list[Helper]:
    """Of these, who has no part in the request, owes the receiver no care by law, and bears this name."""
    near = {one for one, relation in unit.members.kin(row.receiver_id).items() if Relation(relation) in OWED_BY_LAW}
    apart = [one for one in batch if one not in {row.receiver_id, row.member_id, *near}]
    people = unit.persons(apart)
    found = [Helper(one, batch[one], people[one].name, people[one].age_on(local_day(now))) for one in apart]
    return [one for one in found if name in one.name]
