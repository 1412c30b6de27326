"""The consent note that must stand before a service in which papers are carried. Shared by checking in and logging."""

from __future__ import annotations

from datetime import datetime

from timebank.domain.catalogue import Service
from timebank.domain.errors import ConsentNoteMissing
from timebank.storage.consent_notes import ConsentNote
from timebank.storage.unit import Unit


def note_before(
    unit: Unit, service: Service | None, volunteer_id: str, elder_id: str, started_at: datetime
) -> ConsentNote | None:
    """The note that covers a service which begins then; None where none is needed. Raises ConsentNoteMissing."""
    if service is None or not service.carries_papers:
        return None
    note = unit.consent_notes.unused(volunteer_id, elder_id, service.code, started_at)
    if note is None:
        raise ConsentNoteMissing
    return note
