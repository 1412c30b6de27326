"""A proof that a log's operator signed two trees that can't both be true. Anyone can check it, with the policy alone.

Two checkpoints of the same size with different roots contradict each other as they stand. For different sizes the proof
carries hashes, shaped like a consistency proof, but with the node that RFC 9162 leaves out where the smaller size is a
power of two. Hashed together they give the larger root, so they are nodes of the larger tree; and they give a root for
the smaller size that is not the one that was signed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.checkpoints import Checkpoint, open_checkpoint
from ledger.errors import NoteInvalid, ProofInvalid
from ledger.merkle import HASH_BYTES, HashReader, consistency_proof, node_hash, root_at
from ledger.receipts import Policy

FORMAT = "ledger-misbehaviour@v1"
MAX_PROOF = 64


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """Two signed checkpoints, verbatim, the smaller one first, and the hashes that set them against each other."""

    first: str
    second: str
    proof: tuple[bytes, ...] = ()

    def encode(self) -> str:
        """The content of a proof's file."""
        proof = [base64.b64encode(one).decode() for one in self.proof]
        document = {"format": FORMAT, "first": self.first, "second": self.second, "proof": proof}
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def parse(cls, text: str) -> Misbehaviour:
        """Raises ProofInvalid. Nothing is verified yet."""
        try:
            found = json.loads(text)
            proof = tuple(base64.b64decode(one, validate=True) for one in found["proof"])
            first, second, known = found["first"], found["second"], found["format"] == FORMAT
        except (ValueError, KeyError, TypeError) as error:
            raise ProofInvalid("not a proof of misbehaviour") from error
        if not known or not isinstance(first, str) or not isinstance(second, str) or len(proof) > MAX_PROOF:
            raise ProofInvalid("not a proof of misbehaviour")
        if any(len(one) != HASH_BYTES for one in proof):
            raise ProofInvalid("a hash of the proof has a wrong length")
        return cls(first, second, proof)


def accuse(first: str, second: str, read: HashReader | None = None) -> Misbehaviour:
    """The proof that these two notes contradict each other. `read` gives the hashes of the larger tree.

    Raises ProofInvalid if they don't, or if `read` is not of the larger tree.
    """
    notes = sorted((first, second), key=lambda note: (_tree(note).size, note))
    small, large = (_tree(note) for note in notes)
    if small.size == large.size:
        proof: tuple[bytes, ...] = ()
    elif read is None or root_at(large.size, read) != large.root:
        raise ProofInvalid("the hashes of the larger tree are needed")
    else:
        found = consistency_proof(small.size, large.size, read)
        if small.size & (small.size - 1) == 0:
            found = [root_at(small.size, read), *found]
        proof = tuple(found)
    made = Misbehaviour(notes[0], notes[1], proof)
    _require_contradiction(small, large, proof)
    return made


def check(claim: Misbehaviour, policy: Policy) -> tuple[Checkpoint, Checkpoint]:
    """The two trees that the log's own key signed and that can't both be true.

    Raises NoteInvalid if it did not sign both, ProofInvalid if they may both be true.
    """
    origin = policy.logs[0].name
    trees = []
    for note in (claim.first, claim.second):
        opened = open_checkpoint(note, origin, policy.logs)
        trees.append(opened.checkpoint)
    _require_contradiction(trees[0], trees[1], claim.proof)
    return trees[0], trees[1]


def _tree(note: str) -> Checkpoint:
    head, found, _ = note.partition("\n\n")
    if not found:
        raise NoteInvalid("not a signed checkpoint")
    return Checkpoint.parse(head + "\n")


def _require_contradiction(small: Checkpoint, large: Checkpoint, proof: Sequence[bytes]) -> None:
    if small.origin != large.origin:
        raise ProofInvalid("two logs may say different things")
    if small.size == large.size:
        if small.root == large.root:
            raise ProofInvalid("both are the same tree")
        return
    if not 0 < small.size < large.size:
        raise ProofInvalid("an empty tree contradicts nothing")
    first, second = roots_of(small.size, large.size, proof)
    if second != large.root:
        raise ProofInvalid("the hashes are not of the larger tree")
    if first == small.root:
        raise ProofInvalid("the larger tree extends the smaller one")


def roots_of(first: int, second: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of the first `first` and of all `second` leaves that these hashes give (RFC 9162, 2.1.4.2, with the
    first hash always given). Raises ProofInvalid for a wrong number of hashes."""
    if not proof:
        raise ProofInvalid("no hashes")
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    one = two = proof[0]
    for other in proof[1:]:
        if last == 0:
            raise ProofInvalid("too many hashes")
        if node & 1 or node == last:
            one, two = node_hash(other, one), node_hash(other, two)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            two = node_hash(two, other)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofInvalid("too few hashes")
    return one, two
