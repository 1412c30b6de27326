"""Ratings after a service: three faces, once for each side. Aggregated for stations, never public."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from timebank.domain.errors import Invalid
from timebank.domain.words import N_


class Direction(StrEnum):
    """Who rates: who received the care, or who helped (how it went, never the person)."""

    RECEIVER = "receiver"
    HELPER = "helper"


FACE_LABELS: Mapping[str, str] = {"good": N_("Good"), "so_so": N_("So-so"), "bad": N_("Not good")}
DIRECTION_LABELS: Mapping[str, str] = {
    Direction.RECEIVER: N_("Who received the care"),
    Direction.HELPER: N_("Who helped"),
}


def check_rating(face: str, direction: str) -> None:
    """Raises Invalid for what is no face or no side."""
    if face not in FACE_LABELS or direction not in DIRECTION_LABELS:
        raise Invalid
