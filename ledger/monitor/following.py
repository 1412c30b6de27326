"""One look at a log: is what it shows now what it showed before, and more of the same? What holds is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ledger.audit import Pin, audit
from ledger.bundle import CHECKPOINTS, FORMAT, KEYS, MANIFEST, BundleStore
from ledger.canonical import decode
from ledger.chain import leaf_hash
from ledger.checkpoints import Checkpoint, OpenedCheckpoint, open_checkpoint
from ledger.entries import format_at
from ledger.errors import FormatError, LedgerError, LogUnreachable, NoteInvalid
from ledger.monitor.beside import Beside, Task
from ledger.monitor.fetching import Log
from ledger.monitor.keeping import Copy
from ledger.receipts import Policy
from ledger.tiles import (
    HEIGHT,
    WIDTH,
    TileAddress,
    decode_entries,
    encode_entries,
    encode_path,
    split_hashes,
    tile_root,
)

STALL = timedelta(hours=26)
"""A log publishes at least daily; so long without anything new, and it has stalled."""

MANY = 64 * WIDTH
"""From so many entries on, they are audited in a process of their own while they are read."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that should not be. `code` is stable; `seq` is the first entry concerned, where that is known."""

    code: str
    text: str
    seq: int | None = None
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one look found. `size` is how far the copy is verified; `seen` what the log's checkpoint says."""

    origin: str
    size: int
    seen: int
    root: bytes
    new: int
    with_entries: bool
    sightings: tuple[Sighting, ...]

    @property
    def is_sound(self) -> bool:
        return not self.sightings


def follow(log: Log, copy: Copy, policy: Policy, *, now: datetime, stall: timedelta = STALL) -> Outcome:
    """Read the log's checkpoint and all that is new, verify it, and keep it. Nothing that contradicts is kept.

    Raises LogUnreachable (nothing is known), BundleInvalid (the copy can't be gone on with).
    """
    return _Look(log, copy, policy, now, stall).run()


