"""Entries of one book written into another store as they are, with everything that follows from them."""

from __future__ import annotations

from collections.abc import Iterable

from ledger import Book, decode
from ledger.balances import Accounts
from ledger.chain import leaf_hash
from ledger.entries import Kind
from ledger.store import AccountRow, Batch, Found, PostingRow, Row, Store, Wanted
from ledger.stores.memory import MemoryStore
from ledger.transfers import closed_account, opened_account


def copy_book(source: Book, store: Store, start: int = 0, stop: int | None = None) -> Book:
    """Copy entries and the checkpoints among them. What came before `start` must be there."""
    bodies = [row.body for row in source.store.rows(source.origin, 0, stop)]
    put(store, source.origin, bodies, start)
    for row in source.store.checkpoints(source.origin):
        if start < row.size <= len(bodies):
            store.add_checkpoint(source.origin, row)
    return Book(store, source.origin)


def store_of(bodies: Iterable[bytes]) -> MemoryStore:
    """A store that holds these entries, whoever wrote them."""
    store = MemoryStore()
    content = list(bodies)
    put(store, decode(content[0]).book, content, 0)
    return store


def put(store: Store, origin: str, bodies: list[bytes], start: int) -> None:
    """Write bodies[start:], with columns, postings and accounts derived from all of them."""
    accounts = Accounts()
    batch = Batch(first=start)
    for body in bodies:
        entry = decode(body)
        if entry.kind is Kind.OPEN:
            account, kind = opened_account(entry.data or {})
            accounts.open(account, kind, entry.seq)
            if entry.seq >= start:
                batch.opened.add(account)
        elif entry.kind is Kind.CLOSE:
            accounts.close(closed_account(entry.data or {}), entry.seq)
        after = accounts.post(entry.postings)
        if entry.seq == start - 1:
            accounts.changed.clear()
        if entry.seq < start:
            continue
        for (account, minutes), balance in zip(entry.postings, after, strict=True):
            batch.postings.append(PostingRow(entry.seq, account, minutes, balance))
        evidence, policy = (None if text is None else bytes.fromhex(text) for text in (entry.evidence, entry.policy))
        links = (entry.seq, leaf_hash(body), bytes.fromhex(entry.prev), entry.at, str(entry.kind), entry.actor)
        batch.rows.append(Row(*links, entry.on, entry.key, entry.of, evidence, policy, body))
    for account in accounts.changed:
        state = accounts.states[account]
        batch.accounts[account] = AccountRow(
            account, str(state.kind), state.opened_seq, state.closed_seq, state.balance
        )

    def plan(found: Found) -> Batch:
        return batch

    store.append(origin, Wanted(), plan)
