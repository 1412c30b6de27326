"""An exported book: its entries, its checkpoints and its keys, in a directory or in one .zip, with no database.

    bundle.json              format, book, size, leaf hash and time of the last entry
    keys.txt                 the verifier keys that the book names, one a line, for information
    checkpoints.jsonl        every stored checkpoint, one a line
    tile/entries/<N>[.p/<W>] the entries, 256 a file, as the C2SP document tlog-tiles lays them out

Columns, postings, balances and tiles are not in it, since they all follow from the entries: `BundleStore` derives them
while it reads. It is made for reading from front to back; looking for one key or account reads everything.
"""

from __future__ import annotations

import json
import zipfile
from array import array
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Self

import msgspec

from ledger.accounts import AccountKind
from ledger.chain import HASH_BYTES, leaf_hash
from ledger.entries import Entry, Kind
from ledger.errors import BundleInvalid, FormatError
from ledger.store import AccountRow, CheckpointRow, Head, PostingRow, Row, TileRow
from ledger.tiles import WIDTH, TileAddress, decode_entries, encode_path, tile_root

FORMAT = 1
PAGES_KEPT = 64
"""Pages of 256 entries that are kept as they were read: an audit asks for the same ones a few times in a row."""

MANIFEST, KEYS, CHECKPOINTS = "bundle.json", "keys.txt", "checkpoints.jsonl"
Read = Callable[[str], bytes | None]
_read_entry = msgspec.json.Decoder(Entry).decode


