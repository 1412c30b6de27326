"""An audit from its start to its verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

from ledger.audit.evidence import Documents, EvidenceCheck, Rules
from ledger.audit.findings import WITHOUT_DOCUMENTS, Findings, Level, Pin, Report
from ledger.audit.history import Past
from ledger.audit.merging import merge
from ledger.audit.quick import QuickCheck
from ledger.audit.ranges import Seen, Unusual
from ledger.audit.replay import Replay
from ledger.audit.sources import Source, StoreSource, first_line, first_row
from ledger.audit.state import AuditState
from ledger.audit.tree import TreeCheck
from ledger.audit.witnesses import Witnessed, pins_of
from ledger.audit.workers import Pool, Range, Workers, running
from ledger.errors import BookUnknown, FormatError
from ledger.notes import VerifierKey
from ledger.store import Reading
from ledger.tiles import WIDTH

Progress = Callable[[int, int], None]
"""(entries checked, entries to check)."""

_SMALLEST_RANGE = 16 * WIDTH
_LARGEST_RANGE = 256 * WIDTH
_FAR = 2**62
_ACCOUNT = ("kind", "opened_seq", "closed_seq", "balance")


def audit(
    store: Reading,
    book: str,
    *,
    levels: Iterable[int] = WITHOUT_DOCUMENTS,
    since: bytes | None = None,
    keys: Sequence[VerifierKey] | None = None,
    pins: Iterable[Pin] = (),
    documents: Documents | None = None,
    rules: Rules | None = None,
    witnessed: Witnessed | None = None,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Report:
    """Audit a book, from its first entry or `since` the state of a sound report. Always ends in a report.

    `keys`: the book's verifier keys as the caller knows them; by default those that the book names itself. `pins`:
    trees that others remember. `documents` and `rules` are asked at level 4, `witnessed` at level 5. `workers`: to
    spread a full audit over several processes. Raises BookUnknown if there is no such book, and FormatError if `since`
    is of another book or damaged: then audit from the start. A report that is not sound has no state to go on from.
    """
    with store.snapshot() as reading:
        chosen = frozenset(Level(level) for level in levels)
        state = AuditState(book) if since is None else AuditState.decode(since, book)
        missing = chosen - {Level(level) for level in state.levels}
        if since is not None and missing:
            raise FormatError("state", f"of an audit without level {min(missing)}")
        state.levels = sorted(int(level) for level in chosen)
        run = _Audit(reading, state, Findings(book, chosen), progress)
        pinned = [*pins, *(pins_of(witnessed, book, run.findings) if witnessed is not None else ())]
        return run.report(
            chosen, keys, tuple(pinned), EvidenceCheck(reading, book, run.findings, documents, rules), workers
        )


class _Audit:
    def __init__(self, store: Reading, state: AuditState, findings: Findings, progress: Progress | None) -> None:
        self.findings = findings
        self._store, self._state, self._book, self._progress = store, state, state.book, progress
        self._start = state.size
        self._source = source_of(store, state.book)
        self._touched: set[str] = set()
        self._repeated = True

    def report(
        self,
        levels: frozenset[Level],
        keys: Sequence[VerifierKey] | None,
        pins: tuple[Pin, ...],
        evidence: EvidenceCheck,
        workers: Workers | None,
    ) -> Report:
        """Everything in its order. Whatever a damaged store makes of it, there is a report."""
        state, tree = self._state, None
        total = self._total()
        try:
            tree = TreeCheck(self._store, self._source, state, self.findings, keys, pins)
            self._past = Past(self._store, state)
            self._entries(total, tree, workers)
            self._end(total)
            tree.finish()
            self._accounts()
            self._keys()
            if Level.EVIDENCE in levels:
                evidence.run(state, self._start, state.size)
        except Exception as error:
            self._unreadable(error)
        held = [] if tree is None or tree.lost else tree.held
        if tree is not None:
            state.peaks = tree.tree.peaks
        sound = not self.findings.count
        return Report(
            self._book,
            self._start,
            state.size,
            b"" if tree is None else tree.tree.root(),
            levels,
            self.findings.kept(),
            self.findings.count,
            tuple(dict.fromkeys(pin.by for pin in held)),
            max((pin.checkpoint.size for pin in held), default=0),
            0 if tree is None else tree.checked,
            evidence.checked,
            evidence.erased,
            "book" if keys is None else "caller",
            state.encode() if sound else None,
        )

    def _unreadable(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        self.findings.unreadable(self._state.size, text)

    def _total(self) -> int:
        """How many entries there are to check. The head row is not believed where the entries say otherwise."""
        head = self._store.head(self._book)
        size: Any = None if head is None else head.size
        last = self._last(size)
        if last is None and head is None:
            raise BookUnknown(self._book)
        end = 0 if last is None else last + 1
        if size != end:
            low = min(size, end) if type(size) is int else end
            code = "tail_cut" if type(size) is int and size > end else "head"
            self._chain(max(low, 0), "head size", end, size, code)
        if end < self._start:
            self._chain(end, "entries", f"{self._start}, as audited before", end, "tail_cut")
        return max(end, self._start)

    def _last(self, size: Any) -> int | None:
        """The largest number that a stored entry has."""
        likely = type(size) is int and 0 < size < _FAR
        if likely and self._store.row(self._book, size - 1) is not None and not self._exists(size):
            return int(size) - 1
        if not self._exists(0):
            return None
        low, high = 0, 1
        while self._exists(high):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._exists(middle) else (low, middle)
        return low

    def _exists(self, seq: int) -> bool:
        return first_row(self._store, self._book, seq) is not None

    def _entries(self, total: int, tree: TreeCheck, workers: Workers | None) -> None:
        state = self._state
        replay = Replay(state, self._source, self._past, self.findings)
        spread = workers is not None and total - state.size > 2 * _SMALLEST_RANGE
        with running(workers, self._book) if spread and workers else nullcontext() as pool:
            if pool is not None and self._start == 0:
                pool.begin_keys()
            while state.size < total:
                for (_, stop), seen in self._seen(total, pool):
                    if not self._take(stop, seen, tree, replay):
                        self._jump(total, tree)
                        break
                    if self._progress is not None:
                        self._progress(state.size - self._start, total - self._start)
            if self._start == 0:
                self._repeated = self._repeats(pool)

    def _seen(self, total: int, pool: Pool | None) -> Iterator[tuple[Range, Seen | None]]:
        ranges = _ranges(self._state.size, total)
        if pool is not None:
            yield from pool.run(ranges)
            return
        state, check = self._state, QuickCheck(self._book, self._source)
        for start, stop in ranges:
            try:
                seen = check.check(start, stop, state.leaf_hash, state.at, state.accounts.get, trusting=False)
            except Unusual:
                yield (start, stop), None
            else:
                yield (start, stop), seen

    def _take(self, stop: int, seen: Seen | None, tree: TreeCheck, replay: Replay) -> bool:
        """Join a range, or look at it closely. False if its entries are missing."""
        try:
            if seen is None:
                raise Unusual
            merge(self._state, seen, self._past)
        except Unusual:
            whole = replay.run(stop) == stop
            self._touched.update(self._state.accounts)
            tree.add(replay.parts)
            replay.parts.clear()
            return whole
        self._touched.update(seen.accounts)
        tree.add(seen.tree)
        return True

    def _jump(self, total: int, tree: TreeCheck) -> None:
        """Over a hole to the next entry that there is."""
        state = self._state
        following = first_row(self._store, self._book, state.size)
        target = total if following is None else min(total, int(following.seq))
        if target > state.size:
            self._chain(state.size, "entries", f"{target - state.size} entries", None, "entry_missing")
            state.size, state.leaf_hash = target, b""
            tree.jump(target)

    def _end(self, total: int) -> None:
        """The head against the last entry, and postings that belong to none."""
        head, state = self._store.head(self._book), self._state
        if head is not None and total:
            for name, expected, found in (("leaf_hash", state.leaf_hash, head.leaf_hash), ("at", state.at, head.at)):
                if expected != found:
                    self._chain(total - 1, f"head {name}", expected, found, "head")
        line = first_line(self._store, self._book, total)
        if line is not None:
            self._books(None, "posting", f"none from entry {total} on", tuple(line), "posting_extra")

    def _accounts(self) -> None:
        """Accounts replayed = accounts stored: all of them, or those that the new entries touched."""
        known = dict(self._state.accounts)
        names = None if self._start == 0 else sorted(self._touched)
        wanted = set(known) if names is None else self._touched & set(known)
        for account, *stored in self._source.accounts(names):
            mine = known.get(account)
            if mine is None:
                self._books(None, f"account {account}", "one that an entry opened", stored, "account_extra")
                continue
            wanted.discard(account)
            values = (mine.kind, mine.opened_seq, mine.closed_seq, mine.balance)
            for name, expected, found in zip(
                ("kind", "opened_seq", "closed_seq", "balance"), values, stored, strict=True
            ):
                if expected != found:
                    self._books(mine.opened_seq, f"account {account} {name}", expected, found, f"account_{name}")
        for account in sorted(wanted):
            self._books(known[account].opened_seq, f"account {account}", "a row", None, "account_missing")

    def _repeats(self, pool: Pool | None) -> bool:
        """Whether any idempotency key is carried twice. A worker that looked and found none spares the time here."""
        if pool is not None and pool.no_key_repeats():
            return False
        return next(iter(self._store.duplicate_keys(self._book)), None) is not None

    def _keys(self) -> None:
        """No idempotency key is carried by two entries."""
        if self._start == 0 and not self._repeated:
            return
        for seq, key, other in self._source.repeated_keys(self._start, self._state.size):
            if other < seq:
                self._books(seq, "key", "a key of its own", f"{key}, which entry {other} has", "key_repeated")

    def _chain(self, seq: int, name: str, expected: object, found: object, code: str) -> None:
        self.findings.add(seq, Level.CHAIN, name, expected, found, code)

    def _books(self, seq: int | None, name: str, expected: object, found: object, code: str) -> None:
        self.findings.add(seq, Level.BOOKS, name, expected, found, code)


def source_of(store: Reading, book: str) -> Source:
    """How ranges of this store are read: through its driver if it has one."""
    driver = getattr(store, "driver_connection", None)
    if driver is None:
        return StoreSource(store, book)
    from ledger.audit.database import DatabaseSource

    return DatabaseSource(driver(), book)


def _ranges(start: int, stop: int) -> Iterator[Range]:
    """Ranges that end where tiles end, large enough to be worth their joining and small enough to share."""
    width = max(_SMALLEST_RANGE, min(_LARGEST_RANGE, (stop - start) // 16 // WIDTH * WIDTH))
    while start < stop:
        end = min(stop, start - start % WIDTH + width)
        yield start, end
        start = end
