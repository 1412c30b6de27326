"""Where secret keys are kept: a file for its owner's eyes only, in the clear or under a passphrase, or the environment.

Plain: one key a line, as `SigningKey.encode` gives it; or a line that names a key in a hardware module (see
`ledger.hardware`). Under a passphrase: one line that names the form, then the same
lines sealed with AES-256-GCM under a key that scrypt (RFC 7914) makes of the passphrase.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ledger.errors import NoteInvalid
from ledger.hardware import ENVIRONMENT as ENVIRONMENT
from ledger.hardware import PREFIX, HardwareKey
from ledger.notes import Signing, SigningKey

SEALED = "ledger-keys-sealed@v1"

_SALT_BYTES, _NONCE_BYTES = 16, 12
_COST = 2**15
"""scrypt's N, with r = 8 and p = 1: about 32 MB and a tenth of a second a guess."""


def write_keys(path: Path, keys: Iterable[Signing], passphrase: str = "") -> None:
    """A new key file (0600), under the passphrase if one is given. Raises FileExistsError: keys are never lost."""
    _write(path, _content(keys, passphrase))


def replace_keys(path: Path, keys: Iterable[Signing], passphrase: str = "") -> None:
    """The key file with other keys, replaced as a whole and on disk before it counts."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    _write(fresh, _content(keys, passphrase))
    fresh.replace(path)


def read_keys(source: Path | str, passphrase: str = "") -> tuple[Signing, ...]:
    """The keys of a key file, or of the variable that `env:NAME` names.

    Raises NoteInvalid if others may read the file, since then it may already be theirs; if the passphrase is wrong or
    missing; and for anything that is no key. No error quotes what it read.
    """
    text = str(source)
    if text.startswith(ENVIRONMENT):
        return _parse(os.environ.get(text.removeprefix(ENVIRONMENT), ""), text)
    with Path(source).open("rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise NoteInvalid(f"{source} may be read by others; it needs mode 0600")
        content = file.read()
    try:
        lines = content.decode()
    except UnicodeError as error:
        raise NoteInvalid(f"{source} is no key file") from error
    if lines.startswith(SEALED):
        lines = _unsealed(lines, passphrase, text)
    return _parse(lines, text)


def is_sealed(path: Path) -> bool:
    """Whether a key file asks for a passphrase."""
    return path.read_bytes().startswith(SEALED.encode())


def _parse(lines: str, source: str) -> tuple[Signing, ...]:
    keys: tuple[Signing, ...] = tuple(
        HardwareKey.parse(line) if line.startswith(PREFIX) else SigningKey.parse(line)
        for line in lines.splitlines()
        if line
    )
    if not keys:
        raise NoteInvalid(f"{source} holds no key")
    return keys


def _content(keys: Iterable[Signing], passphrase: str) -> bytes:
    lines = "".join(key.encode() + "\n" for key in keys).encode()
    if not passphrase:
        return lines
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    sealed = AESGCM(_stretched(passphrase, salt, _COST)).encrypt(nonce, lines, SEALED.encode())
    document = {"cost": _COST, "salt": _base64(salt), "nonce": _base64(nonce), "sealed": _base64(sealed)}
    return f"{SEALED}\n{json.dumps(document)}\n".encode()


def _unsealed(text: str, passphrase: str, source: str) -> str:
    if not passphrase:
        raise NoteInvalid(f"{source} is sealed: its passphrase is needed")
    try:
        document = json.loads(text.removeprefix(SEALED))
        salt, nonce, sealed = (base64.b64decode(document[name], validate=True) for name in ("salt", "nonce", "sealed"))
        key = _stretched(passphrase, salt, int(document["cost"]))
        return AESGCM(key).decrypt(nonce, sealed, SEALED.encode()).decode()
    except InvalidTag as error:
        raise NoteInvalid(f"{source}: the passphrase is wrong, or the file was changed") from error
    except (ValueError, KeyError, TypeError, binascii.Error, MemoryError) as error:
        raise NoteInvalid(f"{source} is no sealed key file") from error


def _stretched(passphrase: str, salt: bytes, cost: int) -> bytes:
    if not 2 <= cost <= 2**20:
        raise ValueError("a cost that nobody chose")
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode())


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
