from __future__ import annotations

import hashlib
import multiprocessing
from pathlib import Path

import pytest

from ledger.checkpoints import Checkpoint, SignerMemory, open_checkpoint, sign_checkpoint
from ledger.errors import NoteInvalid, SignerRefuses
from ledger.notes import KeyType, SigningKey, VerifierKey, sign_note
from tests.ledger.vectors import CHECKPOINT_SIZES, facts, read

ORIGIN = "timebank.example/test"
ED = SigningKey(ORIGIN, KeyType.ED25519, hashlib.sha256(b"ed").digest())
PQ = SigningKey(ORIGIN, KeyType.ML_DSA_44, hashlib.sha256(b"pq").digest())
WITNESS = SigningKey("witness.example/w", KeyType.COSIGNATURE, hashlib.sha256(b"w").digest())
TREE = Checkpoint(ORIGIN, 5, hashlib.sha256(b"root").digest())


@pytest.mark.parametrize("size", CHECKPOINT_SIZES)
def test_vector_checkpoints(size: int) -> None:
    keys = [VerifierKey.parse(facts()["keys"][name]) for name in ("book", "book_pq", "witness")]
    opened = open_checkpoint(read(f"checkpoint-{size}.txt"), facts()["origin"], keys)
    assert opened.checkpoint.size == size
    assert opened.checkpoint.root.hex() == facts()["roots"][str(size)]
    assert len(opened.verified) == 3


def test_a_checkpoint_has_three_lines() -> None:
    assert Checkpoint.parse(TREE.encode()) == TREE
    for text in (
        TREE.encode() + "extension\n",
        TREE.encode().replace("5", "05", 1),
        TREE.encode().replace("5", "-5", 1),
        TREE.encode().replace("5", "٥", 1),
        TREE.encode()[1:].split("\n", 1)[1],
        "\n" + TREE.encode().split("\n", 1)[1],
        TREE.encode()[:-1],
        TREE.encode().replace("=", ""),
    ):
        with pytest.raises(NoteInvalid):
            Checkpoint.parse(text)


def test_both_keys_sign() -> None:
    note = sign_checkpoint(TREE, [ED, PQ], 1_800_000_000)
    opened = open_checkpoint(note.encode(), ORIGIN, [ED.verifier, PQ.verifier])
    assert opened.checkpoint == TREE
    assert [proof.key.type for proof in opened.verified] == [KeyType.ED25519, KeyType.ML_DSA_44]


def test_who_may_not_sign() -> None:
    with pytest.raises(NoteInvalid, match="Ed25519"):
        sign_checkpoint(TREE, [PQ], 0)
    with pytest.raises(NoteInvalid, match="does not sign for"):
        sign_checkpoint(TREE, [ED, WITNESS], 0)


def test_a_checkpoint_of_another_book_or_signed_only_by_a_witness_is_refused() -> None:
    note = sign_checkpoint(TREE, [ED], 0).encode()
    with pytest.raises(NoteInvalid, match="not of"):
        open_checkpoint(note, "timebank.example/other", [ED.verifier])
    with pytest.raises(NoteInvalid, match="no key of"):
        open_checkpoint(sign_note(TREE.encode(), [WITNESS], 1).encode(), ORIGIN, [ED.verifier, WITNESS.verifier])


def grown(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, hashlib.sha256(str(size).encode()).digest())


def test_memory_remembers_each_book(tmp_path: Path) -> None:
    memory = SignerMemory(tmp_path / "signed.json")
    other = Checkpoint("timebank.example/other", 1, b"\1" * 32)
    assert memory.last(ORIGIN) is None
    memory.advance(None, grown(3))
    memory.advance(None, other)
    memory.advance(grown(3), grown(4))
    memory.advance(grown(4), grown(4))
    again = SignerMemory(tmp_path / "signed.json")
    assert (again.last(ORIGIN), again.last(other.origin)) == (grown(4), other)


def test_memory_is_a_compare_and_swap(tmp_path: Path) -> None:
    memory = SignerMemory(tmp_path / "signed.json")
    memory.advance(None, grown(3))
    with pytest.raises(SignerRefuses, match="meanwhile"):
        memory.advance(None, grown(4))
    with pytest.raises(SignerRefuses, match="meanwhile"):
        memory.advance(grown(2), grown(4))
    with pytest.raises(SignerRefuses, match="fewer"):
        memory.advance(grown(3), grown(2))
    assert memory.last(ORIGIN) == grown(3)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b'{"a": 1}', b'{"a": {"size": 1}}', b'{"a":{"size":1,"root":"x"}}']
)
def test_a_damaged_memory_is_not_guessed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "signed.json").write_bytes(content)
    memory = SignerMemory(tmp_path / "signed.json")
    with pytest.raises(SignerRefuses, match="can't be read"):
        memory.last(ORIGIN)
    with pytest.raises(SignerRefuses, match="can't be read"):
        memory.advance(None, TREE)
    assert (tmp_path / "signed.json").read_bytes() == content


def _race(path: Path, count: int) -> None:
    memory = SignerMemory(path)
    done = 0
    while done < count:
        last = memory.last(ORIGIN)
        try:
            memory.advance(last, grown(1 if last is None else last.size + 1))
            done += 1
        except SignerRefuses:
            continue


def test_signers_in_several_processes_take_turns(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    racers = [context.Process(target=_race, args=(tmp_path / "signed.json", 20)) for _ in range(3)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(60)
    last = SignerMemory(tmp_path / "signed.json").last(ORIGIN)
    assert last == grown(60)
