"""The vectors in tests/vectors, made by an implementation that shares nothing with this one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from ledger.chain import leaf_hash

VECTORS = Path(__file__).parents[1] / "vectors"
CHECKPOINT_SIZES = (1, 17, 256, 301)
RECEIPT_SEQS = (0, 16, 255, 256, 300)


@cache
def facts() -> dict[str, Any]:
    return json.loads((VECTORS / "facts.json").read_bytes())


@cache
def bodies() -> tuple[bytes, ...]:
    return tuple((VECTORS / "entries.jsonl").read_bytes().splitlines())


@cache
def leaves() -> tuple[bytes, ...]:
    return tuple(leaf_hash(body) for body in bodies())


def read(name: str) -> bytes:
    return (VECTORS / name).read_bytes()
