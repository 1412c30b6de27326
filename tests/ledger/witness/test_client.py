"""The client against witnesses of ours and of others, and against every way in which a witness may misbehave."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from witness_log import WitnessService

from ledger.merkle import consistency_proof, list_reader
from ledger.notes import KeyType, SigningKey, parse_note, verify_note
from ledger.receipts import Policy, parse_policy
from ledger.witness import Collected, Witness, WitnessMemory, collect, latest
from ledger.witness.server import make_server
from tests.ledger.auditing import KEYS
from tests.ledger.books import ORIGIN
from tests.ledger.witness.test_witness import COSIGNERS, LEAVES, NAME, OTHERS, SIZE, WITNESS_KEYS, checkpoint

Script = Callable[[BaseHTTPRequestHandler, bytes], tuple[int, str, bytes]]


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def scripted(script: Script) -> ThreadingHTTPServer:
    """A witness that answers whatever the script says."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, kind, answer = script(self, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Nothing is said."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def honest(tmp_path: Path) -> Iterator[str]:
    witness = Witness(WITNESS_KEYS, [key.verifier for key in KEYS], WitnessMemory(tmp_path / "w.db"))
    with serving(make_server(witness, "127.0.0.1", 0)) as url:
        yield url


def policy(*witnesses: tuple[str, Sequence[SigningKey], str], quorum: str = "all") -> Policy:
    """A policy of these (name, keys, url); a name for each key, a group over all of them."""
    lines = [f"log {key.verifier.encode()}" for key in KEYS]
    names = []
    for name, keys, url in witnesses:
        for key in keys:
            names.append(f"{name}-{int(key.type)}")
            lines.append(f"witness {names[-1]} {key.verifier.encode()} {url}")
    lines += [f"group everybody {quorum} {' '.join(names)}", "quorum everybody"] if names else ["quorum none"]
    return parse_policy("\n".join(lines) + "\n")


def ask(
    rules: Policy, size: int, states: dict[str, int] | None = None, leaves: tuple[bytes, ...] = LEAVES,
    seconds: float = 5.0,
) -> Collected:  # fmt: skip
    def prove(old: int, new: int) -> list[bytes]:
        return consistency_proof(old, new, list_reader(leaves[:new]))

    return collect(checkpoint(size, leaves), rules, states or {}, prove, now=datetime.now(UTC), seconds=seconds)


def test_both_signatures_of_a_witness_are_collected(honest: str) -> None:
    rules = policy(("w1", WITNESS_KEYS, honest))
    states: dict[str, int] = {}
    for size in (3, 9, 9, 40):
        done = ask(rules, size, states)
        assert done.has_quorum
        verified = verify_note(parse_note(checkpoint(size) + done.lines), COSIGNERS)
        assert {one.key.type for one in verified} == {KeyType.COSIGNATURE, KeyType.ML_DSA_44}
        states = {one.name: one.size for one in done.answers}
        assert set(states.values()) == {size}
        assert latest(honest, ORIGIN) == checkpoint(size) + done.lines
    assert latest(honest, "another.example/log") is None
    assert latest("http://127.0.0.1:9", ORIGIN) is None


def test_a_state_that_was_lost_is_learnt_again(honest: str) -> None:
    rules = policy(("w1", WITNESS_KEYS, honest))
    ask(rules, 9)
    for forgotten in (0, 4):
        done = ask(rules, 16, dict.fromkeys(rules.witnesses, forgotten))
        assert done.has_quorum, done.answers


def test_a_witness_that_saw_another_history_raises_the_alarm(honest: str) -> None:
    rules = policy(("w1", WITNESS_KEYS, honest))
    ask(rules, 20)
    for size, leaves in ((30, OTHERS), (20, OTHERS), (10, LEAVES)):
        done = ask(rules, size, {}, leaves)
        assert not done.has_quorum
        assert {one.is_conflict for one in done.answers} == {True}, done.answers
        assert done.lines == ""


def test_earlier_cosignatures_are_not_sent_on(honest: str) -> None:
    bodies = []

    def spy(_: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str, bytes]:
        bodies.append(body)
        return 500, "text/plain", b""

    done = ask(policy(("w1", WITNESS_KEYS, honest)), 9)
    with serving(scripted(spy)) as url:
        rules = policy(("w1", WITNESS_KEYS, url))
        collect(checkpoint(9) + done.lines, rules, {}, lambda *_: [], now=datetime.now(UTC))
    assert NAME.encode() not in bodies[0]
    assert bodies[0].startswith(b"old 0\n\n" + ORIGIN.encode())


def signed_by(keys: Sequence[SigningKey], size: int = 9, when: datetime | None = None) -> bytes:
    seconds = int((when or datetime.now(UTC)).timestamp())
    text = parse_note(checkpoint(size)).text
    return "".join(key.sign(text, seconds).line() for key in keys).encode()