class BundleStore:
    """A bundle as a store that can only be read. See `ledger.store.Reading`."""

    def __init__(self, path: Path, read: Read | None = None) -> None:
        """`read`: gives its files by name, where they do not all stand at `path`. Raises BundleInvalid if there is no
        bundle here, or its manifest can't be read."""
        self._read = reader_of(path) if read is None else read
        try:
            manifest = json.loads(self._read(MANIFEST) or b"")
            self._head = Head(manifest["size"], bytes.fromhex(manifest["leaf_hash"]), manifest["at"])
            self._book = manifest["book"]
            known = manifest["format"] == FORMAT and type(self._head.size) is int and type(self._book) is str
        except (ValueError, KeyError, TypeError) as error:
            raise BundleInvalid(f"{path}: {error}") from error
        if not known:
            raise BundleInvalid(f"{path}: not a bundle of format {FORMAT}")
        self._pages: OrderedDict[int, _Page] = OrderedDict()
        self._keys: dict[int, array[int]] = {}
        self._roots: dict[tuple[int, int], bytes] = {}
        self._replayed = _Replayed(self)

    @contextmanager
    def snapshot(self) -> Iterator[Self]:
        yield self

    def books(self) -> Sequence[str]:
        return [self._book]

    def head(self, book: str) -> Head | None:
        return self._head if book == self._book else None

    def rows(self, book: str, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """The numbers are those of the places; what the entries say themselves is for the audit to compare."""
        if book != self._book:
            return
        for page, first, last in self._parts(start, stop):
            yield from page.rows[first:last]

    def read(self, start: int, stop: int | None) -> Iterator[tuple[Row, Entry | None]]:
        """Rows with the entries in them; None for a body that is no entry."""
        for page, first, last in self._parts(start, stop):
            yield from zip(page.rows[first:last], page.entries[first:last], strict=True)

    def _parts(self, start: int, stop: int | None) -> Iterator[tuple[_Page, int, int]]:
        """The pages that hold entries start..stop-1, each with the first and the last + 1 of its places."""
        seq = max(start, 0)
        while stop is None or seq < stop:
            page = self._page(seq // WIDTH)
            if seq % WIDTH >= len(page.rows):
                # A page that was cut: the entries after it keep their numbers.
                if len(page.rows) == WIDTH or not self._page(seq // WIDTH + 1).rows:
                    return
                seq = (seq // WIDTH + 1) * WIDTH
                continue
            first = seq % WIDTH
            last = len(page.rows) if stop is None else min(len(page.rows), first + stop - seq)
            yield page, first, last
            seq += last - first

    def row(self, book: str, seq: int) -> Row | None:
        return next(self.rows(book, seq, seq + 1), None) if seq >= 0 else None

    def row_by_key(self, book: str, key: str) -> Row | None:
        return next((row for row in self.rows(book) if row.key == key), None)

    def rows_of(self, book: str, of_seq: int) -> Sequence[Row]:
        return [row for row in self.rows(book, of_seq + 1) if row.of_seq == of_seq]

    def rows_of_kind(self, book: str, kind: Kind) -> Iterator[Row]:
        return (row for row in self.rows(book) if row.kind == kind)

    def size_at(self, book: str, at: str) -> int:
        return sum(1 for row in self.rows(book) if row.at <= at)

    def duplicate_keys(self, book: str) -> Iterator[tuple[str, int]]:
        """By their hashes first, since a set of all keys would need more memory than all the rest."""
        index = 0
        while self._key_hashes(index) is not None or self._key_hashes(index + 1) is not None:
            index += 1
        hashes = array("q", sorted(chain.from_iterable(self._keys.values())))
        twice = {one for one, other in zip(hashes, islice(hashes, 1, None), strict=False) if one == other}
        if not twice:
            return
        counts = Counter(row.key for row in self.rows(book) if row.key is not None and hash(row.key) in twice)
        yield from ((key, count) for key, count in sorted(counts.items()) if count > 1)

    def postings(self, book: str, start: int = 0, stop: int | None = None) -> Iterator[PostingRow]:
        return self._replayed.postings(max(start, 0), stop) if book == self._book else iter(())

    def account_postings(
        self, book: str, account: str, after_seq: int | None = None, limit: int | None = None
    ) -> Sequence[PostingRow]:
        after = -1 if after_seq is None else after_seq
        return list(islice((row for row in self.postings(book) if row.account == account and row.seq > after), limit))

    def balance_at(self, book: str, account: str, size: int) -> int:
        return sum(row.minutes for row in self.postings(book, 0, size) if row.account == account)

    def account(self, book: str, account: str) -> AccountRow | None:
        return next((row for row in self.accounts(book) if row.account == account), None)

    def accounts(self, book: str) -> Iterator[AccountRow]:
        return iter(self._replayed.accounts()) if book == self._book else iter(())

    def leaf_hashes(self, book: str, start: int, stop: int) -> bytes:
        return b"".join(row.leaf_hash for row in self.rows(book, start, stop))

    def tile(self, book: str, level: int, index: int) -> bytes | None:
        if book != self._book or level < 0 or not 0 <= index < self._head.size >> (8 * (level + 1)):
            return None
        if not self.has_tile(level, index):
            # The manifest may name any size. Where the last entries are missing, nothing below need be looked at.
            return None
        start, stop = index * WIDTH, (index + 1) * WIDTH
        hashes = self._page(index).hashes if level == 0 else self.tile_roots(book, level - 1, start, stop)
        return hashes if len(hashes) == WIDTH * HASH_BYTES else None

    def has_tile(self, level: int, index: int) -> bool:
        """Whether the last entries under this tile are there, as far as they are looked at."""
        return len(self._page(((index + 1) << (8 * level)) - 1).rows) == WIDTH

    def tile_roots(self, book: str, level: int, start: int, stop: int) -> bytes:
        roots = []
        for index in range(start, min(stop, self._head.size >> (8 * (level + 1)))):
            if (level, index) not in self._roots:
                tile = self.tile(book, level, index)
                if tile is None:
                    continue
                self._roots[level, index] = tile_root(tile)
            roots.append(self._roots[level, index])
        return b"".join(roots)

    def tiles(self, book: str) -> Iterator[TileRow]:
        for level in range(8):
            for index in range(self._head.size >> (8 * (level + 1))):
                tile = self.tile(book, level, index)
                if tile is None:
                    # The manifest may name any size; where entries end, so do tiles.
                    break
                yield TileRow(level, index, tile, self.tile_roots(book, level, index, index + 1))

    def checkpoint(self, book: str, size: int | None = None) -> CheckpointRow | None:
        rows = [row for row in self.checkpoints(book) if size is None or row.size == size]
        return rows[-1] if rows else None

    def checkpoints(self, book: str, start: int = 0) -> Iterator[CheckpointRow]:
        rows = []
        for line in (self._read(CHECKPOINTS) or b"").splitlines():
            try:
                found = json.loads(line)
                rows.append(
                    CheckpointRow(found["size"], bytes.fromhex(found["root"]), found["note"], found["signed_at"])
                )
            except (ValueError, KeyError, TypeError) as error:
                raise BundleInvalid(f"{CHECKPOINTS}: {error}") from error
        return iter(sorted(row for row in rows if row.size >= start)) if book == self._book else iter(())

    def tile_places(self, book: str) -> Iterator[tuple[int, int]]:
        """(level, index) of all full tiles, without computing again those whose root is known."""
        for level in range(8):
            for index in range(self._head.size >> (8 * (level + 1))):
                if (level, index) not in self._roots and self.tile(book, level, index) is None:
                    break
                yield level, index

    def _key_hashes(self, index: int) -> array[int] | None:
        """Of the idempotency keys on a page; None for one that is not there."""
        if index not in self._keys:
            self._page(index)
        return self._keys.get(index)

    def _page(self, index: int) -> _Page:
        page = self._pages.get(index)
        if page is None:
            while len(self._pages) >= PAGES_KEPT:
                self._pages.popitem(last=False)
            width = min(WIDTH, self._head.size - index * WIDTH)
            page = self._pages[index] = _read_page(index, self._bodies(index, width) if width > 0 else [])
            if page.rows and index not in self._keys:
                self._keys[index] = array("q", [hash(row.key) for row in page.rows if row.key is not None])
        return page

    def _bodies(self, index: int, width: int) -> list[bytes]:
        content = self._read(encode_path(TileAddress(None, index, width))) or b""
        bodies: list[bytes] = []
        read = 0
        try:
            for body in decode_entries(content):
                if len(bodies) == width:
                    break
                bodies.append(body)
                read += 2 + len(body)
        except FormatError:
            # Cut inside an entry. What is left of it stands below for all of it, so that the audit names the place.
            pass
        rest = content[read:]
        if rest and len(bodies) == width:
            bodies[-1] += rest
        elif rest:
            bodies.append(rest)
        return bodies


class _Replayed:
    """Postings with their balances, as they come, and the accounts in the end."""

    def __init__(self, store: BundleStore) -> None:
        self._store = store
        self._book = store.books()[0]
        self._begin()

    def _begin(self) -> None:
        self._seq = 0
        self._balances: dict[str, int] = {}
        self._opened: dict[str, tuple[str, int]] = {}
        self._closed: dict[str, int] = {}

    def postings(self, start: int, stop: int | None) -> Iterator[PostingRow]:
        if start < self._seq:
            self._begin()
        for row, entry in self._store.read(self._seq, stop):
            lines = self._move(row, entry)
            self._seq = row.seq + 1
            if row.seq >= start:
                yield from lines

    def accounts(self) -> list[AccountRow]:
        for _ in self.postings(self._seq, None):
            continue
        return [
            AccountRow(account, kind, seq, self._closed.get(account), self._balances.get(account, 0))
            for account, (kind, seq) in sorted(self._opened.items())
        ]

    def _move(self, row: Row, entry: Entry | None) -> list[PostingRow]:
        if entry is None:
            return []
        if entry.kind is Kind.OPEN or entry.kind is Kind.CLOSE:
            self._name(row.seq, entry)
        lines, balances = [], self._balances
        for name, minutes in entry.postings:
            balances[name] = after = balances.get(name, 0) + minutes
            lines.append(PostingRow(row.seq, name, minutes, after))
        return lines

    def _name(self, seq: int, entry: Entry) -> None:
        data = entry.data or {}
        account = data.get("account")
        if not isinstance(account, str):
            return
        if entry.kind is Kind.CLOSE:
            self._closed.setdefault(account, seq)
        elif data.get("account_kind") in set(AccountKind):
            self._opened.setdefault(account, (str(data["account_kind"]), seq))


@dataclass(slots=True)
class _Page:
    """256 entries, read once."""

    rows: list[Row]
    entries: list[Entry | None]
    hashes: bytes


def _read_page(index: int, bodies: list[bytes]) -> _Page:
    read = [_row(index * WIDTH + place, body) for place, body in enumerate(bodies)]
    return _Page([row for row, _ in read], [entry for _, entry in read], b"".join([row.leaf_hash for row, _ in read]))


def _row(seq: int, body: bytes) -> tuple[Row, Entry | None]:
    leaf = leaf_hash(body)
    try:
        entry = _read_entry(body)
    except (msgspec.MsgspecError, UnicodeError):
        return Row(seq, leaf, b"", "", "", "", None, None, None, None, None, body), None
    try:
        prev = bytes.fromhex(entry.prev)
        evidence = None if entry.evidence is None else bytes.fromhex(entry.evidence)
        policy = None if entry.policy is None else bytes.fromhex(entry.policy)
    except ValueError:
        return Row(seq, leaf, b"", "", "", "", None, None, None, None, None, body), entry
    kind = str(entry.kind)
    row = Row(seq, leaf, prev, entry.at, kind, entry.actor, entry.on, entry.key, entry.of, evidence, policy, body)
    return row, entry


def reader_of(path: Path) -> Read:
    """Reads a file of the bundle by name; None if it is not there."""
    if path.is_dir():

        def read(name: str) -> bytes | None:
            try:
                return (path / name).read_bytes()
            except FileNotFoundError:
                return None

        return read
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise BundleInvalid(f"{path}: {error}") from error

    def unzip(name: str) -> bytes | None:
        try:
            return archive.read(name)
        except KeyError:
            return None
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
            raise BundleInvalid(f"{path}, {name}: {error}") from error

    return unzip
