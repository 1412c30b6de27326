"""Entries and drafts as values, and the two texts for time that the format knows.

Nothing here checks a rule: shapes are checked by `ledger.canonical`, rules by `ledger.transfers`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import msgspec

from ledger.errors import FormatError

VERSION = 1
UNIT = "min"
FIRST_PREV = "0" * 64
MAX_TEXT = 255

Posting = tuple[str, int]
"""Account id and minutes."""


class Kind(StrEnum):
    """What an entry does. See the format page, "Kinds"."""

    GENESIS = "genesis"
    OPEN = "open"
    CLOSE = "close"
    POLICY = "policy"
    KEY = "key"
    EARN = "earn"
    CARE = "care"
    HOLD = "hold"
    SETTLE = "settle"
    RELEASE = "release"
    GIFT = "gift"
    DONATE = "donate"
    GRANT = "grant"
    EXPIRE = "expire"
    INHERIT = "inherit"
    RETIRE = "retire"
    CLEAR = "clear"
    REVERSE = "reverse"
    AUDIT = "audit"


# Kinds that say something about the book and move no credit.
RECORD_KINDS = frozenset({Kind.GENESIS, Kind.OPEN, Kind.CLOSE, Kind.POLICY, Kind.KEY, Kind.AUDIT})
MONEY_KINDS = frozenset(Kind) - RECORD_KINDS


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """One line of a book. The fields are declared in the order of RFC 8785, which the encoder keeps: do not reorder.

    `at` is canonical text, the hashes are lower-case hex, as in the bytes. None (or no postings) means: not there.
    """

    actor: str
    at: str
    book: str
    data: dict[str, Any] | None = None
    evidence: str | None = None
    key: str | None = None
    kind: Kind
    nonce: str
    of: int | None = None
    on: str | None = None
    policy: str | None = None
    postings: tuple[Posting, ...] = ()
    prev: str
    seq: int
    v: int

    @property
    def recorded_at(self) -> datetime:
        """`at` as an aware time in UTC."""
        return parse_at(self.at)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller wants to be written; the book adds number, link, time and nonce. Postings may be in any order."""

    kind: Kind
    actor: str
    postings: tuple[Posting, ...] = ()
    key: str | None = None
    of: int | None = None
    evidence: str | None = None
    policy: str | None = None
    on: str | date | None = None
    data: Mapping[str, Any] | None = None


_HEX_64 = re.compile(r"[0-9a-f]{64}", re.ASCII).fullmatch
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z", re.ASCII)
_ON = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def format_at(moment: datetime) -> str:
    """An aware time as canonical text: UTC, whole milliseconds, cut and never rounded up into the future."""
    if moment.tzinfo is None:
        raise FormatError("at", "a time without a zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def parse_at(text: str) -> datetime:
    """The aware time that a canonical text names. Raises FormatError on any other text and on impossible days."""
    if not _AT.fullmatch(text):
        raise FormatError("at", f"{text!r} is not YYYY-MM-DDTHH:MM:SS.mmmZ")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise FormatError("at", f"{text!r}: {error}") from error


def parse_on(text: str) -> date:
    """The day that `YYYY-MM-DD` names. Raises FormatError."""
    if not _ON.fullmatch(text):
        raise FormatError("on", f"{text!r} is not YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FormatError("on", f"{text!r}: {error}") from error


def check_text(value: object, field: str) -> str:
    """An id or key: 1 to 255 visible ASCII characters. Raises FormatError.

    ASCII, since then every sort order in the world agrees, and since a name in an id would be a person in the ledger.
    """
    if type(value) is not str:
        raise FormatError(field, f"{value!r} is not text")
    if not (0 < len(value) <= MAX_TEXT and value.isascii() and value.isprintable() and " " not in value):
        raise FormatError(field, f"{value[:40]!r} is not 1 to {MAX_TEXT} visible ASCII characters")
    return value


def check_hash(value: object, field: str) -> str:
    """64 lower-case hex digits. Raises FormatError."""
    if type(value) is not str or not _HEX_64(value):
        raise FormatError(field, "not 64 lower-case hex digits")
    return value
