"""Trainings that volunteers finished: what the risky services ask for."""

from __future__ import annotations

from datetime import date, datetime

from timebank.domain.catalogue import TRAINING_LABELS
from timebank.domain.errors import NotFound, ServiceInvalid
from timebank.domain.roles import Actor, require_at
from timebank.storage.members import Qualification
from timebank.storage.unit import Bank


def record(
    bank: Bank, actor: Actor, person_id: str, training: str, valid_from: date, valid_to: date | None, *, now: datetime
) -> None:
    """Write down that a member finished a training. Raises ServiceInvalid for an unknown one, NotFound."""
    if training not in TRAINING_LABELS:
        raise ServiceInvalid(field="training")
    with bank.unit() as unit:
        membership = unit.members.get(person_id)
        if membership is None:
            raise NotFound
        require_at(actor, "members.qualify", membership.station_id, unit.network.parents())
        unit.members.add(
            Qualification(
                book=unit.origin,
                id=bank.new_id(now),
                person_id=person_id,
                training=training,
                valid_from=valid_from,
                valid_to=valid_to,
                recorded_by=actor.person_id,
            )
        )
