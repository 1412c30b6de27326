"""Sealing personal data: AES-256-GCM under a key of each person, wrapped by the master key; keyed blind indexes.

Destroying a person's wrapped key makes everything sealed under it unreadable; every hash of the ledger stays valid.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
MAC_BYTES = 32


class VaultError(Exception):
    """Sealed bytes can't be opened: the wrong key, or they were changed."""


class Vault:
    """Holds the master key and the index key. Its texts and errors never show what it holds.

    `older_keys` are master keys that only open, while what they hold is being renewed; the tag tells which key fits.
    """

    def __init__(
        self, master_key: bytes, index_key: bytes, random: Callable[[int], bytes], older_keys: Sequence[bytes] = ()
    ) -> None:
        self._master, self._index_key, self._random = AESGCM(master_key), index_key, random
        self._older = tuple(AESGCM(key) for key in older_keys)
        self._state_key = HKDF(SHA256(), MAC_BYTES, salt=None, info=b"timebank audit state v1").derive(master_key)

    def new_key(self, owner: str) -> bytes:
        """A new data key for `owner`, wrapped. The owner's id is bound in, so that keys can't be swapped."""
        return self._locked(owner, self._random(32))

    def seal(self, wrapped_key: bytes, owner: str, value: Any) -> bytes:
        """JSON of `value`, encrypted under the owner's key."""
        nonce = self._random(NONCE_BYTES)
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        return nonce + self._data_key(wrapped_key, owner).encrypt(nonce, plain, owner.encode())

    def open(self, wrapped_key: bytes, owner: str, sealed: bytes) -> Any:
        """The value again. Raises VaultError if the bytes or the owner don't fit."""
        return self.opener(wrapped_key, owner)(sealed)

    def opener(self, wrapped_key: bytes, owner: str) -> Callable[[bytes], Any]:
        """`open` for many values of one owner, whose key is unwrapped once. Raises VaultError, and so does its use."""
        key = self._data_key(wrapped_key, owner)

        def opened(sealed: bytes) -> Any:
            try:
                plain = key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner.encode())
            except InvalidTag as error:
                raise VaultError("sealed data can't be opened") from error
            return json.loads(plain)

        return opened

    def seal_for_service(self, purpose: str, value: Any) -> bytes:
        """For what belongs to no person: a mail address in the outbox, an answer kept for a retry."""
        return self._locked(purpose, json.dumps(value, ensure_ascii=False).encode())

    def open_for_service(self, purpose: str, sealed: bytes) -> Any:
        """The value again. Raises VaultError if the bytes or the purpose don't fit."""
        return json.loads(self._unlocked(purpose, sealed)[1])

    def renewed(self, bound_to: str, locked: bytes) -> bytes | None:
        """What lies directly under a master key (a person's key, bound to the owner; a value of the service, bound to
        its purpose), put under the newest one; None if it lies there already. Raises VaultError if no key fits."""
        is_newest, plain = self._unlocked(bound_to, locked)
        return None if is_newest else self._locked(bound_to, plain)

    def vouch(self, state: bytes) -> bytes:
        """An audit's state behind its HMAC-SHA256, which nobody makes who has the database alone."""
        return hmac.digest(self._state_key, state, hashlib.sha256) + state

    def vouched(self, kept: bytes) -> bytes:
        """The state that was vouched for. Raises VaultError for any other bytes."""
        mac, state = kept[:MAC_BYTES], kept[MAC_BYTES:]
        if not hmac.compare_digest(mac, hmac.digest(self._state_key, state, hashlib.sha256)):
            raise VaultError("not the state that an audit left")
        return state

    def blind_index(self, kind: str, value: str) -> str:
        """A keyed hash by which an equal value is found and nothing is learnt: HMAC-SHA256, hex."""
        return hmac.new(self._index_key, f"{kind}\n{value}".encode(), hashlib.sha256).hexdigest()

    def _data_key(self, wrapped_key: bytes, owner: str) -> AESGCM:
        return AESGCM(self._unlocked(owner, wrapped_key)[1])

    def _locked(self, bound_to: str, plain: bytes) -> bytes:
        nonce = self._random(NONCE_BYTES)
        return nonce + self._master.encrypt(nonce, plain, bound_to.encode())

    def _unlocked(self, bound_to: str, locked: bytes) -> tuple[bool, bytes]:
        """Whether the newest key opened it, and what was in it."""
        for key in (self._master, *self._older):
            try:
                return key is self._master, key.decrypt(locked[:NONCE_BYTES], locked[NONCE_BYTES:], bound_to.encode())
            except InvalidTag:
                continue
        raise VaultError("no master key opens this")


class Passwords:
    """argon2id for passwords and PINs. 19 MiB a hash, so that eight threads of a worker don't fill a small machine."""

    def __init__(self, *, memory_kib: int = 19 * 1024, time_cost: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._decoy = self._hasher.hash("nobody has this password")

    def hash(self, secret: str) -> str:
        return self._hasher.hash(secret)

    def matches(self, hashed: str | None, secret: str) -> bool:
        """Takes as long without a hash as with one, so that time does not tell who exists."""
        try:
            self._hasher.verify(hashed or self._decoy, secret)
        except (Argon2Error, InvalidHashError):
            return False
        return hashed is not None
