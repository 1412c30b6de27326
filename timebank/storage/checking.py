"""Audits and checkpoints of the service's book: the ledger's own checks, with the service's documents and rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select

from ledger import Entry, LedgerError
from ledger.audit import ALL_LEVELS, ERASED, Evidence, Level, Pin, Report, Workers, audit
from ledger.checkpoints import SignerMemory
from ledger.errors import FormatError, SignerRefuses
from ledger.signer import Signer
from ledger.stations import StationKey, is_verified
from ledger.stores.sql import JoinedSqlStore, SqlStore
from ledger.stores.sql_schema import account_table, entry_table, posting_table
from timebank.domain.policies import Origin, Policy, from_json
from timebank.domain.rules_of_entries import EntryFacts, Holder, violations
from timebank.storage.keys import signing_keys, verifiers
from timebank.storage.members import Purse
from timebank.storage.moments import moment
from timebank.storage.people import Person
from timebank.storage.unit import Bank, Unit
from timebank.storage.vault import VaultError
from timebank.storage.witnessing import witnessed

MOST_HOLDERS = 100_000
SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Signed:
    """What came of signing: the size of the new checkpoint, or why there is none."""

    size: int | None
    why: str

    def __bool__(self) -> bool:
        """Whether something was signed now: that is worth a line in the log, and nothing else is."""
        return self.why == SIGNED


def audit_book(bank: Bank, since: bytes | None) -> Report:
    """Audit the book at all levels (the fifth where there are witnesses), from its start or where a sound audit ended.

    The keys and the memory of the signer are outside the database, so a rewritten or cut book is seen.
    """
    settings = bank.settings
    keys = verifiers(bank)
    signed = SignerMemory(settings.signer_memory_path).last(settings.book)
    pins = [Pin("signer", signed)] if signed is not None else []
    workers = _workers(bank) if since is None else None
    with moment(bank) as connection, replace(bank, outer=connection).read() as unit:
        known = _Known(bank, unit, connection)
        others = witnessed(bank, unit, ask=since is None and bank.outer is None)
        run = partial(
            audit,
            JoinedSqlStore(connection),
            settings.book,
            levels=ALL_LEVELS if others is not None else ALL_LEVELS - {Level.WITNESSES},
            keys=keys,
            pins=pins,
            documents=None if bank.counts_points else known.documents,
            rules=None if bank.counts_points else known.rules,
            witnessed=others,
            workers=workers,
        )
        try:
            return run(since=since)
        except FormatError:
            # What was kept of the last audit is damaged or of an earlier version: everything is checked again.
            return run()


def _workers(bank: Bank) -> Workers | None:
    """Processes that read beside this one, where the database can be opened by its URL and all of it is committed.

    They see what was committed when they read; of that, the audit asks only for entries of its own moment.
    """
    url = bank.engine.url
    in_memory = url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")
    if bank.outer is not None or in_memory:
        return None
    return Workers(url.render_as_string(hide_password=False), count=2)


@contextmanager
def store_of(bank: Bank) -> Iterator[JoinedSqlStore | SqlStore]:
    """The book's store: in the bank's outer transaction, or in transactions of its own."""
    if bank.outer is not None:
        yield JoinedSqlStore(bank.outer)
        return
    with SqlStore(bank.engine) as store:
        yield store


class _Known:
    """What the service knows of entries: whose the accounts are, and the documents behind the commitments.

    Asked for a batch of entries at a time; what it remembers of accounts is bounded by MOST_HOLDERS and a batch.
    """

    def __init__(self, bank: Bank, unit: Unit, connection: Connection) -> None:
        self._bank, self._unit, self._connection = bank, unit, connection
        self._book = bank.settings.book
        self._holders: dict[str, Holder] = {}
        self._policies: dict[str, Policy] = {}
        self._station_keys = _station_keys(unit)

    def documents(self, seqs: Sequence[int]) -> Mapping[int, Evidence]:
        """(salt, document) of each entry whose document is kept; ERASED where its key was destroyed."""
        evidence = self._commitments(seqs)
        self._learn_holders(min(seqs), max(seqs) + 1)
        rows = self._unit.people.documents_by_commitment(evidence.values())
        people = self._unit.people.many(row.subject_id for row in rows.values())
        read = {person.id: self._reader(person) for person in people.values() if person.wrapped_key}
        found: dict[int, Evidence] = {}
        for seq, commitment in evidence.items():
            row = rows.get(commitment)
            if row is None:
                continue
            reader = read.get(row.subject_id)
            found[seq] = ERASED if reader is None else (row.salt, reader(row.sealed))
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
            signed_by=self._signed_by(entry),
            signs=partial(self._signs, entry.seq),
        )
        known = document if isinstance(document, dict) else None
        for broken in violations(facts, self._policy(entry.policy or "", policy), known):
            yield f"{broken.rule}: {broken.field}, expected {broken.expected}, found {broken.found}"

    def _signed_by(self, entry: Entry) -> str | None:
        """The station whose signature the entry carries; that it is right is checked at level 3."""
        data = entry.data if is_verified(entry.kind) else None
        key = self._station_keys.get(data["station_key"]) if data else None
        return key.station if key is not None else None

    def _signs(self, seq: int, station_id: str) -> bool:
        """Whether a station had a key in force when entry `seq` was written."""
        return any(
            key.station == station_id and added < seq and (key.retired_seq is None or key.retired_seq > seq)
            for added, key in self._station_keys.items()
        )

    def _commitments(self, seqs: Sequence[int]) -> dict[int, str]:
        """What the entries commit to, as their column says; that it is what their bodies say is checked at level 1."""
        query = select(entry_table.c.seq, entry_table.c.evidence).where(
            entry_table.c.book == self._book, entry_table.c.seq.in_(seqs)
        )
        return {seq: text.hex() for seq, text in self._connection.execute(query) if isinstance(text, bytes)}

    def _reader(self, person: Person) -> Callable[[bytes], Any]:
        """Sealed bytes of this person → the document. Unreadable without being erased gives None, which is a finding:
        the audit sees a document that doesn't fit."""
        try:
            opened = self._bank.vault.opener(person.wrapped_key, person.id)
        except VaultError:
            return lambda sealed: None

        def read(sealed: bytes) -> Any:
            try:
                return opened(sealed)
            except VaultError:
                return None

        return read

    def _policy(self, digest: str, document: Mapping[str, Any]) -> Policy | None:
        if digest not in self._policies:
            self._policies[digest] = from_json(dict(document))
        return self._policies[digest]

    def _holder(self, account: str) -> Holder:
        """Who has an account. One that no posting of the batch named is asked for alone."""
        if account not in self._holders:
            self._learn(account_table.c.account == account)
        return self._holders.setdefault(account, Holder("unknown"))

    def _learn_holders(self, start: int, stop: int) -> None:
        """Learn who has the accounts that entries start..stop-1 name."""
        if len(self._holders) > MOST_HOLDERS:
            self._holders.clear()
        named = select(posting_table.c.account).where(
            posting_table.c.book == self._book, posting_table.c.seq >= start, posting_table.c.seq < stop
        )
        self._learn(account_table.c.account.in_(named))

    def _learn(self, which: ColumnElement[bool]) -> None:
        owned = and_(Purse.book == account_table.c.book, Purse.account == account_table.c.account)
        query = (
            select(account_table.c.account, account_table.c.kind, Purse.person_id, Purse.origin)
            .select_from(account_table.outerjoin(Purse, owned))
            .where(account_table.c.book == self._book, which)
        )
        for account, kind, person_id, origin in self._connection.execute(query):
            self._holders[account] = Holder(kind, person_id, Origin(origin) if origin else None)


def _station_keys(unit: Unit) -> dict[int, StationKey]:
    """The keys of stations that the book names; where it names nonsense, level 3 says so."""
    try:
        return unit.book.station_keys()
    except LedgerError:
        return {}


def last_signed_size(bank: Bank) -> int | None:
    """How many entries the last tree has that the signer remembers to have signed."""
    signed = SignerMemory(bank.settings.signer_memory_path).last(bank.settings.book)
    return None if signed is None else signed.size


def sign_book(bank: Bank, *, now: datetime) -> Signed:
    """Sign a checkpoint over the book. The signer checks every new entry itself, and refuses what it can't stand for.

    A refusal is an answer, not an error: the next audit finds the same and raises the alert.
    """
    settings = bank.settings
    signer = Signer(SignerMemory(settings.signer_memory_path), signing_keys(bank), retired=verifiers(bank))
    try:
        with store_of(bank) as store:
            done = signer.sign(store, settings.book, now=now)
    except SignerRefuses as error:
        return Signed(None, str(error))
    return Signed(done.checkpoint.size, SIGNED if done.is_new else "nothing new")
