"""The quick check of a range of entries: it says that all is well, or that somebody has to look closer.

A book of a million entries is audited in seconds because this loop does little for each: it writes the entry anew out
of the columns and postings that are stored beside it. If that gives the body byte for byte, then the body is canonical,
every column equals it, and the link, the number and the book are right, all in one comparison. Whatever this check does
not understand it calls `Unusual`; then `ledger.audit.replay` goes through the range entry by entry and says what is
wrong, or that nothing is. So a mistake here may cost time, and must never let anything through.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from ledger.accounts import MAY_OWE
from ledger.audit.sources import BEFORE_ALL, EntryRow, Line, Source
from ledger.audit.state import KIND_NAMED, Known
from ledger.canonical import MAX_BODY_BYTES, decode
from ledger.entries import VERSION, Entry, Kind, Posting, check_hash, check_text, parse_at, parse_on
from ledger.errors import LedgerError
from ledger.minutes import MAX_MINUTES
from ledger.tiles import WIDTH, tile_root
from ledger.transfers import Fates, check_postings, check_shape, closed_account, opened_account

CHUNK = 8 * WIDTH
_END: Line = (None, None, None, None)
_MAY_OWE = frozenset(kind.value for kind in MAY_OWE)
_HOLD = Kind.HOLD.value
_KINDS = {kind.value: kind for kind in Kind}

# `at`, nonce and key one after the other: one match is cheaper than three.
_texts = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z[0-9a-f]{32}[!-~]{0,255}",
    re.ASCII,
).fullmatch
_encode = msgspec.json.Encoder().encode
_sha256 = hashlib.sha256
_nothing_happened = Fates()


class Unusual(Exception):  # noqa: N818 (it is no error: it says that this check is not the one to judge)
    """Not everything is as the quick check knows it. That alone is no finding."""


class _Written(msgspec.Struct, omit_defaults=True, gc=False):
    """An entry that moves credit, as `ledger.entries.Entry` writes it, made without keyword arguments. The defaults of
    what must be there are values that no entry may have."""

    actor: str = ""
    at: str = ""
    book: str = ""
    evidence: str | None = None
    key: str | None = None
    kind: str = ""
    nonce: str = ""
    of: int | None = None
    on: str | None = None
    policy: str | None = None
    postings: tuple[Posting, ...] = ()
    prev: str = ""
    seq: int = -1
    v: int = 0


class _Move(NamedTuple):
    """What the rules about holds read of an entry."""

    kind: Kind
    postings: tuple[Posting, ...]
    of: int | None
    body: bytes


class Seen(msgspec.Struct, array_like=True, gc=False):
    """A range that is sound, provided that what it took on trust is true. Whoever merges ranges checks that.

    `before`: leaf hash and `at` of the entry that the first one joined. `tree`: for each tile's width of entries,
    (True, hash of the full tile) or (False, leaf hashes). `accounts`: account → (as it was taken to be before the
    range, balance after). `opened`: by these entries. `holds`: bodies of holds that are still open. `undone`: (hold,
    the entry that reversed it) where both stand in the range. `events`: bodies of the other entries that complete, undo
    or close something. `others`: bodies of those that move no credit.
    """

    start: int
    stop: int
    before: tuple[bytes, str]
    leaf_hash: bytes
    at: str
    tree: list[tuple[bool, bytes]]
    accounts: dict[str, tuple[Known, int]]
    opened: dict[str, Known]
    holds: dict[int, bytes]
    undone: list[tuple[int, int]]
    events: list[tuple[int, bytes]]
    others: list[tuple[int, bytes]]


Lookup = Callable[[str], Known | None]
"""What is known, or claimed, of an account. The balance is ignored where balances are taken on trust."""


class _Range:
    """What a range comes to, entry by entry."""

    def __init__(self, start: int, leaf_hash: bytes, at: str, lookup: Lookup, trusting: bool) -> None:
        self.seq = self.start = start
        self.joined = (leaf_hash, at)
        self.leaf_hash = leaf_hash
        self.at = at
        self.accounts: dict[str, Known] = {}
        self.before: dict[str, Known] = {}
        self.opened: dict[str, Known] = {}
        self.holds: dict[int, _Move] = {}
        self.undone: list[tuple[int, int]] = []
        self.events: list[tuple[int, bytes]] = []
        self.others: list[tuple[int, bytes]] = []
        self.tree: list[tuple[bool, bytes]] = []
        self._lookup = lookup
        self._trusting = trusting

    def touch(self, account: str, balance: int | None) -> Known:
        """The account at its first use in the range; `balance` is what it claims to have before that."""
        found = self._lookup(account)
        if found is None:
            raise Unusual
        if not self._trusting or balance is None:
            balance = found.balance
        known = Known(found.kind, found.opened_seq, found.closed_seq, balance)
        self.before[account] = Known(found.kind, found.opened_seq, found.closed_seq, balance)
        self.accounts[account] = known
        return known

    def completes(self, move: _Move, seq: int) -> None:
        """An entry with `of`. What began and ends in this range is judged here, the rest by whoever merges."""
        of = move.of
        if type(of) is not int or not 0 <= of < seq:
            raise Unusual
        hold = self.holds.pop(of, None)
        if hold is None:
            self.events.append((seq, move.body))
            return
        kinds = {account: KIND_NAMED[self.accounts[account].kind] for account, _ in move.postings}
        _nothing_happened.check(move, hold, kinds)
        if move.kind == Kind.REVERSE:
            self.undone.append((of, seq))

    def other(self, seq: int, entry: Entry, body: bytes) -> None:
        """An entry that moves no credit."""
        check_shape(entry)
        if (entry.kind is Kind.GENESIS) != (seq == 0) or entry.postings:
            raise Unusual
        data = entry.data or {}
        if entry.kind is Kind.OPEN:
            account, kind = opened_account(data)
            found = self._lookup(account)
            claimed = self._trusting and found is not None and (found.kind, found.opened_seq) == (kind, seq)
            if account in self.accounts or not (claimed or (not self._trusting and found is None)):
                raise Unusual
            closed = found.closed_seq if found is not None else None
            self.accounts[account] = Known(kind.value, seq, closed, 0)
            self.opened[account] = Known(kind.value, seq, None, 0)
        elif entry.kind is Kind.CLOSE:
            account = closed_account(data)
            known = self.accounts.get(account) or self.touch(account, 0)
            if known.balance or known.opened_seq >= seq or known.closed_seq != (seq if self._trusting else None):
                raise Unusual
            known.closed_seq = seq
            self.events.append((seq, body))
        else:
            self.others.append((seq, body))

    def seen(self) -> Seen:
        balances = {account: (known, self.accounts[account].balance) for account, known in self.before.items()}
        for account, known in self.opened.items():
            balances[account] = (known, self.accounts[account].balance)
        holds = {seq: move.body for seq, move in self.holds.items()}
        place = (self.start, self.seq, self.joined, self.leaf_hash, self.at)
        return Seen(*place, self.tree, balances, self.opened, holds, self.undone, self.events, self.others)


class QuickCheck:
    """Checks ranges of one book. It keeps what it learned about texts that come again and again."""

    def __init__(self, book: str, source: Source) -> None:
        self._book = check_text(book, "book")
        self._source = source
        self._actors: set[str] = set()
        self._days: set[str] = set()
        self._policies: dict[bytes, str] = {}
        self._fine: set[tuple[Any, ...]] = set()

    def check(self, start: int, stop: int, prev: bytes, at: str, lookup: Lookup, *, trusting: bool) -> Seen:
        """Check entries start..stop-1, which have to join an entry with this leaf hash and `at`. Raises Unusual.

        `trusting`: the balances before the range are taken from its postings, and accounts may be looked up that are
        opened only later; whoever merges compares both with what he knows.
        """
        part = _Range(start, prev, at, lookup, trusting)
        try:
            inside = {size // WIDTH for size in self._source.checkpoint_sizes(start, stop) if size % WIDTH}
            first = start
            while first < stop:
                # Pages end where tiles end, so that each tile is whole within one page.
                last = min(stop, first - first % CHUNK + CHUNK)
                below = BEFORE_ALL if first == 0 else first
                rows = self._source.entries(below, last)
                if len(rows) != last - first:
                    raise Unusual
                leaves = self._page(part, rows, self._source.lines(below, last))
                self._tiles(part, first, leaves, inside)
                first = last
        except (LedgerError, LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise Unusual from error
        return part.seen()

    def _page(self, part: _Range, rows: Sequence[EntryRow], stored: Sequence[Line]) -> list[bytes]:
        """One page of entries. Long and flat, since it runs a million times where the rest runs once."""
        leaves: list[bytes] = []
        lines = [*stored, _END]
        actors, days, policies, fine, book = self._actors, self._days, self._policies, self._fine, self._book
        accounts, last, last_at, position = part.accounts, part.leaf_hash, part.at, 0
        line = lines[0]
        for seq, row in enumerate(rows, part.seq):
            row_seq, leaf_hash, prev, at, kind, actor, on, key, of, evidence, policy, body = row
            leaf = _sha256(b"\0" + body).digest()
            if row_seq != seq or leaf_hash != leaf or prev != last or at < last_at or len(body) > MAX_BODY_BYTES:
                raise Unusual
            postings: tuple[Posting, ...] = ()
            rule: tuple[Any, ...] = (kind, of is None, on is None)
            while line[0] == seq:
                _, account, minutes, after = line
                known = accounts.get(account) or part.touch(account, after - minutes)
                known.balance = balance = known.balance + minutes
                if balance != after or known.opened_seq >= seq or type(minutes) is not int:
                    raise Unusual
                if known.closed_seq is not None and known.closed_seq <= seq:
                    raise Unusual
                if not 0 <= balance <= MAX_MINUTES:
                    _require_allowed(known, minutes)
                postings += ((account, minutes),)
                rule += (known.kind, minutes < 0)
                position += 1
                line = lines[position]
            if policy is None:
                part.other(seq, self._entry(row, seq, last, postings), body)
            else:
                # What is cut out of a wrong place, or is no nonce, does not give the body below.
                place = body.find(b'"nonce":"') + 9
                nonce = body[place : place + 32].decode()
                commitment = None if evidence is None else _hex(evidence)
                cited = policies.get(policy) or self._policy(policy)
                if actor not in actors or at[:10] not in days or (on is not None and on not in days):
                    self._learn(actor, at, on)
                if not _texts(at + nonce if key is None else at + nonce + key) or key == "":
                    raise Unusual
                whole = _Written(
                    actor, at, book, commitment, key, kind, nonce, of, on, cited, postings, last.hex(), seq, VERSION
                )
                if _encode(whole) != body or rule not in fine or not _is_pair(postings):
                    entry = self._entry(row, seq, last, postings)
                    self._judge(entry, rule, accounts)
                if kind == _HOLD:
                    part.holds[seq] = _Move(Kind.HOLD, postings, of, body)
                elif of is not None:
                    part.completes(_Move(_KINDS[kind], postings, of, body), seq)
            leaves.append(leaf)
            last, last_at = leaf, at
        if line is not _END:
            raise Unusual
        part.seq, part.leaf_hash, part.at = part.seq + len(rows), last, last_at
        return leaves

    def _tiles(self, part: _Range, first: int, leaves: list[bytes], inside: set[int]) -> None:
        """Compare the full tiles of a page with those stored, and note what the tree needs of each."""
        stop = first + len(leaves)
        stored = self._source.tiles(-(-first // WIDTH), stop // WIDTH)
        at = first
        while at < stop:
            index = at // WIDTH
            end = min(stop, (index + 1) * WIDTH)
            hashes = b"".join(leaves[at - first : end - first])
            if end - at < WIDTH:
                part.tree.append((False, hashes))
            else:
                root = tile_root(hashes)
                if stored[index] != (hashes, root):
                    raise Unusual
                part.tree.append((False, hashes) if index in inside else (True, root))
            at = end

    def _entry(self, row: EntryRow, seq: int, prev: bytes, postings: tuple[Posting, ...]) -> Entry:
        """The entry in the body, if it is this one and the columns and postings say the same. Raises Unusual."""
        entry = decode(row[11])
        of, evidence, policy = entry.of, entry.evidence, entry.policy
        columns = (entry.at, entry.kind, entry.actor, entry.on, entry.key, of)
        hashes = (
            None if evidence is None else bytes.fromhex(evidence),
            None if policy is None else bytes.fromhex(policy),
        )
        if row[3:9] != columns or row[9:11] != hashes or entry.postings != postings:
            raise Unusual
        if (entry.book, entry.seq, entry.prev) != (self._book, seq, prev.hex()):
            raise Unusual
        return entry

    def _judge(self, entry: Entry, rule: tuple[Any, ...], accounts: dict[str, Known]) -> None:
        """The rules of the entry's kind. What differs in nothing that they read is passed from then on."""
        check_shape(entry)
        kinds = {account: KIND_NAMED[accounts[account].kind] for account, _ in entry.postings}
        check_postings(entry.kind, entry.postings, kinds)
        if entry.data is None and len(entry.postings) == 2:
            self._fine.add(rule)

    def _learn(self, actor: str, at: str, on: str | None) -> None:
        self._actors.add(check_text(actor, "actor"))
        parse_at(at)
        self._days.add(at[:10])
        if on is not None:
            parse_on(on)
            self._days.add(on)

    def _policy(self, policy: bytes) -> str:
        return self._policies.setdefault(policy, _hex(policy))


def _is_pair(postings: tuple[Posting, ...]) -> bool:
    """Whether these are the usual two postings: sorted, opposite, not zero."""
    if len(postings) != 2:
        return False
    (first, minutes), (second, opposite) = postings
    return first < second and minutes == -opposite != 0 and -MAX_MINUTES <= minutes <= MAX_MINUTES


def _require_allowed(known: Known, minutes: int) -> None:
    """A balance below zero or beyond the limit: only some kinds may owe, and a credit may come to whoever owes."""
    if abs(known.balance) > MAX_MINUTES or (minutes < 0 and known.kind not in _MAY_OWE):
        raise Unusual


def _hex(digest: bytes) -> str:
    if type(digest) is not bytes:
        raise Unusual
    return check_hash(digest.hex(), "hash")
