"""The keys that sign the book: which there are, a new pair beside the old one, an old key retired.

A rotation overlaps: the new keys are named by the book and sign beside the old ones, until everybody who verifies has
the new ones; then the old ones are retired. A stolen key is retired at once. docs/keys.md says when to do what.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger import Kind
from ledger.keyring import named_keys
from timebank.domain.errors import KeyNeeded, NotFound
from timebank.storage import keys
from timebank.storage.unit import Bank

OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key of the book: its public half, by which entries it came and went, and whether it signs here."""

    key_id: str
    kind: str
    text: str
    added_seq: int
    retired_seq: int | None
    signs: bool


def make_first(bank: Bank) -> None:
    """The keys of a new book, unless there are some."""
    keys.make_first(bank)


def every(bank: Bank) -> tuple[KeyView, ...]:
    """All keys that the book ever named. Raises NoteInvalid if the key file can't be read."""
    signing = {key.verifier.encode() for key in keys.signing_keys(bank)}
    with bank.read() as unit:
        named = named_keys(unit.book.store, unit.origin)
    return tuple(
        KeyView(one.key.key_id.hex(), one.key.type.name, one.text, one.added_seq, one.retired_seq, one.text in signing)
        for one in named
    )


def rotate(bank: Bank, *, now: datetime, hardware: str = "") -> tuple[KeyView, ...]:
    """A new pair of keys, which sign beside the old ones from now on. The book names them before they sign.

    Killed between two steps, it leaves keys that are named and sign nothing: rotate again, and retire those.
    `hardware`: PKCS#11 URI of an Ed25519 key in a module. Raises NoteInvalid if the module does not give it.
    """
    fresh = keys.new_keys(bank, hardware)
    keys.keep_verifiers(bank, [key.verifier for key in fresh])
    with bank.unit() as unit:
        for key in fresh:
            unit.append(Kind.KEY, OPERATOR, now=now, data={"add": key.verifier.encode()})
    keys.sign_with(bank, [*keys.signing_keys(bank), *fresh])
    return every(bank)


def retire(bank: Bank, key_id: str, *, now: datetime) -> tuple[KeyView, ...]:
    """Retire a key: it signs no more, and what is signed with it after this entry does not count.

    Raises NotFound for a key that the book does not name or has retired, KeyNeeded for the last one of its kind.
    """
    views = every(bank)
    going = next((one for one in views if one.key_id == key_id and one.retired_seq is None), None)
    if going is None:
        raise NotFound
    if not any(one.kind == going.kind and one.signs and one.key_id != key_id for one in views):
        raise KeyNeeded
    with bank.unit() as unit:
        unit.append(Kind.KEY, OPERATOR, now=now, data={"retire": going.text})
    keys.sign_with(bank, [key for key in keys.signing_keys(bank) if key.verifier.encode() != going.text])
    return every(bank)


def replace_lost(bank: Bank, *, now: datetime) -> tuple[KeyView, ...]:
    """The secret keys are gone: a new pair, and every earlier key retired. Nothing signed vouches for the new ones, so
    whoever verifies has to be told by another way."""
    fresh = keys.new_keys(bank)
    keys.keep_verifiers(bank, [key.verifier for key in fresh])
    with bank.unit() as unit:
        for one in named_keys(unit.book.store, unit.origin):
            if one.retired_seq is None:
                unit.append(Kind.KEY, OPERATOR, now=now, data={"retire": one.text})
        for key in fresh:
            unit.append(Kind.KEY, OPERATOR, now=now, data={"add": key.verifier.encode()})
    keys.sign_with(bank, fresh)
    return every(bank)
