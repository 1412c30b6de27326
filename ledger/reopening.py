"""Goes on under a new origin, after a backup had to be restored that is behind what was signed.

A log that signs two trees of one size is a fork, whatever the reason. So the old origin ends where the backup ends, and
a new book begins whose genesis names the old one, the tree that is left of it, and the signed tree that is lost. All
other entries are recorded again as they were, under the same numbers: whoever has the old entries can compare.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from ledger.book import Book
from ledger.bundle import BundleStore
from ledger.canonical import decode, encode, ordered
from ledger.chain import leaf_hash
from ledger.checkpoints import Checkpoint
from ledger.entries import FIRST_PREV, Entry, format_at
from ledger.errors import BundleInvalid
from ledger.exporting import write_bundle
from ledger.store import Reading

_SAME = ("unit", "stations")


def reopen(
    source: BundleStore, path: Path, origin: str, *, keys: Sequence[str], lost: Checkpoint, now: datetime
) -> None:
    """Write a bundle of the new book. `keys`: its verifier keys. `lost`: the last tree that was signed of the old one.

    Raises BundleInvalid if nothing was lost (then the old origin goes on), or if entries are missing; FileExistsError.
    """
    (old,) = source.books()
    head = source.head(old)
    if head is None or origin == old:
        raise BundleInvalid(f"{origin} is no new origin")
    book = Book(source, old)  # type: ignore[arg-type]  # it is only read
    if lost.origin != old:
        raise BundleInvalid(f"the signed tree is of {lost.origin}, not of {old}")
    if lost.size <= head.size and book.root(lost.size) == lost.root:
        raise BundleInvalid("nothing that was signed is lost: go on with this book under its own origin")
    after = {
        "at": format_at(now),
        "book": old,
        "lost": {"root": lost.root.hex(), "size": lost.size},
        "root": book.root().hex(),
        "size": head.size,
    }
    write_bundle(path, origin, _Again(source, old, origin, after, keys))


class _Again:
    """The bodies of the new book, in order."""

    def __init__(self, source: BundleStore, old: str, origin: str, after: dict[str, Any], keys: Sequence[str]) -> None:
        self._source, self._old, self._origin, self._after, self._keys = source, old, origin, after, keys

    def __iter__(self) -> Any:
        prev = FIRST_PREV
        for row in self._source.rows(self._old):
            entry = decode(row.body)
            data = self._genesis(entry.data or {}) if row.seq == 0 else entry.data
            body = encode(msgspec.structs.replace(entry, book=self._origin, prev=prev, data=data))
            prev = leaf_hash(body).hex()
            yield body

    def _genesis(self, data: dict[str, Any]) -> dict[str, Any]:
        before = {"after": data["after"]} if "after" in data else {}
        return ordered({**data, "keys": list(self._keys), "after": {**self._after, **before}})


def check_continues(old: Reading, new: Reading, progress: Callable[[int], None] | None = None) -> int:
    """Whether a reopened book is what its genesis says: the entries of the old one that were left, each as it was.

    Both have been audited. Gives the number of entries that were compared. Raises BundleInvalid, naming the first that
    differs.
    """
    (old_origin,), (new_origin,) = old.books(), new.books()
    genesis, first = _entry(new, new_origin, 0), _entry(old, old_origin, 0)
    data, before = genesis.data or {}, first.data or {}
    after = data.get("after")
    if not isinstance(after, dict) or after.get("book") != old_origin:
        raise BundleInvalid(f"{new_origin} does not say that it goes on from {old_origin}")
    head = old.head(old_origin)
    size = after["size"]
    if head is None or head.size < size:
        raise BundleInvalid(f"it goes on from {size} entries, and the old copy has fewer")
    if Book(old, old_origin).root(size).hex() != after["root"]:  # type: ignore[arg-type]  # it is only read
        raise BundleInvalid(f"the first {size} entries of the old copy are another tree")
    if any(data.get(name) != before.get(name) for name in _SAME) or after.get("after") != before.get("after"):
        raise BundleInvalid("the genesis was changed in more than its keys")
    compared = 0
    for one, other in zip(old.rows(old_origin, 1, size), new.rows(new_origin, 1, size), strict=True):
        mine = decode(other.body)
        if msgspec.structs.replace(decode(one.body), book=new_origin, prev=mine.prev) != mine:
            raise BundleInvalid(f"entry {one.seq} was changed")
        compared += 1
        if progress is not None:
            progress(compared)
    return compared + 1


def _entry(store: Reading, origin: str, seq: int) -> Entry:
    row = store.row(origin, seq)
    if row is None:
        raise BundleInvalid(f"{origin} has no entry {seq}")
    return decode(row.body)
