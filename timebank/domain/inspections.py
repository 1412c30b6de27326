"""Double-random inspection (双随机、一公开): the draw, which anybody can run again, and what an inspection may say.

The list of candidates is committed to the ledger before the seed exists: the seed is the body of the first checkpoint
that is published afterwards. docs/inspections.md has the bytes; nothing here is secret.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from timebank.domain.errors import NobodyToDraw
from timebank.domain.words import N_

VERSION: Final = "timebank draw v1"


class InspectionState(StrEnum):
    COMMITTED = "committed"
    DRAWN = "drawn"


class Outcome(StrEnum):
    """What an inspection found."""

    FINE = "fine"
    MINOR = "minor"
    SERIOUS = "serious"


OUTCOME_LABELS: Final = {
    Outcome.FINE: N_("nothing to object to"),
    Outcome.MINOR: N_("something to put right"),
    Outcome.SERIOUS: N_("serious faults"),
}


@dataclass(frozen=True, slots=True)
class Inspector:
    """Somebody who may inspect: an opaque id, and the codes of the stations at which this person works."""

    id: str
    own: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidates:
    """From whom is drawn, and how many."""

    at: str
    stations: tuple[str, ...]
    inspectors: tuple[Inspector, ...]
    stations_drawn: int
    inspectors_drawn: int

    def to_json(self) -> dict[str, Any]:
        """The list as it is published."""
        return {
            "version": VERSION,
            "at": self.at,
            "stations": sorted(self.stations),
            "inspectors": [{"id": one.id, "own": sorted(one.own)} for one in sorted(self.inspectors, key=_by_id)],
            "stations_drawn": self.stations_drawn,
            "inspectors_drawn": self.inspectors_drawn,
        }


@dataclass(frozen=True, slots=True)
class Drawn:
    """A station that is inspected, and by whom."""

    station: str
    inspectors: tuple[str, ...]


def _by_id(one: Inspector) -> str:
    return one.id


def text_of(document: dict[str, Any]) -> str:
    """The list as the text whose hash is committed: JSON, keys sorted, no spaces, UTF-8."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(text: str) -> str:
    """SHA-256 of the list's text, hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def candidates_of(text: str) -> Candidates:
    """The list that a text says. Raises ValueError or KeyError for a text that is none."""
    told = json.loads(text)
    if told["version"] != VERSION:
        raise ValueError("another version of the draw")
    return Candidates(
        told["at"],
        tuple(told["stations"]),
        tuple(Inspector(one["id"], tuple(one["own"])) for one in told["inspectors"]),
        told["stations_drawn"],
        told["inspectors_drawn"],
    )


def check_candidates(candidates: Candidates) -> None:
    """Raises NobodyToDraw unless each station could be inspected by enough people who don't work there."""
    if not candidates.stations or not candidates.inspectors:
        raise NobodyToDraw
    for station in candidates.stations:
        if not any(station not in one.own for one in candidates.inspectors):
            raise NobodyToDraw


def checkpoint_body(note: str) -> str:
    """The three lines of a checkpoint that its signatures are over: origin, size, root."""
    return "".join(f"{line}\n" for line in note.split("\n")[:3])


def draw(candidates: Candidates, digest: str, body: str) -> tuple[Drawn, ...]:
    """Who inspects what: by the order of hashes that nobody knew when the list was committed.

    seed = SHA-256 over version, newline, digest, newline, checkpoint body. A station's place is the SHA-256 of seed
    (hex), newline, "station", newline, code; an inspector's for a station that of seed, "inspector", code and id, a
    newline between each. The smallest hashes are drawn. Nobody inspects a station at which he works.
    """
    seed = hashlib.sha256(f"{VERSION}\n{digest}\n{body}".encode()).hexdigest()

    def place(*parts: str) -> str:
        return hashlib.sha256("\n".join((seed, *parts)).encode()).hexdigest()

    stations = sorted(candidates.stations, key=lambda code: place("station", code))[: candidates.stations_drawn]
    drawn = []
    for code in stations:
        others = [(place("inspector", code, one.id), one.id) for one in candidates.inspectors if code not in one.own]
        drawn.append(Drawn(code, tuple(person for _, person in sorted(others)[: candidates.inspectors_drawn])))
    return tuple(drawn)


def answer_due(answer_days: int, recorded_on: date) -> date:
    """The last day on which the station answers what was found."""
    return recorded_on + timedelta(days=answer_days)
