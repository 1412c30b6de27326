"""Papers that are given out signed: a detached note over the file's SHA-256, by a key of its own.

The key says nothing about the book; what a paper says of entries is proven by the receipts in it.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from ledger import LedgerError
from ledger.keyfiles import write_keys
from ledger.notes import KeyType, generate
from timebank.storage.keys import paper_keys, sign_text
from timebank.storage.unit import Bank


def make_key(bank: Bank) -> None:
    """Make the papers' key, named `<origin>/papers`, unless there is one."""
    path = bank.settings.papers_key_path
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_keys(path, [generate(f"{bank.settings.book}/papers", KeyType.ED25519, bank.random)])


def verifier(bank: Bank) -> str | None:
    """The public half of the papers' key, to hand out; None where no such key was made, or it can't be read."""
    try:
        keys = paper_keys(bank)
    except LedgerError:
        return None
    return keys[0].verifier.encode() if keys else None


def sign(bank: Bank, paper: bytes, *, now: datetime) -> str:
    """The signed note to keep beside a paper. Raises NotFound where the papers have no key, NoteInvalid where it can't
    be read, e.g. since others may read it too.
    """
    digest = base64.b64encode(hashlib.sha256(paper).digest()).decode()
    return sign_text(bank, f"{bank.settings.book}/papers\nsha256 {digest}\n", now)
