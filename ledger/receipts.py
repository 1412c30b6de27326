"""Receipts: one entry, its inclusion proof and a checkpoint in one file (tlog-proof), and the policy to judge them.

A receipt is checked offline, years later, with nothing but the policy (tlog-policy): the book's keys, the witnesses
and how many of them have to have seen the tree.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.canonical import decode
from ledger.chain import leaf_hash
from ledger.checkpoints import OpenedCheckpoint, open_checkpoint
from ledger.entries import Entry
from ledger.errors import FormatError, NoteInvalid, ProofInvalid
from ledger.merkle import HASH_BYTES, verify_inclusion
from ledger.notes import KeyType, VerifierKey

FIRST_LINE = "c2sp.org/tlog-proof@v1"
MAX_PROOF = 63
NONE = "none"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What stands in a receipt. `body` is the entry's, `checkpoint` the signed note, verbatim."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: str
    body: bytes

    def encode(self) -> str:
        """The content of a `.tlog-proof` file."""
        lines = [FIRST_LINE, f"extra {_base64(self.body)}", f"index {self.index}", *map(_base64, self.proof)]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, raw: str | bytes) -> Receipt:
        """Read a receipt. Raises ProofInvalid. Nothing is verified yet."""
        try:
            text = raw.decode() if isinstance(raw, bytes) else raw
        except UnicodeError as error:
            raise ProofInvalid("a receipt is UTF-8 text") from error
        head, found, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not found or len(lines) < 3 or lines[0] != FIRST_LINE:
            raise ProofInvalid("not a receipt")
        if not lines[1].startswith("extra ") or not lines[2].startswith("index "):
            raise ProofInvalid("a receipt of this ledger carries its entry and its index")
        index = lines[2].removeprefix("index ")
        if not (index.isascii() and index.isdigit() and len(index) <= 19 and str(int(index)) == index):
            raise ProofInvalid(f"{index[:30]!r} is not an entry's number")
        if len(lines) - 3 > MAX_PROOF:
            raise ProofInvalid("the proof is too long")
        proof = tuple(_unbase64(line) for line in lines[3:])
        if any(len(part) != HASH_BYTES for part in proof):
            raise ProofInvalid("a hash of the proof has a wrong length")
        return cls(int(index), proof, checkpoint, _unbase64(lines[1].removeprefix("extra ")))


@dataclass(frozen=True, slots=True)
class Witness:
    """One who cosigns: the name that the policy gives it, and its keys. `url` is where it is asked, if known."""

    name: str
    keys: tuple[VerifierKey, ...]
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom a verifier trusts. `groups`: name → (how many are needed, their members). `quorum`: a name, or "none"."""

    logs: tuple[VerifierKey, ...]
    witnesses: dict[str, Witness] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = NONE

    def keys(self) -> tuple[VerifierKey, ...]:
        """The keys of the book and of all witnesses."""
        return self.logs + tuple(key for witness in self.witnesses.values() for key in witness.keys)

    def met_by(self, signers: Sequence[VerifierKey]) -> bool:
        """Whether these keys make the quorum."""
        signed = set(signers)
        return self.quorum == NONE or self._met(self.quorum, signed)

    def _met(self, name: str, signed: set[VerifierKey]) -> bool:
        if name in self.witnesses:
            return any(key in signed for key in self.witnesses[name].keys)
        needed, members = self.groups[name]
        return sum(self._met(member, signed) for member in members) >= needed


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """An entry that is proven to stand in its book, and the checkpoint that says so."""

    entry: Entry
    opened: OpenedCheckpoint


def verify_receipt(receipt: Receipt, policy: Policy, origin: str) -> VerifiedReceipt:
    """Check a receipt of this book: entry → leaf → root → signatures → quorum. Raises ProofInvalid, NoteInvalid."""
    entry = entry_of(receipt, origin)
    opened = open_checkpoint(receipt.checkpoint, origin, policy.keys())
    tree = opened.checkpoint
    verify_inclusion(leaf_hash(receipt.body), receipt.index, tree.size, receipt.proof, tree.root)
    signers = [proof.key for proof in opened.verified]
    if not any(key in policy.logs for key in signers):
        raise NoteInvalid(f"no key that the policy gives to {origin} signed")
    if not policy.met_by(signers):
        raise NoteInvalid("too few witnesses saw this checkpoint")
    return VerifiedReceipt(entry, opened)


