"""A book to audit: every kind of entry, more than a tile of them, and checkpoints signed on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from ledger import Book, Draft, Entry, Kind, commitment, policy_hash
from ledger.audit import Report, audit
from ledger.checkpoints import Checkpoint, sign_checkpoint
from ledger.entries import format_at
from ledger.notes import KeyType, SigningKey
from ledger.store import CheckpointRow, Store
from tests.ledger.books import ACCOUNTS, NOW, ORIGIN, open_draft, steady_random

KEYS = tuple(SigningKey(ORIGIN, type_, bytes([type_]) * 32) for type_ in (KeyType.ED25519, KeyType.ML_DSA_44))
VERIFIERS = [key.verifier for key in KEYS]
POLICY = {"name": "test policy", "version": 1}
SALT = b"s" * 32
DOCUMENT = {"minutes": 60, "service": "walk"}
SIGNED_AT = (12, 100, 256, 290)


def full_book(store: Store, turns: int = 30) -> Book:
    """About nine entries a turn after the first ten. `SIGNED_AT` sizes are signed."""
    book = Book.create(
        store, ORIGIN, actor="system", now=NOW, keys=[key.encode() for key in VERIFIERS], random=steady_random(0)
    )
    _put(book, *(open_draft(account, kind) for account, kind in ACCOUNTS.items()))
    _put(book, Draft(Kind.POLICY, "staff", data={"policy": POLICY}))
    _put(book, _money(Kind.EARN, {"issuance": -900, "ann": 900}), _money(Kind.EARN, {"issuance": -900, "bob": 900}))
    for turn in range(turns):
        for draft in _turn(book, turn):
            _put(book, draft)
    return book


def _turn(book: Book, turn: int) -> Iterator[Draft]:
    evidence = commitment(SALT, DOCUMENT)
    yield _money(Kind.EARN, {"issuance": -60, "ann": 60}, key=f"earn-{turn}", on="2026-03-01", evidence=evidence)
    yield _money(Kind.GIFT, {"ann": -10, "eve": 10}, key=f"gift-{turn}")
    yield _money(Kind.HOLD, {"ann": -30, "bob": -30, "escrow": 60}, key=f"hold-{turn}")
    hold = book.head().size - 1
    if turn % 3 == 0:
        yield _money(Kind.SETTLE, {"escrow": -60, "provider": 50, "bob": 10}, of=hold)
    elif turn % 3 == 1:
        yield _money(Kind.RELEASE, {"escrow": -60, "ann": 30, "bob": 30}, of=hold)
    else:
        yield _money(Kind.SETTLE, {"escrow": -60, "provider": 60}, of=hold)
        yield _money(Kind.REVERSE, {"escrow": 60, "provider": -60}, of=hold + 1)
        yield _money(Kind.SETTLE, {"escrow": -60, "provider": 60}, of=hold)
    yield _money(Kind.CARE, {"eve": -10, "bob": 10}, key=f"care-{turn}")
    yield _money(Kind.DONATE, {"bob": -5, "pool": 5})
    yield _money(Kind.REVERSE, {"bob": 5, "pool": -5}, of=book.head().size - 1)
    yield open_draft(f"new-{turn}", "member")
    yield _money(Kind.GRANT, {"issuance": -30, f"new-{turn}": 30})
    if turn % 2:
        yield _money(Kind.EXPIRE, {"issuance": 30, f"new-{turn}": -30}, data={"reason": "time"})
        yield Draft(Kind.CLOSE, "staff", data={"account": f"new-{turn}"})


def _money(kind: Kind, postings: dict[str, int], **rest: Any) -> Draft:
    return Draft(kind, "staff", tuple(postings.items()), policy=policy_hash(POLICY), **rest)


def _put(book: Book, *drafts: Draft) -> None:
    for draft in drafts:
        size = book.head().size
        book.append(draft, now=NOW + timedelta(seconds=30 * size), random=steady_random(size))
        if size + 1 in SIGNED_AT:
            sign(book)


def sign(book: Book, keys: tuple[SigningKey, ...] = KEYS) -> Checkpoint:
    """Sign the book as it is, without any check."""
    head = book.head()
    tree = Checkpoint(book.origin, head.size, book.root())
    moment = (NOW + timedelta(hours=1)).replace(microsecond=0)
    note = sign_checkpoint(tree, keys, int(moment.timestamp())).encode()
    book.store.add_checkpoint(book.origin, CheckpointRow(tree.size, tree.root, note, format_at(moment)))
    return tree


def audited(store: Any, **options: Any) -> Report:
    return audit(store, ORIGIN, **options)


def places(report: Report) -> set[tuple[int | None, int, str]]:
    """Entry, level and code of each finding."""
    return {(finding.seq, finding.level, finding.code) for finding in report.findings}


def other_hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def entry_of(book: Book, kind: Kind) -> Entry:
    """The second entry of a kind, so that there is one before it."""
    return [entry for entry in book.entries() if entry.kind is kind][1]
