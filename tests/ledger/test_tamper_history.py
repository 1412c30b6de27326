"""Entries are dropped, inserted, swapped, rewritten; or whole histories are written anew with hashes that fit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import Kind, decode
from ledger.audit import Pin, Report
from ledger.checkpoints import Checkpoint
from ledger.store import CheckpointRow
from tests.ledger.auditing import ORIGIN, VERIFIERS, audited, places
from tests.ledger.books import sql_store
from tests.ledger.forging import (
    changed,
    honest,
    honest_bodies,
    honest_file,
    linked,
    tampered,
    write_bundle,
    write_database,
)

SIZE = len(honest_bodies())
SEQ = 150
Judge = Callable[..., Report]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return honest_file(tmp_path_factory.mktemp("honest"))


@pytest.fixture(params=["bundle", "database"])
def judge(request: pytest.FixtureRequest, tmp_path: Path) -> Judge:
    """Audits a history that somebody wrote, as a bundle, and as a database in which everything follows from it."""

    def audit_it(bodies: list[bytes], checkpoints: list[CheckpointRow] | None = None, **options: object) -> Report:
        kept = checkpoints if checkpoints is not None else []
        bundle = write_bundle(tmp_path / "bundle", bodies, kept)
        if request.param == "bundle":
            return audited(bundle, **options)
        with sql_store(write_database(tmp_path, bundle)) as store:
            return audited(store, **options)

    return audit_it


def checkpoints(up_to: int = SIZE) -> list[CheckpointRow]:
    return [row for row in honest().store.checkpoints(ORIGIN) if row.size <= up_to]


def test_the_honest_history_is_sound(judge: Judge) -> None:
    report = judge(list(honest_bodies()), checkpoints(), keys=VERIFIERS)
    assert report.findings == ()
    assert report.checkpoints == 4


def test_an_entry_is_dropped(file: Path, tmp_path: Path) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM ledger_entry WHERE seq = ?", (SEQ,))

    report = tampered(file, tmp_path, change)
    assert (SEQ, 1, "entry_missing") in places(report)
    assert report.count < 10


def test_many_entries_are_dropped(file: Path, tmp_path: Path) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM ledger_entry WHERE seq BETWEEN 120 AND 310")
        connection.execute("DELETE FROM ledger_posting WHERE seq BETWEEN 120 AND 310")

    assert (120, 1, "entry_missing") in places(tampered(file, tmp_path, change))


def test_all_entries_are_dropped(file: Path, tmp_path: Path) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM ledger_entry")

    assert (0, 1, "tail_cut") in places(tampered(file, tmp_path, change))


def test_the_rest_is_renumbered_after_a_drop(judge: Judge) -> None:
    bodies = list(honest_bodies())
    del bodies[SEQ]
    assert (SEQ, 1, "seq") in places(judge(bodies))


def test_an_entry_is_inserted(judge: Judge) -> None:
    bodies = list(honest_bodies())
    bodies.insert(SEQ, bodies[SEQ])
    assert (SEQ + 1, 1, "seq") in places(judge(bodies))


def test_a_row_stands_beyond_the_head(file: Path, tmp_path: Path) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO ledger_entry SELECT book, seq + 1, leaf_hash, leaf_hash, at, kind, actor, on_date, 'fresh',"
            " of_seq, evidence, policy, body FROM ledger_entry WHERE seq = ?",
            (SIZE - 1,),
        )

    assert {(SIZE, 1, "head"), (SIZE, 1, "seq")} <= places(tampered(file, tmp_path, change))


def test_two_entries_change_places(judge: Judge) -> None:
    bodies = list(honest_bodies())
    bodies[SEQ], bodies[SEQ + 1] = bodies[SEQ + 1], bodies[SEQ]
    assert {(SEQ, 1, "seq"), (SEQ + 1, 1, "seq")} <= places(judge(bodies))


def test_two_rows_exchange_their_numbers(file: Path, tmp_path: Path) -> None:
    def change(connection: sqlite3.Connection) -> None:
        for old, new in ((SEQ, -7), (SEQ + 1, SEQ), (-7, SEQ + 1)):
            connection.execute("UPDATE ledger_entry SET seq = ? WHERE seq = ?", (new, old))

    report = tampered(file, tmp_path, change)
    assert {(SEQ, 1, "seq"), (SEQ + 1, 1, "seq")} <= places(report)


def test_a_rewritten_chain_contradicts_the_next_checkpoint(judge: Judge) -> None:
    """All hashes, links, tiles and balances fit; only what was signed does not."""
    bodies = changed(SEQ, actor="mallory")
    assert places(judge(bodies, checkpoints())) == {(255, 2, "root")}


def test_a_rewritten_end_contradicts_a_pin_only(judge: Judge) -> None:
    bodies = changed(SIZE - 1, actor="mallory")
    pin = Pin("copy", Checkpoint(ORIGIN, SIZE, honest().root()))
    assert places(judge(bodies, checkpoints(), pins=[pin])) == {(SIZE - 1, 2, "root")}


def test_a_rewritten_end_without_a_pin_is_not_seen_and_the_report_says_so(judge: Judge) -> None:
    report = judge(changed(SIZE - 1, actor="mallory"), checkpoints())
    assert (report.verdict, report.pinned_by, report.pinned_size) == ("sound", (), 0)


def test_the_end_is_cut_off(judge: Judge) -> None:
    assert places(judge(list(honest_bodies()[:280]), checkpoints())) == {(280, 2, "tail_cut")}


def test_the_end_is_cut_off_with_its_checkpoints(judge: Judge) -> None:
    pin = Pin("signer", Checkpoint(ORIGIN, 290, honest().root(290)))
    assert places(judge(list(honest_bodies()[:280]), checkpoints(280), pins=[pin])) == {(280, 2, "tail_cut")}


def test_the_end_is_cut_off_since_the_last_audit(tmp_path: Path) -> None:
    since = audited(honest().store).state
    bundle = write_bundle(tmp_path / "bundle", honest_bodies()[:320], checkpoints())
    assert (320, 1, "tail_cut") in places(audited(bundle, since=since))


def test_the_history_before_an_audit_is_rewritten(tmp_path: Path) -> None:
    """The new entries still join what was audited, but no longer what is stored."""
    since = audited(write_bundle(tmp_path / "before", honest_bodies()[:300], checkpoints(290))).state
    bundle = write_bundle(tmp_path / "after", changed(SEQ, actor="mallory"), checkpoints())
    report = audited(bundle, since=since)
    assert (300, 1, "prev") in places(report)


def test_keys_of_somebody_else(judge: Judge) -> None:
    """A book that names its own keys proves nothing about who keeps it; the caller's keys do."""
    from ledger.notes import KeyType, generate

    strangers = [generate(ORIGIN, KeyType.ED25519).verifier]
    report = judge(list(honest_bodies()), checkpoints(), keys=strangers)
    assert {code for _, _, code in places(report)} == {"checkpoint_invalid"}