class _Look:
    def __init__(self, log: Log, copy: Copy, policy: Policy, now: datetime, stall: timedelta) -> None:
        self._log, self._copy, self._policy, self._now, self._stall = log, copy, policy, now, stall
        self._origin = policy.logs[0].name
        self._standing = copy.load(self._origin)
        self._sightings: list[Sighting] = []
        self._before = self._standing.size
        self._beside: Beside | None = None

    def run(self) -> Outcome:
        """Everything in its order."""
        note = self._log.text("checkpoint")
        seen = 0
        try:
            opened = open_checkpoint(note, self._origin, self._policy.keys())
        except NoteInvalid as error:
            self._see("checkpoint_invalid", f"the checkpoint is not one of this book: {error}", evidence=note)
        else:
            seen = opened.checkpoint.size
            self._judge(opened, note)
        standing = self._standing
        return Outcome(
            self._origin,
            standing.size,
            seen,
            standing.root,
            standing.size - self._before,
            self._log.token is not None,
            tuple(self._sightings),
        )

    def _judge(self, opened: OpenedCheckpoint, note: str) -> None:
        standing, tree = self._standing, opened.checkpoint
        signers = [proof.key for proof in opened.verified]
        if not any(key in self._policy.logs for key in signers):
            self._see("checkpoint_invalid", "no key that the policy gives to this book signed", evidence=note)
            return
        if not self._policy.met_by(signers):
            self._see("quorum_missing", "too few witnesses saw this checkpoint", evidence=note)
        if tree.size < standing.size:
            self._see("shrunk", f"{tree.size} entries, {standing.size} were signed before", tree.size, self._both(note))
        elif tree.size == standing.size and standing.size and tree.root != standing.root:
            self._see("fork", f"another tree of the same {tree.size} entries is signed", None, self._both(note))
        elif tree.size > standing.size:
            with self._auditing(opened, note) as self._beside:
                if self._catch_up(tree, note):
                    self._believe(opened, note)
        self._check_time(opened)

    def _catch_up(self, tree: Checkpoint, note: str) -> bool:
        """Read what is new, beginning with the tile that was not full. Says whether it gives the signed root."""
        standing = self._standing
        grown = standing.tree()
        start = at = self._start()
        leaves = bytearray()
        for page in self._pages(start, tree.size):
            known, hashes = self._copy.hashes(at, min(at + len(page), standing.size)), b"".join(page)
            if hashes[: len(known)] != known:
                wrong = next(n for n, leaf in enumerate(page) if leaf != known[n * 32 : n * 32 + 32])
                self._see("rewritten", f"entry {at + wrong} is not what it was", at + wrong, self._both(note))
                return False
            fresh = page[len(known) // 32 :]
            if len(fresh) == WIDTH:
                grown.append_subtree(HEIGHT, tile_root(hashes))
            else:
                for leaf in fresh:
                    grown.append(leaf)
            leaves += hashes[len(known) :]
            at += len(page)
        if grown.size != tree.size or grown.root() != tree.root:
            self._see(
                "root", f"the {grown.size} hashes do not give the signed root of {tree.size}", None, self._both(note)
            )
            return False
        self._copy.keep_hashes(standing.size, leaves)
        standing.peaks = grown.peaks
        return True

    def _start(self) -> int:
        """The first entry that is read."""
        size = self._standing.size
        if self._log.token is not None and not (self._copy.path / MANIFEST).exists():
            # Entries are kept for the first time: all of them are read, and the hashes that are known must be theirs.
            return 0
        return size - size % WIDTH

    def _auditing(self, opened: OpenedCheckpoint, note: str) -> AbstractContextManager[Beside | None]:
        """With many new entries a process that audits them while they are read. It wants to know the last one first."""
        tree, standing = opened.checkpoint, self._standing
        if self._log.token is None or tree.size - self._start() < MANY:
            return nullcontext()
        at = (tree.size - 1) // WIDTH * WIDTH
        try:
            for _ in self._pages(at, tree.size):
                manifest, checkpoints = self._manifest(tree), self._checkpoints(opened, note)
        except (LedgerError, OSError):
            # What is wrong with the last entries is said when their turn comes.
            return nullcontext()
        keys = tuple(key.encode() for key in self._policy.logs)
        pins = tuple((pin.by, pin.checkpoint.size, pin.checkpoint.root) for pin in self._pins(tree))
        path = str(self._copy.path.absolute())
        return Beside(Task(path, self._origin, tree.size, manifest, checkpoints, keys, pins, standing.audited))

    def _pages(self, start: int, size: int) -> Iterator[list[bytes]]:
        """The leaf hashes of the entries from `start` on, a tile at a time; entries are written down as they come."""
        at = start
        for content in self._log.tiles(None if self._log.token else 0, start, size):
            width = min(WIDTH, size - at)
            try:
                if self._log.token is None:
                    yield split_hashes(content)[:width]
                else:
                    bodies = list(decode_entries(content))[:width]
                    self._keep(at, bodies)
                    if self._beside is not None:
                        self._beside.written(at + len(bodies))
                    yield [leaf_hash(body) for body in bodies]
            except FormatError as error:
                raise LogUnreachable(f"tile at entry {at}", str(error)) from error
            at += width

    def _keep(self, at: int, bodies: list[bytes]) -> None:
        content = encode_entries(bodies)
        target = self._copy.path / encode_path(TileAddress(None, at // WIDTH, len(bodies)))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def _believe(self, opened: OpenedCheckpoint, note: str) -> None:
        """The tree is an extension of the last one. With entries, their rules are checked before they are believed."""
        standing, tree = self._standing, opened.checkpoint
        if self._log.token is not None:
            self._describe(opened, note)
            if not self._audited(tree):
                return
        standing.size, standing.root, standing.note = tree.size, tree.root, note
        standing.changed_at = format_at(self._now)
        self._copy.save(standing)

    def _describe(self, opened: OpenedCheckpoint, note: str) -> None:
        """The files that make the copy a bundle."""
        self._copy.write(CHECKPOINTS, self._checkpoints(opened, note))
        self._copy.write(KEYS, "".join(f"{key.encode()}\n" for key in self._policy.logs).encode())
        self._copy.write(MANIFEST, self._manifest(opened.checkpoint))

    def _manifest(self, tree: Checkpoint) -> bytes:
        last = self._last_body(tree.size)
        manifest = {
            "format": FORMAT,
            "book": tree.origin,
            "size": tree.size,
            "leaf_hash": leaf_hash(last).hex(),
            "at": decode(last).at,
        }
        return json.dumps(manifest, indent=1).encode() + b"\n"

    def _checkpoints(self, opened: OpenedCheckpoint, note: str) -> bytes:
        """Those that held before, and this one."""
        tree = opened.checkpoint
        own = [proof.seconds for proof in opened.verified if proof.key.name == tree.origin and proof.seconds]
        signed_at = format_at(datetime.fromtimestamp(own[0], UTC) if own else self._now)
        row = {"size": tree.size, "root": tree.root.hex(), "note": note, "signed_at": signed_at}
        kept = self._copy.path / CHECKPOINTS
        lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
        lines = [line for line in lines if json.loads(line)["size"] < tree.size]
        return "".join(f"{line}\n" for line in [*lines, json.dumps(row)]).encode()

    def _last_body(self, size: int) -> bytes:
        path = encode_path(TileAddress(None, (size - 1) // WIDTH, (size - 1) % WIDTH + 1))
        return list(decode_entries((self._copy.path / path).read_bytes()))[-1]

    def _audited(self, tree: Checkpoint) -> bool:
        """Levels 1 to 3 over the copy, from where the last audit ended."""
        standing, pins = self._standing, self._pins(tree)
        state = None if self._beside is None else self._beside.state()
        if state is not None:
            standing.audited = state
            return True
        store = BundleStore(self._copy.path)
        try:
            report = audit(store, self._origin, since=standing.audited, keys=self._policy.logs, pins=pins)
        except FormatError:
            report = audit(store, self._origin, keys=self._policy.logs, pins=pins)
        for finding in report.findings:
            self._see(f"level_{int(finding.level)}", str(finding), finding.seq)
        standing.audited = report.state
        return report.is_sound

    def _pins(self, tree: Checkpoint) -> list[Pin]:
        standing = self._standing
        pins = [Pin("the log", tree)]
        if standing.size:
            pins.append(Pin("the monitor", Checkpoint(standing.origin, standing.size, standing.root)))
        return pins

    def _check_time(self, opened: OpenedCheckpoint) -> None:
        """A log that shows nothing new for too long. The newest time under its checkpoint counts."""
        times = [datetime.fromtimestamp(one.seconds, UTC) for one in opened.verified if one.seconds is not None]
        newest = max(times, default=None)
        if newest is None and self._standing.changed_at:
            newest = datetime.fromisoformat(self._standing.changed_at)
        if newest is not None and self._now - newest > self._stall:
            self._see("stalled", f"nothing was signed since {format_at(newest)}")

    def _both(self, note: str) -> str:
        return f"{self._standing.note}\n{note}" if self._standing.note else note

    def _see(self, code: str, text: str, seq: int | None = None, evidence: str | None = None) -> None:
        where = None if evidence is None else str(self._copy.evidence(self._now, code, evidence))
        self._sightings.append(Sighting(code, text, seq, where))


def as_document(outcome: Outcome) -> dict[str, object]:
    """An outcome as plain values, for JSON."""
    return {
        "origin": outcome.origin,
        "size": outcome.size,
        "seen": outcome.seen,
        "root": outcome.root.hex(),
        "new": outcome.new,
        "entries": outcome.with_entries,
        "result": "sound" if outcome.is_sound else "broken",
        "sightings": [
            {"code": one.code, "text": one.text, "seq": one.seq, "evidence": one.evidence} for one in outcome.sightings
        ],
    }
