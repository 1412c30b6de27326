"""Bytes: one value has one encoding (RFC 8785), and bytes that are not that encoding are refused.

Two encodings of one value would be two hashes of one fact. `decode` therefore encodes again and compares.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from ledger.entries import VERSION, Entry, check_hash, check_text, parse_at, parse_on
from ledger.errors import EntryTooLarge, FormatError
from ledger.minutes import MAX_MINUTES

# An entry bundle of the C2SP document tlog-tiles gives 16 bits to the length of an entry.
MAX_BODY_BYTES = 65_535
MAX_DEPTH = 32
SALT_BYTES = 32

_HEX_32 = re.compile(r"[0-9a-f]{32}", re.ASCII).fullmatch
_PATH = re.compile(r" - at `\$\.([a-z]+)")

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    """The body of an entry: its one and only byte form. Raises FormatError if a field is not of the format."""
    _check_fields(entry)
    body = _encode(entry)
    if len(body) > MAX_BODY_BYTES:
        raise EntryTooLarge(len(body), MAX_BODY_BYTES)
    return body


def decode(body: bytes) -> Entry:
    """The entry whose body this is. Raises FormatError, which names the field, on anything but canonical bytes."""
    if len(body) > MAX_BODY_BYTES:
        raise EntryTooLarge(len(body), MAX_BODY_BYTES)
    try:
        entry = _decoder.decode(body)
    except msgspec.ValidationError as error:
        raise FormatError(_field_of(str(error)), str(error)) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise FormatError("body", str(error)) from error
    _check_fields(entry)
    if _encode(entry) != body:
        raise FormatError("body", "not in the canonical form of RFC 8785")
    return entry


def jcs(document: Any) -> bytes:
    """A document in RFC 8785 form: mappings, lists, text, whole numbers, booleans and None.

    Raises FormatError on anything else: a float has several spellings of one value, and amounts are never floats.
    """
    return _dump(_ordered(document, "document"))


def commitment(salt: bytes, document: Any) -> str:
    """What an entry's `evidence` says about a document kept elsewhere: hex of SHA-256(salt ‖ JCS(document)).

    The salt is 32 random bytes kept beside the document; without it a short document could be guessed from its hash.
    """
    if len(salt) != SALT_BYTES:
        raise FormatError("salt", f"{len(salt)} bytes, {SALT_BYTES} are needed")
    return hashlib.sha256(salt + jcs(document)).hexdigest()


def policy_hash(document: Any) -> str:
    """What money entries cite as `policy`: hex of SHA-256(JCS(document))."""
    return hashlib.sha256(jcs(document)).hexdigest()


def _encode(entry: Entry) -> bytes:
    try:
        return _encoder.encode(entry)
    except (UnicodeError, TypeError) as error:
        raise FormatError("data", str(error)) from error


def _check_fields(entry: Entry) -> None:
    """What the types alone do not say. Each test is cheap: an audit does this for every entry of a book."""
    if entry.v != VERSION:
        raise FormatError("v", f"version {entry.v} is not {VERSION}")
    _check_seq(entry.seq, "seq")
    if entry.of is not None:
        _check_seq(entry.of, "of")
    check_text(entry.actor, "actor")
    check_text(entry.book, "book")
    parse_at(entry.at)
    check_hash(entry.prev, "prev")
    if not _HEX_32(entry.nonce):
        raise FormatError("nonce", "not 32 lower-case hex digits")
    if entry.policy is not None:
        check_hash(entry.policy, "policy")
    if entry.evidence is not None:
        check_hash(entry.evidence, "evidence")
    if entry.key is not None:
        check_text(entry.key, "key")
    if entry.on is not None:
        parse_on(entry.on)
    for account, minutes in entry.postings:
        check_text(account, "postings")
        if type(minutes) is not int or not -MAX_MINUTES <= minutes <= MAX_MINUTES:
            raise FormatError("postings", f"{minutes!r} is not a whole number of minutes within 2^53 - 1")
    if entry.data is not None and list(_keys(entry.data)) != list(_keys(_ordered(entry.data, "data"))):
        raise FormatError("data", "members are not in the order of RFC 8785")


def _check_seq(number: object, field: str) -> None:
    if type(number) is not int or not 0 <= number <= MAX_MINUTES:
        raise FormatError(field, f"{number!r} is not an entry's number")


def ordered(data: Mapping[str, Any], field: str = "data") -> dict[str, Any]:
    """A copy of an object whose members stand in the order of RFC 8785, at every depth. Raises FormatError."""
    result = _ordered(data, field)
    if not isinstance(result, dict):
        raise FormatError(field, "not an object")
    return result


def _keys(value: Any) -> Any:
    """Every member's name, in the order of writing."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _keys(member)
    elif isinstance(value, list):
        for member in value:
            yield from _keys(member)


def _ordered(value: Any, field: str, depth: int = 0) -> Any:
    if depth > MAX_DEPTH:
        raise FormatError(field, f"nested deeper than {MAX_DEPTH}")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _unicode(str(value), field)
    if isinstance(value, int):
        if not -MAX_MINUTES <= value <= MAX_MINUTES:
            raise FormatError(field, "a number beyond 2^53 - 1")
        return int(value)
    if isinstance(value, Mapping):
        names = [_unicode(name, field) for name in value]
        names.sort(key=lambda name: name.encode("utf-16-be"))
        return {name: _ordered(value[name], f"{field}.{name}", depth + 1) for name in names}
    if isinstance(value, list | tuple):
        return [_ordered(member, field, depth + 1) for member in value]
    raise FormatError(field, f"{type(value).__name__} has no place in a document")


def _unicode(text: Any, field: str) -> str:
    if not isinstance(text, str):
        raise FormatError(field, f"the name {text!r} is not text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise FormatError(field, "half of a surrogate pair") from error
    return text


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _field_of(message: str) -> str:
    """The field that a message of the decoder is about, e.g. "postings" from "... - at `$.postings[0]`"."""
    found = _PATH.search(message)
    if found:
        return found.group(1)
    named = re.search(r"field `([^`]+)`", message)
    return named.group(1) if named else "body"
