"""A witness: every status of tlog-witness, what it remembers before it answers, and many that submit at once."""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from ledger.chain import leaf_hash
from ledger.checkpoints import Checkpoint, sign_checkpoint
from ledger.errors import NoteInvalid
from ledger.keyfiles import write_keys
from ledger.merkle import EMPTY_ROOT, consistency_proof, list_reader, root_of
from ledger.notes import KeyType, SigningKey, parse_note, verify_note
from ledger.witness import Reply, Witness, WitnessMemory
from tests.ledger.auditing import KEYS
from tests.ledger.books import NOW, ORIGIN

LEAVES = tuple(leaf_hash(b"entry %d" % number) for number in range(40))
OTHERS = (*LEAVES[:9], *(leaf_hash(b"other %d" % number) for number in range(31)))
NAME = "witness.example/w1"
WITNESS_KEYS = [SigningKey(NAME, kind, b"w" * 32) for kind in (KeyType.COSIGNATURE, KeyType.ML_DSA_44)]
COSIGNERS = [key.verifier for key in WITNESS_KEYS]
SIZE = "text/x.tlog.size"


def checkpoint(size: int, leaves: tuple[bytes, ...] = LEAVES, keys: tuple[SigningKey, ...] = KEYS) -> str:
    """A signed one; the same each time, though ML-DSA signatures are random."""
    return _signed(size, leaves, keys)


@cache
def _signed(size: int, leaves: tuple[bytes, ...], keys: tuple[SigningKey, ...]) -> str:
    tree = Checkpoint(keys[0].name, size, root_of(leaves[:size]))
    return sign_checkpoint(tree, keys, int(NOW.timestamp())).encode()


def submission(old: int, size: int, leaves: tuple[bytes, ...] = LEAVES) -> bytes:
    """What a log of these leaves submits to a witness that saw `old`."""
    proof = consistency_proof(old, size, list_reader(leaves[:size])) if 0 < old < size else []
    return body(old, checkpoint(size, leaves), proof)


def body(old: object, note: str, proof: Sequence[bytes] = ()) -> bytes:
    lines = "".join(base64.b64encode(one).decode() + "\n" for one in proof)
    return f"old {old}\n{lines}\n{note}".encode()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    memory = WitnessMemory(tmp_path / "witness.db")
    return Witness(WITNESS_KEYS, [key.verifier for key in KEYS], memory, lambda: NOW)


def test_it_cosigns_what_extends_what_it_saw(witness: Witness) -> None:
    old = 0
    for size in (0, 1, 8, 9, 9, 16, 40):
        reply = witness.add_checkpoint(submission(old, size))
        assert reply.status == 200, reply
        note = parse_note(checkpoint(size) + reply.body)
        seen = {proof.key.type: proof.seconds for proof in verify_note(note, COSIGNERS)}
        assert seen == {KeyType.COSIGNATURE: int(NOW.timestamp()), KeyType.ML_DSA_44: int(NOW.timestamp())}
        latest = witness.latest(hashlib.sha256(ORIGIN.encode()).hexdigest())
        assert latest == Reply(200, checkpoint(size) + reply.body)
        old = size


def test_another_size_than_it_saw_is_told(witness: Witness) -> None:
    witness.add_checkpoint(submission(0, 9))
    for old in (0, 1, 8, 10):
        assert witness.add_checkpoint(submission(old, 16)) == Reply(409, "9\n", SIZE)
    assert witness.add_checkpoint(submission(0, 5)) == Reply(409, "9\n", SIZE)


def test_what_contradicts_is_refused_and_changes_nothing(witness: Witness) -> None:
    witness.add_checkpoint(submission(0, 10))
    proof = consistency_proof(10, 16, list_reader(LEAVES[:16]))
    wrong = [
        submission(10, 16, OTHERS),
        submission(10, 10, OTHERS),
        body(10, checkpoint(16), proof[:-1]),
        body(10, checkpoint(16), [*proof, proof[0]]),
        body(10, checkpoint(16), proof[::-1]),
        body(10, checkpoint(10), proof),
    ]
    for one in wrong:
        assert witness.add_checkpoint(one).status == 422
    assert witness.add_checkpoint(submission(10, 16)).status == 200


def test_a_first_checkpoint_has_no_proof_and_an_empty_tree_one_root(witness: Witness) -> None:
    assert witness.add_checkpoint(body(0, checkpoint(4), [LEAVES[0]])).status == 422
    empty = sign_checkpoint(Checkpoint(ORIGIN, 0, b"x" * 32), KEYS, 0).encode()
    assert witness.add_checkpoint(body(0, empty)).status == 422
    assert sign_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT), KEYS, 0)
    assert witness.latest(hashlib.sha256(ORIGIN.encode()).hexdigest()).status == 404


