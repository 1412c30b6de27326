"""What an audit knows after some entries, so that the next one can go on from there.

It holds everything that the rules need of the past: a later audit trusts nothing that the store says about entries
that it does not read again. Keep it where an intruder into the ledger's tables does not reach.
"""

from __future__ import annotations

import hashlib

import msgspec

from ledger.accounts import AccountKind
from ledger.chain import FIRST_LINK, HASH_BYTES
from ledger.entries import Kind, Posting
from ledger.errors import FormatError
from ledger.merkle import CompactRange
from ledger.stations import StationKey

STATE_VERSION = 3


KIND_NAMED = {kind.value: kind for kind in AccountKind}


class Known(msgspec.Struct, array_like=True, gc=False):
    """An account: its kind, the entries that opened and closed it, its balance in minutes."""

    kind: str
    opened_seq: int
    closed_seq: int | None
    balance: int


class Move(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What the rules about holds, reversals and closes read of an entry. A close has its account as a posting of 0."""

    seq: int
    kind: Kind
    of: int | None
    postings: tuple[Posting, ...]


class AuditState(msgspec.Struct, gc=False):
    """The book after `size` entries.

    `holds`: the postings of open holds by number. `reversed`: entry → the entry that reversed it. `keys`: (seq, "add"
    or "retire", verifier key). `policies`: (seq, effective_at, hash). `stations`: the keys of stations by the number of
    the entry that added each. `signed_only`: nothing is verified without one of them. `origins`: (size, origin) under
    which the first entries were recorded before. `checkpoint_size`: the largest that was checked.
    """

    book: str
    version: int = STATE_VERSION
    size: int = 0
    leaf_hash: bytes = bytes(HASH_BYTES)
    at: str = FIRST_LINK.at
    peaks: list[bytes] = []
    accounts: dict[str, Known] = {}
    holds: dict[int, tuple[Posting, ...]] = {}
    reversed: dict[int, int] = {}
    keys: list[tuple[int, str, str]] = []
    policies: list[tuple[int, str, str]] = []
    stations: dict[int, StationKey] = {}
    signed_only: bool = False
    origins: list[tuple[int, str]] = []
    checkpoint_size: int = -1
    levels: list[int] = []

    def encode(self) -> bytes:
        """Bytes to keep until the next audit."""
        content = _encoder.encode(self)
        return hashlib.sha256(content).digest() + content

    @classmethod
    def decode(cls, raw: bytes, book: str) -> AuditState:
        """Raises FormatError on anything but the state of this book in this version: then audit from 0."""
        try:
            if hashlib.sha256(raw[32:]).digest() != raw[:32]:
                raise FormatError("state", "damaged")
            state = _decoder.decode(raw[32:])
            CompactRange(state.size, state.peaks)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise FormatError("state", str(error)) from error
        if state.book != book or state.version != STATE_VERSION:
            raise FormatError("state", f"of {state.book[:80]!r}, version {state.version}")
        return state

    def root(self) -> bytes:
        """The root of the tree of these entries."""
        return CompactRange(self.size, self.peaks).root()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(AuditState)
