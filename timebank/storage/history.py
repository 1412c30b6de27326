"""The history of whatever has states: one row for each change, only ever added, and one way to write it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import LargeBinary, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column


class StateChange:
    """The columns of a change of state. A table adds the id of what changed, between the book and the step."""

    book: Mapped[str] = mapped_column(String(120), primary_key=True, sort_order=-1)
    step: Mapped[int] = mapped_column(primary_key=True, sort_order=1)
    state_before: Mapped[str | None] = mapped_column(String(12), sort_order=2)
    state: Mapped[str] = mapped_column(String(12), sort_order=3)
    actor_id: Mapped[str] = mapped_column(String(32), sort_order=4)
    via: Mapped[str] = mapped_column(String(8), sort_order=5)
    at: Mapped[datetime] = mapped_column(sort_order=6)
    reason: Mapped[str | None] = mapped_column(String(32), sort_order=7)
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, sort_order=8)


class Stateful(Protocol):
    """A row that has an id and a state."""

    book: str
    id: str
    state: str


def steps_so_far(session: Session, event: Any, owner: str, row: Stateful) -> int:
    """How many steps of this row are written down. `owner`: the event's column that names the row."""
    query = select(func.count()).where(event.book == row.book, getattr(event, owner) == row.id)
    return session.scalar(query) or 0


def move(session: Session, event: Any, owner: str, row: Stateful, state: str, **how: Any) -> None:
    """Change the state and write down who, when and why, as `how` says (the event's other columns).

    The first event of a row has no state before.
    """
    number = steps_so_far(session, event, owner, row)
    before = row.state if number else None
    row.state = state
    there = {"book": row.book, owner: row.id, "step": number, "state_before": before, "state": state}
    session.add(event(**there, **how))
    session.flush()
