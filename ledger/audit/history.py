"""Rules about entries that name others, or that look at all that is open: judged and applied to the audit's state."""

from __future__ import annotations

from ledger.accounts import ONE_PER_BOOK
from ledger.audit.state import KIND_NAMED, AuditState, Move
from ledger.canonical import decode, policy_hash
from ledger.chain import leaf_hash
from ledger.entries import Entry, Kind
from ledger.errors import AccountHasOpenHold, EntryUnknown, KindRuleBroken, ProofInvalid
from ledger.merkle import inclusion_proof, verify_inclusion
from ledger.stations import is_of_station, is_signed_only, origins_of, signed_for
from ledger.stations import note as note_station
from ledger.store import Reading, StoredTiles
from ledger.tiles import TileHashReader
from ledger.transfers import COMPLETES, Fates

_nothing_happened = Fates()
_ONE = frozenset(kind.value for kind in ONE_PER_BOOK)


class Past:
    """Entries that were audited already, read again where a rule needs them.

    Those that an earlier audit checked are proven against the root that it came to: the store may have changed since.
    """

    def __init__(self, store: Reading, state: AuditState) -> None:
        self._store = store
        self._book = state.book
        self._size = state.size
        self._root = state.root()
        self._reader = TileHashReader(StoredTiles(store, state.book), state.size)

    def move(self, seq: int) -> Move:
        """An audited entry. Raises EntryUnknown, ProofInvalid, FormatError."""
        row = self._store.row(self._book, seq)
        if row is None:
            raise EntryUnknown(seq)
        if seq < self._size:
            proof = inclusion_proof(seq, self._size, self._reader)
            verify_inclusion(leaf_hash(row.body), seq, self._size, proof, self._root)
        entry = decode(row.body)
        if entry.seq != seq:
            raise ProofInvalid(f"entry {seq} says that it is {entry.seq}")
        return Move(seq, entry.kind, entry.of, entry.postings)

    def completed_by(self, hold: int, before: int) -> int:
        """The last entry before `before` that settled or released a hold."""
        rows = self._store.rows_of(self._book, hold)
        return max((row.seq for row in rows if row.seq < before and row.kind in COMPLETES), default=-1)


def complete(state: AuditState, past: Past, move: Move) -> None:
    """Judge an entry with `of`, and note what it did. Raises LedgerError, and then nothing was noted."""
    of = move.of
    if of is None or of >= move.seq:
        raise EntryUnknown(-1 if of is None else of)
    held = state.holds.get(of)
    target = past.move(of) if held is None else Move(of, Kind.HOLD, None, held)
    fates = _nothing_happened
    if held is None or of in state.reversed:
        fates = Fates()
        if of in state.reversed:
            fates.reversed[of] = state.reversed[of]
        elif target.kind is Kind.HOLD:
            fates.completed[of] = past.completed_by(of, move.seq)
    accounts = state.accounts
    fates.check(move, target, {one: KIND_NAMED[accounts[one].kind] for one, _ in move.postings if one in accounts})
    reopened = None
    if move.kind is Kind.REVERSE and target.kind in COMPLETES and target.of is not None:
        reopened = past.move(target.of).postings
    state.holds.pop(of, None)
    if move.kind is Kind.REVERSE:
        state.reversed[of] = move.seq
        if reopened is not None and target.of is not None:
            state.holds[target.of] = reopened


def close(state: AuditState, account: str) -> None:
    """Whether holds stand in the way of a close. Raises AccountHasOpenHold. The balance is judged elsewhere."""
    for postings in state.holds.values():
        if any(holder == account for holder, _ in postings):
            raise AccountHasOpenHold(account)


def require_single(state: AuditState, kind: str, account: str) -> None:
    """Raises KindRuleBroken for a second issuance or escrow account."""
    if kind in _ONE and any(known.kind == kind for other, known in state.accounts.items() if other != account):
        raise KindRuleBroken(Kind.OPEN, f"a book has one {kind} account")


def note_other(state: AuditState, entry: Entry) -> None:
    """Note what an entry says that moves no credit: verifier keys and policies. Raises LedgerError for a station's key
    that has no place there."""
    data = entry.data or {}
    if entry.kind is Kind.GENESIS:
        state.keys += [(entry.seq, "add", key) for key in data["keys"]]
        state.signed_only, state.origins = is_signed_only(data), origins_of(data)
    elif is_of_station(entry):
        note_station(state.stations, entry, signed_for(state.origins, entry))
    elif entry.kind is Kind.KEY:
        state.keys += [(entry.seq, verb, key) for verb, key in data.items()]
    elif entry.kind is Kind.POLICY:
        document = data["policy"]
        effective_at = document.get("effective_at")
        effective_at = effective_at if isinstance(effective_at, str) else entry.at
        state.policies.append((entry.seq, effective_at, policy_hash(document)))
