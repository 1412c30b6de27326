"""Reads a whole book again, from its rows alone, and compares everything with everything."""

from __future__ import annotations

from ledger import Entry, decode
from ledger.balances import Accounts
from ledger.chain import FIRST_LINK, check_link, leaf_hash, next_link
from ledger.entries import Kind
from ledger.store import Reading, Row
from ledger.tiles import tile_root
from ledger.transfers import Fates, check_postings, check_shape, closed_account, opened_account


def check_whole(store: Reading, origin: str) -> list[Entry]:
    """Every link, rule, projection, posting, balance, tile and the head. Returns the entries."""
    with store.snapshot() as frozen:
        entries = [_check_row(row) for row in frozen.rows(origin)]
        _check_chain(frozen, origin, entries)
        _check_books(frozen, origin, entries)
        _check_tiles(frozen, origin)
    return entries


def _check_row(row: Row) -> Entry:
    entry = decode(row.body)
    assert row.leaf_hash == leaf_hash(row.body)
    assert (row.seq, row.prev.hex(), row.at, row.kind, row.actor) == (
        entry.seq, entry.prev, entry.at, entry.kind, entry.actor,
    )  # fmt: skip
    assert (row.on_date, row.key, row.of_seq) == (entry.on, entry.key, entry.of)
    assert (row.evidence and row.evidence.hex(), row.policy and row.policy.hex()) == (entry.evidence, entry.policy)
    return entry


def _check_chain(store: Reading, origin: str, entries: list[Entry]) -> None:
    link = FIRST_LINK
    for row, entry in zip(store.rows(origin), entries, strict=True):
        check_link(link, entry, origin)
        link = next_link(entry, row.body)
    head = store.head(origin)
    assert head is not None
    assert (head.size, head.leaf_hash.hex(), head.at) == (link.size, link.prev, link.at)


def _check_books(store: Reading, origin: str, entries: list[Entry]) -> None:
    accounts, fates, lines = Accounts(), Fates(), []
    for entry in entries:
        check_shape(entry)
        if entry.postings:
            check_postings(entry.kind, entry.postings, accounts.kinds)
            after = accounts.post(entry.postings)
            lines += [(entry.seq, *posting, left) for posting, left in zip(entry.postings, after, strict=True)]
        if entry.of is not None:
            target = entries[entry.of]
            fates.check(entry, target, accounts.kinds)
            fates.apply(entry.seq, entry.kind, entry.of, target.kind, target.of)
        if entry.kind is Kind.OPEN and entry.data:
            accounts.open(*opened_account(entry.data), entry.seq)
        if entry.kind is Kind.CLOSE and entry.data:
            accounts.close(closed_account(entry.data), entry.seq)
    assert [tuple(line) for line in store.postings(origin)] == lines
    states = sorted(accounts.states.values(), key=lambda state: state.id)
    assert [tuple(row) for row in store.accounts(origin)] == [
        (state.id, state.kind, state.opened_seq, state.closed_seq, state.balance) for state in states
    ]
    assert sum(state.balance for state in states) == 0
    keys = [entry.key for entry in entries if entry.key is not None]
    assert len(keys) == len(set(keys))


def _check_tiles(store: Reading, origin: str) -> None:
    leaves = [row.leaf_hash for row in store.rows(origin)]
    full = len(leaves) // 256
    tiles = [tile for tile in store.tiles(origin) if tile.level == 0]
    assert b"".join(tile.hashes for tile in tiles) == b"".join(leaves[: full * 256])
    assert [tile.tile_index for tile in tiles] == list(range(full))
    assert all(tile.root == tile_root(tile.hashes) for tile in tiles)
