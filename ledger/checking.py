"""Judging receipts as they come: from files and codes, one or many, and why one proves nothing.

The reasons are words of the interface: the page that checks receipts in a browser gives the same ones, and tests hold
both to one list of cases. Nothing is asked of anybody: a receipt and a policy are all that is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from itertools import pairwise
from typing import Any

from ledger.canonical import decode
from ledger.chain import leaf_hash
from ledger.checkpoints import Checkpoint
from ledger.compact import PREFIX, decode_compact, is_compact
from ledger.entries import Entry
from ledger.errors import LedgerError, NoteInvalid, ProofInvalid
from ledger.merkle import inclusion_length, verify_inclusion
from ledger.notes import MAX_NOTE_BYTES, Note, Verified, parse_note, verify_note
from ledger.receipts import FIRST_LINE, NONE, Policy, Receipt

MOST_BYTES = 20 * MAX_NOTE_BYTES
_CODES = re.compile(f"(?={PREFIX}/)")


class Reason(StrEnum):
    """Why a receipt proves nothing, in the order in which it is asked; or that it is proven."""

    PROVEN = "proven"
    UNREADABLE = "unreadable"
    NO_ENTRY = "no-entry"
    OTHER_ENTRY = "other-entry"
    NO_CHECKPOINT = "no-checkpoint"
    OTHER_BOOK = "other-book"
    NOT_SIGNED = "not-signed"
    FALSE_SIGNATURE = "false-signature"
    TOO_FEW_WITNESSES = "too-few-witnesses"
    NOT_AMONG_THEM = "not-among-them"
    PROOF_LENGTH = "proof-length"
    OTHER_ROOT = "other-root"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a receipt proves, or why nothing. What was read before it failed is given, and is then nobody's word.

    `signed_by` are the lines that verified, of the book and of the witnesses. `why` is for people, in English.
    """

    reason: Reason
    why: str = ""
    entry: Entry | None = None
    tree: Checkpoint | None = None
    signed_by: tuple[Verified, ...] = ()

    @property
    def is_proven(self) -> bool:
        return self.reason is Reason.PROVEN

    def as_document(self) -> dict[str, Any]:
        """For programs."""
        entry, tree = self.entry, self.tree
        return {
            "verdict": "proven" if self.is_proven else "not proven",
            "reason": str(self.reason),
            "why": self.why,
            "entry": None if entry is None else _entry_document(entry),
            "tree": None if tree is None else {"origin": tree.origin, "size": tree.size, "root": tree.root.hex()},
            "signed_by": [_signer_document(one) for one in self.signed_by],
        }


def read_all(raw: bytes) -> Iterator[Receipt | Judgement]:
    """Every receipt in a file: `.tlog-proof` texts one after the other, or the texts of codes.

    What can't be read comes as a judgement in its place. There is always at least one of either.
    """
    if len(raw) > MOST_BYTES:
        yield Judgement(Reason.UNREADABLE, f"{len(raw)} bytes are too many")
        return
    text = raw.decode(errors="replace")
    if is_compact(text):
        groups: dict[str, list[str]] = {}
        for code in _CODES.split(re.sub(r"\s", "", text).upper())[1:]:
            groups.setdefault("/".join(code.split("/")[2:4]), []).append(code)
        for codes in groups.values():
            yield _read(partial(decode_compact, codes))
        return
    starts = [found.start() for found in re.finditer(rf"^{re.escape(FIRST_LINE)}$", text, re.MULTILINE)]
    cuts = [0, *(start for start in starts if start), len(text)]
    for piece in (text[a:b] for a, b in pairwise(cuts)):
        yield _read(partial(Receipt.parse, piece))


def judge(receipt: Receipt, policy: Policy) -> Judgement:
    """Ask everything of a receipt, in the order of `Reason`; the first answer that is wrong ends it. Raises nothing."""
    so_far = Judgement(Reason.PROVEN)
    try:
        with _or(Reason.NO_ENTRY):
            entry = decode(receipt.body)
        so_far = replace(so_far, entry=entry)
        if entry.seq != receipt.index:
            raise _Refused(Reason.OTHER_ENTRY, f"it is of entry {receipt.index} and carries entry {entry.seq}")
        with _or(Reason.NO_CHECKPOINT):
            note = parse_note(receipt.checkpoint)
            tree = Checkpoint.parse(note.text)
        so_far = replace(so_far, tree=tree)
        if tree.origin != entry.book or tree.origin not in {key.name for key in policy.logs}:
            raise _Refused(Reason.OTHER_BOOK, f"entry of {entry.book}, checkpoint of {tree.origin}; the policy trusts "
                           + ", ".join(sorted({key.name for key in policy.logs})))  # fmt: skip
        so_far = replace(so_far, signed_by=_signers(note, policy, tree.origin))
        _require_inclusion(receipt, tree)
    except _Refused as refused:
        return replace(so_far, reason=refused.reason, why=str(refused))
    return so_far


class _Refused(Exception):  # noqa: N818 - as all refusals of this package are named
    def __init__(self, reason: Reason, why: str) -> None:
        self.reason = reason
        super().__init__(why)


@contextmanager
def _or(reason: Reason) -> Iterator[None]:
    """Whatever the ledger refuses in here has this reason."""
    try:
        yield
    except LedgerError as error:
        raise _Refused(reason, str(error)) from error


def _signers(note: Note, policy: Policy, origin: str) -> tuple[Verified, ...]:
    books = {(key.name, key.key_id) for key in policy.logs if key.name == origin}
    if not any((line.name, line.key_id) in books for line in note.signatures):
        raise _Refused(Reason.NOT_SIGNED, f"no key that the policy gives to {origin} signed")
    with _or(Reason.FALSE_SIGNATURE):
        verified = verify_note(note, policy.keys())
    if not policy.met_by([one.key for one in verified]):
        raise _Refused(Reason.TOO_FEW_WITNESSES, "too few of the policy's witnesses saw this checkpoint")
    return verified


def _require_inclusion(receipt: Receipt, tree: Checkpoint) -> None:
    if receipt.index >= tree.size:
        raise _Refused(Reason.NOT_AMONG_THEM, f"entry {receipt.index} is not among the first {tree.size}")
    if len(receipt.proof) != inclusion_length(receipt.index, tree.size):
        raise _Refused(Reason.PROOF_LENGTH, f"{len(receipt.proof)} hashes are too few or too many")
    with _or(Reason.OTHER_ROOT):
        verify_inclusion(leaf_hash(receipt.body), receipt.index, tree.size, receipt.proof, tree.root)


def _read(reading: Callable[[], Receipt]) -> Receipt | Judgement:
    try:
        return reading()
    except (ProofInvalid, NoteInvalid) as error:
        return Judgement(Reason.UNREADABLE, str(error))


def _entry_document(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "book": entry.book,
        "kind": str(entry.kind),
        "at": entry.at,
        "on": entry.on,
        "of": entry.of,
        "postings": [list(posting) for posting in entry.postings],
    }


def _signer_document(one: Verified) -> dict[str, Any]:
    at = None if one.seconds is None else seen_at(one.seconds)
    return {"name": one.key.name, "key_id": one.key.key_id.hex(), "type": one.key.type.name.lower(), "at": at}


def seen_at(seconds: int) -> str:
    """The time in a cosignature, in words; a number where no calendar reaches."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def needs_witnesses(policy: Policy) -> bool:
    """Whether the policy asks for any witness at all."""
    return policy.quorum != NONE
