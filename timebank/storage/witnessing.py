"""The witnesses of the book: whom the operator configured, asking them to cosign, and what they say that they saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cryptography.x509 import Certificate

from ledger.audit import Stamped, Witnessed
from ledger.errors import NoteInvalid, TimestampInvalid
from ledger.notes import parse_note
from ledger.receipts import Policy, parse_policy
from ledger.timestamping import Stamp, check_stamp, read_roots, request_stamp
from ledger.witness import Collected, collect, latest
from timebank.storage.keys import verifiers
from timebank.storage.publishing import Published
from timebank.storage.unit import Bank, Unit

ASK_SECONDS = 3.0
STAMP_SECONDS = 20.0
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


def stamp(bank: Bank, published: Published) -> tuple[bytes, Stamp]:
    """What the configured authority answers about a checkpoint, and what that says. Raises TimestampInvalid."""
    roots, text = _roots(bank), parse_note(published.note).text
    answer = request_stamp(bank.settings.timestamp_url, text, roots, seconds=STAMP_SECONDS)
    return answer, check_stamp(text, answer, roots)


def _roots(bank: Bank) -> list[Certificate]:
    try:
        return read_roots(bank.settings.timestamp_roots_path.read_bytes())
    except OSError as error:
        raise TimestampInvalid(f"the roots can't be read: {error.strerror}") from error


def _known_roots(bank: Bank) -> list[Certificate]:
    """The same; none if they can't be read: then no timestamp verifies, and the audit says so."""
    try:
        return _roots(bank)
    except TimestampInvalid:
        return []


def _stamped(bank: Bank, unit: Unit) -> tuple[Stamped, ...]:
    """Every timestamp that is kept, each with the checkpoint that it is about, as the ledger has it."""
    found = []
    for row in unit.publishing.timestamps():
        signed = unit.book.store.checkpoint(unit.origin, row.size)
        found.append(Stamped(row.size, "" if signed is None else parse_note(signed.note).text, row.answer))
    return tuple(found)


def witnessed(bank: Bank, unit: Unit, *, ask: bool) -> Witnessed | None:
    """What an audit compares at level 5: the last publication, what witnesses show, timestamps; None where nobody
    outside was ever asked. `ask`: also ask each witness what it saw last, over the network."""
    published = unit.publishing.latest()
    try:
        policy = policy_of(bank)
    except (NoteInvalid, OSError):
        return None
    stamped, roots = (_stamped(bank, unit), _known_roots(bank)) if bank.settings.timestamp_url else ((), [])
    if not policy.witnesses and not stamped:
        return None
    shown = {}
    if ask:
        names = {one.url: name for name, one in policy.witnesses.items() if one.url is not None}
        for url, name in names.items():
            note = latest(url, bank.settings.book, seconds=ASK_SECONDS)
            if note is not None:
                shown[name] = note
    return Witnessed(policy, None if published is None else published.note, shown, stamped, tuple(roots))
