"""Clearing what the database still keeps of overwritten rows."""

from __future__ import annotations

from timebank.storage.unit import Bank


def scrub(bank: Bank) -> None:
    """Empty SQLite's write-ahead log, where older versions of pages stand. A reader may hold it back; the next
    checkpoint does it then. PostgreSQL's autovacuum does the like by itself (docs/privacy.md says how to hurry it)."""
    if bank.outer is None and bank.engine.dialect.name == "sqlite":
        # The driver's own connection: SQLAlchemy would begin a transaction, in which no checkpoint can be made.
        connection = bank.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
