"""Messages between an audit and its workers, over pipes."""

from __future__ import annotations

from typing import IO

KEYS = (0, 0)
"""Asks for the idempotency keys instead of a range: whether none is carried twice."""


def write_frame(pipe: IO[bytes], content: bytes) -> None:
    """One message: its length in eight bytes, then its bytes."""
    pipe.write(len(content).to_bytes(8, "big") + content)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> bytes | None:
    """The next message; None at the end."""
    head = pipe.read(8)
    if len(head) < 8:
        return None
    size = int.from_bytes(head, "big")
    content = pipe.read(size)
    return content if len(content) == size else None
