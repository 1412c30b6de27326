"""The witnesses of the book: whom the operator configured, asking them to cosign, and what they say that they saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ledger.audit import Witnessed
from ledger.errors import NoteInvalid
from ledger.receipts import Policy, parse_policy
from ledger.witness import Collected, collect, latest
from timebank.storage.keys import verifiers
from timebank.storage.publishing import Published
from timebank.storage.unit import Bank

ASK_SECONDS = 3.0
NOBODY = "quorum none\n"


def policy_text(bank: Bank, keys: Iterable[str]) -> str:
    """The log's policy (tlog-policy): these keys of its own, and the witnesses that the operator configured."""
    path = bank.settings.witness_policy_path
    witnesses = path.read_text(encoding="utf-8") if path.exists() else NOBODY
    return "".join(f"log {key}\n" for key in keys) + witnesses


def policy_of(bank: Bank) -> Policy:
    """The same, read, with every key that the book ever had. Raises NoteInvalid, naming the line that is wrong."""
    return parse_policy(policy_text(bank, [key.encode() for key in verifiers(bank)]))


def cosigned(bank: Bank, note: str, states: dict[str, int], *, now: datetime) -> Collected:
    """What the witnesses say of a checkpoint that was signed and stored. It takes three seconds at most."""

    def prove(old: int, new: int) -> Sequence[bytes]:
        with bank.read() as unit:
            return unit.book.consistency_proof(old, new)

    return collect(note, policy_of(bank), states, prove, now=now, seconds=ASK_SECONDS)


def witnessed(bank: Bank, published: Published | None, *, ask: bool) -> Witnessed | None:
    """What an audit compares at level 5. `ask`: also ask each witness what it saw last, over the network."""
    try:
        policy = policy_of(bank)
    except (NoteInvalid, OSError):
        return None
    if not policy.witnesses:
        return None
    shown = {}
    if ask:
        names = {one.url: name for name, one in policy.witnesses.items() if one.url is not None}
        for url, name in names.items():
            note = latest(url, bank.settings.book, seconds=ASK_SECONDS)
            if note is not None:
                shown[name] = note
    return Witnessed(policy, None if published is None else published.note, shown)
