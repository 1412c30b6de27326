"""The seven facts of services (Order 67, article 7): name, day, place, content, time, organising unit, leader.

What came of a group activity has the activity's name, place and leader; a single visit has the service's name, and who
answers for it is who verified it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from timebank.domain.local_time import local_day
from timebank.storage.hours import HoursRecord
from timebank.storage.unit import Unit


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """Of one record. `minutes`: really given, not what was credited."""

    activity: str
    day: date
    place: str
    content: str
    minutes: int
    unit: str
    leader: str


def facts_of(unit: Unit, records: Sequence[HoursRecord]) -> dict[str, ServiceFacts]:
    """Record → its facts, with a few queries for all of them."""
    stations = {one.id: one.name for one in unit.network.stations()}
    services = {one.code: one.name for one in unit.catalogue.services()}
    activities = unit.activities.of_records([one.id for one in records])
    leaders = {one.leader_id for one in activities.values()} | {one.verified_by or "" for one in records}
    people = unit.persons(leaders)
    found = {}
    for one in records:
        activity, name = activities.get(one.id), services.get(one.service_code, one.service_code)
        leader = people.get(activity.leader_id if activity else one.verified_by or "")
        found[one.id] = ServiceFacts(
            activity=activity.name if activity else name,
            day=local_day(one.started_at),
            place=activity.place if activity else one.place,
            content=activity.content if activity else name,
            minutes=one.minutes,
            unit=stations.get(one.station_id, ""),
            leader=leader.name if leader else "",
        )
    return found
