"""Keys in a hardware module (PKCS#11): the module signs, the secret never leaves it.

A key file names such a key in one line, `HARDWARE+KEY+<name>+<URI>`, with a PKCS#11 URI (RFC 7512): `token` and
`object` say which key, `module-path` which library, `pin-source` where the PIN is: a file, or `env:` and a variable's
name. Only Ed25519 (CKM_EDDSA): modules don't have ML-DSA yet, so that key stays in the file.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ledger.errors import NoteInvalid
from ledger.notes import KeyType, Signature, VerifierKey, check_name

PREFIX = "HARDWARE+KEY+"
SCHEME = "pkcs11:"
ENVIRONMENT = "env:"
"""A source that begins so names a variable of the environment."""
_PUBLIC_BYTES = 32
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class HardwareKey:
    """An Ed25519 key in a module. Nothing here is secret."""

    name: str
    uri: str

    type = KeyType.ED25519

    def __post_init__(self) -> None:
        check_name(self.name)
        _parts(self.uri)

    @classmethod
    def parse(cls, line: str) -> HardwareKey:
        """The key that a line of a key file names. Raises NoteInvalid."""
        name, found, uri = line.removeprefix(PREFIX).partition("+")
        if not line.startswith(PREFIX) or not found:
            raise NoteInvalid("not the line of a hardware key")
        return cls(name, uri)

    def encode(self) -> str:
        """The line of a key file."""
        return f"{PREFIX}{self.name}+{self.uri}"

    @cached_property
    def verifier(self) -> VerifierKey:
        """The public half, as the module has it. Raises NoteInvalid."""
        import pkcs11

        with _session(self.uri) as session:
            key = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=_parts(self.uri)["object"])
            point = bytes(key[pkcs11.Attribute.EC_POINT])
        # Some modules give the point as it is, others in an OCTET STRING.
        if len(point) not in (_PUBLIC_BYTES, _PUBLIC_BYTES + 2):
            raise NoteInvalid(f"the key of {self.name} in the module is no Ed25519 key")
        return VerifierKey(self.name, KeyType.ED25519, point[-_PUBLIC_BYTES:])

    def sign(self, text: str, seconds: int) -> Signature:
        """Have the module sign a note's text; what it gives is verified before it is believed. Raises NoteInvalid."""
        import pkcs11

        with _session(self.uri) as session:
            key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=_parts(self.uri)["object"])
            value = bytes(key.sign(text.encode(), mechanism=pkcs11.Mechanism.EDDSA))
        self.verifier.verify(text, value)
        return Signature(self.name, self.verifier.key_id, value)


@contextmanager
def _session(uri: str) -> Iterator[Any]:
    """A session of the token, logged in. A module is asked by one thread at a time, for not every one can do more."""
    import pkcs11

    parts = _parts(uri)
    pin = _pin(parts["pin-source"])
    try:
        with _one_at_a_time:
            token = pkcs11.lib(parts["module-path"]).get_token(token_label=parts["token"])
            with token.open(user_pin=pin) as session:
                yield session
    except (pkcs11.PKCS11Error, RuntimeError, OSError, TypeError, KeyError) as error:
        # The words of such an error could hold the PIN; its name does not.
        raise NoteInvalid(f"the hardware key of {uri.partition('?')[0]}: {type(error).__name__}") from None


def _parts(uri: str) -> dict[str, str]:
    """The attributes of a PKCS#11 URI that are needed here. Raises NoteInvalid if one is missing."""
    path, _, query = uri.removeprefix(SCHEME).partition("?")
    pairs = [part.partition("=") for part in (*path.split(";"), *query.split("&")) if part]
    found = {name: unquote(value) for name, _, value in pairs}
    missing = {"token", "object", "module-path", "pin-source"} - {name for name, value in found.items() if value}
    if not uri.startswith(SCHEME) or missing:
        raise NoteInvalid(f"a PKCS#11 URI needs {', '.join(sorted(missing)) or SCHEME}")
    return found


def _pin(source: str) -> str:
    if source.startswith(ENVIRONMENT):
        pin = os.environ.get(source.removeprefix(ENVIRONMENT), "")
    else:
        path = Path(source)
        try:
            if path.stat().st_mode & 0o077:
                raise NoteInvalid(f"{source} may be read by others; it needs mode 0600")
            pin = path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise NoteInvalid(f"the PIN can't be read from {source}: {error.strerror}") from error
    if not pin:
        raise NoteInvalid(f"no PIN in {source}")
    return pin
