"""What was done with an entry of a credit file: by whom, when, with which words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from timebank.storage.unit import Unit


@dataclass(frozen=True, slots=True)
class StepView:
    """One step in the history of an event or a listing."""

    verb: str
    state: str
    who: str
    at: datetime
    text: str


def steps(unit: Unit, of_id: str, person_id: str | None) -> tuple[StepView, ...]:
    rows = unit.credit_files.steps(of_id)
    people = unit.persons({row.actor_id for row in rows})
    return tuple(
        StepView(
            row.verb,
            row.state,
            people[row.actor_id].name,
            row.at,
            (unit.open_for(person_id, row.text_sealed) if person_id else row.text) or "",
        )
        for row in rows
    )
