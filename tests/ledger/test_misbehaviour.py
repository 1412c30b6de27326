"""Two signed trees that can't both be true, proven to anybody; and what is no such proof."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.chain import leaf_hash
from ledger.checkpoints import Checkpoint, sign_checkpoint
from ledger.cli import main
from ledger.errors import NoteInvalid, ProofInvalid
from ledger.exporting import write_bundle
from ledger.merkle import list_reader, root_of
from ledger.misbehaviour import Misbehaviour, accuse, check
from ledger.notes import SigningKey
from ledger.receipts import parse_policy
from tests.ledger.auditing import KEYS
from tests.ledger.books import ORIGIN
from tests.ledger.forging import honest_bodies
from tests.ledger.witness.test_witness import LEAVES, OTHERS, checkpoint

TEXT = "".join(f"log {key.verifier.encode()}\n" for key in KEYS) + "quorum none\n"
POLICY = parse_policy(TEXT)
SIZES = [(10, 10), (40, 40), (10, 11), (10, 40), (16, 17), (16, 40), (11, 32), (32, 33), (15, 16), (39, 40)]


def forked(small: int, large: int) -> Misbehaviour:
    """The log signed OTHERS at the smaller size and LEAVES at the larger one; they part at entry 9."""
    return accuse(checkpoint(small, OTHERS), checkpoint(large), list_reader(LEAVES[:large]))


@pytest.mark.parametrize(("small", "large"), SIZES)
def test_two_histories_of_any_sizes_are_proven(small: int, large: int) -> None:
    claim = Misbehaviour.parse(forked(small, large).encode())
    first, second = check(claim, POLICY)
    assert (first.size, second.size) == (small, large)
    assert accuse(checkpoint(large), checkpoint(small, OTHERS), list_reader(LEAVES[:large])) == claim


@pytest.mark.parametrize(("small", "large"), [*SIZES, (1, 2), (1, 40), (8, 8), (8, 40), (9, 40)])
def test_one_history_is_never_an_accusation(small: int, large: int) -> None:
    with pytest.raises(ProofInvalid):
        accuse(checkpoint(small), checkpoint(large), list_reader(LEAVES[:large]))


def test_hashes_that_are_not_of_the_larger_tree_prove_nothing() -> None:
    claim = forked(10, 40)
    wrong = [(), claim.proof[:-1], (*claim.proof, bytes(32)), claim.proof[::-1], (bytes(32), *claim.proof[1:])]
    honest = Misbehaviour(checkpoint(10), checkpoint(40), claim.proof)
    for one in [*(Misbehaviour(claim.first, claim.second, proof) for proof in wrong), honest]:
        with pytest.raises(ProofInvalid):
            check(one, POLICY)
    with pytest.raises(ProofInvalid):
        accuse(checkpoint(10, OTHERS), checkpoint(40))
    with pytest.raises(ProofInvalid):
        accuse(checkpoint(10, OTHERS), checkpoint(40), list_reader(OTHERS))


def test_only_what_the_log_itself_signed_counts() -> None:
    thief = tuple(SigningKey(key.name, key.type, b"t" * 32) for key in KEYS)
    other = tuple(SigningKey("another.example/log", key.type, key.seed) for key in KEYS)
    for keys in (thief, other):
        with pytest.raises(NoteInvalid):
            check(Misbehaviour(checkpoint(10, OTHERS, keys), checkpoint(10)), POLICY)
    with pytest.raises(ProofInvalid):
        accuse(checkpoint(10, OTHERS, other), checkpoint(10))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format": "x", "first": "", "second": "", "proof": []}', '{"proof": ["!"]}']
)
def test_what_is_no_proof(text: str) -> None:
    with pytest.raises(ProofInvalid):
        Misbehaviour.parse(text)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy, proof = tmp_path / "policy", tmp_path / "proof.json"
    policy.write_text(TEXT)
    proof.write_text(forked(16, 40).encode())
    assert main(["misbehaviour", "check", str(proof), "--policy", str(policy)]) == 0
    assert "can't both be true" in capsys.readouterr().out
    proof.write_text(json.dumps(json.loads(forked(16, 40).encode()) | {"first": checkpoint(16)}))
    assert main(["misbehaviour", "check", str(proof), "--policy", str(policy)]) == 1
    proof.write_text("nonsense")
    assert main(["misbehaviour", "check", str(proof), "--policy", str(policy)]) == 2


def test_the_command_proves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two notes, and for different sizes a copy of the larger tree, become a file that the other command accepts."""
    policy, ours, theirs = tmp_path / "policy", tmp_path / "ours", tmp_path / "theirs"
    policy.write_text(TEXT)
    bodies = honest_bodies()
    tree = Checkpoint(ORIGIN, len(bodies), root_of([leaf_hash(body) for body in bodies]))
    ours.write_text(sign_checkpoint(tree, KEYS, 0).encode())
    theirs.write_text(sign_checkpoint(Checkpoint(ORIGIN, 16, b"x" * 32), KEYS, 0).encode())
    copy = tmp_path / "copy"
    write_bundle(copy, ORIGIN, bodies)
    arguments = ["misbehaviour", "prove", str(ours), str(theirs), "--policy", str(policy)]
    assert main(arguments) == 1
    assert main([*arguments, "--copy", str(copy)]) == 0
    (tmp_path / "proof").write_text(capsys.readouterr().out)
    assert main(["misbehaviour", "check", str(tmp_path / "proof"), "--policy", str(policy)]) == 0
    same = Checkpoint(ORIGIN, 16, root_of([leaf_hash(body) for body in bodies[:16]]))
    theirs.write_text(sign_checkpoint(same, KEYS, 0).encode())
    assert main([*arguments, "--copy", str(copy)]) == 1
    assert main(["misbehaviour", "prove", str(ours), str(ours), "--policy", str(policy)]) == 1
    theirs.write_text("nonsense")
    assert main(arguments) == 1
    theirs.unlink()
    assert main(arguments) == 2
