"""What we publish, read by a tool that others wrote (tlog-scales), down to the root and the proofs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tlog_scales.backend import make_backend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import NoteSignature, Vkey, VkeySet

from ledger.chain import leaf_hash
from ledger.checkpoints import open_checkpoint
from ledger.merkle import verify_inclusion
from ledger.notes import parse_note
from tests.ledger.auditing import KEYS
from tests.ledger.books import ORIGIN
from tests.ledger.forging import honest_bodies
from tests.ledger.monitor.static_log import static_log
from tests.ledger.witness.test_witness import COSIGNERS, WITNESS_KEYS

BODIES = honest_bodies()


@pytest.mark.parametrize("size", [1, 255, 256, 257, len(BODIES)])
def test_tlog_scales_reads_our_log(tmp_path: Path, size: int) -> None:
    with static_log(tmp_path) as log:
        note = log.publish(BODIES[:size])
        reader = TilesReader(make_backend(log.url))
        theirs = reader.get_checkpoint()
        ours = open_checkpoint(note, ORIGIN, [key.verifier for key in KEYS]).checkpoint
        assert reader.calculate_root_hash() == ours.root
        assert reader.get_entry(size - 1) == BODIES[size - 1]
        for index in {0, size // 2, size - 1}:
            proof = reader.get_inclusion_proof(index, size)
            verify_inclusion(leaf_hash(BODIES[index]), index, size, proof.node_hashes, ours.root)
        assert theirs.size == size


def test_tlog_scales_verifies_every_kind_of_signature(tmp_path: Path) -> None:
    with static_log(tmp_path) as log:
        note = parse_note(log.publish(BODIES))
        theirs = TilesReader(make_backend(log.url)).get_checkpoint()
        lines = [key.sign(note.text, 1_790_000_000).line() for key in WITNESS_KEYS]
    keys = VkeySet(*(Vkey.from_string(key.encode()) for key in [*(key.verifier for key in KEYS), *COSIGNERS]))
    signatures = [NoteSignature.from_line(line.rstrip("\n")) for line in [*(s.line() for s in note.signatures), *lines]]
    assert len(keys.verify(signatures, theirs)) == 4