STRANGER = [SigningKey("stranger.example/w", KeyType.COSIGNATURE, b"s" * 32)]
THIEF = [SigningKey(NAME, key.type, b"t" * 32) for key in WITNESS_KEYS]
TEXT = "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("answer", "problem", "conflict"),
    [
        ((403, TEXT, b"who are you\n"), "not set up", False),
        ((404, TEXT, b""), "not set up", False),
        ((400, TEXT, b""), "does not answer", False),
        ((429, TEXT, b""), "does not answer", False),
        ((500, TEXT, b"Traceback"), "does not answer", False),
        ((302, TEXT, b""), "does not answer", False),
        ((409, TEXT, b""), "409 without a size", True),
        ((409, TEXT, b"9\n"), "409 without a size", True),
        ((409, SIZE, b"nine\n"), "409 without a size", True),
        ((409, SIZE, b"-9\n"), "409 without a size", True),
        ((409, SIZE, b"99999\n"), "has seen 99999", True),
        ((409, SIZE, b"9\n"), "again and again", False),
        ((422, TEXT, b"inconsistent\n"), "422: inconsistent", True),
        ((200, TEXT, b""), "is no signature", False),
        ((200, TEXT, b"\xff\xfe"), "is no signature", False),
        ((200, TEXT, b"thank you\n"), "is no signature", False),
        ((200, TEXT, signed_by(STRANGER)), "none of its signatures", False),
        ((200, TEXT, signed_by(THIEF)), "none of its signatures", False),
        ((200, TEXT, signed_by(WITNESS_KEYS, 8)), "does not verify", False),
        ((200, TEXT, signed_by(WITNESS_KEYS, 9, datetime(2001, 1, 1, tzinfo=UTC))), "far from ours", False),
        ((200, TEXT, b"x" * 100_000), "is no signature", False),
    ],
)
def test_whatever_a_witness_answers(answer: tuple[int, str, bytes], problem: str, conflict: bool) -> None:
    with serving(scripted(lambda *_: answer)) as url:
        done = ask(policy(("w1", WITNESS_KEYS[:1], url)), 9, {"w1-4": 2})
    assert (done.has_quorum, done.lines) == (False, "")
    assert problem in done.answers[0].problem
    assert done.answers[0].is_conflict is conflict


def test_lines_of_others_beside_the_right_one_are_passed_over() -> None:
    content = signed_by(STRANGER) + signed_by(WITNESS_KEYS)
    with serving(scripted(lambda *_: (200, TEXT, content))) as url:
        done = ask(policy(("w1", WITNESS_KEYS[:1], url)), 9)
    assert done.has_quorum
    assert done.lines.encode() in content
    assert "stranger" not in done.lines


def test_nobody_is_waited_for_longer_than_agreed(honest: str) -> None:
    """One does not answer, one is not there: the quorum of the rest is enough, and in time."""
    stop, answered = threading.Event(), threading.Event()

    def slow(*_: Any) -> tuple[int, str, bytes]:
        stop.wait(20)
        answered.set()
        return 500, TEXT, b""

    others = [[SigningKey(f"witness.example/{n}", KeyType.COSIGNATURE, bytes([n]) * 32)] for n in (2, 3)]
    with serving(scripted(slow)) as url:
        rules = policy(
            ("w1", WITNESS_KEYS[:1], honest),
            ("w2", others[0], url),
            ("w3", others[1], "http://127.0.0.1:9"),
            quorum="any",
        )
        done = ask(rules, 9, seconds=15)
        assert not answered.is_set()
        stop.set()
    assert done.has_quorum
    assert [bool(one.problem) for one in done.answers] == [False, True, True]
    assert not any(one.is_conflict for one in done.answers)


def test_without_an_address_nobody_is_asked() -> None:
    text = f"log {KEYS[0].verifier.encode()}\nwitness w1 {COSIGNERS[0].encode()}\nquorum none\n"
    done = ask(parse_policy(text), 9)
    assert done.has_quorum
    assert done.answers[0].problem.startswith("not asked")


def test_a_witness_that_others_wrote(tmp_path: Path) -> None:
    """witness-log: a tlog-witness in Rust. It cosigns for us, tells its size, and refuses another history."""
    service = WitnessService.new("other.example/w", b"7" * 32)
    assert service.add_log(ORIGIN, KEYS[0].verifier.encode())

    def theirs(_: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str, bytes]:
        status, kind, answer = service.handle_add_checkpoint_http(body.decode())
        return status, kind, answer.encode()

    with ExitStack() as stack:
        url = stack.enter_context(serving(scripted(theirs)))
        rules = parse_policy(f"log {KEYS[0].verifier.encode()}\nwitness theirs {service.vkey()} {url}\nquorum theirs\n")
        for size, state in ((5, 0), (9, 5), (16, 0), (16, 16), (40, 16)):
            done = ask(rules, size, {"theirs": state})
            assert done.has_quorum, done.answers
        for size, leaves in ((40, OTHERS), (30, LEAVES)):
            done = ask(rules, size, {}, leaves)
            assert done.answers[0].is_conflict, done.answers
