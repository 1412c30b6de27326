"""An insider writes the book anew from entry 30 on, with good hashes and links: what is seen, and by whom.

docs/threat-model.md has these rows as a table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.audit import Report, Witnessed
from ledger.chain import leaf_hash
from ledger.checkpoints import Checkpoint, SignerMemory, sign_checkpoint
from ledger.entries import format_at
from ledger.errors import ProofInvalid, SignerRefuses
from ledger.merkle import consistency_proof, inclusion_proof, list_reader, root_of
from ledger.misbehaviour import accuse, check
from ledger.monitor import Copy, Log, Outcome, follow
from ledger.receipts import Policy, Receipt, parse_policy, verify_receipt
from ledger.signer import Signer
from ledger.store import CheckpointRow
from ledger.witness import Witness, WitnessMemory, collect
from ledger.witness.server import make_server
from tests.ledger.auditing import KEYS, VERIFIERS, audited
from tests.ledger.books import NOW, ORIGIN, sql_store
from tests.ledger.forging import changed, honest_bodies, write_bundle, write_database
from tests.ledger.monitor.static_log import StaticLog, static_log
from tests.ledger.witness.test_client import serving
from tests.ledger.witness.test_witness import WITNESS_KEYS

TRUE = list(honest_bodies())
SIZE = len(TRUE)
FALSE = changed(30, actor="somebody")
TRUE_LEAVES, FALSE_LEAVES = ([leaf_hash(body) for body in bodies] for bodies in (TRUE, FALSE))
LOGS = "".join(f"log {key.verifier.encode()}\n" for key in KEYS)
POLICY = parse_policy(LOGS + "quorum none\n")


def signed(leaves: Sequence[bytes]) -> str:
    tree = Checkpoint(ORIGIN, len(leaves), root_of(leaves))
    return sign_checkpoint(tree, KEYS, int(NOW.timestamp())).encode()


def rewritten(folder: Path, *, with_key: bool, witnessed: Witnessed | None = None) -> Report:
    """The service's own audit of the book that the insider left. Without the key, all checkpoints had to go."""
    rows = [CheckpointRow(SIZE, root_of(FALSE_LEAVES), signed(FALSE_LEAVES), format_at(NOW))] if with_key else []
    levels = (1, 2, 3) if witnessed is None else (1, 2, 3, 5)
    return audited(write_bundle(folder, FALSE, rows), keys=VERIFIERS, witnessed=witnessed, levels=levels)


def look(log: StaticLog, folder: Path, token: str | None) -> Outcome:
    with Log(log.url, token) as reading:
        return follow(reading, Copy(folder), POLICY, now=NOW)


def test_with_the_database_alone_the_signer_sees_it(tmp_path: Path) -> None:
    """Its memory is outside the database. It signs nothing more, and the audit with its pin names the book broken."""
    memory = SignerMemory(tmp_path / "signer.json")
    memory.advance(None, Checkpoint(ORIGIN, SIZE, root_of(TRUE_LEAVES)))
    url = write_database(tmp_path, write_bundle(tmp_path / "forged", FALSE))
    with sql_store(url) as store, pytest.raises(SignerRefuses):
        Signer(memory, KEYS).sign(store, ORIGIN, now=NOW)


def test_with_the_key_and_the_memory_the_own_audit_is_blind(tmp_path: Path) -> None:
    """Nothing inside can see it any more: that is why others keep copies."""
    assert rewritten(tmp_path / "book", with_key=True).is_sound


@pytest.mark.parametrize("token", [None, "tb_token"])
def test_a_monitor_sees_it_at_its_next_look(tmp_path: Path, token: str | None) -> None:
    with static_log(tmp_path / "served") as log:
        log.publish(TRUE[: SIZE - 20])
        assert look(log, tmp_path / "copy", token).is_sound
        log.publish(FALSE)
        outcome = look(log, tmp_path / "copy", token)
    assert not outcome.is_sound
    assert outcome.size == SIZE - 20


def test_a_witness_refuses_it_at_once_and_the_quorum_is_missing(tmp_path: Path) -> None:
    witness = Witness(WITNESS_KEYS, VERIFIERS, WitnessMemory(tmp_path / "w.db"))
    with serving(make_server(witness, "127.0.0.1", 0)) as url:
        text = LOGS + "".join(f"witness w{n} {key.verifier.encode()} {url}\n" for n, key in enumerate(WITNESS_KEYS))
        policy = parse_policy(f"{text}group both all w0 w1\nquorum both\n")
        states = {"w0": 0, "w1": 0}
        now = datetime.now(UTC)
        first = collect(signed(TRUE_LEAVES[:-20]), policy, states, _prover(TRUE_LEAVES), now=now)
        assert first.has_quorum
        states = {one.name: one.size for one in first.answers}
        second = collect(signed(FALSE_LEAVES), policy, states, _prover(FALSE_LEAVES), now=now)
        assert not second.has_quorum
        assert {one.is_conflict for one in second.answers} == {True}
        shown = witness.latest(_hash_of_origin()).body
    report = rewritten(
        tmp_path / "book", with_key=True, witnessed=Witnessed(policy, signed(FALSE_LEAVES), {"w0": shown})
    )
    assert {(one.level, one.code) for one in report.findings} == {(5, "quorum_missing"), (5, "root")}


def test_a_member_with_a_receipt_proves_it_to_anybody(tmp_path: Path) -> None:
    """The receipt was made before; its checkpoint and today's can't both be true."""
    old, new = signed(TRUE_LEAVES[:-20]), signed(FALSE_LEAVES)
    proof = tuple(inclusion_proof(30, SIZE - 20, list_reader(TRUE_LEAVES[:-20])))
    receipt = Receipt(30, proof, old, TRUE[30])
    assert verify_receipt(receipt, POLICY, ORIGIN).entry.seq == 30
    with pytest.raises(ProofInvalid):
        verify_receipt(Receipt(30, proof, new, TRUE[30]), POLICY, ORIGIN)
    claim = accuse(receipt.checkpoint, new, list_reader(FALSE_LEAVES))
    assert [tree.size for tree in check(claim, POLICY)] == [SIZE - 20, SIZE]


def test_with_the_keys_of_too_few_witnesses_the_quorum_holds(tmp_path: Path) -> None:
    """He also has one witness's keys. Two are needed, and the other does not sign."""
    policy = _two_of_two()
    stolen = WITNESS_KEYS[0].sign(signed(FALSE_LEAVES).partition("\n\n")[0] + "\n", int(NOW.timestamp())).line()
    report = rewritten(tmp_path / "book", with_key=True, witnessed=Witnessed(policy, signed(FALSE_LEAVES) + stolen))
    assert [(one.level, one.code) for one in report.findings] == [(5, "quorum_missing")]


def _two_of_two() -> Policy:
    text = LOGS + "".join(f"witness w{n} {key.verifier.encode()}\n" for n, key in enumerate(WITNESS_KEYS))
    return parse_policy(f"{text}group both all w0 w1\nquorum both\n")


def _prover(leaves: Sequence[bytes]) -> Callable[[int, int], list[bytes]]:
    return lambda old, new: consistency_proof(old, new, list_reader(leaves[:new]))


def _hash_of_origin() -> str:
    return hashlib.sha256(ORIGIN.encode()).hexdigest()