def entry_of(receipt: Receipt, origin: str) -> Entry:
    """The entry that a receipt of this book carries. Raises ProofInvalid. Nothing is proven by it."""
    try:
        entry = decode(receipt.body)
    except FormatError as error:
        raise ProofInvalid(f"the receipt's entry is not one: {error}") from error
    if entry.seq != receipt.index or entry.book != origin:
        raise ProofInvalid(f"the receipt of {origin} {receipt.index} carries entry {entry.seq} of {entry.book}")
    return entry


def parse_policy(text: str) -> Policy:
    """Read a policy of the C2SP document tlog-policy. Raises NoteInvalid, naming the line."""
    reader = _PolicyReader()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if words and not words[0].startswith("#"):
            try:
                reader.read(words)
            except (NoteInvalid, ValueError) as error:
                raise NoteInvalid(f"policy, line {number}: {error}") from error
    return reader.finish()


class _PolicyReader:
    def __init__(self) -> None:
        self._logs: list[VerifierKey] = []
        self._witnesses: dict[str, Witness] = {}
        self._groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._used: set[str] = set()
        self._quorum: str | None = None

    def read(self, words: list[str]) -> None:
        verb, rest = words[0], words[1:]
        if verb == "log" and len(rest) in (1, 2):
            key = VerifierKey.parse(rest[0])
            if key.type is KeyType.COSIGNATURE:
                raise NoteInvalid("a witness's key does not sign for a book")
            self._logs.append(key)
        elif verb == "witness" and len(rest) in (2, 3):
            self._witness(*rest)
        elif verb == "group" and len(rest) >= 3:
            self._group(rest[0], rest[1], rest[2:])
        elif verb == "quorum" and len(rest) == 1:
            if self._quorum is not None:
                raise NoteInvalid("a second quorum")
            if rest[0] != NONE:
                self._use(rest[0])
            self._quorum = rest[0]
        else:
            raise NoteInvalid(f"{' '.join(words)[:60]!r} is not understood")

    def finish(self) -> Policy:
        if not self._logs:
            raise NoteInvalid("the policy names no book")
        if self._quorum is None:
            raise NoteInvalid("the policy names no quorum")
        return Policy(tuple(self._logs), self._witnesses, self._groups, self._quorum)

    def _witness(self, name: str, vkey: str, url: str | None = None) -> None:
        key = VerifierKey.parse(vkey)
        if key.type is KeyType.ED25519:
            raise NoteInvalid("a witness signs with a cosignature")
        self._witnesses[self._new(name)] = Witness(name, (key,), url)

    def _group(self, name: str, needed: str, members: list[str]) -> None:
        for member in members:
            self._use(member)
        counts = {"all": len(members), "any": 1}
        if needed not in counts and not (needed.isascii() and needed.isdigit()):
            raise NoteInvalid(f"{needed[:30]!r} is not a number")
        count = counts[needed] if needed in counts else int(needed)
        if not 1 <= count <= len(members):
            raise NoteInvalid(f"{needed} of {len(members)} is no group")
        self._groups[self._new(name)] = (count, tuple(members))

    def _new(self, name: str) -> str:
        if name == NONE or name in self._witnesses or name in self._groups:
            raise NoteInvalid(f"the name {name[:60]!r} is taken")
        return name

    def _use(self, name: str) -> None:
        if name not in self._witnesses and name not in self._groups:
            raise NoteInvalid(f"{name[:60]!r} is not defined above")
        if name in self._used:
            raise NoteInvalid(f"{name[:60]!r} is used twice")
        self._used.add(name)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _unbase64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofInvalid(f"{text[:30]!r} is not base64") from error
    if _base64(raw) != text:
        raise ProofInvalid(f"{text[:30]!r} is not base64 in its plain form")
    return raw
