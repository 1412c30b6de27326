"""Checkpoints: signed promises that the first `size` entries of a book never change, and the memory of a signer.

The format is tlog-checkpoint. What may be signed is judged by `ledger.signer`; here stands only how.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import NoteInvalid, SignerRefuses
from ledger.notes import (
    KeyType,
    Note,
    Signing,
    Verified,
    VerifierKey,
    parse_note,
    sign_note,
    tree_lines,
    verify_note,
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree: the book's origin, its number of entries and their root (32 bytes). Extension lines are not used."""

    origin: str
    size: int
    root: bytes

    def encode(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The tree that a note's text names. Raises NoteInvalid, also on extension lines: what they would promise is
        not covered by every signature under them."""
        checkpoint = cls(*tree_lines(text))
        if checkpoint.encode() != text:
            raise NoteInvalid("a checkpoint of this format has three lines and no more")
        return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, keys: Iterable[Signing], seconds: int) -> Note:
    """The checkpoint under the signatures of the book's keys, which carry the book's name. Raises NoteInvalid.

    `seconds` is the POSIX time that goes into the ML-DSA signature.
    """
    signers = tuple(keys)
    for key in signers:
        if key.name != checkpoint.origin:
            raise NoteInvalid(f"a key of {key.name} does not sign for {checkpoint.origin}")
    if not any(key.type is KeyType.ED25519 for key in signers):
        raise NoteInvalid("a checkpoint needs an Ed25519 signature, which every verifier reads")
    return sign_note(checkpoint.encode(), signers, seconds)


@dataclass(frozen=True, slots=True)
class OpenedCheckpoint:
    """A checkpoint whose signatures were verified, and by which keys."""

    checkpoint: Checkpoint
    note: Note
    verified: tuple[Verified, ...]


def open_checkpoint(raw: str | bytes, origin: str, keys: Iterable[VerifierKey]) -> OpenedCheckpoint:
    """Read a checkpoint of this book that at least one of its keys signed, and no known key falsely.

    `keys` may hold witnesses' keys too; only those that carry the book's name count as the book's. Raises NoteInvalid.
    """
    note = parse_note(raw)
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != origin:
        raise NoteInvalid(f"a checkpoint of {checkpoint.origin[:80]!r}, not of {origin!r}")
    verified = verify_note(note, keys)
    if not any(proof.key.name == origin for proof in verified):
        raise NoteInvalid(f"no key of {origin} signed this checkpoint")
    return OpenedCheckpoint(checkpoint, note, verified)


class SignerMemory:
    """What a signer last signed for each book, in a file of its own, outside the database.

    A database that was restored from a backup, or changed, contradicts it; that is how the signer sees a fork. Each
    change is a compare-and-swap under a file lock, on disk before it is believed. Removing the file is a ceremony.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def last(self, origin: str) -> Checkpoint | None:
        """What was last signed for this book. Raises SignerRefuses if the file can't be read: it is not guessed."""
        return self._load().get(origin)

    def advance(self, expected: Checkpoint | None, signed: Checkpoint) -> None:
        """Remember `signed` instead of `expected`. Raises SignerRefuses if somebody else signed in between, or if
        the new tree is smaller."""
        with self._locked():
            known = self._load()
            if known.get(signed.origin) != expected:
                raise SignerRefuses(f"another signer signed for {signed.origin} meanwhile")
            if expected is not None and signed.size < expected.size:
                raise SignerRefuses(f"{signed.origin}: {signed.size} entries are fewer than the {expected.size} signed")
            if signed != expected:
                self._store({**known, signed.origin: signed})

    def _load(self) -> dict[str, Checkpoint]:
        try:
            content = json.loads(self.path.read_bytes())
            return {
                origin: Checkpoint(origin, int(line["size"]), bytes.fromhex(line["root"]))
                for origin, line in content.items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SignerRefuses(f"the signer's memory {self.path} can't be read: {error}") from error

    def _store(self, known: dict[str, Checkpoint]) -> None:
        content = {origin: {"size": tree.size, "root": tree.root.hex()} for origin, tree in sorted(known.items())}
        fresh = self.path.with_name(self.path.name + ".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(content, indent=1).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        directory = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self.path.with_name(self.path.name + ".lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
