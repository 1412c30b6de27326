"""The hash of an entry and its link to the one before. The tree proves; the link is content that an audit checks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ledger.entries import FIRST_PREV, Entry
from ledger.errors import ChainBroken

HASH_BYTES = 32
_LEAF = b"\x00"
_FIRST_AT = "0000-00-00T00:00:00.000Z"


def leaf_hash(body: bytes) -> bytes:
    """SHA-256(0x00 ‖ body), RFC 6962, section 2.1: the link of the chain and the leaf of the tree in one."""
    return hashlib.sha256(_LEAF + body).digest()


@dataclass(frozen=True, slots=True)
class Link:
    """Where the next entry has to join: its number, the leaf hash of the last entry, and that entry's `at`."""

    size: int
    prev: str
    at: str


FIRST_LINK = Link(0, FIRST_PREV, _FIRST_AT)
"""Where the first entry of every book joins. Its `at` is text, earlier than any time that can be written."""


def check_link(link: Link, entry: Entry, book: str) -> None:
    """Raises ChainBroken if this entry of `book` does not continue the chain at `link`."""
    if entry.book != book:
        raise ChainBroken(link.size, "book", book, entry.book)
    if entry.seq != link.size:
        raise ChainBroken(link.size, "seq", str(link.size), str(entry.seq))
    if entry.prev != link.prev:
        raise ChainBroken(link.size, "prev", link.prev, entry.prev)
    if entry.at < link.at:
        raise ChainBroken(link.size, "at", f"{link.at} or later", entry.at)


def next_link(entry: Entry, body: bytes) -> Link:
    """Where the entry after this one has to join."""
    return Link(entry.seq + 1, leaf_hash(body).hex(), entry.at)
