"""What stands around a claim of hours, read once: the rules of logging are asked with it, by whoever must know."""

from __future__ import annotations

from datetime import datetime

from timebank.domain.catalogue import Place, Service
from timebank.domain.errors import NotFound
from timebank.domain.hours import Circumstances, Claim, Participant, Worked, window
from timebank.domain.kin import Relation
from timebank.domain.local_time import local_day
from timebank.storage.hours import HoursRecord
from timebank.storage.unit import Unit


def circumstances(unit: Unit, claim: Claim, service: Service | None, now: datetime) -> Circumstances:
    """Around a claim at a moment. Raises NotFound for who is no member, PolicyMissing."""
    policy, _ = unit.policy_at(now)
    relation = unit.members.kin(claim.volunteer_id).get(claim.elder_id)
    return Circumstances(
        now=now,
        policy=policy,
        service=service,
        volunteer=participant(unit, claim.volunteer_id, claim.started_at),
        elder=participant(unit, claim.elder_id, claim.started_at),
        relation=Relation(relation) if relation else None,
        others=tuple(worked(row) for row in unit.hours.of_volunteer(claim.volunteer_id, *window(claim))),
    )


def participant(unit: Unit, person_id: str, on: datetime) -> Participant:
    """A volunteer or an elder as the rules see them. Raises NotFound for who is no member."""
    membership = unit.members.get(person_id)
    if membership is None:
        raise NotFound
    consents = {row.kind: row.given for row in unit.members.consents(person_id)}
    return Participant(
        person_id=person_id,
        active=membership.state == "active",
        closed=membership.state == "closed",
        member_since=membership.approved_at or membership.applied_at,
        born_on=unit.person(person_id).born_on,
        trainings=unit.members.trainings(person_id, local_day(on)),
        guardian_agrees=consents.get("guardian", False),
    )


def worked(row: HoursRecord) -> Worked:
    """A record as the rules see another one of the same volunteer."""
    return Worked(row.id, row.volunteer_id, row.elder_id, row.started_at, row.ended_at, Place(row.place))