SETTLED = next(e for e in honest().entries(100) if e.kind is Kind.SETTLE)
REVERSED = next(e for e in honest().entries(100) if e.kind is Kind.REVERSE)
EARN = next(e for e in honest().entries(100) if e.kind is Kind.EARN)
GIFT = next(e for e in honest().entries(100) if e.kind is Kind.GIFT)
OPEN = next(e for e in honest().entries(100) if e.kind is Kind.OPEN)
CLOSE = next(e for e in honest().entries(100) if e.kind is Kind.CLOSE)
CARE = next(e for e in honest().entries(100) if e.kind is Kind.CARE)

RULES = [
    (EARN.seq, {"postings": (("ann", 60),)}, "postings_unbalanced"),
    (EARN.seq, {"postings": (("ann", 60), ("bob", -60))}, "kind_rule_broken"),
    (EARN.seq, {"postings": (("issuance", -60), ("ann", 60))}, "kind_rule_broken"),
    (EARN.seq, {"postings": (("ann", 0), ("issuance", 0))}, "kind_rule_broken"),
    (EARN.seq, {"postings": (("issuance", -60), ("nobody", 60))}, "account_unknown"),
    (EARN.seq, {"postings": ()}, "kind_rule_broken"),
    (EARN.seq, {"policy": None}, "kind_rule_broken"),
    (EARN.seq, {"of": 3}, "kind_rule_broken"),
    (EARN.seq, {"kind": Kind.GENESIS}, "kind_rule_broken"),
    (EARN.seq, {"key": GIFT.key}, "key_repeated"),
    (GIFT.seq, {"postings": (("ann", -90000), ("eve", 90000))}, "balance_too_low"),
    (GIFT.seq, {"on": "2026-03-01"}, "kind_rule_broken"),
    (GIFT.seq, {"data": {"word": "x"}}, "kind_rule_broken"),
    (SETTLED.seq, {"of": SETTLED.seq + 50}, "entry_unknown"),
    (SETTLED.seq, {"of": SETTLED.seq}, "entry_unknown"),
    (SETTLED.seq, {"of": EARN.seq if EARN.seq < SETTLED.seq else 12}, "hold_unknown"),
    (SETTLED.seq, {"of": None}, "kind_rule_broken"),
    (CARE.seq, {"kind": Kind.SETTLE, "of": SETTLED.of, "on": None}, "kind_rule_broken"),
    (OPEN.seq, {"data": {"account": "ann", "account_kind": "member"}}, "account_exists"),
    (OPEN.seq, {"data": {"account": "second", "account_kind": "escrow"}}, "kind_rule_broken"),
    (OPEN.seq, {"data": {"account": "second", "account_kind": "bank"}}, "kind_rule_broken"),
    (CLOSE.seq, {"data": {"account": "ann"}}, "account_not_empty"),
    (CLOSE.seq, {"data": {"account": "nobody"}}, "account_closed"),
    (0, {"data": {"keys": [], "unit": "Hours!"}}, "kind_rule_broken"),
]


