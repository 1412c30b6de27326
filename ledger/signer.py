"""The signer: it signs a book only as far as it has checked it itself, and never two trees that contradict each other.

What it last signed and what it knows of the book lie in files of its own (see `SignerMemory`), so that neither a
restored backup nor a change in the database can lead it astray.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledger.audit import Pin, Report, Workers, audit
from ledger.checkpoints import Checkpoint, SignerMemory, sign_checkpoint
from ledger.entries import format_at
from ledger.errors import FormatError, SignerRefuses
from ledger.notes import Signing, VerifierKey
from ledger.store import CheckpointRow, Store

_SIGNER = "signer"


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint and its note. `is_new`: it was signed now; otherwise nothing was added since the last one."""

    checkpoint: Checkpoint
    note: str
    is_new: bool


class Signer:
    """Signs checkpoints with the book's keys. `retired`: earlier keys, whose checkpoints may still be stored."""

    def __init__(self, memory: SignerMemory, keys: Sequence[Signing], retired: Sequence[VerifierKey] = ()) -> None:
        self._memory = memory
        self._keys = tuple(keys)
        self._known = [*(key.verifier for key in keys), *retired]

    def sign(self, store: Store, origin: str, *, now: datetime, workers: Workers | None = None) -> Signed:
        """Check every entry that is new since the last signature, sign the tree, store the checkpoint.

        Raises SignerRefuses, which says why, if the book is behind what was signed, was changed, or has an unsound
        entry; NoteInvalid for keys of another book; BookUnknown. The tree is remembered on disk before it is signed:
        after a crash in between, the same tree is signed again.
        """
        last = self._memory.last(origin)
        report = self._check(store, origin, last, workers)
        checkpoint = Checkpoint(origin, report.size, report.root)
        stored = store.checkpoint(origin, report.size)
        if stored is not None and checkpoint == last:
            self._keep(origin, report)
            return Signed(checkpoint, stored.note, is_new=False)
        moment = now.astimezone(UTC).replace(microsecond=0)
        self._memory.advance(last, checkpoint)
        note = sign_checkpoint(checkpoint, self._keys, int(moment.timestamp())).encode()
        store.add_checkpoint(origin, CheckpointRow(checkpoint.size, checkpoint.root, note, format_at(moment)))
        self._keep(origin, report)
        return Signed(checkpoint, note, is_new=True)

    def _check(self, store: Store, origin: str, last: Checkpoint | None, workers: Workers | None) -> Report:
        pins = [Pin(_SIGNER, last)] if last is not None else []
        since = self._kept(origin)
        try:
            report = audit(store, origin, since=since, keys=self._known, pins=pins, workers=workers)
        except FormatError:
            # What was kept is damaged or of an earlier version: everything is checked again.
            report = audit(store, origin, keys=self._known, pins=pins, workers=workers)
        if not report.is_sound:
            first = "; ".join(str(finding) for finding in report.findings[:3])
            raise SignerRefuses(f"{report.count} findings in {origin}: {first}")
        if last is not None and _SIGNER not in report.pinned_by:
            raise SignerRefuses(f"{origin} does not extend the tree of {last.size} entries that was signed")
        return report

    def _path(self, origin: str) -> Path:
        name = hashlib.sha256(origin.encode()).hexdigest()[:16]
        return self._memory.path.with_name(f"{self._memory.path.name}.{name}.state")

    def _kept(self, origin: str) -> bytes | None:
        try:
            return self._path(origin).read_bytes()
        except FileNotFoundError:
            return None

    def _keep(self, origin: str, report: Report) -> None:
        """Only saves work: without it, the next time everything is checked. So it need not be on disk at once."""
        if report.state is None:
            return
        path = self._path(origin)
        fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(report.state)
        fresh.replace(path)
