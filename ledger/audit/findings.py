"""What an audit says: findings, the verdict, and by what the end of the book is pinned. Values only."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any

from ledger.checkpoints import Checkpoint

MAX_FINDINGS = 1_000
"""How many findings a report lists. A book that was rewritten has one for each entry; the count goes on."""

SOUND = "sound"
BROKEN = "broken"


class Level(IntEnum):
    """What a check is about; see the format page, "What an audit checks"."""

    CHAIN = 1
    TREE = 2
    BOOKS = 3
    EVIDENCE = 4
    WITNESSES = 5


ALL_LEVELS = frozenset(Level)
WITHOUT_DOCUMENTS = frozenset({Level.CHAIN, Level.TREE, Level.BOOKS})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `seq` is the entry it is about, None if no entry is (e.g. an account that none opened).

    `field` names the column, field or thing; `code` is stable, e.g. "leaf_hash", "entry_missing", "balance".
    """

    book: str
    seq: int | None
    level: int
    field: str
    expected: str
    found: str
    code: str

    def __str__(self) -> str:
        place = "the book" if self.seq is None else f"entry {self.seq}"
        return f"{self.book}, {place}, level {self.level}, {self.field}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class Pin:
    """A tree that somebody outside the database remembers: `by` is "signer", "witness", "copy" or the like.

    Without one, entries cut off at the end can't be seen.
    """

    by: str
    checkpoint: Checkpoint
    level: Level = Level.TREE


@dataclass(frozen=True, slots=True)
class Report:
    """How an audit ended. It always ends: what can't be read is a finding too.

    Entries `start` to `size` - 1 were checked. `pinned_size` entries are held fast by `pinned_by`; what comes after
    them could have been cut off unseen. `findings` lists at most MAX_FINDINGS, `count` says how many there are.
    `keys_from` is "caller" or "book": keys that only the book itself names don't show that its operator is the one.
    """

    book: str
    start: int
    size: int
    root: bytes
    levels: frozenset[Level]
    findings: tuple[Finding, ...] = ()
    count: int = 0
    pinned_by: tuple[str, ...] = ()
    pinned_size: int = 0
    checkpoints: int = 0
    documents: int = 0
    documents_erased: int = 0
    keys_from: str = "book"
    state: bytes | None = field(default=None, repr=False, compare=False)

    @property
    def verdict(self) -> str:
        return BROKEN if self.count else SOUND

    @property
    def is_sound(self) -> bool:
        return not self.count

    def as_document(self) -> dict[str, Any]:
        """The report as plain values, for JSON. The state is not in it."""
        return {
            "book": self.book,
            "start": self.start,
            "size": self.size,
            "root": self.root.hex(),
            "levels": sorted(int(level) for level in self.levels),
            "result": self.verdict,
            "count": self.count,
            "findings": [asdict(finding) for finding in self.findings],
            "pinned_by": list(self.pinned_by),
            "pinned_size": self.pinned_size,
            "checkpoints": self.checkpoints,
            "documents": self.documents,
            "documents_erased": self.documents_erased,
            "keys_from": self.keys_from,
        }

    def digest(self) -> str:
        """What an `audit` entry says of this report: hex of the SHA-256 of its JSON, sorted and without spaces."""
        text = json.dumps(self.as_document(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


class Findings:
    """Where checks put what they find. It keeps the first ones and counts all."""

    def __init__(self, book: str, levels: frozenset[Level]) -> None:
        self.book = book
        self.count = 0
        self._levels = levels
        self._kept: list[Finding] = []

    def add(self, seq: int | None, level: Level, name: str, expected: object, found: object, code: str) -> None:
        """One finding. Values are shortened: a report must not grow with what somebody wrote into a column."""
        if level not in self._levels:
            return
        self.count += 1
        if len(self._kept) < MAX_FINDINGS:
            self._kept.append(Finding(self.book, seq, int(level), name, shorten(expected), shorten(found), code))

    def unreadable(self, seq: int, problem: str) -> None:
        """The audit came no further than `seq`. This counts whatever levels were asked for."""
        self.count += 1
        self._kept.insert(
            0, Finding(self.book, seq, int(Level.CHAIN), "store", "readable rows", shorten(problem), "unreadable")
        )

    def kept(self) -> tuple[Finding, ...]:
        """The findings in the order of their entries, those about no entry last."""
        return tuple(sorted(self._kept, key=lambda finding: (finding.seq is None, finding.seq or 0, finding.level)))


def shorten(value: object) -> str:
    """A value as a reader of the report sees it."""
    if value is None:
        return "nothing"
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= 200 else text[:200] + "…"
