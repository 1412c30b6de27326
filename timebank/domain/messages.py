"""What people are told: for each kind a short text in both languages, which names nobody and says what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from timebank.domain.words import N_

TEXTS: Final[Mapping[str, str]] = {
    "redemption_assigned": N_("A helper was found for the care that you asked for."),
}
"""Kind of message → its text. A kind is added by adding a line."""
