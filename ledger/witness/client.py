"""Asks the witnesses of a policy to cosign a checkpoint: all at once, for a bounded time, and believes none unchecked.

Each is told the last tree that it acknowledged. One that knows less is given the proof from there; one that knows more,
or knows something else, raises an alarm: either this log was rolled back or forked, or the witness lies.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from datetime import datetime

from ledger.checkpoints import Checkpoint
from ledger.errors import NoteInvalid, ProofInvalid
from ledger.notes import Note, VerifierKey, parse_note
from ledger.receipts import Policy, Witness
from ledger.wire import HttpAnswer, ask

TRIES = 3
SKEW_SECONDS = 600
"""A cosignature's time may be so far from ours."""
GRACE_SECONDS = 0.3
"""How long those are still waited for who are not needed for the quorum."""

_SIZE = "text/x.tlog.size"

Prove = Callable[[int, int], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking one witness of the policy. `lines`: its note lines, verbatim, if it cosigned. `size`: the
    largest tree that it is known to have acknowledged. `is_conflict`: it knows another history; `evidence` is then what
    it said, and the checkpoint that it shows, verbatim and unverified."""

    name: str
    size: int
    lines: str = ""
    problem: str = ""
    is_conflict: bool = False
    evidence: str = ""
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """What all witnesses answered, by the policy's names, and whether they make its quorum."""

    answers: tuple[Answer, ...]
    has_quorum: bool

    @property
    def lines(self) -> str:
        """All cosignatures, to stand under the checkpoint."""
        return "".join(answer.lines for answer in self.answers)


@dataclass(slots=True)
class _Round:
    """What one checkpoint is asked with."""

    note: Note
    tree: Checkpoint
    prove: Prove
    now: datetime
    ends: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_over: bool = False

    @property
    def left(self) -> float:
        return max(0.05, self.ends - time.monotonic())

    def body(self, old: int) -> bytes:
        """The submission: from the tree that the witness knows to this one."""
        with self.lock:
            if self.is_over:
                raise TimeoutError("nobody waits for this answer")
            proof = self.prove(old, self.tree.size) if 0 < old < self.tree.size else ()
        lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
        return f"old {old}\n{lines}\n{self.note.encode()}".encode()

    def close(self) -> None:
        """`prove` is not called again: it may read from a database that the caller goes on to use."""
        with self.lock:
            self.is_over = True


def collect(
    note: str, policy: Policy, states: Mapping[str, int], prove: Prove, *, now: datetime, seconds: float = 3.0
) -> Collected:
    """Have the witnesses of the policy cosign `note`, which the log signed. `states`: name → size last acknowledged.

    `prove(old, new)` gives the consistency proof; it is called by one thread at a time. Takes `seconds` at most, and
    less once the quorum is there. Raises NoteInvalid if `note` is no checkpoint.
    """
    parsed = parse_note(note)
    origin = Checkpoint.parse(parsed.text).origin
    # Only the log's own signatures are sent: what other witnesses said is not this one's business.
    own = replace(parsed, signatures=tuple(one for one in parsed.signatures if one.name == origin))
    asking = _Round(own, Checkpoint.parse(parsed.text), prove, now, time.monotonic() + seconds)
    by_url: dict[str, list[Witness]] = {}
    for witness in policy.witnesses.values():
        if witness.url is not None:
            by_url.setdefault(witness.url, []).append(witness)
    found = {
        name: Answer(name, states.get(name, 0), problem="not asked: the policy names no address")
        for name in policy.witnesses
    }
    try:
        waiting = {_start(asking, url, group, states): group for url, group in by_url.items()}
        for answer in _gather(waiting, policy, asking, states):
            found[answer.name] = answer
    finally:
        asking.close()
    for url, group in by_url.items():
        if any(found[one.name].is_conflict for one in group):
            # After all answers are in: an alarm must not be lost to a page that is slow.
            shown = latest(url, origin, seconds=asking.left) or ""
            for one in group:
                found[one.name] = replace(found[one.name], evidence=found[one.name].evidence + shown)
    return Collected(tuple(found.values()), _has_quorum(policy, found.values()))


def _start(asking: _Round, url: str, group: list[Witness], states: Mapping[str, int]) -> Future[list[Answer]]:
    """Ask in a thread that nobody has to wait for, not even the end of the program."""
    future: Future[list[Answer]] = Future()

    def run() -> None:
        try:
            future.set_result(_ask(asking, url, group, states))
        except BaseException as error:  # It is raised where the answer is read.
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _gather(
    waiting: dict[Future[list[Answer]], list[Witness]], policy: Policy, asking: _Round, states: Mapping[str, int]
) -> Iterable[Answer]:
    """Answers as they come, until all are there, the time is over, or the quorum is there and nobody else hurries."""
    answers: list[Answer] = []
    while waiting:
        left = asking.ends - time.monotonic()
        if _has_quorum(policy, answers):
            left = min(left, GRACE_SECONDS)
        done, _ = wait(waiting, timeout=max(0.0, left), return_when=FIRST_COMPLETED)
        if not done:
            break
        for future in done:
            del waiting[future]
            answers += future.result()
    late = "no answer in time"
    answers += [Answer(one.name, states.get(one.name, 0), problem=late) for group in waiting.values() for one in group]
    return answers


def _has_quorum(policy: Policy, answers: Iterable[Answer]) -> bool:
    signed = [key for one in answers if one.lines for key in policy.witnesses[one.name].keys]
    return policy.met_by([*signed, *policy.logs])


def _ask(asking: _Round, url: str, group: list[Witness], states: Mapping[str, int]) -> list[Answer]:
    """One witness, which may stand under several names of the policy: one for each of its keys."""
    size = max(states.get(one.name, 0) for one in group)

    def all_of(**what: object) -> list[Answer]:
        return [replace(Answer(one.name, size), **what) for one in group]  # type: ignore[arg-type]

    try:
        old = min(size, asking.tree.size)
        for _ in range(TRIES):
            got = ask("POST", url, "add-checkpoint", asking.body(old), asking.left)
            if got.status == 200:
                return [_verified(asking, one, got.body, size) for one in group]
            known = _size(got) if got.status == 409 else None
            if known is not None and known <= asking.tree.size:
                size = old = known
                continue
            if got.status in (409, 422):
                problem = _conflict(got, known)
                evidence = f"{got.status} {got.content_type}\n{got.body[:1000].decode('utf-8', 'replace')}\n"
                return all_of(
                    size=size if known is None else known, problem=problem, is_conflict=True, evidence=evidence
                )
            kind = "it is not set up for this log" if got.status in (403, 404) else "it does not answer as it should"
            return all_of(problem=f"{got.status}: {kind}")
        return all_of(problem="409 again and again")
    except (OSError, http.client.HTTPException, ValueError, ProofInvalid) as error:
        return all_of(problem=f"{type(error).__name__}"[:80])


def latest(url: str, origin: str, *, seconds: float = 3.0) -> str | None:
    """The checkpoint of a log that a witness cosigned last, unverified; None if it has none or does not say."""
    path = f"{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint"
    try:
        got = ask("GET", url, path, None, seconds)
        return got.body.decode() if got.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None


def _verified(asking: _Round, witness: Witness, body: bytes, size: int) -> Answer:
    """The lines of this witness in an answer, if they verify against exactly what was sent."""
    try:
        answered = parse_note(asking.note.text + "\n" + body.decode())
    except (NoteInvalid, UnicodeError):
        return Answer(witness.name, size, problem="its answer is no signature")
    lines: dict[VerifierKey, str] = {}
    latest_seconds = 0
    for one in answered.signatures:
        key = _key_of(witness, one.name, one.key_id)
        if key is None or key in lines:
            # The first line of a key is its signature, as for those who verify the note later.
            continue
        try:
            seconds = key.verify(asking.note.text, one.value)
        except NoteInvalid:
            return Answer(witness.name, size, problem="its signature does not verify")
        if seconds is None or abs(seconds - asking.now.timestamp()) > SKEW_SECONDS:
            return Answer(witness.name, size, problem="the time of its signature is far from ours")
        lines[key], latest_seconds = one.line(), max(latest_seconds, seconds)
    if not lines:
        return Answer(witness.name, size, problem="none of its signatures is by the key of the policy")
    return Answer(witness.name, asking.tree.size, "".join(lines.values()), seconds=latest_seconds)


def _key_of(witness: Witness, name: str, key_id: bytes) -> VerifierKey | None:
    return next((key for key in witness.keys if (key.name, key.key_id) == (name, key_id)), None)


def _conflict(got: HttpAnswer, known: int | None) -> str:
    if got.status == 422:
        return f"422: {_short(got.body)}"
    return "409 without a size: it knows another tree" if known is None else f"it has seen {known} entries"


def _size(got: HttpAnswer) -> int | None:
    text = got.body.decode("ascii", "replace")
    digits = text.removesuffix("\n")
    if got.content_type.split(";")[0].strip() != _SIZE or not (
        digits.isascii() and digits.isdigit() and len(digits) < 20
    ):
        return None
    return int(digits)


def _short(body: bytes) -> str:
    return "".join(letter for letter in body[:60].decode("ascii", "replace") if letter.isprintable())
