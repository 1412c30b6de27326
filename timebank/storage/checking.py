"""Audits and checkpoints of the service's book: the ledger's own checks, with the service's documents and rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from ledger import Entry
from ledger.audit import ALL_LEVELS, ERASED, Evidence, Pin, Report, audit
from ledger.checkpoints import SignerMemory
from ledger.errors import FormatError, SignerRefuses
from ledger.notes import read_keys
from ledger.signer import Signer
from ledger.stores.sql import JoinedSqlStore, SqlStore
from timebank.domain.policies import Origin, from_json
from timebank.domain.rules_of_entries import EntryFacts, Holder, violations
from timebank.storage.unit import Bank, Unit
from timebank.storage.vault import VaultError


@dataclass(frozen=True, slots=True)
class Signed:
    """What came of signing: the size of the new checkpoint, or why there is none."""

    size: int | None
    why: str


def audit_book(bank: Bank, since: bytes | None) -> Report:
    """Audit the book at all four levels, from the start or from where a sound audit ended.

    The keys and the memory of the signer are outside the database, so a rewritten or cut book is seen.
    """
    settings = bank.settings
    keys = [key.verifier for key in read_keys(settings.signing_key_path)]
    signed = SignerMemory(settings.signer_memory_path).last(settings.book)
    pins = [Pin("signer", signed)] if signed is not None else []
    with bank.read() as unit, store_of(bank) as store:
        known = _Known(bank, unit)
        run = partial(
            audit,
            store,
            settings.book,
            levels=ALL_LEVELS,
            keys=keys,
            pins=pins,
            documents=known.documents,
            rules=known.rules,
        )
        try:
            return run(since=since)
        except FormatError:
            # What was kept of the last audit is damaged or of an earlier version: everything is checked again.
            return run()


@contextmanager
def store_of(bank: Bank) -> Iterator[JoinedSqlStore | SqlStore]:
    """The book's store: in the bank's outer transaction, or in transactions of its own."""
    if bank.outer is not None:
        yield JoinedSqlStore(bank.outer)
        return
    with SqlStore(bank.engine) as store:
        yield store


class _Known:
    """What the service knows of entries: whose the accounts are, and the documents behind the commitments."""

    def __init__(self, bank: Bank, unit: Unit) -> None:
        self._bank, self._unit = bank, unit
        self._holders: dict[str, Holder] = {}

    def documents(self, seqs: Sequence[int]) -> Mapping[int, Evidence]:
        """(salt, document) of each entry whose document is kept; ERASED where its key was destroyed."""
        evidence = {seq: self._unit.book.entry(seq).evidence for seq in seqs}
        rows = self._unit.people.documents_by_commitment(one for one in evidence.values() if one)
        people = self._unit.people.many(row.subject_id for row in rows.values())
        found: dict[int, Evidence] = {}
        for seq, commitment in evidence.items():
            row = rows.get(commitment or "")
            if row is None:
                continue
            person = people.get(row.subject_id)
            if person is None or not person.wrapped_key:
                found[seq] = ERASED
                continue
            try:
                found[seq] = (row.salt, self._bank.vault.open(person.wrapped_key, person.id, row.sealed))
            except VaultError:
                # Unreadable without being erased is a finding: the audit sees a document that doesn't fit.
                found[seq] = (row.salt, None)
        return found

    def rules(self, entry: Entry, policy: Mapping[str, Any], document: Any) -> Iterable[str]:
        """What of the policy an entry does not keep, in words for the report."""
        facts = EntryFacts(
            seq=entry.seq,
            kind=str(entry.kind),
            actor=entry.actor,
            on=entry.on,
            postings=entry.postings,
            of=entry.of,
            accounts={account: self._holder(account) for account, _ in entry.postings},
        )
        known = document if isinstance(document, dict) else None
        for broken in violations(facts, from_json(dict(policy)), known):
            yield f"{broken.rule}: {broken.field}, expected {broken.expected}, found {broken.found}"

    def _holder(self, account: str) -> Holder:
        holder = self._holders.get(account)
        if holder is None:
            state = self._unit.book.account(account)
            owner = self._unit.members.owner(account)
            kind = str(state.kind) if state else "unknown"
            origin = Origin(owner.origin) if owner else None
            holder = self._holders[account] = Holder(kind, owner.person_id if owner else None, origin)
        return holder


def sign_book(bank: Bank, *, now: datetime) -> Signed:
    """Sign a checkpoint over the book. The signer checks every new entry itself, and refuses what it can't stand for.

    A refusal is an answer, not an error: the next audit finds the same and raises the alert.
    """
    settings = bank.settings
    signer = Signer(SignerMemory(settings.signer_memory_path), read_keys(settings.signing_key_path))
    try:
        with store_of(bank) as store:
            done = signer.sign(store, settings.book, now=now)
    except SignerRefuses as error:
        return Signed(None, str(error))
    return Signed(done.checkpoint.size, "signed" if done.is_new else "nothing new")
