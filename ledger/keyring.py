"""The verifier keys that a book names: in its genesis, and in the `key` entries that add and retire them.

A key that signs for a book is named by the book before it is used, and retired by it when it no longer is: so the
book's own history says which keys were good when. Whom to trust at all is a verifier's policy, never the book's word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ledger.canonical import decode
from ledger.entries import Kind
from ledger.errors import LedgerError
from ledger.notes import VerifierKey
from ledger.stations import is_of_station
from ledger.store import Reading


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A verifier key as text, and by which entries it came and went."""

    text: str
    added_seq: int
    retired_seq: int | None = None

    @property
    def key(self) -> VerifierKey:
        """The key itself. Raises NoteInvalid if the book names nonsense."""
        return VerifierKey.parse(self.text)


def named_keys(store: Reading, book: str) -> list[NamedKey]:
    """Every key that the book ever named, in the order of its entries. Entries that can't be read are passed over:
    to find them is the audit's work."""
    found: dict[str, NamedKey] = {}
    for kind in (Kind.GENESIS, Kind.KEY):
        for row in store.rows_of_kind(book, kind):
            try:
                entry = decode(row.body)
            except (LedgerError, TypeError):
                continue
            data = {} if is_of_station(entry) else entry.data or {}
            added = data.get("keys", []) if kind is Kind.GENESIS else [data.get("add")]
            for text in added:
                if isinstance(text, str) and text.startswith(f"{book}+"):
                    found[text] = NamedKey(text, row.seq)
            retired = data.get("retire")
            if retired in found:
                found[retired] = replace(found[retired], retired_seq=row.seq)
    return list(found.values())


def keys_at(named: Iterable[NamedKey], size: int) -> list[NamedKey]:
    """Those that may sign a tree of this size: named within it, and not retired within it."""
    return [one for one in named if one.added_seq < size and (one.retired_seq is None or one.retired_seq >= size)]


def keys_in_force(store: Reading, book: str) -> list[VerifierKey]:
    """The keys that sign for the book now. Raises NoteInvalid if the book names nonsense."""
    return [named.key for named in named_keys(store, book) if named.retired_seq is None]
