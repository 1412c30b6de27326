"""The monitor's own copy, in a directory: what it saw and verified. It is also a bundle, if entries are kept.

monitor.json             where it stands: the last checkpoint, when it was seen, the tree's peaks, the audit's state
hashes                   the leaf hash of each entry, 32 bytes each
bundle.json, checkpoints.jsonl, tile/entries/...   the entries (see `ledger.bundle`), with an auditor's token
evidence/                what contradicted it, verbatim
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ledger.chain import HASH_BYTES
from ledger.errors import BundleInvalid
from ledger.merkle import CompactRange

_STATE, _HASHES, _EVIDENCE = "monitor.json", "hashes", "evidence"


@dataclass(slots=True)
class Standing:
    """Where a monitor stands. `note`: the last checkpoint that held, verbatim; `changed_at`: when it was first seen."""

    origin: str
    size: int = 0
    root: bytes = b""
    note: str = ""
    changed_at: str = ""
    peaks: list[bytes] = field(default_factory=list)
    audited: bytes | None = None

    def tree(self) -> CompactRange:
        """The tree so far, to be gone on with."""
        return CompactRange(self.size, self.peaks)


class Copy:
    """The directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)

    def load(self, origin: str) -> Standing:
        """Where it stands; at nothing in a new directory. Raises BundleInvalid if it is another book's or damaged."""
        try:
            found = json.loads((self.path / _STATE).read_bytes())
            standing = Standing(
                found["origin"],
                found["size"],
                bytes.fromhex(found["root"]),
                found["note"],
                found["changed_at"],
                [bytes.fromhex(peak) for peak in found["peaks"]],
                None if found["audited"] is None else base64.b64decode(found["audited"]),
            )
        except FileNotFoundError:
            return Standing(origin)
        except (ValueError, KeyError, TypeError) as error:
            raise BundleInvalid(f"{self.path / _STATE}: {error}") from error
        if standing.origin != origin:
            raise BundleInvalid(f"{self.path} is a copy of {standing.origin}, not of {origin}")
        path = self.path / _HASHES
        if standing.size and (not path.exists() or path.stat().st_size < standing.size * HASH_BYTES):
            raise BundleInvalid(f"{self.path / _HASHES} is cut")
        return standing

    def save(self, standing: Standing) -> None:
        """Believe it from now on: on disk as a whole, or not at all."""
        document = {
            "origin": standing.origin,
            "size": standing.size,
            "root": standing.root.hex(),
            "note": standing.note,
            "changed_at": standing.changed_at,
            "peaks": [peak.hex() for peak in standing.peaks],
            "audited": None if standing.audited is None else base64.b64encode(standing.audited).decode(),
        }
        self.write(_STATE, json.dumps(document, indent=1).encode() + b"\n")

    def hashes(self, start: int, stop: int) -> bytes:
        """Leaf hashes start..stop-1, as many as are there."""
        try:
            with (self.path / _HASHES).open("rb") as file:
                file.seek(start * HASH_BYTES)
                return file.read(max(0, stop - start) * HASH_BYTES)
        except FileNotFoundError:
            return b""

    def keep_hashes(self, start: int, hashes: bytes | bytearray) -> None:
        """Put the leaf hashes, one after the other, at their places. What stood after them was never believed."""
        path = self.path / _HASHES
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.truncate(start * HASH_BYTES)
            file.seek(start * HASH_BYTES)
            file.write(hashes)
            file.flush()
            os.fsync(file.fileno())

    def write(self, name: str, content: bytes) -> None:
        """A file, replaced as a whole."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(target.name + ".new")
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)

    def evidence(self, now: datetime, name: str, content: str) -> Path:
        """Keep what contradicts the copy, under a name of its own."""
        target = Path(_EVIDENCE) / f"{now:%Y%m%dT%H%M%S}-{name}.txt"
        self.write(str(target), content.encode())
        return self.path / target
