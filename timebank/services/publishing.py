"""Publishing: sign a checkpoint over the book, have the witnesses cosign it, give it out; and what anybody may read.

The signer checks what it signs and remembers it outside the database (`ledger.signer`), so that a crash at any point
leaves nothing that contradicts what was given out: the same tree is signed, cosigned and published again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.book import hash_reader
from ledger.errors import FormatError
from ledger.keyring import keys_in_force
from ledger.tiles import WIDTH, encode_entries, parse_path, tile_width
from ledger.tiles import TileAddress as TileAddress
from timebank.domain.errors import NotFound
from timebank.storage.checking import Signed, sign_book
from timebank.storage.publishing import Publication, Published
from timebank.storage.unit import Bank, Unit

FRESH = timedelta(days=1)
"""A checkpoint that nothing followed is cosigned again after so long: it then says that it is still the largest."""


@dataclass(frozen=True, slots=True)
class LogView:
    """What a verifier has to know of the log: its origin, the verifier keys, and whose cosignatures make a quorum."""

    origin: str
    keys: tuple[str, ...]
    policy: str
    entries_are_public: bool


def publish(bank: Bank, *, now: datetime) -> Signed:
    """Sign and publish the book as it is, if it grew or the last checkpoint is a day old, unless a finding is open."""
    with bank.read() as unit:
        if unit.audits.open_alerts():
            return Signed(size=None, why="alerts are open")
        if not unit.has_book():
            return Signed(size=None, why="the book has not begun")
        last = unit.publishing.latest()
        if last is not None and last.size == unit.book.head().size and now - last.at < FRESH:
            return Signed(size=last.size, why="nothing new")
    signed = sign_book(bank, now=now)
    if signed.size is None:
        return signed
    with bank.unit() as unit:
        _give_out(unit, signed.size, now, has_quorum=True)
    return signed


def _give_out(unit: Unit, size: int, now: datetime, *, has_quorum: bool) -> None:
    row = unit.publishing.get(size)
    if row is None:
        unit.publishing.add(Publication(book=unit.origin, size=size, at=now, has_quorum=has_quorum))
    else:
        row.at, row.has_quorum = now, has_quorum


def describe(bank: Bank) -> LogView:
    """How to verify this log. Raises NotFound while there is no book."""
    with bank.read() as unit:
        if not unit.has_book():
            raise NotFound
        keys = tuple(key.encode() for key in keys_in_force(unit.book.store, unit.origin))
    return LogView(bank.settings.book, keys, policy_text(bank, keys), bank.settings.book_is_public)


def policy_text(bank: Bank, keys: Iterable[str]) -> str:
    """The log's policy (tlog-policy): its keys, and the witnesses that the operator configured."""
    path = bank.settings.witness_policy_path
    witnesses = path.read_text(encoding="utf-8") if path.exists() else "quorum none\n"
    return "".join(f"log {key}\n" for key in keys) + witnesses


def checkpoint(bank: Bank) -> Published:
    """The checkpoint that was published last. Raises NotFound while there is none."""
    with bank.read() as unit:
        found = unit.publishing.latest()
    if found is None:
        raise NotFound
    return found


def locate(path: str) -> TileAddress:
    """Which tile a path of tlog-tiles names. Raises NotFound for any that names none."""
    try:
        return parse_path(path)
    except FormatError:
        raise NotFound from None


def tile(bank: Bank, address: TileAddress) -> bytes:
    """A tile of hashes, or a bundle of entries, of the published tree. Raises NotFound for what is not in it.

    Full tiles are read as they were stored. A partial one is put together from stored hashes.
    """
    with bank.read() as unit:
        found = unit.publishing.latest()
        size = 0 if found is None else found.size
        level = address.level or 0
        if not 0 < address.width <= tile_width(size, level, address.index):
            raise NotFound
        start = address.index * WIDTH
        if address.level is None:
            rows = unit.book.store.rows(unit.origin, start, start + address.width)
            return encode_entries([row.body for row in rows])
        reader = hash_reader(unit.book.store, unit.origin, size)
        return b"".join(reader.hashes(level, address.index)[: address.width])
