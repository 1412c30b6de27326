"""Those who want to harm a witness, and witnesses that want to harm a log: what they send, and how slowly."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from ledger.checkpoints import Checkpoint, sign_checkpoint
from ledger.merkle import list_reader
from ledger.misbehaviour import accuse, check
from ledger.notes import Signature, parse_note, verify_note
from ledger.receipts import parse_policy
from ledger.witness import Witness, WitnessMemory, collect, server
from tests.ledger.auditing import KEYS
from tests.ledger.books import NOW, ORIGIN
from tests.ledger.witness.test_client import TEXT, ask, policy, scripted, serving, signed_by
from tests.ledger.witness.test_witness import (
    COSIGNERS,
    LEAVES,
    NAME,
    OTHERS,
    SIZE,
    WITNESS_KEYS,
    Running,
    body,
    checkpoint,
    submission,
)

HASH = hashlib.sha256(ORIGIN.encode()).hexdigest()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(WITNESS_KEYS, [key.verifier for key in KEYS], WitnessMemory(tmp_path / "w.db"), lambda: NOW)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path)
    one.start()
    yield one
    one.stop()


def test_nobody_spoils_what_monitors_read(witness: Witness) -> None:
    """Anyone may submit the public checkpoint again, under lines that no monitor could take."""
    witness.add_checkpoint(submission(0, 9))
    false = Signature(NAME, COSIGNERS[0].key_id, b"x" * 72).line()
    many = "".join(Signature(f"stranger.example/{n}", b"abcd", b"y").line() for n in range(97))
    for lines in (false, many, checkpoint(9).partition("\n\n")[2]):
        assert witness.add_checkpoint(body(9, checkpoint(9) + lines)).status == 200
        note = parse_note(witness.latest(HASH).body)
        assert len(verify_note(note, [*COSIGNERS, *(key.verifier for key in KEYS)])) == len(note.signatures) == 4


def test_a_size_that_no_memory_holds(witness: Witness) -> None:
    for size, status in ((2**63 - 1, 200), (2**63, 400), (10**19 - 1, 400)):
        note = sign_checkpoint(Checkpoint(ORIGIN, size, b"r" * 32), KEYS, 0).encode()
        known = 0 if status == 200 else 2**63 - 1
        assert witness.add_checkpoint(body(known, note)).status == status


def test_what_cannot_be_remembered_is_not_cosigned(running: Running) -> None:
    assert running.post(submission(0, 9))[0] == 200
    for file in running.folder.glob("w.db*"):
        file.rename(file.with_name("kept" + file.name))
    (running.folder / "w.db").mkdir()
    status, _, said = running.post(submission(9, 16))
    assert (status, said) == (500, "nothing was cosigned; ask again later\n")
    (running.folder / "w.db").rmdir()
    for file in running.folder.glob("keptw.db*"):
        file.rename(file.with_name(file.name.removeprefix("kept")))
    assert running.post(submission(0, 16)) == (409, SIZE, "9\n")
    assert running.post(submission(9, 16))[0] == 200


def test_more_connections_than_it_has_room_for(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 2)
    one = server.make_server(witness, "127.0.0.1", 0)
    with serving(one):
        idle = [socket.create_connection(("127.0.0.1", one.server_address[1]), 10) for _ in range(3)]
        assert idle[2].recv(1) == b""
        idle[0].close()
        idle[1].sendall(b"GET / HTTP/1.1\r\nHost: w\r\n\r\n")
        assert idle[1].recv(12) == b"HTTP/1.1 200"
        for other in idle:
            other.close()


def test_one_that_speaks_too_slowly_is_cut(witness: Witness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTION_SECONDS", 0.5)
    one = server.make_server(witness, "127.0.0.1", 0)
    with serving(one), socket.create_connection(("127.0.0.1", one.server_address[1]), 10) as slow:
        slow.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 9999\r\n\r\nold 0\n")
        received = b""
        while piece := slow.recv(4096):
            received += piece
    assert received.startswith(b"HTTP/1.1 400") or received == b""


def test_a_killed_witness_under_load_remembers_all_that_it_answered(running: Running) -> None:
    """Killed in the middle of submissions: what a log was answered, or more, is there; never less, never two trees."""
    answered = [0]

    def submit() -> None:
        size = answered[-1]
        while size < len(LEAVES):
            try:
                status, _, said = running.post(submission(size, size + 1))
            except (OSError, HTTPException):  # killed before, or in the middle of its answer
                return
            if status == 200:
                answered.append(size + 1)
            size = size + 1 if status == 200 else int(said)

    for round_ in range(6):
        loggers = [threading.Thread(target=submit) for _ in range(3)]
        for one in loggers:
            one.start()
        while answered[-1] < 5 * (round_ + 1):
            time.sleep(0.001)
        running.stop()
        for one in loggers:
            one.join()
        running.start()
        status, _, said = running.post(
            body(2**40, sign_checkpoint(Checkpoint(ORIGIN, 2**40, b"r" * 32), KEYS, 0).encode())
        )
        assert (status, int(said) >= max(answered)) == (409, True)
        seen = int(said)
        assert running.post(submission(seen, seen, OTHERS if seen > 9 else LEAVES))[0] == (422 if seen > 9 else 200)


def test_of_two_lines_of_one_key_the_first_counts_and_its_time() -> None:
    old = signed_by(WITNESS_KEYS[:1], when=datetime(2001, 1, 1, tzinfo=UTC))
    now = signed_by(WITNESS_KEYS[:1])
    for content, problem in ((old + now, "far from ours"), (now + old, "")):
        with serving(scripted(lambda *_, content=content: (200, TEXT, content))) as url:
            answer = ask(policy(("w1", WITNESS_KEYS[:1], url)), 9).answers[0]
        assert problem in answer.problem
        assert answer.lines == ("" if problem else now.decode())


def test_the_evidence_of_an_alarm_proves_the_fork(witness: Witness) -> None:
    """The witness shows the other tree under the log's own signature: with it anybody can be convinced."""
    with serving(server.make_server(witness, "127.0.0.1", 0)) as url:
        rules = policy(("w1", WITNESS_KEYS, url))
        ask(rules, 20)
        for size, leaves in ((20, OTHERS), (30, OTHERS)):
            answer = ask(rules, size, {}, leaves).answers[0]
            assert answer.is_conflict
            said, _, shown = answer.evidence.partition(f"{ORIGIN}\n")
            assert said.startswith("422 text/plain")
            claim = accuse(f"{ORIGIN}\n{shown}", checkpoint(size, leaves), list_reader(leaves[:size]))
            first, second = check(
                claim, parse_policy("".join(f"log {k.verifier.encode()}\n" for k in KEYS) + "quorum none\n")
            )
            assert (first.size, second.size) == (20, size)


