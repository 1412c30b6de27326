from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from ledger import Book
from ledger.audit import audit
from ledger.checkpoints import Checkpoint, SignerMemory, open_checkpoint
from ledger.errors import BookUnknown, NoteInvalid, SignerRefuses
from ledger.notes import KeyType, generate
from ledger.signer import Signer
from ledger.store import CheckpointRow, Store
from ledger.stores.memory import MemoryStore
from tests.ledger.auditing import KEYS, ORIGIN, VERIFIERS, full_book, sign
from tests.ledger.books import NOW, earn, sql_store, write
from tests.ledger.forging import changed, honest, honest_bodies, write_bundle, write_database
from tests.ledger.replaying import copy_book, put

LATER = NOW + timedelta(days=1)
SIZE = len(honest_bodies())


@pytest.fixture
def memory(tmp_path: Path) -> SignerMemory:
    return SignerMemory(tmp_path / "signed.json")


@pytest.fixture
def signer(memory: SignerMemory) -> Signer:
    return Signer(memory, KEYS)


def test_it_signs_what_it_checked_and_remembers(store: Store, signer: Signer, memory: SignerMemory) -> None:
    book = full_book(store, 3)
    signed = signer.sign(store, ORIGIN, now=LATER)
    size = book.head().size
    assert signed.checkpoint == Checkpoint(ORIGIN, size, book.root()) == memory.last(ORIGIN)
    opened = open_checkpoint(signed.note, ORIGIN, VERIFIERS)
    assert [proof.key for proof in opened.verified] == VERIFIERS
    stored = store.checkpoint(ORIGIN)
    assert stored is not None
    assert (stored.note, stored.size) == (signed.note, size)
    assert audit(store, ORIGIN, keys=VERIFIERS).findings == ()
    again = signer.sign(store, ORIGIN, now=LATER + timedelta(minutes=1))
    assert (again.is_new, again.note) == (False, signed.note)


def test_it_goes_on_from_what_it_signed(signer: Signer, tmp_path: Path) -> None:
    store = MemoryStore()
    for size in (20, 256, 300, SIZE):
        copy_book(honest(), store, start=store.head(ORIGIN).size if store.head(ORIGIN) else 0, stop=size)  # type: ignore[union-attr]
        signed = signer.sign(store, ORIGIN, now=LATER)
        assert (signed.is_new, signed.checkpoint.root) == (size not in (256,), honest().root(size)) or size == 256


def test_without_its_state_it_checks_everything_again(signer: Signer, memory: SignerMemory) -> None:
    store = MemoryStore()
    full_book(store, 2)
    first = signer.sign(store, ORIGIN, now=LATER)
    (state,) = memory.path.parent.glob("*.state")
    for content in (b"", b"garbage"):
        state.write_bytes(content)
        assert signer.sign(store, ORIGIN, now=LATER).note == first.note
    state.unlink()
    assert signer.sign(store, ORIGIN, now=LATER).note == first.note


def test_it_refuses_a_book_behind_what_it_signed(signer: Signer, memory: SignerMemory) -> None:
    """A backup was restored: what was promised since then is not in it."""
    full = copy_book(honest(), MemoryStore())
    last = signer.sign(full.store, ORIGIN, now=LATER).checkpoint
    restored = copy_book(honest(), MemoryStore(), stop=300)
    with pytest.raises(SignerRefuses, match="found 300"):
        signer.sign(restored.store, ORIGIN, now=LATER)
    with pytest.raises(SignerRefuses):
        Signer(SignerMemory(memory.path), KEYS).sign(restored.store, ORIGIN, now=LATER)
    assert memory.last(ORIGIN) == last
    assert restored.store.checkpoint(ORIGIN, 300) is None


def test_it_refuses_a_restored_book_that_went_on_differently(signer: Signer, memory: SignerMemory) -> None:
    signer.sign(copy_book(honest(), MemoryStore(), stop=320).store, ORIGIN, now=LATER)
    restored = copy_book(honest(), MemoryStore(), stop=300)
    policy = honest().entry(12).policy
    from dataclasses import replace

    for turn in range(30):
        write(restored, replace(earn("ann", 60, key=f"other-{turn}"), policy=policy))
    for state in (True, False):
        if not state:
            for path in memory.path.parent.glob("*.state"):
                path.unlink()
        with pytest.raises(SignerRefuses):
            signer.sign(restored.store, ORIGIN, now=LATER)


@pytest.mark.parametrize("kept", [True, False])
def test_it_never_signs_over_a_changed_book(signer: Signer, memory: SignerMemory, tmp_path: Path, kept: bool) -> None:
    """Rewritten and re-hashed, with every row in its place. With its own state it signs on from what it knows; then
    the new root is that of the honest entries, or nothing is signed."""
    first = signer.sign(copy_book(honest(), MemoryStore(), stop=320).store, ORIGIN, now=LATER)
    if not kept:
        for path in memory.path.parent.glob("*.state"):
            path.unlink()
    bundle = write_bundle(tmp_path / "forged", changed(150, actor="mallory"))
    with sql_store(write_database(tmp_path, bundle)) as store, pytest.raises(SignerRefuses):
        signer.sign(store, ORIGIN, now=LATER)
    assert memory.last(ORIGIN) == first.checkpoint


