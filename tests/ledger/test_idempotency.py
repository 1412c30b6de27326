"""A key is used once: the same again gives the first entry, anything else is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ledger import Book, Draft, Kind
from ledger.errors import BalanceTooLow, KeyReused
from tests.ledger.books import NOW, POLICY, earn, gift, hold, money, open_draft, undo, write

DRAFT = Draft(
    Kind.EARN, "staff", (("ann", 60), ("issuance", -60)), "k", None, "e" * 64, POLICY, "2026-02-01"
)  # fmt: skip


def test_the_same_again_gives_the_first_entry(book: Book) -> None:
    first = book.append(DRAFT, now=NOW)
    size = book.head().size
    assert book.append(DRAFT, now=NOW) == first
    assert book.append(replace(DRAFT, postings=DRAFT.postings[::-1]), now=NOW) == first
    assert book.head().size == size
    assert book.balance("ann") == 60


@pytest.mark.parametrize(
    "change",
    [
        {"kind": Kind.GRANT, "on": None},
        {"actor": "other"},
        {"postings": (("ann", 61), ("issuance", -61))},
        {"postings": (("bob", 60), ("issuance", -60))},
        {"evidence": None},
        {"evidence": "f" * 64},
        {"policy": "6" * 64},
        {"on": "2026-02-02"},
        {"on": None},
    ],
)
def test_other_content_is_refused(book: Book, change: dict[str, Any]) -> None:
    first = book.append(DRAFT, now=NOW)
    before = book.head()
    with pytest.raises(KeyReused) as caught:
        book.append(replace(DRAFT, **change), now=NOW)
    assert (caught.value.key, caught.value.seq, caught.value.field) == ("k", first.seq, next(iter(change)))
    assert book.head() == before


def test_data_and_of_count_as_content(book: Book) -> None:
    book.append(open_draft("joe", "member", key="open"), now=NOW)
    assert book.append(open_draft("joe", "member", key="open"), now=NOW).key == "open"
    with pytest.raises(KeyReused, match="data"):
        book.append(open_draft("joe", "pool", key="open"), now=NOW)
    (_, one, two) = write(book, earn("ann", 60), hold(10, "ann"), hold(10, "ann"))
    book.append(undo(one, Kind.RELEASE, key="r"), now=NOW)
    assert book.append(undo(one, Kind.RELEASE, key="r"), now=NOW).of == one.seq
    with pytest.raises(KeyReused, match="of"):
        book.append(undo(two, Kind.RELEASE, key="r"), now=NOW)


def test_a_repeat_is_answered_also_when_it_could_not_be_written_now(book: Book) -> None:
    write(book, earn("ann", 60))
    first = book.append(gift("ann", "bob", 60, key="g"), now=NOW)
    assert book.append(gift("ann", "bob", 60, key="g"), now=NOW) == first
    with pytest.raises(BalanceTooLow):
        book.append(gift("ann", "bob", 60), now=NOW)


def test_a_refused_draft_does_not_use_up_its_key(book: Book) -> None:
    with pytest.raises(BalanceTooLow):
        book.append(gift("ann", "bob", 60, key="g"), now=NOW)
    write(book, earn("ann", 60))
    assert book.append(gift("ann", "bob", 60, key="g"), now=NOW).key == "g"


def test_a_batch_may_be_repeated_whole_or_in_part(book: Book) -> None:
    drafts = [earn("ann", 10 * number, key=f"k{number}") for number in range(1, 5)]
    first = write(book, *drafts[:2])
    again = write(book, *drafts)
    assert again[:2] == first
    assert [entry.seq for entry in again] == [9, 10, 11, 12]
    assert write(book, *drafts) == again
    assert book.balance("ann") == 100


def test_a_key_twice_in_one_batch(book: Book) -> None:
    first, second = write(book, earn("ann", 10, key="k"), earn("ann", 10, key="k"))
    assert first == second
    before = book.head()
    with pytest.raises(KeyReused):
        write(book, earn("ann", 10, key="j"), earn("ann", 20, key="j"))
    assert book.head() == before


def test_a_repeated_reverse_undoes_once(book: Book) -> None:
    (earned,) = write(book, earn("ann", 60))
    first = book.append(undo(earned, key="u"), now=NOW)
    assert book.append(undo(earned, key="u"), now=NOW) == first
    assert book.balance("ann") == 0
    assert len(book.entries_of(earned.seq)) == 1


def test_a_key_of_the_longest_form(book: Book) -> None:
    key = "~" * 255
    entry = book.append(money(Kind.EARN, ("ann", 1), ("issuance", -1), key=key), now=NOW)
    assert book.entry_by_key(key) == entry
