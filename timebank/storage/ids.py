"""Ids that the application makes, and digests of secrets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime


def uuid7(now: datetime, random: Callable[[int], bytes]) -> str:
    """RFC 9562, section 5.7: 48 bits of milliseconds, then random bits around version and variant."""
    milliseconds = int(now.timestamp() * 1000)
    tail = bytearray(random(10))
    tail[0] = 0x70 | (tail[0] & 0x0F)
    tail[2] = 0x80 | (tail[2] & 0x3F)
    return (milliseconds.to_bytes(6, "big") + bytes(tail)).hex()


def digest(secret: str | bytes) -> str:
    """SHA-256, hex: how a random secret (a cookie, a token, a card) is kept."""
    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).hexdigest()