def test_it_refuses_an_unsound_entry(signer: Signer, memory: SignerMemory, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "forged", changed(150, actor=""))
    with sql_store(write_database(tmp_path, bundle)) as store, pytest.raises(SignerRefuses, match="entry 150"):
        signer.sign(store, ORIGIN, now=LATER)
    assert memory.last(ORIGIN) is None


def test_it_refuses_an_unsound_entry_among_the_new_ones(signer: Signer, memory: SignerMemory, tmp_path: Path) -> None:
    signer.sign(copy_book(honest(), MemoryStore(), stop=200).store, ORIGIN, now=LATER)
    bundle = write_bundle(tmp_path / "forged", changed(250, actor=""))
    with sql_store(write_database(tmp_path, bundle)) as store, pytest.raises(SignerRefuses, match="entry 250"):
        signer.sign(store, ORIGIN, now=LATER)
    assert memory.last(ORIGIN) == Checkpoint(ORIGIN, 200, honest().root(200))


def test_it_refuses_a_stored_checkpoint_that_it_did_not_sign(signer: Signer) -> None:
    store = MemoryStore()
    book = full_book(store, 2)
    sign(book, (generate(ORIGIN, KeyType.ED25519),))
    with pytest.raises(SignerRefuses, match="checkpoint"):
        signer.sign(store, ORIGIN, now=LATER)


def test_keys_of_another_book_and_no_book(memory: SignerMemory, signer: Signer) -> None:
    store = MemoryStore()
    with pytest.raises(BookUnknown):
        signer.sign(store, ORIGIN, now=LATER)
    full_book(store, 1)
    stranger = generate("timebank.example/other", KeyType.ED25519)
    with pytest.raises((NoteInvalid, SignerRefuses)):
        Signer(memory, [stranger]).sign(store, ORIGIN, now=LATER)


class CrashError(Exception):
    """The machine stops here."""


class CrashingStore(MemoryStore):
    """Loses power when a checkpoint is to be stored."""

    def add_checkpoint(self, book: str, row: CheckpointRow) -> None:
        raise CrashError


def test_a_crash_between_signing_and_storing(signer: Signer, memory: SignerMemory) -> None:
    """The tree is in the signer's memory before anybody has its signature. Afterwards only this tree, or one that
    extends it, is signed."""
    store = CrashingStore()
    bodies = list(honest_bodies())
    put(store, ORIGIN, bodies[:200], 0)
    with pytest.raises(CrashError):
        signer.sign(store, ORIGIN, now=LATER)
    assert memory.last(ORIGIN) == Checkpoint(ORIGIN, 200, honest().root(200))
    behind = copy_book(honest(), MemoryStore(), stop=199)
    with pytest.raises(SignerRefuses):
        signer.sign(behind.store, ORIGIN, now=LATER)
    same = MemoryStore()
    put(same, ORIGIN, bodies[:200], 0)
    signed = signer.sign(same, ORIGIN, now=LATER)
    assert (signed.is_new, signed.checkpoint) == (True, memory.last(ORIGIN))
    put(same, ORIGIN, bodies[:210], 200)
    assert signer.sign(same, ORIGIN, now=LATER).checkpoint.size == 210


def test_a_crash_before_remembering_signs_nothing(
    signer: Signer, memory: SignerMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    book = full_book(store, 1)

    def crash(*_: object) -> None:
        raise CrashError

    monkeypatch.setattr("os.fsync", crash)
    with pytest.raises(CrashError):
        signer.sign(store, ORIGIN, now=LATER)
    monkeypatch.undo()
    assert memory.last(ORIGIN) is None
    assert store.checkpoint(ORIGIN, book.head().size) is None


def test_two_signers_at_once_sign_one_tree(memory: SignerMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both looked at the memory before either wrote it: the second one is refused."""
    store = MemoryStore()
    book = full_book(store, 1)
    signer, other = Signer(memory, KEYS), SignerMemory(memory.path)
    real = SignerMemory.advance

    def overtaken(self: SignerMemory, expected: Checkpoint | None, signed: Checkpoint) -> None:
        real(other, expected, Checkpoint(ORIGIN, 3, book.root(3)))
        real(self, expected, signed)

    monkeypatch.setattr(SignerMemory, "advance", overtaken)
    with pytest.raises(SignerRefuses, match="meanwhile"):
        signer.sign(store, ORIGIN, now=LATER)
    monkeypatch.undo()
    assert signer.sign(store, ORIGIN, now=LATER).checkpoint.size == Book(store, ORIGIN).head().size
