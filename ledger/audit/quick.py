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

from ledger.accounts import MAY_OWE, AccountKind
from ledger.audit.sources import BEFORE_ALL, EntryRow, Line, Source
from ledger.audit.state import KIND_NAMED, Known
from ledger.canonical import MAX_BODY_BYTES, decode
from ledger.chain import HASH_BYTES
from ledger.entries import MAX_TEXT, VERSION, Entry, Kind, Posting, check_text, parse_at, parse_on
from ledger.errors import LedgerError
from ledger.merkle import level_above
from ledger.minutes import MAX_MINUTES
from ledger.tiles import WIDTH
from ledger.transfers import Fates, check_postings, check_shape, closed_account, opened_account

CHUNK = 8 * WIDTH
_END: Line = (None, "", 0, 0)
_MAY_OWE = frozenset(kind.value for kind in MAY_OWE)
_HOLD = Kind.HOLD.value
_KINDS = {kind.value: kind for kind in Kind}

# The texts of a whole page one after the other: one match is cheaper than many.
_NONCE_DIGITS = 32
_nonces = re.compile(r"[0-9a-f]*", re.ASCII).fullmatch
_keys = re.compile(r"[!-~]*", re.ASCII).fullmatch
_clocks = re.compile(r"(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z)*", re.ASCII).fullmatch
_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines
_sha256 = hashlib.sha256
_nothing_happened = Fates()


