"""A process that checks ranges for an audit: `python -m ledger.audit.worker`, driven through its standard input.

A process of its own and no fork: an audit may be started from a service with threads, whose locks a fork would copy.
"""

from __future__ import annotations

import gc
import sys
from typing import IO

import msgspec

from ledger.audit.database import DatabaseSource, opened
from ledger.audit.frames import KEYS, read_frame, write_frame
from ledger.audit.quick import QuickCheck
from ledger.audit.ranges import Seen, Unusual
from ledger.audit.state import AuditState
from ledger.errors import LedgerError

_encode = msgspec.msgpack.Encoder().encode
_decode_start = msgspec.msgpack.Decoder(tuple[str, str]).decode
_decode_job = msgspec.msgpack.Decoder(tuple[int, int]).decode


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """First (url, book), then ranges; each is answered with what was `Seen`, or with nothing if it is unusual."""
    first = read_frame(requests)
    if first is None:
        return
    url, book = _decode_start(first)
    try:
        with opened(url) as connection:
            _answer(DatabaseSource(connection, book), book, requests, answers)
    except (LedgerError, OSError):
        # Without this worker the audit looks at its ranges itself, and says what is wrong with the store.
        return


def _answer(source: DatabaseSource, book: str, requests: IO[bytes], answers: IO[bytes]) -> None:
    check = QuickCheck(book, source)
    claims = source.claims()
    begin = AuditState(book)
    while (job := read_frame(requests)) is not None:
        start, stop = _decode_job(job)
        if (start, stop) == KEYS:
            write_frame(answers, _encode(not source.has_repeated_keys()))
            continue
        joint = source.joint(start - 1) if start else (begin.leaf_hash, begin.at)
        seen: Seen | None = None
        if joint is not None:
            try:
                seen = check.check(start, stop, *joint, claims.get, trusting=True)
            except Unusual:
                seen = None
        write_frame(answers, _encode(seen))


if __name__ == "__main__":
    # Nothing here makes cycles, and looking for them among a page's rows takes longer than the page.
    gc.disable()
    serve(sys.stdin.buffer, sys.stdout.buffer)
