"""What a witness has seen: one row for each log, on disk before anything is answered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

BUSY_SECONDS = 10


class Seen(NamedTuple):
    """The largest tree of a log that was cosigned: its size, its root and the note with the cosignatures."""

    size: int
    root: bytes
    note: str


class WitnessMemory:
    """An SQLite file. Several processes may share it: each change is a compare-and-swap under its write lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._connected() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS seen"
                " (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL) STRICT"
            )

    def seen(self, origin: str) -> Seen | None:
        """What was cosigned last of this log."""
        with self._connected() as connection:
            return self._get(connection, origin)

    def advance(self, origin: str, expected: Seen | None, seen: Seen) -> bool:
        """Remember `seen` instead of `expected`; says whether that still stood there. On disk when it returns."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            now = self._get(connection, origin)
            if (now and now[:2]) != (expected and expected[:2]):
                connection.execute("ROLLBACK")
                return False
            connection.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", (origin, *seen))
            connection.execute("COMMIT")
        return True

    def _get(self, connection: sqlite3.Connection, origin: str) -> Seen | None:
        row = connection.execute("SELECT size, root, note FROM seen WHERE origin = ?", (origin,)).fetchone()
        return None if row is None else Seen(*row)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            yield connection
