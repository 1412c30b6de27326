"""The quick check of a range of entries: it says that all is well, or that somebody has to look closer.

A book of a million entries is audited in seconds because little is done for each: the entries of a page are written
anew out of the columns and postings that are stored beside them. If that gives the bodies byte for byte, then they are
canonical, every column equals its field, and links, numbers and book are right, all in one comparison. Whatever this
check does not understand it calls `Unusual`; then `ledger.audit.replay` goes through the range entry by entry and says
what is wrong, or that nothing is. So a mistake here may cost time, and must never let anything through.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, repeat
from operator import is_not, le, lt
from typing import Any

import msgspec

from ledger.audit.ranges import Lookup, RangeCheck, Seen, Unusual, require_allowed
from ledger.audit.sources import BEFORE_ALL, EntryRow, Line, Source
from ledger.audit.state import KIND_NAMED, Move
from ledger.canonical import MAX_BODY_BYTES, decode
from ledger.chain import HASH_BYTES
from ledger.entries import MAX_TEXT, VERSION, Entry, Kind, Posting, check_text, parse_on
from ledger.errors import LedgerError
from ledger.merkle import level_above
from ledger.minutes import MAX_MINUTES
from ledger.stations import is_verified
from ledger.tiles import WIDTH
from ledger.transfers import VERIFIED, check_postings, check_shape

# Small, so that a page stays in the processor's own memory while all is done to it.
CHUNK = 2 * WIDTH
_HOLD = Kind.HOLD.value
_KINDS = {kind.value: kind for kind in Kind}

# The texts of a whole page one after the other: one match is cheaper than many.
_NONCE, _NONCE_DIGITS = b'"nonce":"', 32
_nonces = re.compile(r"[0-9a-f]*", re.ASCII).fullmatch
_keys = re.compile(r"[!-~]*", re.ASCII).fullmatch
_clocks = re.compile(r"(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z)*", re.ASCII).fullmatch
_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines
_sha256 = hashlib.sha256


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


class QuickCheck:
    """Checks ranges of one book. It keeps what it learned about texts that come again and again."""

    def __init__(self, book: str, source: Source) -> None:
        self.book = check_text(book, "book")
        self._source = source
        self.actors: set[str] = set()
        self.days: set[str] = set()
        self.policies: dict[bytes, str] = {}
        self.fine: set[tuple[Any, ...]] = set()

    def check(self, start: int, stop: int, prev: bytes, at: str, lookup: Lookup, *, trusting: bool) -> Seen:
        """Check entries start..stop-1, which have to join an entry with this leaf hash and `at`. Raises Unusual.

        `trusting`: the balances before the range are taken from its postings, and accounts may be looked up that are
        opened only later; whoever merges compares both with what he knows.
        """
        part = RangeCheck(start, prev, at, lookup, trusting)
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
                leaves = _Page(self, part, rows, self._source.lines(below, last)).check()
                self._tiles(part, first, leaves, inside)
                first = last
        except (LedgerError, LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise Unusual from error
        return part.seen()

    def _tiles(self, part: RangeCheck, first: int, leaves: list[bytes], inside: set[int]) -> None:
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


class _Page:
    """One page of entries, column by column: what can be said of all of them is said at once."""

    def __init__(self, check: QuickCheck, part: RangeCheck, rows: Sequence[EntryRow], lines: Sequence[Line]) -> None:
        self._known, self._part, self._rows, self._lines = check, part, rows, lines
        self._first = part.seq
        columns: list[tuple[Any, ...]] = list(zip(*lines, strict=True)) if lines else [()] * 4
        self._line_seqs, self._line_accounts, self._amounts, _ = columns
        self._sides: list[str] = []

    def check(self) -> list[bytes]:
        """Gives the leaf hashes. Raises Unusual."""
        part, rows, sha256 = self._part, self._rows, _sha256
        columns = list(zip(*rows, strict=True))
        seqs, hashes, prevs, ats, *_, policies, bodies = columns
        leaves = [sha256(b"\0" + body).digest() for body in bodies]
        if list(seqs) != list(range(self._first, self._first + len(rows))) or list(hashes) != leaves:
            raise Unusual
        if list(prevs) != [part.leaf_hash, *leaves[:-1]] or max(map(len, bodies)) > MAX_BODY_BYTES:
            raise Unusual
        if ats[0] < part.at or not all(map(le, ats, ats[1:])):
            raise Unusual
        others = [seq for seq, policy in zip(seqs, policies, strict=True) if policy is None]
        self._post(others)
        if others:
            rows = [row for row in rows if row[10] is not None]
            columns = list(zip(*rows, strict=True))
        if rows:
            self._money(rows, columns)
        elif self._lines:
            raise Unusual
        part.seq, part.leaf_hash, part.at = self._first + len(leaves), leaves[-1], ats[-1]
        return leaves

    def _post(self, others: list[int]) -> None:
        """What the postings do to the balances, in the order of the entries; accounts are opened and closed between."""
        part, lines, at = self._part, self._lines, 0
        accounts, touch, side = part.accounts, part.touch, self._sides.append
        for seq_or_none in (*others, None):
            bound = len(lines) if seq_or_none is None else bisect_left(self._line_seqs, seq_or_none)
            for seq, account, minutes, after in lines[at:bound]:
                known = accounts.get(account) or touch(account, after - minutes, seq)
                known.balance = balance = known.balance + minutes
                if balance != after or not known.floor <= balance <= MAX_MINUTES:
                    require_allowed(known, minutes, after)
                side(known.gives if minutes < 0 else known.takes)
            at = bound
            if seq_or_none is not None:
                row = self._rows[seq_or_none - self._first]
                part.other(seq_or_none, self._entry(row, ()), row[11])

    def _money(self, rows: Sequence[EntryRow], columns: Sequence[Any]) -> None:
        """The entries that move credit: their postings, their bytes, the rules of their kinds."""
        amounts = self._amounts
        places = list(zip(self._line_seqs, self._line_accounts, strict=True))
        counts = Counter(self._line_seqs)
        if list(counts) != list(columns[0]) or not all(map(lt, places, places[1:])):
            raise Unusual
        ends = list(accumulate(counts.values()))
        sums = list(accumulate(amounts))
        if any(map(sums.__getitem__, [end - 1 for end in ends])) or not all(amounts):
            raise Unusual
        if max(amounts) > MAX_MINUTES or min(amounts) < -MAX_MINUTES:
            raise Unusual
        spans = list(map(slice, [0, *ends[:-1]], ends))
        moves = tuple(zip(self._line_accounts, amounts, strict=True))
        postings = list(map(moves.__getitem__, spans))
        self._compare(rows, columns, postings)
        sides = map(tuple(self._sides).__getitem__, spans)
        has_of, has_on = map(is_not, columns[8], repeat(None)), map(is_not, columns[6], repeat(None))
        rules = list(zip(columns[4], has_of, has_on, sides, strict=True))
        for rule in set(rules) - self._known.fine:
            at = rules.index(rule)
            self._judge(self._entry(rows[at], postings[at]), rule)
        part = self._part
        part.verified += sum(map(columns[4].count, VERIFIED))
        for seq, kind, of, moved in zip(columns[0], columns[4], columns[8], postings, strict=True):
            if of is not None:
                part.completes(Move(seq, _KINDS[kind], of, moved))
            elif kind == _HOLD:
                part.holds[seq] = moved

    def _compare(
        self, rows: Sequence[EntryRow], columns: Sequence[Any], postings: Sequence[tuple[Posting, ...]]
    ) -> None:
        """Whether each entry, written anew, gives its body. What is written contains no newline, so the bodies are told
        apart by theirs."""
        seqs, _, prevs, ats, kinds, actors, ons, keys, ofs, evidence, policies, bodies = columns
        self._learn(actors, ats, ons, keys, policies)
        if not set(map(type, evidence)) <= {bytes, type(None)} or not set(map(type, ofs)) <= {int, type(None)}:
            raise Unusual
        commitments = [None if digest is None else digest.hex() for digest in evidence]
        if not {len(text) for text in commitments if text is not None} <= {2 * HASH_BYTES}:
            raise Unusual
        # What is cut out of a wrong place does not give the body again.
        width = len(_NONCE)
        places = [body.find(_NONCE) + width for body in bodies]
        nonces = [body[at : at + _NONCE_DIGITS].decode() for at, body in zip(places, bodies, strict=True)]
        together = "".join(nonces)
        if len(together) != _NONCE_DIGITS * len(nonces) or not _nonces(together):
            raise Unusual
        cited = map(self._known.policies.__getitem__, policies)
        links = [prev.hex() for prev in prevs]
        texts = (actors, ats, repeat(self._known.book), commitments, keys, kinds, nonces, ofs, ons, cited)
        whole = list(map(_Written, *texts, postings, links, seqs, repeat(VERSION)))
        if _encode_lines(whole) != b"\n".join([*bodies, b""]):
            for written, row in zip(whole, rows, strict=True):
                # It may have `data` besides, which no column shows.
                if _encode(written) != row[11]:
                    entry = self._entry(row, written.postings)
                    check_shape(entry)
                    if is_verified(entry.kind):
                        self._part.signed.append((entry.seq, row[11]))

    def _entry(self, row: EntryRow, postings: tuple[Posting, ...]) -> Entry:
        """The entry in the body, if it is this one and the columns and postings say the same. Raises Unusual. That the
        row's number and link are right was compared before."""
        entry = decode(row[11])
        columns = (entry.at, entry.kind, entry.actor, entry.on, entry.key, entry.of)
        hashes = tuple(None if text is None else bytes.fromhex(text) for text in (entry.evidence, entry.policy))
        if row[3:9] != columns or row[9:11] != hashes or entry.postings != postings:
            raise Unusual
        if (entry.book, entry.seq, entry.prev) != (self._known.book, row[0], row[2].hex()):
            raise Unusual
        return entry

    def _judge(self, entry: Entry, rule: tuple[Any, ...]) -> None:
        """The rules of the entry's kind. What differs in nothing that they read is passed from then on."""
        check_shape(entry)
        kinds = (KIND_NAMED[side[:-1]] for side in rule[3])
        check_postings(entry.kind, entry.postings, dict(zip(dict(entry.postings), kinds, strict=True)))
        if entry.data is None:
            self._known.fine.add(rule)

    def _learn(self, actors: Any, ats: Any, ons: Any, keys: Any, policies: Any) -> None:
        """The form of what is written as text."""
        known = self._known
        for actor in set(actors) - known.actors:
            known.actors.add(check_text(actor, "actor"))
        moments = set(ats)
        days = {at[:10] for at in moments}
        days.update(ons)
        days.discard(None)
        for day in days - known.days:
            parse_on(day)
            known.days.add(day)
        for policy in set(policies) - known.policies.keys():
            if type(policy) is not bytes or len(policy) != HASH_BYTES:
                raise Unusual
            known.policies[policy] = policy.hex()
        given = [key for key in keys if key is not None]
        if not _clocks("".join([at[10:] for at in moments])) or not _keys("".join(given)):
            raise Unusual
        if given and not 0 < min(map(len, given)) <= max(map(len, given)) <= MAX_TEXT:
            raise Unusual
