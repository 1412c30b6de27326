"""The process that audits a monitor's copy beside it (`ledger.monitor.auditing`), as the monitor sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

import msgspec

import ledger
from ledger.audit import Pin
from ledger.audit.frames import read_frame, write_frame
from ledger.checkpoints import Checkpoint

AHEAD_BYTES = 4096
"""So much may be said that the process has not heard yet: a few hundred pages. Then the reading waits for the audit,
which is the slower of the two, instead of taking the processor from it; and nothing goes on for long after a kill."""
_encode = msgspec.msgpack.Encoder().encode


class Task(msgspec.Struct, frozen=True):
    """What is audited: the copy at `path` as it will be once `manifest` and `checkpoints` stand in it.

    `trees`: (by, size, root) of the pins. Of the entry pages only the last one has to be there from the beginning.
    """

    path: str
    book: str
    size: int
    manifest: bytes
    checkpoints: bytes
    keys: tuple[str, ...]
    trees: tuple[tuple[str, int, bytes], ...]
    since: bytes | None

    def pins(self) -> list[Pin]:
        """The trees that the entries must have."""
        return [Pin(by, Checkpoint(self.book, size, root)) for by, size, root in self.trees]


class Beside:
    """The running process. If it is gone, that is no error: nothing is known from it."""

    def __init__(self, task: Task) -> None:
        root = str(Path(ledger.__file__).parents[1])
        known = os.environ.get("PYTHONPATH")
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, *filter(None, [known])])}
        command = [sys.executable, "-m", "ledger.monitor.auditing"]
        self._process = subprocess.Popen(  # noqa: S603 (our own)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pipesize=AHEAD_BYTES, env=environment
        )
        self._tell(_encode(task))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def written(self, size: int) -> None:
        """All entry pages up to this entry are on disk."""
        self._tell(_encode(size))

    def state(self) -> bytes | None:
        """The state of the sound audit; None if it is not sound, or the process is gone."""
        if self._process.stdout is None:
            return None
        try:
            answer = read_frame(self._process.stdout)
            return None if answer is None else msgspec.msgpack.decode(answer, type=bytes | None)
        except (OSError, msgspec.MsgspecError):
            return None

    def _tell(self, content: bytes) -> None:
        # A process that is gone is noticed when it is asked for the state.
        with suppress(OSError):
            if self._process.stdin is not None:
                write_frame(self._process.stdin, content)
