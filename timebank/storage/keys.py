"""The book's keys: the secret ones, which only who signs has to read, and the public ones, which audits trust."""

from __future__ import annotations

import os
from datetime import datetime

from ledger.errors import NoteInvalid
from ledger.hardware import HardwareKey
from ledger.keyfiles import ENVIRONMENT, read_keys, replace_keys, write_keys
from ledger.notes import KeyType, Signing, VerifierKey, generate, sign_note
from timebank.domain.errors import NotFound
from timebank.storage.unit import Bank

TYPES = (KeyType.ED25519, KeyType.ML_DSA_44)


def make_first(bank: Bank) -> None:
    """Make the keys of a new book, unless there are some; write down the public halves."""
    settings = bank.settings
    known = settings.signing_key_path.exists() or settings.verifier_keys_path.exists()
    if not known and not _in_environment(bank):
        settings.signing_key_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_keys(settings.signing_key_path, new_keys(bank), settings.key_passphrase)
    if not settings.verifier_keys_path.exists():
        keep_verifiers(bank, [key.verifier for key in signing_keys(bank)])


def new_keys(bank: Bank, hardware: str = "") -> list[Signing]:
    """A fresh pair: Ed25519, which every verifier reads, and ML-DSA-44, which outlasts today's curves.

    `hardware`: the PKCS#11 URI of a key that takes the place of the first.
    """
    made = [generate(bank.settings.book, kind, bank.random) for kind in TYPES]
    return [HardwareKey(bank.settings.book, hardware), *made[1:]] if hardware else [*made]


def signing_keys(bank: Bank) -> tuple[Signing, ...]:
    """The secret keys that sign now. Raises NoteInvalid, FileNotFoundError."""
    return read_keys(bank.settings.signing_key_path, bank.settings.key_passphrase)


def sign_with(bank: Bank, keys: list[Signing]) -> None:
    """Sign with these keys from now on. Raises NoteInvalid for keys of the environment: they are changed there."""
    if _in_environment(bank):
        raise NoteInvalid("the keys come from the environment: change them where they are kept")
    replace_keys(bank.settings.signing_key_path, keys, bank.settings.key_passphrase)


def verifiers(bank: Bank) -> list[VerifierKey]:
    """Every verifier key that the book ever had. Raises NoteInvalid, FileNotFoundError."""
    lines = bank.settings.verifier_keys_path.read_text(encoding="utf-8").splitlines()
    return [VerifierKey.parse(line) for line in lines if line]


def keep_verifiers(bank: Bank, keys: list[VerifierKey]) -> None:
    """Write down public keys beside those that are known already."""
    path = bank.settings.verifier_keys_path
    known = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    lines = [*known, *(text for key in keys if (text := key.encode()) not in known)]
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _in_environment(bank: Bank) -> bool:
    return str(bank.settings.signing_key_path).startswith(ENVIRONMENT)


def paper_keys(bank: Bank) -> tuple[Signing, ...]:
    """The key that signs papers and messages, not the book; none where no such key was made. Raises NoteInvalid."""
    path = bank.settings.papers_key_path
    return read_keys(path) if path.exists() else ()


def sign_text(bank: Bank, text: str, now: datetime) -> str:
    """A note of the service, signed with the papers' key. Raises NotFound where there is none, NoteInvalid."""
    keys = paper_keys(bank)
    if not keys:
        raise NotFound
    return sign_note(text, keys[:1], int(now.timestamp())).encode()