class _Live(Known):
    """An account within a range. `floor`: what its balance may fall to."""

    floor: int = 0


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
        self.accounts: dict[str, _Live] = {}
        self.before: dict[str, Known] = {}
        self.opened: dict[str, Known] = {}
        self.guarded: dict[str, _Live] = {}
        self.holds: dict[int, tuple[tuple[Posting, ...], bytes]] = {}
        self.undone: list[tuple[int, int]] = []
        self.events: list[tuple[int, bytes]] = []
        self.others: list[tuple[int, bytes]] = []
        self.tree: list[tuple[bool, bytes]] = []
        self._lookup = lookup
        self._trusting = trusting

    def touch(self, account: str, balance: int, seq: int) -> _Live:
        """The account at its first use in the range; `balance` is what it claims to have before that.

        What was not open all through the range is asked for each time, since then its times have to be compared.
        """
        known = self.guarded.get(account)
        if known is None:
            known = self._first(account, balance)
            if known.opened_seq < self.start and known.closed_seq is None:
                self.accounts[account] = known
                return known
            self.guarded[account] = known
        if known.opened_seq >= seq or (known.closed_seq is not None and known.closed_seq <= seq):
            raise Unusual
        return known

    def _first(self, account: str, balance: int) -> _Live:
        found = self._lookup(account)
        if found is None:
            raise Unusual
        if not self._trusting:
            balance = found.balance
        self.before[account] = Known(found.kind, found.opened_seq, found.closed_seq, balance)
        return _live(found.kind, found.opened_seq, found.closed_seq, balance)

    def completes(self, move: _Move, seq: int, body: bytes) -> None:
        """An entry with `of`. What began and ends in this range is judged here, the rest by whoever merges."""
        of = move.of
        if type(of) is not int or not 0 <= of < seq:
            raise Unusual
        hold = self.holds.pop(of, None)
        if hold is None:
            self.events.append((seq, body))
            return
        kinds = {account: KIND_NAMED[self.require(account).kind] for account, _ in move.postings}
        _nothing_happened.check(move, _Move(Kind.HOLD, hold[0], None), kinds)
        if move.kind is Kind.REVERSE:
            self.undone.append((of, seq))

    def require(self, account: str) -> _Live:
        """An account that was touched."""
        return self.accounts.get(account) or self.guarded[account]

    def other(self, seq: int, entry: Entry, body: bytes) -> None:
        """An entry that moves no credit."""
        if (entry.kind is Kind.GENESIS) != (seq == 0) or entry.postings:
            raise Unusual
        data = entry.data or {}
        if entry.kind is Kind.OPEN:
            account, kind = opened_account(data)
            found = self._lookup(account)
            claimed = self._trusting and found is not None and (found.kind, found.opened_seq) == (kind, seq)
            if account in self.guarded or not (claimed or (not self._trusting and found is None)):
                raise Unusual
            closed = found.closed_seq if found is not None else None
            self.guarded[account] = _live(kind.value, seq, closed, 0)
            self.opened[account] = Known(kind.value, seq, None, 0)
        elif entry.kind is Kind.CLOSE:
            account = closed_account(data)
            known = self.accounts.pop(account, None) or self.guarded.get(account) or self._first(account, 0)
            if known.balance or known.opened_seq >= seq or known.closed_seq != (seq if self._trusting else None):
                raise Unusual
            known.closed_seq = seq
            self.guarded[account] = known
            self.events.append((seq, body))
        else:
            self.others.append((seq, body))

    def seen(self) -> Seen:
        balances = {account: (known, self.require(account).balance) for account, known in self.before.items()}
        for account, known in self.opened.items():
            balances[account] = (known, self.guarded[account].balance)
        # A posting that is no whole number makes every balance after it none.
        if any(type(balance) is not int or type(known.balance) is not int for known, balance in balances.values()):
            raise Unusual
        holds = {seq: body for seq, (_, body) in self.holds.items()}
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
        page = _Page()
        nonces, keys, clocks, whole, bodies = page.nonces, page.keys, page.clocks, page.whole, page.bodies
        actors, days, policies, fine, book = self._actors, self._days, self._policies, self._fine, self._book
        accounts, touch, lines, at_line = part.accounts, part.touch, [*stored, _END, _END, _END], 0
        last, last_at = part.leaf_hash, part.at
        for seq, row in enumerate(rows, part.seq):
            row_seq, leaf_hash, prev, at, kind, actor, on, key, of, evidence, policy, body = row
            leaf = _sha256(b"\0" + body).digest()
            if row_seq != seq or leaf_hash != leaf or prev != last or at < last_at:
                raise Unusual
            leaves.append(leaf)
            first_line, second_line = lines[at_line], lines[at_line + 1]
            if policy is None or second_line[0] != seq or first_line[0] != seq or lines[at_line + 2][0] == seq:
                at_line += self._odd(part, seq, row, last, lines, at_line)
                last, last_at = leaf, at
                continue
            at_line += 2
            _, first, minutes, first_after = first_line
            _, second, opposite, second_after = second_line
            giving = accounts.get(first) or touch(first, first_after - minutes, seq)
            taking = accounts.get(second) or touch(second, second_after - opposite, seq)
            giving.balance = balance = giving.balance + minutes
            if balance != first_after or not giving.floor <= balance <= MAX_MINUTES:
                _require_allowed(giving, minutes, first_after)
            taking.balance = balance = taking.balance + opposite
            if balance != second_after or not taking.floor <= balance <= MAX_MINUTES:
                _require_allowed(taking, opposite, second_after)
            if minutes != -opposite or first >= second or not -MAX_MINUTES <= minutes <= MAX_MINUTES:
                raise Unusual
            # What is cut out of a wrong place does not give the body again.
            place = body.find(b'"nonce":"') + 9
            nonce = body[place : place + _NONCE_DIGITS].decode()
            nonces.append(nonce)
            if key is not None:
                keys.append(key)
            if at != last_at:
                clocks.append(at[10:])
            if actor not in actors or at[:10] not in days or (on is not None and on not in days):
                self._learn(actor, at, on)
            if evidence is not None:
                evidence = _hex(evidence)
            postings = ((first, minutes), (second, opposite))
            cited = policies.get(policy) or self._policy(policy)
            whole.append(
                _Written(actor, at, book, evidence, key, kind, nonce, of, on, cited, postings, last.hex(), seq, VERSION)
            )
            bodies.append(body)
            rule = (kind, of is None, on is None, giving.kind, taking.kind, minutes > 0)
            if rule not in fine:
                self._judge(self._entry(row, seq, last, postings), rule, giving.kind, taking.kind)
            if kind == _HOLD:
                part.holds[seq] = (postings, body)
            elif of is not None:
                part.completes(_Move(_KINDS[kind], postings, of), seq, body)
            last, last_at = leaf, at
        if lines[at_line] is not _END:
            raise Unusual
        page.check_texts()
        if not page.is_whole():
            for written in page.whole:
                self._with_data(written, rows[written.seq - part.seq])
        part.seq, part.leaf_hash, part.at = part.seq + len(rows), last, last_at
        return leaves

    def _with_data(self, written: _Written, row: EntryRow) -> None:
        """An entry that is not what its columns say, unless it only has `data` besides."""
        if _encode(written) != row[11]:
            check_shape(self._entry(row, written.seq, bytes.fromhex(written.prev), written.postings))

    def _odd(self, part: _Range, seq: int, row: EntryRow, prev: bytes, lines: Sequence[Line], at: int) -> int:
        """An entry without the usual two postings. Gives the number of its postings."""
        postings: list[Posting] = []
        kinds: dict[str, AccountKind] = {}
        while lines[at][0] == seq:
            _, account, minutes, after = lines[at]
            if type(minutes) is not int:
                raise Unusual
            known = part.accounts.get(account) or part.touch(account, after - minutes, seq)
            known.balance += minutes
            _require_allowed(known, minutes, after)
            kinds[account] = KIND_NAMED[known.kind]
            postings.append((account, minutes))
            at += 1
        entry = self._entry(row, seq, prev, tuple(postings))
        check_shape(entry)
        if not postings:
            part.other(seq, entry, row[11])
            return 0
        check_postings(entry.kind, entry.postings, kinds)
        if entry.kind is Kind.HOLD:
            part.holds[seq] = (entry.postings, row[11])
        elif entry.of is not None:
            part.completes(_Move(entry.kind, entry.postings, entry.of), seq, row[11])
        return len(postings)

    def _tiles(self, part: _Range, first: int, leaves: list[bytes], inside: set[int]) -> None:
        """Compare the full tiles of a page with those stored, and note what the tree needs of each."""
        stop = first + len(leaves)
        stored = self._source.tiles(-(-first // WIDTH), stop // WIDTH)
        at = first
        while at < stop:
            index = at // WIDTH
            end = min(stop, (index + 1) * WIDTH)
            part_leaves = leaves[at - first : end - first]
            hashes = b"".join(part_leaves)
            if end - at < WIDTH:
                part.tree.append((False, hashes))
            else:
                level = part_leaves
                while len(level) > 1:
                    level = level_above(level)
                if stored[index] != (hashes, level[0]):
                    raise Unusual
                part.tree.append((False, hashes) if index in inside else (True, level[0]))
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

    def _judge(self, entry: Entry, rule: tuple[Any, ...], *kinds: str) -> None:
        """The rules of the entry's kind. What differs in nothing that they read is passed from then on."""
        check_shape(entry)
        named = (KIND_NAMED[kind] for kind in kinds)
        check_postings(entry.kind, entry.postings, dict(zip(dict(entry.postings), named, strict=True)))
        if entry.data is None:
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


class _Page:
    """What is compared for a whole page at once: the texts that are different in each entry, and the bodies."""

    def __init__(self) -> None:
        self.nonces: list[str] = []
        self.keys: list[str] = []
        self.clocks: list[str] = []
        self.whole: list[_Written] = []
        self.bodies: list[bytes] = []

    def check_texts(self) -> None:
        """Their form. That a nonce has no more digits than were cut out is told by the body."""
        nonces, keys = "".join(self.nonces), self.keys
        if len(nonces) != _NONCE_DIGITS * len(self.nonces) or not _nonces(nonces):
            raise Unusual
        if not _clocks("".join(self.clocks)) or not _keys("".join(keys)):
            raise Unusual
        if keys and not 0 < min(map(len, keys)) <= max(map(len, keys)) <= MAX_TEXT:
            raise Unusual

    def is_whole(self) -> bool:
        """Whether every entry, written anew, gives its body. No entry that is written here contains a newline, so the
        bodies are told apart by theirs."""
        bodies = self.bodies
        if bodies and max(map(len, bodies)) > MAX_BODY_BYTES:
            raise Unusual
        return _encode_lines(self.whole) == b"\n".join([*bodies, b""])


def _require_allowed(known: Known, minutes: int, after: int) -> None:
    """A balance as stored, and below zero only where the kind may owe, or where credit comes to whoever owes."""
    balance = known.balance
    if balance != after or abs(balance) > MAX_MINUTES or (balance < 0 and minutes < 0 and known.kind not in _MAY_OWE):
        raise Unusual


def _live(kind: str, opened_seq: int, closed_seq: int | None, balance: int) -> _Live:
    return _Live(kind, opened_seq, closed_seq, balance, -MAX_MINUTES if kind in _MAY_OWE else 0)


def _hex(digest: bytes) -> str:
    text = digest.hex()
    if len(text) != 2 * HASH_BYTES or type(digest) is not bytes:
        raise Unusual
    return text
