"""Keys that stations hold themselves, and their signatures under what they verify: docs/station-signatures.md.

The operator writes the book and holds its key; he does not hold a station's. A station's key comes into the book by a
`key` entry, and from then on an `earn` or `care` that the station verified carries its signature. Every signature is
that of a C2SP signed note, so that other tools can check it too: the text is rebuilt from the entry alone.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Protocol

import msgspec

from ledger.canonical import jcs
from ledger.entries import Entry, Kind, Posting
from ledger.errors import KindRuleBroken, NoteInvalid, StationKeyUnknown, StationSignatureMissing, StationSignatureWrong
from ledger.notes import KeyType, VerifierKey
from ledger.transfers import VERIFIED

SIGNED_ONLY: Final = "signed"
"""What a genesis says as `data.stations` if nothing is to be verified in that book without a station's signature."""


class StationKey(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A station's key as the book knows it: the how manieth of the station, and the entry that retired it."""

    station: str
    text: str
    number: int
    retired_seq: int | None = None


Keys = dict[int, StationKey]
"""Number of the entry that added it → key. Without gaps: retired keys stay, since what they signed stays."""


class Statement(Protocol):
    """What a station signs of an entry or a draft."""

    @property
    def kind(self) -> Kind: ...
    @property
    def postings(self) -> tuple[Posting, ...]: ...
    @property
    def key(self) -> str | None: ...
    @property
    def evidence(self) -> str | None: ...
    @property
    def policy(self) -> str | None: ...
    @property
    def on(self) -> str | date | None: ...


def key_name(book: str, station: str) -> str:
    """The name in a station's verifier key."""
    return f"{book}/station/{station}"


def entry_key(station: str, number: int) -> str:
    """The idempotency key of the entry that adds a station's n-th key: two can't be the same one."""
    return f"station-key/{station}/{number}"


Origins = list[tuple[int, str]]
"""(size, origin): the first entries were recorded, and signed by stations, under an earlier origin; see `after` in a
genesis."""


def origins_of(genesis: Mapping[str, Any]) -> Origins:
    """The earlier origins that a genesis names, the earliest first."""
    found: Origins = []
    after = genesis.get("after")
    while isinstance(after, Mapping):
        found.insert(0, (after["size"], after["book"]))
        after = after.get("after")
    return found


def signed_for(origins: Origins, entry: Entry) -> str:
    """The origin in what stations signed of this entry."""
    return next((origin for size, origin in origins if entry.seq < size), entry.book)


def verified_text(book: str, station: str, statement: Statement) -> str:
    """The note that a station signs under what it verified. What the entry says of itself besides (number, link, time,
    nonce, actor) is not in it: the station signs before the entry is written."""
    on = statement.on
    fields: dict[str, Any] = {
        "book": book,
        "evidence": statement.evidence,
        "key": statement.key,
        "kind": statement.kind.value,
        "on": on.isoformat() if isinstance(on, date) else on,
        "policy": statement.policy,
        "postings": sorted(statement.postings),
        "station": station,
    }
    return _text(book, "verified", fields)


def added_text(book: str, station: str, number: int, key: str) -> str:
    """The note that the new key signs, to show that the station has it, and a key in force, to vouch for it."""
    return _text(book, "station-key", {"add": key, "book": book, "number": number, "station": station})


def retired_text(book: str, station: str, key: str) -> str:
    """The note that a key in force signs to say that a key of its station no longer signs."""
    return _text(book, "station-key", {"book": book, "retire": key, "station": station})


def note(keys: Keys, entry: Entry, book: str) -> None:
    """Judge a `key` entry of a station and note what it does. Its shape was checked. `book`: see `signed_for`.

    Raises KindRuleBroken, StationKeyUnknown, StationSignatureWrong; then nothing was noted.
    """
    data = entry.data or {}
    station = str(data["station"])
    if "retire" in data:
        of = -1 if entry.of is None else entry.of
        going = require_in_force(keys, of)
        if (going.station, going.text) != (station, data["retire"]):
            raise KindRuleBroken(entry.kind, f"entry {of} added another key")
        if "by" in data:
            _vouch(keys, station, data, retired_text(book, station, going.text))
        keys[of] = StationKey(going.station, going.text, going.number, entry.seq)
        return
    mine = [key for key in keys.values() if key.station == station]
    number = len(mine) + 1
    if entry.key != entry_key(station, number):
        raise KindRuleBroken(entry.kind, f"`key` is {entry.key!r}, not {entry_key(station, number)!r}")
    text = str(data["add"])
    if any(key.text == text for key in mine):
        raise KindRuleBroken(entry.kind, "the station had this key before")
    signed = added_text(book, station, number, text)
    key = _parsed(text)
    if key.name != key_name(book, station):
        raise StationSignatureWrong(f"{key.name} is not the name of a key of station {station}")
    _verify(key, signed, data["possession"])
    if any(key.retired_seq is None for key in mine) and "by" not in data:
        raise StationSignatureMissing(f"station {station} has a key: only that can vouch for another")
    if "by" in data:
        _vouch(keys, station, data, signed)
    keys[entry.seq] = StationKey(station, text, number)


def check(keys: Mapping[int, StationKey], entry: Entry, book: str, *, signed_only: bool) -> None:
    """Whether an `earn` or `care` carries the signature that it has to carry, by a key that was in force at its number.
    `book`: see `signed_for`.

    Raises StationSignatureMissing, StationKeyUnknown, StationSignatureWrong.
    """
    data = entry.data
    if data is None:
        if signed_only:
            raise StationSignatureMissing("nothing is verified in this book without a station's signature")
        return
    seq = data["station_key"]
    key = keys.get(seq)
    if key is None or seq >= entry.seq or (key.retired_seq is not None and key.retired_seq < entry.seq):
        raise StationKeyUnknown(seq)
    verify_statement(key, book, entry, str(data["signature"]))


def verify_statement(key: StationKey, book: str, statement: Statement, signature: str) -> None:
    """Whether this is the key's signature under that. Raises StationSignatureWrong."""
    _verify(_parsed(key.text), verified_text(book, key.station, statement), signature)


def read_added(entry: Entry) -> StationKey:
    """The key that an accepted entry added. Raises StationKeyUnknown if it added none."""
    data = entry.data or {}
    if entry.kind is not Kind.KEY or "station" not in data or "add" not in data or entry.key is None:
        raise StationKeyUnknown(entry.seq)
    return StationKey(str(data["station"]), str(data["add"]), int(entry.key.rpartition("/")[2]))


def require_in_force(keys: Mapping[int, StationKey], seq: int) -> StationKey:
    """The key that entry `seq` added. Raises StationKeyUnknown if it added none, or if that is retired."""
    key = keys.get(seq)
    if key is None or key.retired_seq is not None:
        raise StationKeyUnknown(seq)
    return key


def is_signed_only(genesis: Mapping[str, Any]) -> bool:
    """Whether a book with this `data` in its genesis lets nothing be verified without a station's signature."""
    return genesis.get("stations") == SIGNED_ONLY


def _text(book: str, purpose: str, fields: Mapping[str, Any]) -> str:
    there = {name: value for name, value in fields.items() if value is not None}
    return f"{book}/{purpose}\n{jcs(there).decode()}\n"


def _vouch(keys: Keys, station: str, data: Mapping[str, Any], text: str) -> None:
    by = require_in_force(keys, data["by"])
    if by.station != station:
        raise StationKeyUnknown(data["by"])
    _verify(_parsed(by.text), text, data["signature"])


def _parsed(text: str) -> VerifierKey:
    try:
        key = VerifierKey.parse(text)
    except NoteInvalid as error:
        raise StationSignatureWrong(str(error)) from error
    if key.type is not KeyType.ED25519:
        raise StationSignatureWrong(f"{key.name} is no Ed25519 key")
    return key


def _verify(key: VerifierKey, text: str, signature: object) -> None:
    try:
        value = base64.b64decode(str(signature), validate=True)
        if base64.b64encode(value).decode() != signature:
            raise StationSignatureWrong("the signature is not base64 in its plain form")
        key.verify(text, value)
    except (NoteInvalid, binascii.Error, ValueError) as error:
        raise StationSignatureWrong(f"the signature of {key.name} does not verify") from error


def is_of_station(entry: Entry) -> bool:
    """Whether a `key` entry is about a station's key and not about the book's own."""
    return entry.kind is Kind.KEY and "station" in (entry.data or {})


def is_verified(kind: Kind) -> bool:
    """Whether entries of this kind come of a station's verification."""
    return kind in VERIFIED
