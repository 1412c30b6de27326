"""Level 4: the documents that entries commit to, as far as they still exist, and the policy that each entry cites."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from ledger.audit.findings import Findings, Level
from ledger.audit.state import AuditState
from ledger.canonical import commitment, decode
from ledger.entries import Entry, Kind
from ledger.errors import LedgerError
from ledger.store import Reading

BATCH = 500


class _Erased:
    """The type of `ERASED`."""

    def __repr__(self) -> str:
        return "ERASED"


ERASED: Final = _Erased()
"""What a documents provider gives for a document that was erased on request, or when its time was over."""

Evidence = tuple[bytes, Any] | _Erased
Documents = Callable[[Sequence[int]], Mapping[int, Evidence]]
"""Numbers of entries → (salt, document) or ERASED. A number that is left out is a document that is missing."""

Rules = Callable[[Entry, Mapping[str, Any], Any], Iterable[str]]
"""(entry, policy document, evidence document or None) → what of the policy the entry does not keep."""


class EvidenceCheck:
    """Goes through the entries in batches, so that the provider is asked once for many."""

    def __init__(
        self, store: Reading, book: str, findings: Findings, documents: Documents | None, rules: Rules | None
    ) -> None:
        self._store, self._book, self._findings = store, book, findings
        self._documents, self._rules = documents, rules
        self._policies: dict[str, Mapping[str, Any]] = {}
        self.checked = 0
        self.erased = 0

    def run(self, state: AuditState, start: int, stop: int) -> None:
        """Check entries start..stop-1. The policies come from an audited state."""
        batch: list[Entry] = []
        for entry in self._entries(start, stop):
            if entry.evidence is not None or entry.policy is not None:
                batch.append(entry)
            if len(batch) >= BATCH:
                self._batch(batch, state)
                batch = []
        self._batch(batch, state)

    def _entries(self, start: int, stop: int) -> Iterator[Entry]:
        for row in self._store.rows(self._book, start, stop):
            try:
                yield decode(row.body)
            except (LedgerError, TypeError):
                # Level 1 says what is wrong with it.
                continue

    def _batch(self, entries: list[Entry], state: AuditState) -> None:
        committed = [entry.seq for entry in entries if entry.evidence is not None]
        found = self._documents(committed) if self._documents is not None and committed else {}
        for entry in entries:
            document = self._document(entry, found) if self._documents is not None else None
            if entry.policy is not None:
                self._policy(entry, document, state)

    def _document(self, entry: Entry, found: Mapping[int, Evidence]) -> Any:
        if entry.evidence is None:
            return None
        evidence = found.get(entry.seq)
        if isinstance(evidence, _Erased):
            self.erased += 1
            return None
        if evidence is None:
            self._add(entry.seq, "evidence", "a document, or that it was erased", None, "evidence_missing")
            return None
        self.checked += 1
        salt, document = evidence
        try:
            digest = commitment(salt, document)
        except LedgerError as error:
            self._add(entry.seq, "evidence", entry.evidence, error, "evidence")
            return None
        if digest != entry.evidence:
            self._add(entry.seq, "evidence", entry.evidence, digest, "evidence")
        return document

    def _policy(self, entry: Entry, document: Any, state: AuditState) -> None:
        """The policy in force is the last one before the entry whose time had come."""
        in_force = None
        known = None
        for seq, effective_at, digest in state.policies:
            if seq >= entry.seq:
                break
            if digest == entry.policy:
                known = seq
            if effective_at <= entry.at:
                in_force = digest
        if known is None:
            self._add(entry.seq, "policy", "a policy of this book", entry.policy, "policy_unknown")
            return
        if entry.policy != in_force and entry.kind is not Kind.REVERSE:
            self._add(entry.seq, "policy", in_force, entry.policy, "policy_not_in_force")
        if self._rules is not None:
            for problem in self._rules(entry, self._document_of(known, entry.policy or ""), document):
                self._add(entry.seq, "policy rule", "what the policy allows", problem, "policy_broken")

    def _document_of(self, seq: int, digest: str) -> Mapping[str, Any]:
        if digest not in self._policies:
            row = self._store.row(self._book, seq)
            data = decode(row.body).data if row is not None else None
            self._policies[digest] = (data or {}).get("policy", {})
        return self._policies[digest]

    def _add(self, seq: int, name: str, expected: object, found: object, code: str) -> None:
        self._findings.add(seq, Level.EVIDENCE, name, expected, found, code)
