"""Signed notes and their keys, as the C2SP documents signed-note and tlog-cosignature fix them.

Three kinds of signature: Ed25519 (0x01), the Ed25519 cosignature of a witness (0x04), and ML-DSA-44 (0x06), which
outlasts today's curves. The last two carry a time and make sense only over a checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from ledger.errors import NoteInvalid

MAX_SIGNATURES = 100
MAX_NOTE_BYTES = 1_000_000
MAX_SECONDS = 2**63 - 1
_KEY_ID_BYTES = 4
_SEED_BYTES = 32
_TIME_BYTES = 8
_DASH = "\u2014 "
_SECRET = "PRIVATE+KEY+"  # noqa: S105 (the prefix of a key file's lines, not a secret)


class KeyType(IntEnum):
    """The first byte of a public key, section "Signature types" of signed-note."""

    ED25519 = 0x01
    COSIGNATURE = 0x04
    ML_DSA_44 = 0x06


_PUBLIC_BYTES = {KeyType.ED25519: 32, KeyType.COSIGNATURE: 32, KeyType.ML_DSA_44: 1312}
_SIGNATURE_BYTES = {KeyType.ED25519: 64, KeyType.COSIGNATURE: 72, KeyType.ML_DSA_44: 2428}
TIMED = frozenset({KeyType.COSIGNATURE, KeyType.ML_DSA_44})


@dataclass(frozen=True, slots=True)
class Signature:
    """One line of a note: who says to have signed, and the bytes after the key id."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        return f"{_DASH}{self.name} {_base64(self.key_id + self.value)}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name that its signatures carry."""

    name: str
    type: KeyType
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != _PUBLIC_BYTES[self.type]:
            raise NoteInvalid(f"the key of {self.name} has {len(self.public)} bytes")

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:_KEY_ID_BYTES]

    def encode(self) -> str:
        """`name+key id+base64(type ‖ public key)`."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.type]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key that such a text names. Raises NoteInvalid, also if the key id belongs to another key."""
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise NoteInvalid(f"{text[:60]!r} is not a verifier key")
        name, key_id, encoded = parts
        material = _unbase64(encoded)
        key = cls(name, _key_type(material), material[1:])
        if key.key_id.hex() != key_id:
            raise NoteInvalid(f"the verifier key of {name} carries the wrong key id {key_id[:16]}")
        return key

    def verify(self, text: str, value: bytes) -> int | None:
        """Raises NoteInvalid unless `value` signs the text. Gives the signature's POSIX time if it carries one."""
        if len(value) != _SIGNATURE_BYTES[self.type]:
            raise NoteInvalid(f"a signature of {self.name} has {len(value)} bytes")
        seconds = int.from_bytes(value[:_TIME_BYTES], "big") if self.type in TIMED else None
        if seconds is not None and seconds > MAX_SECONDS:
            raise NoteInvalid(f"a signature of {self.name} is out of time")
        message = _message(self, text, seconds)
        try:
            if self.type is KeyType.ML_DSA_44:
                MLDSA44PublicKey.from_public_bytes(self.public).verify(value[_TIME_BYTES:], message)
            elif self.type is KeyType.COSIGNATURE:
                Ed25519PublicKey.from_public_bytes(self.public).verify(value[_TIME_BYTES:], message)
            else:
                Ed25519PublicKey.from_public_bytes(self.public).verify(value, message)
        except (InvalidSignature, ValueError) as error:
            raise NoteInvalid(f"the signature of {self.name} ({self.key_id.hex()}) does not verify") from error
        return seconds


class Signing(Protocol):
    """Whatever signs notes under a name: a secret key here (`SigningKey`), or one in a hardware module."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> KeyType: ...
    @property
    def verifier(self) -> VerifierKey: ...
    def sign(self, text: str, seconds: int) -> Signature: ...
    def encode(self) -> str: ...


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A secret key: the 32-byte seed of either algorithm. It has no repr, so that no log shows the seed."""

    name: str
    type: KeyType
    seed: bytes

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r}, {self.type!r})"

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        if self.type is KeyType.ML_DSA_44:
            public = MLDSA44PrivateKey.from_seed_bytes(self.seed).public_key().public_bytes_raw()
        else:
            public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, self.type, public)

    def sign(self, text: str, seconds: int) -> Signature:
        """Sign a note's text. `seconds` (POSIX) goes into the kinds of signature that carry a time."""
        if not 0 <= seconds <= MAX_SECONDS:
            raise NoteInvalid(f"{seconds} is not a time")
        verifier = self.verifier
        timed = self.type in TIMED
        message = _message(verifier, text, seconds if timed else None)
        if self.type is KeyType.ML_DSA_44:
            value = MLDSA44PrivateKey.from_seed_bytes(self.seed).sign(message)
        else:
            value = Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)
        stamp = seconds.to_bytes(_TIME_BYTES, "big") if timed else b""
        return Signature(self.name, verifier.key_id, stamp + value)

    def encode(self) -> str:
        """`PRIVATE+KEY+name+key id+base64(type ‖ seed)`, the form that Go's sumdb tools read."""
        return f"{_SECRET}{self.name}+{self.verifier.key_id.hex()}+{_base64(bytes([self.type]) + self.seed)}"

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """The key in one line of a key file. Raises NoteInvalid, without quoting the line."""
        parts = text.removeprefix(_SECRET).split("+", 2)
        if not text.startswith(_SECRET) or len(parts) != 3:
            raise NoteInvalid("not a line of a key file")
        name, key_id, encoded = parts
        material = _unbase64(encoded)
        if len(material) != 1 + _SEED_BYTES:
            raise NoteInvalid(f"the key of {name[:60]} has a wrong length")
        key = cls(check_name(name), _key_type(material), material[1:])
        if key.verifier.key_id.hex() != key_id:
            raise NoteInvalid(f"the key of {name} carries the wrong key id")
        return key


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a newline, and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> str:
        return self.text + "\n" + "".join(signature.line() for signature in self.signatures)


