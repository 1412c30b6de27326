"""The rules of every kind, each with what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ledger import Book, Draft, Kind, LedgerError
from ledger import errors as e
from ledger.accounts import AccountKind
from ledger.transfers import check_postings, settle_postings
from tests.ledger.books import POLICY, earn, gift, hold, money, open_draft, small_book, undo, write

KINDS = {account: AccountKind(account) for account in ("issuance", "escrow", "pool", "provider", "clearing")}
KINDS |= dict.fromkeys(("ann", "bob"), AccountKind.MEMBER)

# kind → which accounts may give, which may receive
SIDES = {
    Kind.EARN: ({"issuance"}, {"ann"}),
    Kind.CARE: ({"bob", "pool"}, {"ann"}),
    Kind.HOLD: ({"ann"}, {"escrow"}),
    Kind.SETTLE: ({"escrow"}, {"provider"}),
    Kind.RELEASE: ({"escrow"}, {"ann"}),
    Kind.GIFT: ({"bob"}, {"ann"}),
    Kind.DONATE: ({"ann"}, {"pool"}),
    Kind.GRANT: ({"pool", "issuance"}, {"ann"}),
    Kind.EXPIRE: ({"ann"}, {"issuance", "pool"}),
    Kind.INHERIT: ({"bob"}, {"ann", "pool"}),
    Kind.RETIRE: ({"ann", "pool", "provider"}, {"issuance"}),
    Kind.CLEAR: ({"ann", "clearing"}, {"ann", "clearing"}),
}
NAMES = ("ann", "bob", "issuance", "escrow", "pool", "provider", "clearing")
PAIRS = [(kind, giver, receiver) for kind in SIDES for giver in NAMES for receiver in NAMES if giver != receiver]


def _allowed(kind: Kind, giver: str, receiver: str) -> bool:
    """Ann and Bob are both members, so either may stand where a member may."""
    gives, receives = (
        {name for side in sides for name in (("ann", "bob") if side in ("ann", "bob") else (side,))}
        for sides in SIDES[kind]
    )
    if kind is Kind.CLEAR and "clearing" not in (giver, receiver):
        return False
    return giver in gives and receiver in receives


@pytest.mark.parametrize("kind", SIDES)
def test_who_may_give_and_receive(kind: Kind) -> None:
    for _, giver, receiver in (pair for pair in PAIRS if pair[0] is kind):
        postings = tuple(sorted(((giver, -30), (receiver, 30))))
        if _allowed(kind, giver, receiver):
            check_postings(kind, postings, KINDS)
        else:
            with pytest.raises(e.KindRuleBroken):
                check_postings(kind, postings, KINDS)


@pytest.mark.parametrize(
    ("postings", "error"),
    [
        ((("ann", 30), ("issuance", -20)), e.PostingsUnbalanced),
        ((("issuance", -30), ("ann", 30)), e.KindRuleBroken),
        ((("ann", 10), ("ann", 20), ("issuance", -30)), e.KindRuleBroken),
        ((("ann", 0), ("bob", 30), ("issuance", -30)), e.KindRuleBroken),
        ((("ann", 30), ("nobody", -30)), e.AccountUnknown),
        ((("ann", 30),), e.PostingsUnbalanced),
    ],
)
def test_the_form_of_postings(postings: Any, error: type[LedgerError]) -> None:
    with pytest.raises(error):
        check_postings(Kind.EARN, postings, KINDS)


def _data(kind: Kind, data: Any, **rest: Any) -> Draft:
    return Draft(kind, "staff", data=data, **rest)


HASH = "a" * 64
BAD_SHAPES = {
    "no data": _data(Kind.OPEN, None),
    "surplus data": _data(Kind.OPEN, {"account": "x", "account_kind": "member", "name": "Ann"}),
    "missing data": _data(Kind.OPEN, {"account": "x"}),
    "unknown account kind": _data(Kind.OPEN, {"account": "x", "account_kind": "bank"}),
    "bad account id": _data(Kind.OPEN, {"account": "阿明", "account_kind": "member"}),
    "postings on open": Draft(Kind.OPEN, "s", (("ann", 1), ("bob", -1)), data={"account": "x", "account_kind": "pool"}),
    "policy on open": _data(Kind.OPEN, {"account": "x", "account_kind": "member"}, policy=POLICY),
    "of on open": _data(Kind.OPEN, {"account": "x", "account_kind": "member"}, of=1),
    "on on open": _data(Kind.OPEN, {"account": "x", "account_kind": "member"}, on="2026-01-01"),
    "close without account": _data(Kind.CLOSE, {}),
    "policy that is a text": _data(Kind.POLICY, {"policy": "anything"}),
    "key added and retired": _data(Kind.KEY, {"add": "a", "retire": "b"}),
    "key that is a number": _data(Kind.KEY, {"add": 1}),
    "no key": _data(Kind.KEY, {}),
    "audit without digest": _data(Kind.AUDIT, {"size": 1, "result": "sound"}),
    "audit of a negative size": _data(Kind.AUDIT, {"size": -1, "result": "sound", "digest": HASH}),
    "audit with another result": _data(Kind.AUDIT, {"size": 1, "result": "fine", "digest": HASH}),
    "audit with a bad digest": _data(Kind.AUDIT, {"size": 1, "result": "sound", "digest": "x"}),
    "money without postings": Draft(Kind.GIFT, "s", policy=POLICY),
    "money without policy": Draft(Kind.GIFT, "s", (("ann", -1), ("bob", 1))),
    "money with data": Draft(Kind.GIFT, "s", (("ann", -1), ("bob", 1)), policy=POLICY, data={}),
    "gift with of": Draft(Kind.GIFT, "s", (("ann", -1), ("bob", 1)), policy=POLICY, of=1),
    "gift with on": Draft(Kind.GIFT, "s", (("ann", -1), ("bob", 1)), policy=POLICY, on="2026-01-01"),
    "reverse without of": Draft(Kind.REVERSE, "s", (("ann", -1), ("bob", 1)), policy=POLICY),
    "a kind that is none": Draft("mint", "s"),  # type: ignore[arg-type]
    "postings that are none": Draft(Kind.GIFT, "s", (("ann",),), policy=POLICY),  # type: ignore[arg-type]
    "an empty key": Draft(Kind.GIFT, "s", (("ann", -1), ("bob", 1)), policy=POLICY, key=""),
    "minutes that are a float": Draft(Kind.EARN, "s", (("ann", 1.0), ("issuance", -1.0)), policy=POLICY),  # type: ignore[arg-type]
    "an actor with a name": Draft(Kind.EARN, "王阿姨", (("ann", 1), ("issuance", -1)), policy=POLICY),
    "a policy that is no hash": Draft(Kind.EARN, "s", (("ann", 1), ("issuance", -1)), policy="v1"),
    "no day of the calendar": Draft(Kind.EARN, "s", (("ann", 1), ("issuance", -1)), policy=POLICY, on="2026-02-30"),
}


@pytest.mark.parametrize("draft", BAD_SHAPES.values(), ids=BAD_SHAPES)
def test_a_draft_of_the_wrong_shape_is_refused(plain_book: Book, draft: Draft) -> None:
    before = plain_book.head()
    with pytest.raises((e.KindRuleBroken, e.FormatError)):
        write(plain_book, draft)
    assert plain_book.head() == before


def test_kinds_that_only_record_are_written(plain_book: Book) -> None:
    data: list[tuple[Kind, dict[str, Any]]] = [
        (Kind.POLICY, {"policy": {"name": "p", "effective_at": "2026-01-01T00:00:00Z"}}),
        (Kind.KEY, {"add": "name+00000000+AAAA"}),
        (Kind.KEY, {"retire": "name+00000000+AAAA"}),
        (Kind.AUDIT, {"size": 9, "result": "sound", "digest": HASH, "level": [1, 2, 3]}),
    ]
    written = write(plain_book, *(_data(kind, content) for kind, content in data))
    assert [entry.kind for entry in written] == [kind for kind, _ in data]


def test_a_book_has_one_issuance_and_one_escrow(plain_book: Book) -> None:
    for kind in ("issuance", "escrow"):
        with pytest.raises(e.KindRuleBroken, match="one"):
            write(plain_book, open_draft("second", kind))
    for kind in ("pool", "provider", "clearing", "member"):
        write(plain_book, open_draft(f"second-{kind}", kind))


def test_a_settle_pays_the_provider_and_gives_the_rest_back(plain_book: Book) -> None:
    write(plain_book, earn("ann", 60), earn("bob", 60))
    (held,) = write(plain_book, hold(40, "ann", "bob"))
    postings = settle_postings(held, "escrow", "provider", 50)
    assert postings == (("bob", 30), ("escrow", -80), ("provider", 50))
    write(plain_book, money(Kind.SETTLE, *postings, of=held.seq))
    assert {state.id: state.balance for state in plain_book.accounts() if state.balance} == {
        "issuance": -120, "ann": 20, "bob": 50, "provider": 50,
    }  # fmt: skip


@pytest.mark.parametrize(
    "postings",
    [
        (("escrow", -30), ("provider", 30)),
        (("escrow", -60), ("ann", 60)),
        (("escrow", -60), ("ann", 20), ("eve", 10), ("provider", 30)),
        (("escrow", -60), ("eve", 30), ("provider", 30)),
        (("escrow", -61), ("provider", 61)),
        (("ann", -60), ("provider", 60)),
    ],
)
def test_a_settle_that_is_not_the_holds(plain_book: Book, postings: Any) -> None:
    write(plain_book, earn("ann", 100), earn("bob", 100))
    (held,) = write(plain_book, hold(60, "ann"))
    write(plain_book, hold(100, "bob"))
    with pytest.raises(e.KindRuleBroken):
        write(plain_book, money(Kind.SETTLE, *postings, of=held.seq))


def test_a_purse_gets_back_no_more_than_it_gave(plain_book: Book) -> None:
    write(plain_book, earn("ann", 100), earn("bob", 100))
    (held,) = write(plain_book, hold(30, "ann", "bob"))
    with pytest.raises(e.KindRuleBroken, match="more than it gave"):
        write(plain_book, money(Kind.SETTLE, ("escrow", -60), ("ann", 31), ("provider", 29), of=held.seq))


def test_a_hold_is_completed_once(plain_book: Book) -> None:
    write(plain_book, earn("ann", 100))
    (held,) = write(plain_book, hold(60, "ann"))
    settle = money(Kind.SETTLE, ("escrow", -60), ("provider", 60), of=held.seq)
    (settled,) = write(plain_book, settle)
    for again in (settle, undo(held, Kind.RELEASE), undo(held)):
        with pytest.raises(e.HoldAlreadySettled) as caught:
            write(plain_book, again)
        assert (caught.value.seq, caught.value.by) == (held.seq, settled.seq)


def test_a_release_is_the_opposite_of_its_hold(plain_book: Book) -> None:
    write(plain_book, earn("ann", 100))
    (held,) = write(plain_book, hold(60, "ann"))
    with pytest.raises(e.KindRuleBroken):
        write(plain_book, money(Kind.RELEASE, ("escrow", -30), ("ann", 30), of=held.seq))
    write(plain_book, undo(held, Kind.RELEASE))
    assert plain_book.hold_left(held.seq) == 0


def test_undoing_a_settle_opens_its_hold_again(plain_book: Book) -> None:
    write(plain_book, earn("ann", 100))
    (held,) = write(plain_book, hold(60, "ann"))
    (settled,) = write(plain_book, money(Kind.SETTLE, ("escrow", -60), ("provider", 60), of=held.seq))
    assert plain_book.hold_left(held.seq) == 0
    write(plain_book, undo(settled))
    assert plain_book.hold_left(held.seq) == 60
    (released,) = write(plain_book, undo(held, Kind.RELEASE))
    write(plain_book, undo(released))
    write(plain_book, undo(held))
    assert plain_book.hold_left(held.seq) == 0
    assert plain_book.balance("ann") == 100
    with pytest.raises(e.HoldAlreadySettled):
        write(plain_book, undo(held, Kind.RELEASE))


def test_what_can_not_be_reversed(plain_book: Book) -> None:
    (earned,) = write(plain_book, earn("ann", 60))
    (undone,) = write(plain_book, undo(earned))
    with pytest.raises(e.AlreadyReversed) as caught:
        write(plain_book, undo(earned))
    assert (caught.value.seq, caught.value.by) == (earned.seq, undone.seq)
    with pytest.raises(e.NotReversible):
        write(plain_book, undo(undone))
    with pytest.raises(e.NotReversible):
        write(plain_book, money(Kind.REVERSE, ("ann", 1), ("bob", -1), of=0))
    with pytest.raises(e.EntryUnknown):
        write(plain_book, money(Kind.REVERSE, ("ann", 1), ("bob", -1), of=999))


def test_a_reverse_is_exactly_the_opposite(plain_book: Book) -> None:
    (earned,) = write(plain_book, earn("ann", 60))
    for postings in ((("ann", -30), ("issuance", 30)), (("ann", 60), ("issuance", -60))):
        with pytest.raises(e.KindRuleBroken, match="opposite"):
            write(plain_book, money(Kind.REVERSE, *postings, of=earned.seq))


def test_a_reverse_breaks_no_balance(plain_book: Book) -> None:
    (earned, _) = write(plain_book, earn("ann", 60), gift("ann", "bob", 10))
    with pytest.raises(e.BalanceTooLow) as caught:
        write(plain_book, undo(earned))
    assert (caught.value.account, caught.value.balance, caught.value.wanted) == ("ann", 50, 60)


def test_only_holds_are_settled(plain_book: Book) -> None:
    (earned, held) = write(plain_book, earn("ann", 60), hold(30, "ann"))
    for kind in (Kind.SETTLE, Kind.RELEASE):
        with pytest.raises(e.HoldUnknown):
            write(
                plain_book,
                money(kind, ("escrow", -30), ("provider" if kind is Kind.SETTLE else "ann", 30), of=earned.seq),
            )
    assert plain_book.hold_left(held.seq) == 30
    with pytest.raises(e.HoldUnknown):
        plain_book.hold_left(earned.seq)


def test_two_books_of_one_store_know_nothing_of_each_other(plain_book: Book) -> None:
    other = small_book(plain_book.store, "timebank.example/other")  # type: ignore[arg-type]
    write(plain_book, earn("ann", 60, key="k"))
    write(other, earn("ann", 30, key="k"))
    assert (plain_book.balance("ann"), other.balance("ann")) == (60, 30)
    assert plain_book.store.books() == ["timebank.example/other", "timebank.example/test"]
