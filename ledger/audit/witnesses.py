"""Level 5: what others saw. The published checkpoint carries the quorum of its policy, and what each witness shows is a
tree of this book: otherwise its operator has shown two histories, or this copy is not the one that they know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.x509 import Certificate

from ledger.audit.findings import Findings, Level, Pin
from ledger.checkpoints import Checkpoint, open_checkpoint
from ledger.errors import NoteInvalid, TimestampInvalid
from ledger.receipts import Policy
from ledger.timestamping import check_stamp


@dataclass(frozen=True, slots=True)
class Stamped:
    """A timestamp that is kept: the size and text of the checkpoint that it is about, and the authority's answer."""

    size: int
    text: str
    answer: bytes


@dataclass(frozen=True, slots=True)
class Witnessed:
    """`policy`: whose cosignatures count. `published`: the checkpoint as it was given out, with its cosignatures, or
    None if none was. `shown`: what each witness says that it saw last, by the policy's names; verbatim. `stamps`:
    timestamps, by authorities under `roots`."""

    policy: Policy
    published: str | None = None
    shown: Mapping[str, str] = field(default_factory=dict)
    stamps: Sequence[Stamped] = ()
    roots: Sequence[Certificate] = ()


def pins_of(witnessed: Witnessed, book: str, findings: Findings) -> list[Pin]:
    """Check the quorum, and give what the witnesses remember as pins. What they show unsigned is a finding."""
    policy, pins = witnessed.policy, []
    if witnessed.published is not None:
        try:
            opened = open_checkpoint(witnessed.published, book, policy.keys())
        except NoteInvalid as error:
            findings.add(None, Level.WITNESSES, "published checkpoint", "one that verifies", error, "witness_invalid")
        else:
            if not policy.met_by([proof.key for proof in opened.verified]):
                seq = opened.checkpoint.size - 1
                found = ", ".join(proof.key.name for proof in opened.verified)
                findings.add(seq, Level.WITNESSES, "cosignatures", "the policy's quorum", found, "quorum_missing")
    for name, note in witnessed.shown.items():
        try:
            seen = open_checkpoint(note, book, policy.keys()).checkpoint
        except NoteInvalid as error:
            findings.add(None, Level.WITNESSES, f"what {name} shows", "a checkpoint", error, "witness_invalid")
        else:
            pins.append(Pin(f"witness {name}", seen, Level.WITNESSES))
    for one in witnessed.stamps:
        try:
            check_stamp(one.text, one.answer, witnessed.roots)
            pins.append(Pin("timestamp", Checkpoint.parse(one.text), Level.WITNESSES))
        except (TimestampInvalid, NoteInvalid) as error:
            findings.add(
                one.size - 1, Level.WITNESSES, "timestamp", "one of this checkpoint", error, "timestamp_invalid"
            )
    return pins