@dataclass(frozen=True, slots=True)
class Verified:
    """A key that signed a note. `seconds` is the signature's own time in POSIX seconds, if it carries one."""

    key: VerifierKey
    seconds: int | None


def generate(name: str, type_: KeyType, random: Callable[[int], bytes] = os.urandom) -> SigningKey:
    """A new secret key."""
    return SigningKey(check_name(name), type_, random(_SEED_BYTES))


def parse_note(raw: str | bytes) -> Note:
    """Split a note into text and signature lines. Raises NoteInvalid. Nothing is verified yet."""
    text, lines = _split(_text(raw))
    signatures = []
    for line in lines:
        name, found, encoded = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not found:
            raise NoteInvalid("a line under the note is not a signature")
        value = _unbase64(encoded)
        if len(value) <= _KEY_ID_BYTES:
            raise NoteInvalid(f"a signature of {name[:60]} is too short")
        signatures.append(Signature(check_name(name), value[:_KEY_ID_BYTES], value[_KEY_ID_BYTES:]))
    return Note(text, tuple(signatures))


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> tuple[Verified, ...]:
    """Who of these keys signed, each once, in the order of the lines. Lines of other keys are passed over.

    Raises NoteInvalid if a line that carries a known name and key id does not verify, or if none of the keys signed.
    """
    known = {(key.name, key.key_id): key for key in keys}
    verified: dict[tuple[str, bytes], Verified] = {}
    for signature in note.signatures:
        place = (signature.name, signature.key_id)
        if place in known:
            seconds = known[place].verify(note.text, signature.value)
            verified.setdefault(place, Verified(known[place], seconds))
    if not verified:
        raise NoteInvalid("no known key signed this note")
    return tuple(verified.values())


def sign_note(text: str, keys: Iterable[Signing], seconds: int) -> Note:
    """The text under the signatures of all these keys. Raises NoteInvalid if the text can't be a note's."""
    note = Note(text, tuple(key.sign(text, seconds) for key in keys))
    if parse_note(note.encode()) != note:
        raise NoteInvalid("this text can't be signed")
    return note


def tree_lines(text: str) -> tuple[str, int, bytes]:
    """Origin, size and root in the first three lines of a checkpoint. Raises NoteInvalid."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0]:
        raise NoteInvalid("the text is not a checkpoint")
    origin, size, root = lines[:3]
    if not (size.isascii() and size.isdigit() and len(size) <= 19 and str(int(size)) == size):
        raise NoteInvalid(f"{size[:30]!r} is not the size of a tree")
    digest = _unbase64(root)
    if len(digest) != 32:
        raise NoteInvalid(f"a root of {len(digest)} bytes")
    return origin, int(size), digest


def check_name(name: str) -> str:
    """A key's name: not empty, no space of any kind, no plus sign, no control character. Raises NoteInvalid."""
    if not name or "+" in name or any(char.isspace() or ord(char) < 0x20 for char in name):
        raise NoteInvalid(f"{name[:60]!r} is not the name of a key")
    return name


def _message(key: VerifierKey, text: str, seconds: int | None) -> bytes:
    """What is signed: the text itself, or what tlog-cosignature makes of the checkpoint in it."""
    if key.type is KeyType.ED25519 or seconds is None:
        return text.encode()
    if key.type is KeyType.COSIGNATURE:
        tree_lines(text)
        return f"cosignature/v1\ntime {seconds}\n{text}".encode()
    origin, size, root = tree_lines(text)
    parts = (
        b"subtree/v1\n\0",
        _short(key.name),
        seconds.to_bytes(8, "big"),
        _short(origin),
        (0).to_bytes(8, "big"),
        size.to_bytes(8, "big"),
        root,
    )
    return b"".join(parts)


def _short(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > 255:
        raise NoteInvalid(f"{text[:60]!r} is too long for a cosignature")
    return bytes([len(encoded)]) + encoded


def _split(text: str) -> tuple[str, list[str]]:
    at = text.rfind("\n\n")
    if at < 0 or not text.endswith("\n") or at + 2 >= len(text):
        raise NoteInvalid("no signatures stand under this text")
    lines = text[at + 2 : -1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteInvalid(f"more than {MAX_SIGNATURES} signatures")
    return text[: at + 1], lines


def _text(raw: str | bytes) -> str:
    if len(raw) > MAX_NOTE_BYTES:
        raise NoteInvalid("too large for a note")
    try:
        text = raw.decode() if isinstance(raw, bytes) else raw
        text.encode()
    except UnicodeError as error:
        raise NoteInvalid("not UTF-8") from error
    if any(ord(char) < 0x20 and char != "\n" for char in text):
        raise NoteInvalid("a control character")
    return text


def _key_type(material: bytes) -> KeyType:
    try:
        return KeyType(material[0])
    except (IndexError, ValueError) as error:
        raise NoteInvalid("a key of an unknown type") from error


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _unbase64(text: str) -> bytes:
    """Strict: a second spelling of one signature would be a second note."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteInvalid(f"{text[:30]!r} is not base64") from error
    if _base64(raw) != text:
        raise NoteInvalid(f"{text[:30]!r} is not base64 in its plain form")
    return raw
