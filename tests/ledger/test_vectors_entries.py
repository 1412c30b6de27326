"""The book that another implementation made: its bytes, links, rules and balances are ours too."""

from __future__ import annotations

import msgspec

from ledger import Draft, Entry, decode, encode, policy_hash
from ledger.balances import Accounts
from ledger.book import Book
from ledger.chain import FIRST_LINK, check_link, leaf_hash, next_link
from ledger.entries import Kind
from ledger.store import Store
from ledger.transfers import Fates, check_postings, check_shape, opened_account
from tests.ledger.vectors import bodies, facts


def entries() -> list[Entry]:
    return [decode(body) for body in bodies()]


def test_every_body_is_read_and_written_again() -> None:
    assert [encode(entry) for entry in entries()] == list(bodies())


def test_every_leaf_hash_and_link() -> None:
    link = FIRST_LINK
    for body in bodies():
        entry = decode(body)
        check_link(link, entry, facts()["origin"])
        link = next_link(entry, body)
        assert facts()["leaf_hashes"].get(str(entry.seq), link.prev) == link.prev == leaf_hash(body).hex()
    assert link.size == facts()["size"]


def test_every_entry_keeps_the_rules_and_the_balances_agree() -> None:
    accounts, fates, seen = Accounts(), Fates(), entries()
    for entry in seen:
        check_shape(entry)
        if entry.kind is Kind.OPEN and entry.data:
            accounts.open(*opened_account(entry.data), entry.seq)
        if entry.postings:
            check_postings(entry.kind, entry.postings, accounts.kinds)
            accounts.post(entry.postings)
        if entry.of is not None:
            target = seen[entry.of]
            fates.check(entry, target, accounts.kinds)
            fates.apply(entry.seq, entry.kind, entry.of, target.kind, target.of)
    assert {account: state.balance for account, state in accounts.states.items()} == facts()["balances"]


def test_the_policy_has_the_hash_that_entries_cite() -> None:
    policy = next(entry for entry in entries() if entry.kind is Kind.POLICY)
    assert policy.data is not None
    assert policy_hash(policy.data["policy"]) == facts()["policy"]
    assert {entry.policy for entry in entries()} == {None, facts()["policy"]}


def test_a_book_that_is_told_the_same_writes_the_same_bytes(store: Store) -> None:
    origin, told = facts()["origin"], entries()
    nonces = iter([bytes.fromhex(entry.nonce) for entry in told])
    genesis = told[0]
    assert genesis.data is not None
    book = Book.create(
        store,
        origin,
        actor=genesis.actor,
        now=genesis.recorded_at,
        keys=genesis.data["keys"],
        random=lambda size: next(nonces),
    )
    for entry in told[1:]:
        fields = msgspec.structs.asdict(entry)
        draft = Draft(**{name: fields[name] for name in Draft.__slots__})
        book.append(draft, now=entry.recorded_at, random=lambda size: next(nonces))
    assert [row.body for row in store.rows(origin)] == list(bodies())
    assert {size: book.root(int(size)).hex() for size in facts()["roots"]} == facts()["roots"]
    assert {state.id: state.balance for state in book.accounts()} == facts()["balances"]
