"""The close look: entry by entry, every field, with a finding for each thing that is wrong. It never stops at one.

After a finding it goes on as if the store were right about what it contradicts itself in, so that one change gives one
finding, or few, and not one for each entry that follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger.accounts import MAY_OWE
from ledger.audit import history
from ledger.audit.findings import Findings, Level
from ledger.audit.sources import BEFORE_ALL, EntryRow, Line, Source
from ledger.audit.state import AuditState, Known, Move
from ledger.canonical import decode
from ledger.chain import HASH_BYTES, leaf_hash
from ledger.entries import Entry, Kind
from ledger.errors import EntryTooLarge, FormatError, LedgerError
from ledger.minutes import MAX_MINUTES
from ledger.stations import check as check_station
from ledger.stations import is_verified, signed_for
from ledger.store import Row
from ledger.tiles import WIDTH, split_hashes, tile_root
from ledger.transfers import check_postings, check_shape, closed_account, opened_account

PAGE = 8 * WIDTH
_MAY_OWE = frozenset(kind.value for kind in MAY_OWE)
_PROJECTED = ("at", "kind", "actor", "on_date", "key", "of_seq")


class Replay:
    """One audit's close look. It changes the state as it goes; `leaves` collects the hashes for the tree."""

    def __init__(self, state: AuditState, source: Source, past: history.Past, findings: Findings) -> None:
        self._state, self._source, self._past, self._findings = state, source, past, findings
        self._drift: dict[str, int] = {}
        self._stored_leaf: bytes | None = None
        self.parts: list[tuple[bool, bytes]] = []

    def run(self, stop: int) -> int:
        """Look at the entries from the state's size to `stop`. Gives how far it came: it ends early where entries
        are missing to the end of a page, since nobody knows how many."""
        state = self._state
        while state.size < stop:
            first = state.size
            last = min(stop, first - first % PAGE + PAGE)
            below = BEFORE_ALL if first == 0 else first
            rows = self._read(below, last, "entries", self._source.entries)
            lines: dict[Any, list[Line]] = {}
            for line in self._read(below, last, "postings", self._source.lines):
                lines.setdefault(line[0], []).append(line)
            if not rows and not lines:
                return first
            leaves = self._page(first, last, rows, lines)
            self._tiles(first, leaves)
        return state.size

    def _read(self, first: int, last: int, name: str, read: Any) -> Sequence[Any]:
        """What can be read. A page with a row that can't be is read again row by row."""
        try:
            found: Sequence[Any] = read(first, last)
        except LedgerError as error:
            start = max(first, self._state.size)
            if last - start > 1:
                return [row for seq in range(start, last) for row in self._read(seq, seq + 1, name, read)]
            self._add(start, Level.CHAIN, name, "readable rows", error, "unreadable")
            return []
        return found

    def _page(self, first: int, last: int, rows: Sequence[EntryRow], lines: dict[Any, list[Line]]) -> list[bytes]:
        by_seq: dict[Any, EntryRow] = {}
        for row in rows:
            if row[0] in by_seq or not (type(row[0]) is int and first <= row[0] < last):
                self._add(None, Level.CHAIN, "seq", f"{first} to {last - 1}, each once", row[0], "entry_extra")
            by_seq.setdefault(row[0], row)
        leaves = []
        for seq in range(first, last):
            row_or_none = by_seq.get(seq)
            if row_or_none is None:
                self._add(seq, Level.CHAIN, "entry", "an entry", None, "entry_missing")
                self._post(seq, None, lines.pop(seq, []))
                # Whatever the next entry links to, the missing one has been told of.
                leaves.append(bytes(HASH_BYTES))
                self._stored_leaf, self._state.leaf_hash = None, b""
                self._state.size = seq + 1
                continue
            leaves.append(self._entry(seq, row_or_none, lines.pop(seq, [])))
        for extra in lines.values():
            for line in extra:
                self._add(None, Level.BOOKS, "posting", "one of an entry", tuple(line), "posting_extra")
        return leaves

    def _entry(self, seq: int, row: EntryRow, lines: list[Line]) -> bytes:
        body = row[11]
        if type(body) is not bytes:
            self._add(seq, Level.CHAIN, "body", "bytes", type(body).__name__, "format")
            body = str(body).encode(errors="replace")
        leaf = leaf_hash(body)
        if row[1] != leaf:
            self._add(seq, Level.CHAIN, "leaf_hash", leaf, row[1], "leaf_hash")
        try:
            entry = decode(body)
        except (FormatError, EntryTooLarge) as error:
            self._add(seq, Level.CHAIN, error.field, "an entry of the format", error.problem, "format")
            self._post(seq, None, lines)
        else:
            self._link(seq, row, entry)
            self._project(seq, row, entry)
            self._rules(seq, entry, lines)
            self._state.at = max(self._state.at, entry.at)
        self._state.size, self._state.leaf_hash = seq + 1, leaf
        self._stored_leaf = row[1] if type(row[1]) is bytes else None
        return leaf

    def _link(self, seq: int, row: EntryRow, entry: Entry) -> None:
        state = self._state
        if entry.book != state.book:
            self._add(seq, Level.CHAIN, "book", state.book, entry.book, "book")
        if entry.seq != seq:
            self._add(seq, Level.CHAIN, "seq", seq, entry.seq, "seq")
        before = state.leaf_hash if seq else bytes(HASH_BYTES)
        allowed = {before.hex()} | ({self._stored_leaf.hex()} if self._stored_leaf is not None and seq else set())
        if before and entry.prev not in allowed:
            self._add(seq, Level.CHAIN, "prev", before, entry.prev, "prev")
        if row[2] != bytes.fromhex(entry.prev):
            self._add(seq, Level.BOOKS, "prev column", entry.prev, row[2], "projection")
        if entry.at < state.at:
            self._add(seq, Level.CHAIN, "at", f"{state.at} or later", entry.at, "at")
        if (entry.kind is Kind.GENESIS) != (seq == 0):
            self._add(seq, Level.BOOKS, "kind", "genesis at 0 and only there", entry.kind, "kind_rule_broken")

    def _project(self, seq: int, row: EntryRow, entry: Entry) -> None:
        stored = Row(*row)
        body = (entry.at, str(entry.kind), entry.actor, entry.on, entry.key, entry.of)
        pairs: list[tuple[str, Any, Any]] = [
            (name, value, getattr(stored, name)) for name, value in zip(_PROJECTED, body, strict=True)
        ]
        for name, text in (("evidence", entry.evidence), ("policy", entry.policy)):
            pairs.append((name, None if text is None else bytes.fromhex(text), getattr(stored, name)))
        for name, expected, found in pairs:
            if expected != found:
                self._add(seq, Level.BOOKS, f"{name} column", expected, found, "projection")

    def _rules(self, seq: int, entry: Entry, lines: list[Line]) -> None:
        state = self._state
        try:
            check_shape(entry)
            if entry.postings:
                kinds = {
                    account: state.accounts[account].kind for account, _ in entry.postings if account in state.accounts
                }
                check_postings(entry.kind, entry.postings, kinds)  # type: ignore[arg-type]  # compared as text
            self._judge(seq, entry)
        except LedgerError as error:
            self._add(seq, Level.BOOKS, "rule", f"what {entry.kind} allows", error, error.code)
        self._post(seq, entry, lines)

    def _judge(self, seq: int, entry: Entry) -> None:
        """The rules that look at other entries, and what the entry does to the state."""
        state = self._state
        if is_verified(entry.kind):
            book = signed_for(state.origins, entry)
            check_station(state.stations, entry, book, signed_only=state.signed_only)
        if entry.of is not None and entry.postings:
            history.complete(state, self._past, Move(seq, entry.kind, entry.of, entry.postings))
        elif entry.kind is Kind.HOLD:
            state.holds[seq] = entry.postings
        elif entry.kind is Kind.OPEN:
            account, kind = opened_account(entry.data or {})
            if account in state.accounts:
                self._add(seq, Level.BOOKS, "data.account", "a new account", account, "account_exists")
                return
            state.accounts[account] = Known(kind.value, seq, None, 0)
            history.require_single(state, kind.value, account)
        elif entry.kind is Kind.CLOSE:
            self._close(seq, entry)
        elif not entry.postings:
            history.note_other(state, entry)

    def _close(self, seq: int, entry: Entry) -> None:
        account = closed_account(entry.data or {})
        known = self._state.accounts.get(account)
        if known is None or known.closed_seq is not None:
            self._add(seq, Level.BOOKS, "data.account", "an open account", account, "account_closed")
            return
        known.closed_seq = seq
        if known.balance:
            self._add(seq, Level.BOOKS, "data.account", "a balance of 0", known.balance, "account_not_empty")
        history.close(self._state, account)

    def _post(self, seq: int, entry: Entry | None, lines: list[Line]) -> None:
        """Postings of the body against those stored, and what they do to the balances."""
        stored = {line[1]: line for line in lines}
        if len(stored) != len(lines):
            self._add(seq, Level.BOOKS, "posting", "each account once", lines, "posting_extra")
        told = dict(entry.postings) if entry is not None else {}
        for account, amount in told.items():
            if account not in stored:
                self._add(seq, Level.BOOKS, f"posting {account}", f"{amount} minutes", None, "posting_missing")
                self._move(seq, account, amount, None)
        for account, line in stored.items():
            minutes: int | None = told.get(account)
            if minutes is None and entry is not None:
                self._add(seq, Level.BOOKS, f"posting {account}", None, f"{line[2]} minutes", "posting_extra")
            elif minutes is not None and (line[2] != minutes or type(line[2]) is not int):
                self._add(seq, Level.BOOKS, f"posting {account} minutes", minutes, line[2], "posting")
            if type(line[2]) is int and type(account) is str:
                self._move(seq, account, line[2], line[3])

    def _move(self, seq: int, account: str, minutes: int, after: Any) -> None:
        known = self._state.accounts.get(account)
        if known is None:
            self._add(seq, Level.BOOKS, f"posting {account}", "an account that was opened", account, "account_unknown")
            return
        if known.closed_seq is not None and known.closed_seq < seq:
            self._add(seq, Level.BOOKS, f"posting {account}", "an open account", "a closed one", "account_closed")
        known.balance += minutes
        balance = known.balance
        if abs(balance) > MAX_MINUTES:
            self._add(seq, Level.BOOKS, f"balance of {account}", f"at most {MAX_MINUTES}", balance, "balance_too_high")
        if balance < 0 and minutes < 0 and known.kind not in _MAY_OWE:
            self._add(seq, Level.BOOKS, f"balance of {account}", "0 or more", balance, "balance_too_low")
        if after is None:
            return
        if after == balance and type(after) is int:
            self._drift.pop(account, None)
            return
        drift = after - balance if type(after) is int else None
        if drift is not None and self._drift.get(account) == drift:
            # All balances of this account are off by the same since an entry that was told of.
            known.balance = after
            del self._drift[account]
            return
        self._add(seq, Level.BOOKS, f"posting {account} balance_after", balance, after, "balance")
        if drift is not None:
            self._drift[account] = drift

    def _tiles(self, first: int, leaves: list[bytes]) -> None:
        """Full tiles that lie in a page, hash by hash, so that a finding names the entry."""
        stop = first + len(leaves)
        stored = self._source.tiles(-(-first // WIDTH), stop // WIDTH)
        at = first
        while at < stop:
            end = min(stop, at - at % WIDTH + WIDTH)
            part = leaves[at - first : end - first]
            self.parts.append((False, b"".join(part)))
            if len(part) == WIDTH:
                self._tile(at // WIDTH, part, stored.get(at // WIDTH))
            at = end

    def _tile(self, index: int, leaves: list[bytes], stored: tuple[bytes, bytes] | None) -> None:
        name = f"tile 0/{index}"
        if stored is None:
            self._add(index * WIDTH, Level.TREE, name, "8192 bytes", None, "tile_missing")
            return
        hashes, root = stored
        try:
            pairs = list(zip(leaves, split_hashes(hashes), strict=True))
        except (FormatError, ValueError, TypeError):
            self._add(index * WIDTH, Level.TREE, name, "256 hashes", hashes, "tile")
            return
        for at, (expected, found) in enumerate(pairs):
            if expected != found and expected != bytes(HASH_BYTES):
                self._add(index * WIDTH + at, Level.TREE, name, expected, found, "tile")
        if root != tile_root(hashes):
            self._add(index * WIDTH, Level.TREE, f"{name} root", tile_root(hashes), root, "tile")

    def _add(self, seq: int | None, level: Level, name: str, expected: object, found: object, code: str) -> None:
        self._findings.add(seq, level, name, expected, found, code)
