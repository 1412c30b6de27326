"""Slowing down who guesses: a password, a code, a PIN. Counted in the database, so that every worker counts alike."""

from __future__ import annotations

from datetime import datetime, timedelta

from timebank.domain.errors import TooManyAttempts
from timebank.storage.access import Throttle
from timebank.storage.unit import Unit

FREE_TRIES = 4
LONGEST_WAIT_SECONDS = 3600


def count_failure(unit: Unit, bucket: str, free_tries: int, now: datetime) -> None:
    """One more failure. After the free ones each closes the bucket twice as long as the last, up to an hour."""
    row = unit.access.throttle(bucket)
    if row is None or now - row.at > timedelta(days=1):
        if row is None:
            row = Throttle(bucket=bucket, failures=0)
            unit.access.add(row)
        row.failures = 0
    row.failures += 1
    row.at = now
    beyond = row.failures - free_tries
    if beyond > 0:
        row.blocked_until = now + timedelta(seconds=min(LONGEST_WAIT_SECONDS, 15 * 2 ** (beyond - 1)))


def refuse_if_closed(unit: Unit, bucket: str, now: datetime) -> None:
    """Raises TooManyAttempts, with the seconds to wait, while the bucket is closed."""
    row = unit.access.throttle(bucket)
    if row is not None and row.blocked_until is not None and row.blocked_until > now:
        raise TooManyAttempts(wait_seconds=int((row.blocked_until - now).total_seconds()) + 1)
