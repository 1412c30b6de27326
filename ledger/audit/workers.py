"""Several processes that check ranges of a database at the same time. A worker that dies costs time, no verdict."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import msgspec

import ledger
from ledger.audit.frames import KEYS, read_frame, write_frame
from ledger.audit.ranges import Seen

Range = tuple[int, int]
_Answer = TypeVar("_Answer")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Seen | None).decode


@dataclass(frozen=True, slots=True)
class Workers:
    """How to read the same book in other processes: the database's URL (as SQLAlchemy writes it, with its password)
    and the number of processes. The rows must be committed: what a worker does not see is looked at here."""

    url: str
    count: int = 2


class Pool:
    """Running workers."""

    def __init__(self, processes: list[subprocess.Popen[bytes]], threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._count = len(processes)
        self._keys: Future[bool | None] | None = None
        for process in processes:
            self._idle.put(process)

    def run(self, ranges: Iterable[Range]) -> Iterator[tuple[Range, Seen | None]]:
        """What the workers saw of each range, in the order of the ranges. None: unusual, or the worker is gone."""
        waiting: list[tuple[Range, Future[Seen | None]]] = []
        left = iter(ranges)
        try:
            while True:
                for job in islice(left, 2 * self._count - len(waiting)):
                    waiting.append((job, self._threads.submit(self._ask, job)))
                if not waiting:
                    return
                job, future = waiting.pop(0)
                yield job, future.result()
        finally:
            for _, future in waiting:
                future.cancel()

    def begin_keys(self) -> None:
        """Have a worker look at the idempotency keys, beside the ranges."""
        self._keys = self._threads.submit(self._talk, KEYS, msgspec.msgpack.Decoder(bool).decode)

    def no_key_repeats(self) -> bool:
        """Whether a worker looked at all idempotency keys and found each once."""
        return self._keys is not None and self._keys.result() is True

    def _ask(self, job: Range) -> Seen | None:
        return self._talk(job, _decode)

    def _talk(self, job: Range, decode: Callable[[bytes], _Answer]) -> _Answer | None:
        process = self._idle.get()
        try:
            if process.stdin is None or process.stdout is None:
                return None
            write_frame(process.stdin, _encode(job))
            answer = read_frame(process.stdout)
            return None if answer is None else decode(answer)
        except (OSError, msgspec.MsgspecError):
            return None
        finally:
            self._idle.put(process)


@contextmanager
def running(workers: Workers, book: str) -> Iterator[Pool]:
    """Start the workers, and end them whatever happens."""
    environment = dict(os.environ)
    root = str(Path(ledger.__file__).parents[1])
    environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [environment.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "ledger.audit.worker"]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)  # noqa: S603 (our own)
        for _ in range(workers.count)
    ]
    threads = ThreadPoolExecutor(workers.count)
    try:
        for process in processes:
            _greet(process, workers.url, book)
        yield Pool(processes, threads)
    finally:
        for process in processes:
            process.kill()
        threads.shutdown(cancel_futures=True)
        for process in processes:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    _close(pipe)


def _greet(process: subprocess.Popen[bytes], url: str, book: str) -> None:
    try:
        if process.stdin is not None:
            write_frame(process.stdin, _encode((url, book)))
    except OSError:
        # It is gone already. Its ranges are looked at in this process.
        return


def _close(pipe: object) -> None:
    try:
        pipe.close()  # type: ignore[attr-defined]
    except OSError:
        return
