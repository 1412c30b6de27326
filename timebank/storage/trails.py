"""A history as people read it: who changed what, when, why, with names and words unsealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from timebank.storage.history import StateChange
from timebank.storage.unit import Unit


@dataclass(frozen=True, slots=True)
class StepView:
    """One change of state."""

    state_before: str | None
    state: str
    who: str
    via: str
    at: datetime
    reason: str | None
    text: str


def trail(unit: Unit, events: Sequence[StateChange], owner_id: str) -> tuple[StepView, ...]:
    """These changes; their words are sealed under the key of `owner_id`."""
    names = unit.persons({event.actor_id for event in events})
    return tuple(
        StepView(
            state_before=event.state_before,
            state=event.state,
            who=names[event.actor_id].name if event.actor_id in names else "",
            via=event.via,
            at=event.at,
            reason=event.reason,
            text=unit.open_for(owner_id, event.text_sealed) or "",
        )
        for event in events
    )
