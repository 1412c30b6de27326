"""What a witness decides about a checkpoint, without HTTP: the refusals of tlog-witness, in its order."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ledger.checkpoints import Checkpoint, OpenedCheckpoint, open_checkpoint
from ledger.errors import NoteInvalid, ProofInvalid
from ledger.merkle import EMPTY_ROOT, HASH_BYTES, verify_consistency
from ledger.notes import KeyType, Note, Signature, Signing, VerifierKey, parse_note
from ledger.witness.memory import Seen, WitnessMemory

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
MAX_PROOF = 63
MAX_SIZE = 2**63 - 1
"""What the memory can hold; no log grows so far."""
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_KINDS = (KeyType.COSIGNATURE, KeyType.ML_DSA_44)


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer: status, body, and its type."""

    status: int
    body: str
    content_type: str = TEXT


@dataclass(frozen=True, slots=True)
class _Submission:
    old: int
    proof: tuple[bytes, ...]
    note: str


class Witness:
    """A witness with its keys (Ed25519 0x04 and, if it has one, ML-DSA-44 0x06), the logs that it knows, its memory."""

    def __init__(
        self,
        keys: Sequence[Signing],
        logs: Iterable[VerifierKey],
        memory: WitnessMemory,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Raises NoteInvalid for keys that don't cosign or bear different names."""
        if not keys or any(key.type not in _KINDS for key in keys) or len({key.name for key in keys}) > 1:
            raise NoteInvalid("a witness has cosigning keys of one name")
        self.keys = tuple(keys)
        self.logs: dict[str, list[VerifierKey]] = {}
        for log in logs:
            self.logs.setdefault(log.name, []).append(log)
        self._memory, self._clock = memory, clock

    def add_checkpoint(self, body: bytes) -> Reply:
        """Cosign, or say why not: 400 malformed, 404 unknown log, 403 not signed by it, 409 another tree was expected
        (with its size), 422 not an extension of what was seen."""
        try:
            asked = _parse(body)
            tree = Checkpoint.parse(parse_note(asked.note).text)
        except NoteInvalid as error:
            return Reply(400, f"{error}\n")
        if tree.size > MAX_SIZE:
            return Reply(400, "no log is so large\n")
        if tree.origin not in self.logs:
            return Reply(404, "this log is not known here\n")
        try:
            opened = open_checkpoint(asked.note, tree.origin, self.logs[tree.origin])
        except NoteInvalid as error:
            return Reply(403, f"{error}\n")
        if asked.old > tree.size:
            return Reply(400, f"old {asked.old} is larger than the checkpoint\n")
        return self._judge(asked, opened)

    def latest(self, origin_hash: str) -> Reply:
        """The last cosigned checkpoint of the log whose origin has this SHA-256 (hex), for monitors."""
        for origin in self.logs:
            if hashlib.sha256(origin.encode()).hexdigest() == origin_hash:
                seen = self._memory.seen(origin)
                return Reply(404, "nothing was seen of this log yet\n") if seen is None else Reply(200, seen.note)
        return Reply(404, "this log is not known here\n")

    def describe(self) -> Reply:
        """Who this is, for people and for the policies of others."""
        lines = ["A witness of transparency logs (C2SP tlog-witness).", ""]
        lines += [f"witness {key.name} {key.verifier.encode()}" for key in self.keys]
        lines += ["", *(f"log {key.encode()}" for keys in self.logs.values() for key in keys)]
        return Reply(200, "\n".join(lines) + "\n")

    def _judge(self, asked: _Submission, opened: OpenedCheckpoint) -> Reply:
        tree, note = opened.checkpoint, _signed_by_the_log(opened)
        seen = self._memory.seen(tree.origin)
        known = 0 if seen is None else seen.size
        if asked.old != known:
            return Reply(409, f"{known}\n", SIZE)
        refusal = _contradiction(asked, tree, seen)
        if refusal:
            return Reply(422, f"{refusal}\n")
        seconds = int(self._clock().timestamp())
        lines = "".join(key.sign(note.text, seconds).line() for key in self.keys)
        if not self._memory.advance(tree.origin, seen, Seen(tree.size, tree.root, note.encode() + lines)):
            # Somebody else came first. What was signed here is thrown away unseen.
            now = self._memory.seen(tree.origin)
            return Reply(409, f"{0 if now is None else now.size}\n", SIZE)
        return Reply(200, lines)


def _signed_by_the_log(opened: OpenedCheckpoint) -> Note:
    """The note with the lines that were verified and no others. Anyone may submit a log's public checkpoint again, with
    a false line in this witness's name: kept, it would make monitors reject the whole note."""
    known = {(proof.key.name, proof.key.key_id) for proof in opened.verified}
    lines: dict[tuple[str, bytes], Signature] = {}
    for one in opened.note.signatures:
        if (one.name, one.key_id) in known:
            lines.setdefault((one.name, one.key_id), one)
    return Note(opened.note.text, tuple(lines.values()))


def _contradiction(asked: _Submission, tree: Checkpoint, seen: Seen | None) -> str:
    """Why this tree is no extension of the one that was seen; nothing if it is."""
    if tree.size == 0 and tree.root != EMPTY_ROOT:
        return "an empty tree has another root"
    if asked.old == 0:
        return "a first checkpoint needs no proof" if asked.proof else ""
    if seen is None:
        return "nothing was seen of this log"
    try:
        verify_consistency(asked.old, tree.size, seen.root, tree.root, asked.proof)
    except ProofInvalid as error:
        return str(error)
    return ""


def _parse(body: bytes) -> _Submission:
    """Raises NoteInvalid."""
    try:
        text = body.decode()
    except UnicodeError as error:
        raise NoteInvalid("not UTF-8") from error
    head, found, note = text.partition("\n\n")
    lines = head.split("\n")
    old = _OLD.fullmatch(lines[0])
    if not found or old is None:
        raise NoteInvalid("a submission begins with the old size, the proof and an empty line")
    if len(lines) - 1 > MAX_PROOF:
        raise NoteInvalid(f"a proof has at most {MAX_PROOF} hashes")
    return _Submission(int(old[1]), tuple(_hash(line) for line in lines[1:]), note)


def _hash(line: str) -> bytes:
    try:
        raw = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteInvalid("a line of the proof is not base64") from error
    if len(raw) != HASH_BYTES or base64.b64encode(raw).decode() != line:
        raise NoteInvalid("a line of the proof is no hash")
    return raw