def test_after_the_time_is_over_no_proof_is_asked_for() -> None:
    """The caller's database belongs to the caller again."""
    release, asked = threading.Event(), []

    def late(_: BaseHTTPRequestHandler, __: bytes) -> tuple[int, str, bytes]:
        release.wait(10)
        return 409, SIZE, b"4\n"

    def prove(old: int, new: int) -> list[bytes]:
        asked.append((old, new))
        return []

    with serving(scripted(late)) as url:
        rules = policy(("w1", WITNESS_KEYS[:1], url))
        before = set(threading.enumerate())
        done = collect(checkpoint(9), rules, {}, prove, now=datetime.now(UTC), seconds=0.3)
        release.set()
        for thread in set(threading.enumerate()) - before:
            thread.join(5)
    assert (done.has_quorum, asked) == (False, [])


_DRIPPING = """
import socket, sys, threading
from datetime import UTC, datetime
from tests.ledger.witness.test_client import policy
from tests.ledger.witness.test_witness import WITNESS_KEYS, checkpoint
from ledger.witness import collect

rules = policy(("w1", WITNESS_KEYS[:1], sys.argv[1]))
done = collect(checkpoint(9), rules, {}, lambda *_: [], now=datetime.now(UTC), seconds=1.0)
print(done.has_quorum, done.answers[0].problem)
"""


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_an_answer_that_drips_is_cut_and_nobody_waits_for_it(head: bytes) -> None:
    """It would hold a thread, and the end of the program, for as long as it likes."""
    hung_up = threading.Event()

    def drip() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(head)
                while True:
                    connection.sendall(b"x")
                    hung_up.wait(0.05)
            except OSError:
                hung_up.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        root = str(Path(__file__).resolve().parents[3])
        command = [sys.executable, "-c", _DRIPPING, url]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.startswith("False ")
        assert hung_up.wait(30)