@pytest.mark.parametrize(("seq", "fields", "code"), RULES)
def test_an_entry_that_breaks_a_rule_in_a_chain_that_fits(
    judge: Judge, seq: int, fields: dict[str, object], code: str
) -> None:
    report = judge(changed(seq, **fields))
    found = {(one.seq, one.code) for one in report.findings if one.level == 3}
    if code == "key_repeated":
        seq = max(seq, GIFT.seq)
    assert (seq, code) in found, report.findings[:5]


@pytest.mark.parametrize("again", [SETTLED, REVERSED], ids=["settle", "reverse"])
def test_completing_twice(judge: Judge, again: object) -> None:
    """The double spend: the same settle or reverse once more at the end, with all that follows from it."""
    from ledger import Entry

    assert isinstance(again, Entry)
    bodies = linked([*honest_bodies(), honest_bodies()[again.seq]], SIZE)
    import msgspec

    entry = msgspec.structs.replace(decode(bodies[SIZE]), at=decode(bodies[SIZE - 1]).at)
    bodies = linked([*bodies[:SIZE], msgspec.json.encode(entry)], SIZE)
    code = "hold_already_settled" if again is SETTLED else "already_reversed"
    assert (SIZE, 3, code) in places(judge(bodies))


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"at": "2026-02-28T08:30:00.000Z"}, (SEQ, 1, "at")),
        ({"at": "2026-02-30T08:30:00.000Z"}, (SEQ, 1, "format")),
        ({"at": "2027-03-01T08:30:00.000Z"}, (SEQ + 1, 1, "at")),
        ({"book": "timebank.example/other"}, (SEQ, 1, "book")),
        ({"v": 2}, (SEQ, 1, "format")),
        ({"nonce": "F" * 32}, (SEQ, 1, "format")),
        ({"nonce": "f" * 31}, (SEQ, 1, "format")),
        ({"actor": ""}, (SEQ, 1, "format")),
        ({"actor": "王"}, (SEQ, 1, "format")),
        ({"key": ""}, (SEQ, 1, "format")),
        ({"key": "k" * 256}, (SEQ, 1, "format")),
        ({"key": "with space"}, (SEQ, 1, "format")),
        ({"evidence": "0" * 63}, (SEQ, 1, "format")),
        ({"policy": "F" * 64}, (SEQ, 1, "format")),
        ({"on": "2026-3-1"}, (SEQ, 1, "format")),
    ],
)
def test_an_entry_out_of_form_in_a_chain_that_fits(
    judge: Judge, fields: dict[str, object], place: tuple[int, int, str]
) -> None:
    assert place in places(judge(changed(SEQ, **fields)))


def test_the_link_does_not_fit(judge: Judge) -> None:
    bodies = changed(SEQ, actor="mallory")
    broken = [*honest_bodies()[: SEQ + 1], *bodies[SEQ + 1 :]]
    assert (SEQ + 1, 1, "prev") in places(judge(broken))
