"""A book on every store: what is written is read back, refused or proved in the same way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger import Book, Draft, Kind
from ledger import errors as e
from ledger.chain import leaf_hash
from ledger.merkle import list_reader, root_at, verify_consistency, verify_inclusion
from ledger.store import CheckpointRow, Store
from tests.ledger.books import (
    ACCOUNTS,
    NOW,
    ORIGIN,
    POLICY,
    earn,
    gift,
    hold,
    money,
    open_draft,
    small_book,
    undo,
    write,
)


def test_a_book_begins_with_its_genesis(store: Store) -> None:
    book = Book.create(store, ORIGIN, actor="system", now=NOW, keys=["a+b+c"], software="timebank 1")
    genesis = book.entry(0)
    assert genesis.data == {"keys": ["a+b+c"], "software": "timebank 1", "unit": "min"}
    assert genesis.prev == "0" * 64
    assert book.head().size == 1
    with pytest.raises(e.BookExists):
        Book.create(store, ORIGIN, actor="system", now=NOW)
    with pytest.raises(e.BookExists):
        book.append(Draft(Kind.GENESIS, "system", data={"unit": "min", "keys": []}), now=NOW)
    assert store.books() == [ORIGIN]


def test_a_book_that_was_never_begun(store: Store) -> None:
    book = Book(store, ORIGIN)
    with pytest.raises(e.BookUnknown):
        book.append(open_draft("ann", "member"), now=NOW)
    with pytest.raises(e.BookUnknown):
        book.head()
    assert store.books() == []
    assert list(book.entries()) == []


def test_what_is_written_is_read_back(book: Book) -> None:
    written = write(book, earn("ann", 60, key="k1"), gift("ann", "bob", 20), hold(10, "ann", "bob"))
    assert [entry.seq for entry in written] == [9, 10, 11]
    assert tuple(book.entries(9)) == written == tuple(map(book.entry, (9, 10, 11)))
    assert tuple(book.entries(10, 11)) == written[1:2]
    assert list(book.entries(12)) == []
    assert book.entry_by_key("k1") == written[0]
    assert book.entry_by_key("k2") is None
    assert [entry.kind for entry in book.entries_of_kind(Kind.OPEN)] == [Kind.OPEN] * len(ACCOUNTS)
    assert list(book.entries_of_kind(Kind.GIFT)) == [written[1]]
    with pytest.raises(e.EntryUnknown):
        book.entry(12)


def test_rows_are_projections_of_their_bodies(book: Book) -> None:
    draft = Draft(
        Kind.EARN, "staff", (("ann", 60), ("issuance", -60)), "k", None, "e" * 64, POLICY, NOW.date()
    )  # fmt: skip
    entry = book.append(draft, now=NOW)
    (row,) = book.store.rows(ORIGIN, entry.seq)
    assert row.leaf_hash == leaf_hash(row.body) == book.head().leaf_hash
    assert (row.prev.hex(), row.at, row.kind, row.actor) == (entry.prev, entry.at, "earn", "staff")
    assert (row.on_date, row.key, row.of_seq) == ("2026-03-01", "k", None)
    assert (row.evidence, row.policy) == (bytes.fromhex("e" * 64), bytes.fromhex(POLICY))
    assert [tuple(line) for line in book.store.postings(ORIGIN)] == [(9, "ann", 60, 60), (9, "issuance", -60, -60)]


def test_times_never_go_back(book: Book) -> None:
    first = book.append(earn("ann", 1), now=NOW + timedelta(hours=1))
    second = book.append(earn("ann", 1), now=NOW)
    assert first.at == second.at == "2026-03-01T09:30:00.000Z"


def test_balances_now_and_then(book: Book) -> None:
    for hour, minutes in enumerate((60, 30, 10)):
        book.append(earn("ann", minutes), now=NOW + timedelta(hours=hour))
    assert book.balance("ann") == 100
    assert [book.balance("ann", at_seq=seq) for seq in (0, 8, 9, 10, 11, 99)] == [0, 0, 60, 90, 100, 100]
    times = [NOW - timedelta(seconds=1), NOW, NOW + timedelta(minutes=90), NOW + timedelta(days=1)]
    assert [book.balance("ann", at_time=time) for time in times] == [0, 60, 90, 100]
    assert book.balance("issuance", at_seq=10) == -90
    assert book.balance("bob") == 0
    with pytest.raises(e.AccountUnknown):
        book.balance("nobody")


def test_a_statement_goes_on_where_it_ended(book: Book) -> None:
    write(book, *(earn("ann", 10 + number) for number in range(5)), gift("ann", "bob", 7))
    lines = book.statement("ann")
    assert [line.minutes for line in lines] == [10, 11, 12, 13, 14, -7]
    assert [line.balance_after for line in lines] == [10, 21, 33, 46, 60, 53]
    assert lines[-1].entry == book.entry(lines[-1].seq)
    assert lines[-1].kind is Kind.GIFT
    assert book.statement("ann", limit=2) == lines[:2]
    assert book.statement("ann", after_seq=lines[1].seq, limit=3) == lines[2:5]
    assert book.statement("ann", after_seq=lines[-1].seq) == []
    with pytest.raises(e.AccountUnknown):
        book.statement("nobody")


def test_nobody_spends_what_is_not_there(book: Book) -> None:
    write(book, earn("ann", 60))
    for draft in (gift("ann", "bob", 61), hold(61, "ann"), money(Kind.DONATE, ("ann", -61), ("pool", 61))):
        with pytest.raises(e.BalanceTooLow) as caught:
            write(book, draft)
        assert (caught.value.account, caught.value.balance, caught.value.wanted) == ("ann", 60, 61)
    with pytest.raises(e.BalanceTooLow):
        write(book, money(Kind.GRANT, ("pool", -1), ("ann", 1)))
    assert book.balance("ann") == 60


def test_a_batch_is_written_whole_or_not_at_all(book: Book) -> None:
    before = book.head()
    with pytest.raises(e.BalanceTooLow):
        write(book, earn("ann", 60), gift("ann", "bob", 40), gift("ann", "eve", 40))
    assert book.head() == before
    assert book.balance("ann") == book.balance("bob") == 0
    assert list(book.store.postings(ORIGIN)) == []
    assert write(book) == ()


def test_accounts_are_opened_once_and_closed_empty(book: Book) -> None:
    with pytest.raises(e.AccountExists):
        write(book, open_draft("ann", "member"))
    (opened,) = write(book, open_draft("joe", "member"))
    state = book.account("joe")
    assert state is not None
    assert (state.opened_seq, state.is_open, state.balance) == (opened.seq, True, 0)
    write(book, earn("joe", 30))
    close = Draft(Kind.CLOSE, "staff", data={"account": "joe"})
    with pytest.raises(e.AccountNotEmpty):
        write(book, close)
    (_, closed) = write(book, gift("joe", "ann", 30), close)
    state = book.account("joe")
    assert state is not None
    assert state.closed_seq == closed.seq
    for draft in (earn("joe", 1), close, undo(book.entry(closed.seq - 1))):
        with pytest.raises(e.AccountClosed):
            write(book, draft)
    with pytest.raises(e.AccountExists):
        write(book, open_draft("joe", "member"))
    with pytest.raises(e.AccountUnknown):
        write(book, Draft(Kind.CLOSE, "staff", data={"account": "nobody"}))
    assert book.account("nobody") is None
    assert [account.id for account in book.accounts()] == sorted([*ACCOUNTS, "joe"])


def test_an_account_with_an_open_hold_stays_open(book: Book) -> None:
    close = Draft(Kind.CLOSE, "staff", data={"account": "ann"})
    (_, held) = write(book, earn("ann", 30), hold(30, "ann"))
    with pytest.raises(e.AccountHasOpenHold):
        write(book, close)
    write(book, money(Kind.SETTLE, ("escrow", -30), ("provider", 30), of=held.seq), close)
    with pytest.raises(e.AccountHasOpenHold):
        write(book, earn("bob", 30), hold(30, "bob"), Draft(Kind.CLOSE, "staff", data={"account": "bob"}))


def test_who_completed_and_who_reversed(book: Book) -> None:
    (_, held) = write(book, earn("ann", 30), hold(30, "ann"))
    (released,) = write(book, undo(held, Kind.RELEASE))
    (undone,) = write(book, undo(released))
    assert book.entries_of(held.seq) == (released,)
    assert book.entries_of(released.seq) == (undone,)
    assert book.reversed_by(released.seq) == undone.seq
    assert book.reversed_by(held.seq) is None
    assert book.hold_left(held.seq) == 30


def test_roots_and_proofs(book: Book) -> None:
    write(book, *(earn("ann", 1) for _ in range(700)))
    leaves = [row.leaf_hash for row in book.store.rows(ORIGIN)]
    size = book.head().size
    assert size == len(leaves) == 709
    for count in (0, 1, 255, 256, 257, 512, size):
        assert book.root(count) == root_at(count, list_reader(leaves))
    for seq in (0, 255, 256, 511, 512, 708):
        verify_inclusion(leaves[seq], seq, size, book.inclusion_proof(seq), book.root())
    for old in (1, 256, 300, 512, 708):
        verify_consistency(old, size, book.root(old), book.root(), book.consistency_proof(old))
    with pytest.raises(e.ProofInvalid):
        book.inclusion_proof(size)


def test_full_tiles_are_stored_as_they_fill(book: Book) -> None:
    store = book.store
    for count in (246, 1, 255, 256, 1):
        write(book, *(earn("ann", 1) for _ in range(count)))
    leaves = b"".join(row.leaf_hash for row in store.rows(ORIGIN))
    tiles = list(store.tiles(ORIGIN))
    assert [(tile.level, tile.tile_index) for tile in tiles] == [(0, 0), (0, 1), (0, 2)]
    assert b"".join(tile.hashes for tile in tiles) == leaves[: 3 * 8192]
    assert store.leaf_hashes(ORIGIN, 5, 7) == leaves[160:224]
    assert store.tile(ORIGIN, 0, 1) == tiles[1].hashes
    assert store.tile(ORIGIN, 0, 3) is None
    assert store.tile_roots(ORIGIN, 0, 1, 3) == tiles[1].root + tiles[2].root


def test_checkpoints_are_kept_by_size(book: Book) -> None:
    store = book.store
    rows = [CheckpointRow(size, bytes([size]) * 32, f"note {size}\n", "2026-01-01T00:00:00.000Z") for size in (3, 1, 2)]
    for row in (*rows, rows[0]._replace(note="another")):
        book.store.add_checkpoint(ORIGIN, row)
    assert [row.size for row in store.checkpoints(ORIGIN)] == [1, 2, 3]
    assert [row.size for row in store.checkpoints(ORIGIN, 2)] == [2, 3]
    assert store.checkpoint(ORIGIN) == rows[0]
    assert store.checkpoint(ORIGIN, 1) == rows[1]
    assert store.checkpoint(ORIGIN, 9) is None


def test_long_books_are_read_in_pages(book: Book) -> None:
    write(book, *(gift("ann", "bob", 1) if number % 2 else earn("ann", 2) for number in range(4100)))
    store = book.store
    assert [row.seq for row in store.rows(ORIGIN)] == list(range(4109))
    assert [row.seq for row in store.rows(ORIGIN, 1999, 4001)] == list(range(1999, 4001))
    lines = list(store.postings(ORIGIN))
    assert len(lines) == 8200
    assert lines == sorted(lines, key=lambda line: (line.seq, line.account))
    assert list(store.postings(ORIGIN, 1000, 3500)) == [line for line in lines if 1000 <= line.seq < 3500]
    assert list(store.duplicate_keys(ORIGIN)) == []


def test_a_snapshot_does_not_move(book: Book) -> None:
    write(book, earn("ann", 60))
    with book.store.snapshot() as frozen:
        before = frozen.head(ORIGIN)
        write(book, gift("ann", "bob", 10))
        assert frozen.head(ORIGIN) == before
        account = frozen.account(ORIGIN, "ann")
        assert account is not None
        assert account.balance == 60
        assert len(list(frozen.rows(ORIGIN))) == 10
    assert book.balance("ann") == 50


def test_balances_stay_within_what_json_can_say(book: Book) -> None:
    write(book, earn("ann", 2**53 - 1))
    with pytest.raises(e.BalanceTooHigh):
        write(book, earn("bob", 1))
    with pytest.raises(e.FormatError):
        write(book, earn("bob", 2**53))


def test_two_books_in_one_store(store: Store) -> None:
    first, second = small_book(store), small_book(store, "timebank.example/zzz")
    write(first, earn("ann", 5))
    assert (first.head().size, second.head().size) == (10, 9)
    assert store.books() == [ORIGIN, "timebank.example/zzz"]
    assert second.balance("ann") == 0


def test_a_day_or_its_text(book: Book) -> None:
    when = datetime(2026, 2, 28, 23, 0, tzinfo=UTC)
    by_date = Draft(Kind.EARN, "s", (("ann", 1), ("issuance", -1)), policy=POLICY, on=when.date())
    by_text = Draft(Kind.EARN, "s", (("ann", 1), ("issuance", -1)), policy=POLICY, on="2026-02-28")
    assert {entry.on for entry in write(book, by_date, by_text)} == {"2026-02-28"}
