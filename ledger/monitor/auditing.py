"""A process that audits a monitor's copy while the monitor still reads it: `python -m ledger.monitor.auditing`.

It spares time and is never the one to accuse: what it does not find sound is audited again by the monitor itself, once
everything is there. It reads an entry page only after the monitor has said that it is written.
"""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from ledger.audit import audit
from ledger.audit.frames import read_frame, write_frame
from ledger.bundle import CHECKPOINTS, MANIFEST, BundleStore, reader_of
from ledger.errors import LedgerError
from ledger.monitor.beside import Task
from ledger.notes import VerifierKey
from ledger.tiles import WIDTH

_encode = msgspec.msgpack.Encoder().encode


class _Growing(BundleStore):
    """The copy as it will be. Whoever asks for a page that is not written yet waits for it."""

    def __init__(self, task: Task, requests: IO[bytes]) -> None:
        known = {MANIFEST: task.manifest, CHECKPOINTS: task.checkpoints}
        behind = reader_of(Path(task.path))
        super().__init__(Path(task.path), lambda name: known[name] if name in known else behind(name))
        self._last = (task.size - 1) // WIDTH
        self._written = 0
        self._requests = requests

    def _bodies(self, index: int, width: int) -> list[bytes]:
        while index != self._last and self._written < (index + 1) * WIDTH:
            frame = read_frame(self._requests)
            if frame is None:
                # The monitor is gone or has found something itself. Nobody waits for a verdict.
                raise SystemExit
            self._written = msgspec.msgpack.decode(frame, type=int)
        return super()._bodies(index, width)


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """First a task, then how far the pages are written; in the end one answer: the state of a sound audit, or None."""
    first = read_frame(requests)
    if first is None:
        return
    task = msgspec.msgpack.decode(first, type=Task)
    keys = [VerifierKey.parse(text) for text in task.keys]
    try:
        report = audit(_Growing(task, requests), task.book, since=task.since, keys=keys, pins=task.pins())
    except LedgerError:
        state = None
    else:
        state = report.state if report.is_sound else None
    # A monitor that is gone asks for nothing any more.
    with suppress(OSError):
        write_frame(answers, _encode(state))


if __name__ == "__main__":
    # Nothing here makes cycles, and looking for them among a page's rows takes long.
    gc.disable()
    serve(sys.stdin.buffer, sys.stdout.buffer)
