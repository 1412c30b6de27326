"""Is this installation ready to serve?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from timebank.storage.health import scheduler_seen_at, schema_is_current
from timebank.storage.unit import Bank

SCHEDULER_SILENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Each part and whether it is well. The scheduler is told, and does not make the web unready."""

    parts: tuple[tuple[str, bool], ...]

    @property
    def is_ready(self) -> bool:
        return all(good for name, good in self.parts if name != "scheduler")


def ready(bank: Bank, *, now: datetime) -> Readiness:
    """Ask the database. Never raises: an unreachable database is an answer."""
    schema = schema_is_current(bank.engine)
    seen = scheduler_seen_at(bank.engine, bank.settings.book) if schema else None
    return Readiness(
        (
            ("database", schema is not None),
            ("schema", bool(schema)),
            ("scheduler", bool(seen and now - seen < SCHEDULER_SILENCE)),
        )
    )