def test_who_is_not_known_or_did_not_sign(witness: Witness) -> None:
    stranger = [SigningKey("elsewhere.example/log", key.type, key.seed) for key in KEYS]
    assert witness.add_checkpoint(body(0, checkpoint(4, keys=tuple(stranger)))).status == 404
    thief = [SigningKey(ORIGIN, key.type, b"t" * 32) for key in KEYS]
    assert witness.add_checkpoint(body(0, checkpoint(4, keys=tuple(thief)))).status == 403
    changed = checkpoint(4).replace("\n4\n", "\n5\n")
    assert witness.add_checkpoint(body(0, changed)).status == 403
    assert witness.latest("0" * 64).status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        b"", b"\xff", b"old 0", b"old 0\n", b"old\n\n", b"old -1\n\n", b"old 00\n\n", b"old +1\n\n", b"new 0\n\n",
        b"old 0\r\n\r\n", b"old 0\n\nnothing of the kind", b"old 0\n\n\n", body(0, checkpoint(4), [b"short"]),
        body("0 ", checkpoint(4)), body(99999999999999999999, checkpoint(4)), body(5, checkpoint(4)),
        body(0, checkpoint(4), [LEAVES[0]] * 64), b"old 0\n" + b"A" * 44 + b"=\n\n" + checkpoint(4).encode(),
        b"old 0\n\n" + checkpoint(4).encode().replace(b"\n4\n", b"\n04\n"),
        b"old 0\n\n" + checkpoint(4).encode()[:-1],
    ],
)  # fmt: skip
def test_what_is_malformed(witness: Witness, wrong: bytes) -> None:
    assert witness.add_checkpoint(wrong).status == 400


def test_a_witness_needs_keys_that_cosign(tmp_path: Path) -> None:
    memory = WitnessMemory(tmp_path / "w.db")
    other = SigningKey("other.example/w", KeyType.COSIGNATURE, b"w" * 32)
    for keys in ([], [KEYS[0]], [WITNESS_KEYS[0], other]):
        with pytest.raises(NoteInvalid):
            Witness(keys, [], memory)


def test_of_many_that_submit_at_once_one_wins(witness: Witness) -> None:
    """Two histories race for the same witness: one of them gets cosignatures, the other never."""
    witness.add_checkpoint(submission(0, 9))
    with ThreadPoolExecutor(8) as pool:
        bodies = [submission(9, 16), submission(9, 16, OTHERS)] * 8
        replies = list(pool.map(witness.add_checkpoint, bodies))
    won = {number % 2 for number, reply in enumerate(replies) if reply.status == 200}
    assert len(won) == 1
    assert {reply.status for reply in replies} <= {200, 409, 422}


class Running:
    """A witness as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, 0
        write_keys(folder / "w.key", WITNESS_KEYS)
        (folder / "logs").write_text("".join(f"log {key.verifier.encode()}\n" for key in KEYS) + "quorum none\n")

    def start(self) -> None:
        command = [
            sys.executable, "-m", "ledger", "witness", "serve", "--keys", "w.key", "--logs", "logs", "--db", "w.db",
            "--port", str(self.port or 0),
        ]  # fmt: skip
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[3])}
        self.process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rstrip("/\n").rsplit(":", 1)[1])

    def stop(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def post(self, content: bytes, path: str = "/add-checkpoint", **headers: str) -> tuple[int, str, str]:
        return self.request("POST", path, content, **headers)

    def request(self, method: str, path: str, content: bytes | None = None, **headers: str) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
        finally:
            connection.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path)
    one.start()
    yield one
    one.stop()


def test_over_a_real_socket(running: Running) -> None:
    status, kind, lines = running.post(submission(0, 9))
    assert (status, kind) == (200, "text/plain; charset=utf-8")
    proofs = verify_note(parse_note(checkpoint(9) + lines), COSIGNERS)
    assert {abs((proof.seconds or 0) - datetime.now(UTC).timestamp()) < 60 for proof in proofs} == {True}
    assert running.post(submission(0, 9)) == (409, SIZE, "9\n")
    assert running.post(b"x" * 20_000)[0] == 413
    assert running.post(submission(9, 16), "/elsewhere")[0] == 404
    assert COSIGNERS[0].encode() in running.request("GET", "/")[2]
    path = f"/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    assert running.request("GET", path)[2] == checkpoint(9) + lines
    assert running.request("GET", "/favicon.ico")[0] == 404
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    connection.putrequest("POST", "/add-checkpoint")
    connection.endheaders()
    assert connection.getresponse().status == 411
    connection.close()


def test_what_was_answered_is_remembered_by_a_killed_witness(running: Running) -> None:
    old = 0
    for size in range(1, 25):
        status, _, _ = running.post(submission(old, size))
        assert status == 200
        old = size
        if size % 4 == 0:
            running.stop()
            running.start()
            assert running.post(submission(0, size)) == (409, SIZE, f"{size}\n")


def test_two_processes_on_one_memory_never_cosign_two_histories(running: Running, tmp_path: Path) -> None:
    other = Running.__new__(Running)
    other.folder, other.port = tmp_path, 0
    other.start()
    try:
        assert running.post(submission(0, 9))[0] == 200
        with ThreadPoolExecutor(8) as pool:
            jobs = [(one, leaves) for one in (running, other) for leaves in (LEAVES, OTHERS)] * 4
            answers = list(pool.map(lambda job: job[0].post(submission(9, 16, job[1]))[0], jobs))
        won = {id(leaves) for (_, leaves), status in zip(jobs, answers, strict=True) if status == 200}
        assert len(won) == 1
    finally:
        other.stop()
