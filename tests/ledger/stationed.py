"""Drafts that stations sign, with keys that are the same in each run."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from ledger import Book, Draft, Entry, Kind
from ledger.notes import KeyType, SigningKey
from ledger.stations import added_text, entry_key, key_name, retired_text, verified_text
from tests.ledger.books import ORIGIN, earn, write

STATION = "st-17"


def station_key(fill: int = 1, station: str = STATION) -> SigningKey:
    return SigningKey(key_name(ORIGIN, station), KeyType.ED25519, bytes([fill]) * 32)


def signature(key: SigningKey, text: str) -> str:
    """What `data` says: base64 of the 64 bytes."""
    return base64.b64encode(key.sign(text, 0).value).decode()


def adding(key: SigningKey, number: int = 1, by: tuple[int, SigningKey] | None = None, station: str = STATION) -> Draft:
    """A `key` entry that brings a station's key into the book."""
    vkey = key.verifier.encode()
    text = added_text(ORIGIN, station, number, vkey)
    data: dict[str, Any] = {"station": station, "add": vkey, "possession": signature(key, text)}
    if by is not None:
        data |= {"by": by[0], "signature": signature(by[1], text)}
    return Draft(Kind.KEY, "staff", key=entry_key(station, number), data=data)


def retiring(key: SigningKey, of: int, by: tuple[int, SigningKey] | None = None, station: str = STATION) -> Draft:
    vkey = key.verifier.encode()
    data: dict[str, Any] = {"station": station, "retire": vkey}
    if by is not None:
        data |= {"by": by[0], "signature": signature(by[1], retired_text(ORIGIN, station, vkey))}
    return Draft(Kind.KEY, "staff", of=of, data=data)


def signed(draft: Draft, key: SigningKey, seq: int, station: str = STATION) -> Draft:
    """The draft with the signature of the key that entry `seq` added."""
    data = {"signature": signature(key, verified_text(ORIGIN, station, draft)), "station_key": seq}
    return replace(draft, data=data)


def served(minutes: int = 60, key: str = "hours-1") -> Draft:
    return replace(earn("ann", minutes, key), on="2026-03-01", evidence="e" * 64)


def with_key(book: Book, key: SigningKey | None = None) -> Entry:
    """The entry that adds the station's first key."""
    (entry,) = write(book, adding(key or station_key()))
    return entry
