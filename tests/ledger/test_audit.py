from __future__ import annotations

from pathlib import Path

import pytest

from ledger import Book
from ledger.audit import ERASED, Pin, Workers, audit
from ledger.audit import run as audit_run
from ledger.checkpoints import Checkpoint
from ledger.errors import BookUnknown, FormatError
from ledger.store import Store
from ledger.stores.memory import MemoryStore
from tests.ledger.auditing import DOCUMENT, ORIGIN, SALT, SIGNED_AT, VERIFIERS, audited, full_book, places
from tests.ledger.books import make_schema, sql_store, sqlite_url
from tests.ledger.vectors import bodies


def test_a_sound_book_is_sound_on_every_store(store: Store) -> None:
    book = full_book(store)
    report = audited(store, keys=VERIFIERS)
    assert report.findings == ()
    assert (report.verdict, report.start, report.size) == ("sound", 0, book.head().size)
    assert report.root == book.root()
    assert report.checkpoints == len(SIGNED_AT)
    assert (report.pinned_by, report.pinned_size, report.keys_from) == ((), 0, "caller")


def test_the_quick_check_judges_a_sound_book_alone(monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    full_book(store)
    monkeypatch.setattr(audit_run.Replay, "run", None)
    assert audited(store).is_sound


@pytest.mark.parametrize("width", [256, 512])
def test_workers_come_to_the_same(sql_url: str, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(audit_run, "_SMALLEST_RANGE", width)
    monkeypatch.setattr(audit_run, "_LARGEST_RANGE", width)
    with sql_store(sql_url) as store:
        book = full_book(store, 120)
        steps: list[tuple[int, int]] = []
        report = audited(store, workers=Workers(sql_url), progress=lambda done, total: steps.append((done, total)))
        assert report.findings == ()
        assert report == audited(store)
        assert (report.root, steps[-1]) == (book.root(), (report.size, report.size))
        monkeypatch.setattr(audit_run.Replay, "run", None)
        assert audited(store, workers=Workers(sql_url)).is_sound


def test_workers_that_cannot_read_cost_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_run, "_SMALLEST_RANGE", 256)
    monkeypatch.setattr(audit_run, "_LARGEST_RANGE", 256)
    make_schema(sqlite_url(tmp_path))
    with sql_store(sqlite_url(tmp_path)) as store:
        full_book(store, 90)
        assert audited(store, workers=Workers(sqlite_url(tmp_path, "nothing.db"))).is_sound


@pytest.mark.parametrize("first", [1, 12, 100, 255, 256, 257, 300])
def test_an_audit_goes_on_where_the_last_one_ended(store: Store, first: int) -> None:
    whole = full_book(MemoryStore())
    from tests.ledger.replaying import copy_book

    book = copy_book(whole, store, stop=first)
    report = audited(store)
    assert (report.size, report.verdict) == (first, "sound")
    copy_book(whole, store, start=first)
    later = audited(store, since=report.state)
    assert later.findings == ()
    assert (later.start, later.size, later.root) == (first, whole.head().size, book.root())
    again = audited(store, since=later.state)
    assert (again.start, again.size, again.root, again.findings) == (later.size, later.size, later.root, ())
    assert again.state == later.state


def test_the_state_of_going_on_is_that_of_one_audit(store: Store) -> None:
    from tests.ledger.replaying import copy_book

    whole = full_book(MemoryStore())
    state = None
    for size in (5, 12, 40, 256, 280, whole.head().size):
        copy_book(whole, store, start=Book(store, ORIGIN).head().size if state else 0, stop=size)
        state = audited(store, since=state).state
    assert state == audited(store).state


def test_a_state_of_something_else_is_refused() -> None:
    store = MemoryStore()
    full_book(store, 2)
    state = audited(store).state
    assert state is not None
    for wrong in (b"", state[:-1], state[:40] + b"x" + state[41:]):
        with pytest.raises(FormatError):
            audited(store, since=wrong)
    with pytest.raises(FormatError, match="level 4"):
        audited(store, since=state, levels=(1, 2, 3, 4))
    other = MemoryStore()
    full_book(other, 1)
    with pytest.raises(FormatError):
        audit(other, "timebank.example/other", since=state)


def test_there_is_no_verdict_on_no_book() -> None:
    with pytest.raises(BookUnknown):
        audited(MemoryStore())


def test_a_pin_holds_the_end() -> None:
    store = MemoryStore()
    book = full_book(store)
    size = book.head().size
    pins = [Pin("signer", Checkpoint(ORIGIN, size, book.root())), Pin("copy", Checkpoint(ORIGIN, 100, book.root(100)))]
    report = audited(store, pins=pins)
    assert (report.verdict, report.pinned_by, report.pinned_size) == ("sound", ("copy", "signer"), size)
    later = audited(store, since=report.state, pins=pins)
    assert (later.verdict, later.pinned_by, later.pinned_size) == ("sound", ("copy", "signer"), size)


@pytest.mark.parametrize("at", [1, 57, 99, 101, 200, 255, 256, 257, 289, 291])
def test_a_pin_may_stand_anywhere(at: int) -> None:
    """Also inside a tile that was checked as a whole, where no checkpoint is stored."""
    store = MemoryStore()
    book = full_book(store)
    state = audited(store).state
    for since in (None, state):
        report = audited(store, since=since, pins=[Pin("copy", Checkpoint(ORIGIN, at, book.root(at)))])
        assert (report.findings, report.pinned_by, report.pinned_size) == ((), ("copy",), at)
        wrong = audited(store, since=since, pins=[Pin("copy", Checkpoint(ORIGIN, at, b"x" * 32))])
        assert places(wrong) == {(at - 1, 2, "root")}


def test_a_pin_that_contradicts_or_is_ahead() -> None:
    store = MemoryStore()
    book = full_book(store)
    size = book.head().size
    report = audited(store, pins=[Pin("signer", Checkpoint(ORIGIN, size + 5, book.root()))])
    assert (size, 2, "tail_cut") in places(report)
    assert report.pinned_by == ()
    for at in (100, size):
        for since in (None, audited(store).state):
            report = audited(store, since=since, pins=[Pin("copy", Checkpoint(ORIGIN, at, b"x" * 32))])
            assert places(report) == {(at - 1, 2, "root")}


def test_findings_of_a_level_that_was_not_asked_for_are_left_out() -> None:
    store = MemoryStore()
    book = full_book(store)
    wrong = [Pin("copy", Checkpoint(ORIGIN, 100, b"x" * 32))]
    assert audited(store, levels=(1, 3), pins=wrong).is_sound
    assert not audited(store, levels=(2,), pins=wrong).is_sound
    assert book.head().size == audited(store).size


def test_a_report_is_a_document_with_a_digest() -> None:
    store = MemoryStore()
    full_book(store)
    report = audited(store)
    document = report.as_document()
    assert (document["result"], document["levels"], document["findings"]) == ("sound", [1, 2, 3], [])
    assert len(report.digest()) == 64
    assert report.digest() != audited(store, pins=[Pin("x", Checkpoint(ORIGIN, 1, b"x" * 32))]).digest()


def test_documents_are_compared_with_their_commitments() -> None:
    store = MemoryStore()
    book = full_book(store)
    committed = [entry.seq for entry in book.entries() if entry.evidence]
    good = dict.fromkeys(committed, (SALT, DOCUMENT))

    def level_four(found: dict[int, object]) -> tuple[set[object], int, int]:
        report = audited(
            store, levels=(1, 2, 3, 4), documents=lambda seqs: {seq: found[seq] for seq in seqs if seq in found}
        )
        return set(places(report)), report.documents, report.documents_erased

    count = len(committed)
    assert level_four(dict(good)) == (set(), count, 0)
    assert level_four({**good, committed[3]: ERASED}) == (set(), count - 1, 1)
    changed = {**DOCUMENT, "minutes": 61}
    assert level_four({**good, committed[3]: (SALT, changed)})[0] == {(committed[3], 4, "evidence")}
    assert level_four({**good, committed[3]: (b"t" * 32, DOCUMENT)})[0] == {(committed[3], 4, "evidence")}
    assert level_four({**good, committed[3]: (SALT, {"minutes": 1.5})})[0] == {(committed[3], 4, "evidence")}
    del good[committed[5]]
    assert level_four(dict(good))[0] == {(committed[5], 4, "evidence_missing")}


def test_rules_are_asked_for_each_entry_that_cites_a_policy() -> None:
    store = MemoryStore()
    book = full_book(store)
    asked: list[int] = []

    def rules(entry, policy, document):  # type: ignore[no-untyped-def]
        asked.append(entry.seq)
        assert policy["name"] == "test policy"
        assert document is None
        return ["too long"] if entry.seq == 50 else []

    report = audited(store, levels=(1, 2, 3, 4), rules=rules)
    assert places(report) == ({(50, 4, "policy_broken")} if book.entry(50).policy else set())
    assert asked == [entry.seq for entry in book.entries() if entry.policy]


def test_the_vectors_are_sound_but_for_what_they_leave_out() -> None:
    """They are bodies alone; their columns and balances are those that follow."""
    from tests.ledger.replaying import store_of

    assert audit(store_of(bodies()), "timebank.example/lunan").findings == ()
