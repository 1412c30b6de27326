"""How long an audit takes, against the plain SHA-256 of the same bytes; what the next one takes; what a proof takes."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ledger import AccountKind, Book, Draft, Kind, policy_hash
from ledger.audit import Report, Workers, audit
from ledger.checkpoints import Checkpoint, sign_checkpoint
from ledger.entries import format_at
from ledger.merkle import inclusion_proof
from ledger.notes import KeyType, SigningKey
from ledger.store import CheckpointRow, StoredTiles
from ledger.stores.sql import SqlStore, create_schema, make_engine
from ledger.tiles import TileHashReader

ORIGIN = "timebank.example/bench"
MEMBERS = 5_000
BATCH = 1_000
NEW = 1_000
CHECKPOINTS = 100
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = {"name": "bench", "unit_minutes": 30, "version": 1}
AT_LEAST, NEW_AT_MOST, PROOF_AT_MOST, MEMORY_MB = 0.12, 0.005, 3.0, 300
KEYS = [SigningKey(ORIGIN, type_, bytes([type_]) * 32) for type_ in (KeyType.ED25519, KeyType.ML_DSA_44)]


def run(directory: Path, postgres_url: str | None = None, entries: int = 1_000_000) -> list[dict[str, Any]]:
    """The rows of the table: measure, value, against, ratio, wanted. `directory` takes a database of about 1 GB."""
    rows = _measure("SQLite", f"sqlite:///{directory / 'audit.db'}", entries, judged=True)
    if postgres_url is not None:
        rows += _measure("PostgreSQL", postgres_url, entries, judged=False)
    return rows


def _measure(engine_name: str, url: str, entries: int, *, judged: bool) -> list[dict[str, Any]]:
    engine = make_engine(url)
    with engine.begin() as connection:
        create_schema(connection)
    store = SqlStore(engine)
    build(store, entries)
    report, full_seconds, peak = _audited(store, url)
    bare_seconds = min(_bare(store, entries) for _ in range(3))
    append(store, entries, NEW)
    since = report.state
    new_seconds = min(_timed(lambda: _sound(audit(store, ORIGIN, since=since))) for _ in range(5))
    small, large = (_proof_seconds(store, size) for size in (1_000, entries))
    store.close()
    engine.dispose()
    share = bare_seconds / full_seconds
    return [
        _row(
            f"full audit, {entries:,} entries, {engine_name}",
            f"{full_seconds:.2f} s",
            f"SHA-256 of the same bytes, one core: {bare_seconds:.2f} s",
            share,
            AT_LEAST,
            judged=judged,
        ),
        _row(
            f"peak memory of it, {engine_name}",
            f"{peak:.0f} MB",
            f"{MEMORY_MB} MB",
            peak / MEMORY_MB,
            1.0,
            judged=judged,
            at_most=True,
        ),
        _row(
            f"audit of {NEW:,} new entries on {entries:,}, {engine_name}",
            f"{new_seconds * 1000:.1f} ms",
            "the full audit",
            new_seconds / full_seconds,
            NEW_AT_MOST,
            judged=judged,
            at_most=True,
        ),
        _row(
            f"inclusion proof at {entries:,} entries, {engine_name}",
            f"{large * 1000:.2f} ms",
            f"at 1,000 entries: {small * 1000:.2f} ms",
            large / small,
            PROOF_AT_MOST,
            judged=judged,
            at_most=True,
        ),
    ]


def build(store: SqlStore, entries: int) -> None:
    """A county's book: members, hours earned and paid for, gifts, holds that are settled or released days later."""
    book = Book.create(store, ORIGIN, actor="system", now=BEGIN, keys=[key.verifier.encode() for key in KEYS])
    opens = [("issuance", AccountKind.ISSUANCE), ("escrow", AccountKind.ESCROW), ("pool", AccountKind.POOL)]
    opens += [("provider", AccountKind.PROVIDER), *((_member(at), AccountKind.MEMBER) for at in range(MEMBERS))]
    drafts = [Draft(Kind.OPEN, "system", data={"account": name, "account_kind": kind.value}) for name, kind in opens]
    drafts.append(Draft(Kind.POLICY, "system", data={"policy": POLICY}))
    for at in range(0, len(drafts), BATCH):
        book.append_many(drafts[at : at + BATCH], now=BEGIN)
    done = book.head().size
    every = max(BATCH, entries // CHECKPOINTS // BATCH * BATCH)
    life = _Life()
    while done < entries:
        done = _step(book, life, done, min(BATCH, entries - done))
        if done % every < BATCH:
            _sign(store, done)


def append(store: SqlStore, size: int, count: int) -> None:
    """More entries of the same kind, after `size`."""
    _step(Book(store, ORIGIN), _Life(seed=2, fresh=True), size, count)


def _step(book: Book, life: _Life, done: int, count: int) -> int:
    now = BEGIN + timedelta(seconds=30 * done)
    book.append_many(life.drafts(done, count), now=now)
    return done + count


class _Life:
    """What members do, at random and the same in each run."""

    def __init__(self, seed: int = 1, *, fresh: bool = False) -> None:
        self._random = random.Random(seed)  # noqa: S311 (no secrets here)
        self._policy = policy_hash(POLICY)
        self._balance = [0] * MEMBERS
        self._holds: list[tuple[int, int, int]] = []
        # Some days pass until a hold is settled or released.
        self._delay = 0 if fresh else 10_000

    def drafts(self, first: int, count: int) -> Iterator[Draft]:
        for seq in range(first, first + count):
            yield self._draft(seq)

    def _draft(self, seq: int) -> Draft:
        pick, dice = self._random, self._random.random()
        who = pick.randrange(MEMBERS)
        on = (BEGIN + timedelta(seconds=30 * seq)).strftime("%Y-%m-%d")
        minutes = 30 * pick.randrange(1, 9)
        if dice < 0.15 and self._holds and self._holds[0][0] < seq - self._delay:
            hold, held, owner = self._holds.pop(0)
            return self._end(hold, held, owner)
        if dice < 0.30 and self._balance[who] >= minutes:
            self._balance[who] -= minutes
            self._holds.append((seq, minutes, who))
            return self._move(Kind.HOLD, {_member(who): -minutes, "escrow": minutes}, key=f"hold-{seq}")
        if dice < 0.45 and self._balance[who] >= minutes:
            other = (who + 1 + pick.randrange(MEMBERS - 1)) % MEMBERS
            self._balance[who] -= minutes
            self._balance[other] += minutes
            kind = Kind.GIFT if dice < 0.36 else Kind.CARE
            return self._move(kind, {_member(who): -minutes, _member(other): minutes}, key=f"move-{seq}")
        self._balance[who] += minutes
        evidence = hashlib.sha256(str(seq).encode()).hexdigest()
        postings = {"issuance": -minutes, _member(who): minutes}
        return self._move(Kind.EARN, postings, key=f"earn-{seq}", evidence=evidence, on=on)

    def _end(self, hold: int, held: int, owner: int) -> Draft:
        dice = self._random.random()
        if dice < 0.2:
            self._balance[owner] += held
            return self._move(Kind.RELEASE, {"escrow": -held, _member(owner): held}, of=hold)
        back = 30 if dice < 0.5 and held > 30 else 0
        self._balance[owner] += back
        postings = {"escrow": -held, "provider": held - back} | ({_member(owner): back} if back else {})
        return self._move(Kind.SETTLE, postings, of=hold)

    def _move(self, kind: Kind, postings: dict[str, int], **more: Any) -> Draft:
        return Draft(kind, "staff-1", tuple(postings.items()), policy=self._policy, **more)


def _member(at: int) -> str:
    return f"m-{hashlib.sha256(str(at).encode()).hexdigest()[:16]}"


def _sign(store: SqlStore, size: int) -> None:
    book = Book(store, ORIGIN)
    checkpoint = Checkpoint(ORIGIN, size, book.root(size))
    moment = (BEGIN + timedelta(seconds=30 * size)).replace(microsecond=0)
    note = sign_checkpoint(checkpoint, KEYS, int(moment.timestamp())).encode()
    store.add_checkpoint(ORIGIN, CheckpointRow(size, checkpoint.root, note, format_at(moment)))


def _bare(store: SqlStore, entries: int) -> float:
    """Seconds of CPU for the SHA-256 of every body, with all of them in memory, a part at a time."""
    total = 0.0
    for start in range(0, entries, 50_000):
        bodies = [row.body for row in store.rows(ORIGIN, start, min(entries, start + 50_000))]
        sha256 = hashlib.sha256
        begun = time.perf_counter()
        for body in bodies:
            sha256(body).digest()
        total += time.perf_counter() - begun
    return total


def _audited(store: SqlStore, url: str) -> tuple[Report, float, float]:
    """A report, the best of three times, and the peak of memory summed over a process of its own and its workers."""
    seconds = []
    for _ in range(3):
        begun = time.perf_counter()
        report = _sound(audit(store, ORIGIN, keys=[key.verifier for key in KEYS], workers=Workers(url)))
        seconds.append(time.perf_counter() - begun)
    return report, min(seconds), _peak(url)


def _peak(url: str) -> float:
    """The largest sum of resident memory in MB that a fresh process and its children came to."""
    command = [sys.executable, "-c", _CHILD, url, ORIGIN]
    process = subprocess.Popen(command)  # noqa: S603 (our own)
    peak = 0
    done = threading.Event()
    watcher = threading.Thread(target=_wait, args=(process, done))
    watcher.start()
    while not done.wait(0.02):
        peak = max(peak, sum(_resident(pid) for pid in [process.pid, *_children(process.pid)]))
    watcher.join()
    if process.returncode:
        raise RuntimeError("the audit failed")
    return peak / 1024


def _wait(process: subprocess.Popen[bytes], done: threading.Event) -> None:
    process.wait()
    done.set()


_CHILD = """
import sys
from ledger.audit import Workers, audit
from ledger.stores.sql import SqlStore, make_engine
url, book = sys.argv[1:]
sys.exit(0 if audit(SqlStore(make_engine(url)), book, workers=Workers(url)).is_sound else 1)
"""


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except OSError:
            continue
    return found


def _resident(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _proof_seconds(store: SqlStore, size: int) -> float:
    """Seconds for one proof, each with nothing kept from the one before; the mean over entries spread evenly."""
    seqs = range(size // 200, size, size // 100)

    def prove() -> None:
        for seq in seqs:
            with store.snapshot() as reading:
                inclusion_proof(seq, size, TileHashReader(StoredTiles(reading, ORIGIN), size))

    return min(_timed(prove) for _ in range(3)) / len(seqs)


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _sound(report: Report) -> Report:
    if not report.is_sound:
        raise RuntimeError(f"the bench's own book is broken: {report.findings[:3]}")
    return report


def _row(
    measure: str, value: str, against: str, ratio: float, wanted: float, *, judged: bool, at_most: bool = False
) -> dict[str, Any]:
    reached = not judged or (ratio <= wanted if at_most else ratio >= wanted)
    name = f"{measure} ({'at most' if at_most else 'at least'}{'' if judged else '; for information'})"
    return {"measure": name, "value": value, "against": against, "ratio": ratio, "wanted": wanted, "reached": reached}
