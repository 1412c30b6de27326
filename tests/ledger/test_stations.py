"""Signatures of stations: what the book refuses to write, and what an audit finds that was written past it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger import Book, Draft, Kind, decode, encode
from ledger.appending import prepare
from ledger.audit import Report, Workers, audit
from ledger.bundle import BundleStore
from ledger.canonical import ordered
from ledger.errors import (
    EntryUnknown,
    FormatError,
    KeyReused,
    KindRuleBroken,
    LedgerError,
    StationKeyUnknown,
    StationSignatureMissing,
    StationSignatureWrong,
)
from ledger.exporting import export
from ledger.keyring import named_keys
from ledger.notes import KeyType, Note, SigningKey, VerifierKey, parse_note, verify_note
from ledger.stations import added_text, key_name, retired_text, verified_text
from ledger.store import Store
from tests.ledger.books import ACCOUNTS, NOW, ORIGIN, earn, gift, money, open_draft, sql_store, undo, write
from tests.ledger.forging import linked, write_bundle
from tests.ledger.replaying import store_of
from tests.ledger.stationed import (
    STATION,
    adding,
    retiring,
    served,
    signature,
    signed,
    station_key,
    with_key,
)

FIRST, SECOND, OTHER = station_key(1), station_key(2), station_key(3, "st-18")
VECTORS = Path(__file__).parent / "station-vectors.json"


@pytest.fixture
def strict_book(store: Store) -> Book:
    """A book in which nothing is verified without a station's signature."""
    book = Book.create(store, ORIGIN, actor="system", now=NOW, signed_only=True)
    write(book, *(open_draft(account, kind) for account, kind in ACCOUNTS.items()))
    return book


def refused(book: Book, draft: Draft, error: type[LedgerError]) -> None:
    """The draft is refused with just this, and nothing was written."""
    before = book.head()
    with pytest.raises(error):
        write(book, draft)
    assert book.head() == before


def codes(report: Report) -> set[tuple[int | None, int, str]]:
    return {(finding.seq, finding.level, finding.code) for finding in report.findings}


def forged(book: Book, change: Callable[[list[bytes]], list[bytes]], first: int) -> Report:
    """What an audit says after the operator wrote the book anew, with good links."""
    bodies = change([row.body for row in book.store.rows(ORIGIN)])
    return audit(store_of(linked(bodies, first)), ORIGIN)


def test_a_signed_entry_is_written_and_audited(book: Book) -> None:
    seq = with_key(book).seq
    (entry,) = write(book, signed(served(), FIRST, seq))
    assert entry.data is not None
    assert entry.data["station_key"] == seq
    assert book.balance("ann") == 60
    report = audit(book.store, ORIGIN)
    assert report.is_sound
    write(book, signed(served(30, "hours-2"), FIRST, seq))
    assert audit(book.store, ORIGIN, since=report.state).is_sound


def test_care_is_signed_as_well(book: Book) -> None:
    seq = with_key(book).seq
    write(book, earn("eve", 60))
    write(book, signed(money(Kind.CARE, ("eve", -60), ("bob", 60), key="care-1"), FIRST, seq))
    assert audit(book.store, ORIGIN).is_sound


def test_the_signature_is_that_of_a_signed_note(plain_book: Book) -> None:
    """So a tool that knows nothing of this book can check it."""
    seq = with_key(plain_book).seq
    (entry,) = write(plain_book, signed(served(), FIRST, seq))
    note = Note(verified_text(ORIGIN, STATION, entry), (FIRST.sign(verified_text(ORIGIN, STATION, entry), 0),))
    (by,) = verify_note(parse_note(note.encode()), [FIRST.verifier])
    assert by.key == FIRST.verifier
    assert entry.data == {"station_key": seq, "signature": signature(FIRST, note.text)}


def test_a_station_key_is_no_key_of_the_book(plain_book: Book) -> None:
    with_key(plain_book)
    assert named_keys(plain_book.store, ORIGIN) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda draft: replace(draft, postings=(("issuance", -90), ("ann", 90))),
        lambda draft: replace(draft, postings=(("issuance", -60), ("bob", 60))),
        lambda draft: replace(draft, on="2026-03-02"),
        lambda draft: replace(draft, on=None),
        lambda draft: replace(draft, key="hours-2"),
        lambda draft: replace(draft, policy="6" * 64),
        lambda draft: replace(draft, evidence="f" * 64),
        lambda draft: replace(draft, data={**draft.data, "signature": draft.data["signature"][:-4] + "AAA="}),
        lambda draft: replace(draft, data={**draft.data, "signature": ""}),
        lambda draft: replace(draft, data={**draft.data, "signature": "nonsense"}),
        lambda draft: replace(draft, data={**draft.data, "signature": draft.data["signature"] + "\n"}),
        lambda draft: replace(draft, data=signed(draft, SECOND, 9).data),
    ],
)
def test_what_the_station_did_not_sign_is_refused(book: Book, change: Callable[[Any], Draft]) -> None:
    seq = with_key(book).seq
    assert seq == 9
    refused(book, change(signed(served(), FIRST, seq)), StationSignatureWrong)


def test_a_signature_names_a_key_in_force(book: Book) -> None:
    seq = with_key(book).seq
    refused(book, signed(served(), FIRST, 1), StationKeyUnknown)
    refused(book, signed(served(), FIRST, 900), EntryUnknown)
    write(book, adding(OTHER, station="st-18"))
    refused(book, signed(served(), FIRST, seq + 1), StationSignatureWrong)
    write(book, retiring(FIRST, seq))
    refused(book, signed(served(), FIRST, seq), StationKeyUnknown)
    refused(book, retiring(FIRST, seq), StationKeyUnknown)
    assert audit(book.store, ORIGIN).is_sound


def test_key_and_signature_may_come_in_one_batch(book: Book) -> None:
    seq = book.head().size
    write(book, adding(FIRST), signed(served(), FIRST, seq))
    with pytest.raises(StationKeyUnknown):
        write(book, retiring(FIRST, seq), signed(served(60, "hours-2"), FIRST, seq))
    assert audit(book.store, ORIGIN).is_sound


def test_a_second_key_needs_the_word_of_the_first(book: Book) -> None:
    seq = with_key(book).seq
    refused(book, adding(SECOND), KeyReused)
    refused(book, adding(SECOND, 2), StationSignatureMissing)
    refused(book, adding(SECOND, 2, (seq, SECOND)), StationSignatureWrong)
    write(book, adding(OTHER, station="st-18"))
    refused(book, adding(SECOND, 2, (seq + 1, OTHER)), StationKeyUnknown)
    write(book, adding(SECOND, 2, (seq, FIRST)))
    write(book, retiring(FIRST, seq, (seq + 2, SECOND)))
    write(book, signed(served(), SECOND, seq + 2))
    assert [key.retired_seq for key in book.station_keys().values()] == [seq + 3, None, None]
    assert audit(book.store, ORIGIN).is_sound


def test_a_station_that_lost_its_key_begins_again(book: Book) -> None:
    """Everybody sees that nobody vouched for the new key: its entry has no `by`."""
    seq = with_key(book).seq
    write(book, retiring(FIRST, seq))
    refused(book, adding(FIRST, 2), KindRuleBroken)
    refused(book, adding(SECOND, 2, (seq, FIRST)), StationKeyUnknown)
    refused(book, adding(SECOND, 3), KindRuleBroken)
    write(book, adding(SECOND, 2))
    assert audit(book.store, ORIGIN).is_sound


def test_the_same_key_entry_twice_is_one_entry(book: Book) -> None:
    assert with_key(book) == with_key(book)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"possession": signature(SECOND, added_text(ORIGIN, STATION, 1, FIRST.verifier.encode()))}, "signature"),
        ({"possession": signature(FIRST, retired_text(ORIGIN, STATION, FIRST.verifier.encode()))}, "signature"),
        ({"add": "nonsense"}, "signature"),
        ({"add": SigningKey(ORIGIN, KeyType.ED25519, bytes(32)).verifier.encode()}, "signature"),
        ({"add": SigningKey(key_name(ORIGIN, STATION), KeyType.ML_DSA_44, bytes(32)).verifier.encode()}, "signature"),
        ({"station": "st-18"}, "rule"),
        ({"station": "st/18"}, "format"),
        ({"station": "st 18"}, "format"),
        ({"station": 17}, "rule"),
        ({"by": 3}, "rule"),
        ({"by": -1, "signature": "AAAA"}, "format"),
        ({"by": True, "signature": "AAAA"}, "format"),
        ({"retire": "x"}, "rule"),
        ({"other": "x"}, "rule"),
    ],
)
def test_a_malformed_key_entry_is_refused(plain_book: Book, data: dict[str, Any], error: str) -> None:
    draft = adding(FIRST)
    errors = {"signature": StationSignatureWrong, "rule": KindRuleBroken, "format": FormatError}
    refused(plain_book, replace(draft, data={**(draft.data or {}), **data}), errors[error])


@pytest.mark.parametrize(
    ("draft", "error"),
    [
        (replace(served(), data={"station_key": 9}), KindRuleBroken),
        (replace(served(), data={"station_key": "9", "signature": "AAAA"}), FormatError),
        (replace(served(), data={"station_key": 9, "signature": 1}), KindRuleBroken),
        (replace(served(), data={"station_key": 9, "signature": "AAAA", "more": 1}), KindRuleBroken),
        (replace(signed(served(), FIRST, 9), key=None), KindRuleBroken),
        (replace(gift("ann", "bob", 5, "gift-1"), data={"station_key": 9, "signature": "AAAA"}), KindRuleBroken),
        (Draft(Kind.KEY, "staff", data={"station": STATION, "retire": FIRST.verifier.encode()}), KindRuleBroken),
        (retiring(SECOND, 9), KindRuleBroken),
        (retiring(FIRST, 9, station="st-18"), KindRuleBroken),
        (retiring(FIRST, 9, (9, SECOND)), StationSignatureWrong),
        (Draft(Kind.KEY, "staff", of=9, data={"add": FIRST.verifier.encode()}), KindRuleBroken),
    ],
)
def test_malformed_signatures_are_refused(plain_book: Book, draft: Draft, error: type[LedgerError]) -> None:
    with_key(plain_book)
    refused(plain_book, draft, error)


def test_a_book_can_ask_for_signatures_from_its_genesis_on(strict_book: Book) -> None:
    refused(strict_book, served(), StationSignatureMissing)
    refused(strict_book, money(Kind.CARE, ("eve", -60), ("bob", 60)), StationSignatureMissing)
    seq = with_key(strict_book).seq
    (entry,) = write(strict_book, signed(served(), FIRST, seq))
    write(strict_book, undo(entry))
    assert audit(strict_book.store, ORIGIN).is_sound
    assert Book(strict_book.store, ORIGIN).signed_only


def test_genesis_asks_for_signatures_in_one_word() -> None:
    with pytest.raises(FormatError):
        prepare(Draft(Kind.GENESIS, "system", data={"unit": "min", "keys": [], "stations": "sometimes"}))


def _replaced(bodies: list[bytes], seq: int, **fields: Any) -> list[bytes]:
    if fields.get("data"):
        fields["data"] = ordered(fields["data"])
    bodies[seq] = encode(msgspec.structs.replace(decode(bodies[seq]), **fields))
    return bodies


def test_an_operator_who_mints_in_a_stations_name_is_found(strict_book: Book, tmp_path: Path) -> None:
    """He has the database and the book's key, and writes whatever he likes with good hashes."""
    seq = with_key(strict_book).seq
    write(strict_book, signed(served(), FIRST, seq), signed(served(30, "hours-2"), FIRST, seq))
    last = strict_book.head().size - 1
    more = (("ann", 600), ("issuance", -600))
    assert codes(forged(strict_book, lambda bodies: _replaced(bodies, last, postings=more), last)) == {
        (last, 3, "station_signature")
    }
    assert codes(forged(strict_book, lambda bodies: _replaced(bodies, last, data=None), last)) == {
        (last, 3, "station_signature_missing")
    }
    assert codes(
        forged(
            strict_book,
            lambda bodies: _replaced(bodies, last, data=signed(served(30, "hours-2"), SECOND, seq).data),
            last,
        )
    ) == {(last, 3, "station_signature")}
    bodies = [row.body for row in strict_book.store.rows(ORIGIN)]
    twice = audit(write_bundle(tmp_path / "twice", linked([*bodies, bodies[last]], last)), ORIGIN)
    assert codes(twice) == {(last + 1, 3, "key_repeated")}
    other = signed(served(30, "hours-2"), FIRST, 3).data
    assert codes(forged(strict_book, lambda bodies: _replaced(bodies, last, data=other), last)) == {
        (last, 3, "station_key_unknown")
    }


def test_an_operator_who_gives_a_station_another_key_is_found(strict_book: Book) -> None:
    seq = with_key(strict_book).seq
    write(strict_book, open_draft("later-1", "member"), open_draft("later-2", "member"))
    mine = adding(SECOND, 2)

    def change(bodies: list[bytes]) -> list[bytes]:
        return _replaced(bodies, seq + 1, kind=Kind.KEY, key=mine.key, data=mine.data)

    assert codes(forged(strict_book, change, seq + 1)) == {(seq + 1, 3, "station_signature_missing")}


def test_a_signature_after_its_key_was_retired_is_found(book: Book) -> None:
    seq = with_key(book).seq
    write(book, signed(served(), FIRST, seq), retiring(FIRST, seq))
    last = seq + 2

    def swapped(bodies: list[bytes]) -> list[bytes]:
        bodies[seq + 1], bodies[last] = bodies[last], bodies[seq + 1]
        return bodies

    assert codes(forged(book, swapped, seq + 1)) == {(last, 3, "station_key_unknown")}


def test_bundles_and_workers_check_signatures_too(sql_url: str, tmp_path: Path) -> None:
    with sql_store(sql_url) as store:
        book = Book.create(store, ORIGIN, actor="system", now=NOW, signed_only=True)
        write(book, *(open_draft(account, kind) for account, kind in ACCOUNTS.items()))
        seq = with_key(book).seq
        for start in range(0, 9000, 1500):
            write(book, *(open_draft(f"m-{number}", "member") for number in range(start, start + 1500)))
            write(book, signed(served(10, f"hours-{start}"), FIRST, seq))
        assert audit(store, ORIGIN, workers=Workers(sql_url, 2)).is_sound
        export(store, ORIGIN, tmp_path / "bundle")
    assert audit(BundleStore(tmp_path / "bundle"), ORIGIN).is_sound


def test_the_vectors_are_what_the_code_does() -> None:
    """Made once with fixed keys; whoever writes another implementation compares his bytes with these."""
    vectors = json.loads(VECTORS.read_text())
    for name, case in vectors["notes"].items():
        key = VerifierKey.parse(case["verifier_key"])
        signatures = parse_note(case["note"]).signatures
        assert key.verify(case["text"], signatures[0].value) is None, name
        assert case["note"].startswith(case["text"] + "\n"), name
    book = store_of([body.encode() for body in vectors["entries"]])
    assert audit(book, vectors["origin"]).is_sound
    keys = Book(book, vectors["origin"]).station_keys()
    entries = list(Book(book, vectors["origin"]).entries())
    earned = next(entry for entry in entries if entry.kind is Kind.EARN)
    assert verified_text(vectors["origin"], STATION, earned) == vectors["notes"]["verified"]["text"]
    first = next(iter(keys.values()))
    assert added_text(vectors["origin"], STATION, 1, first.text) == vectors["notes"]["added"]["text"]
    assert retired_text(vectors["origin"], STATION, first.text) == vectors["notes"]["retired"]["text"]
    assert [case["code"] for case in vectors["bad"]] == [_verdict(vectors, case) for case in vectors["bad"]]


def _verdict(vectors: dict[str, Any], case: dict[str, Any]) -> str:
    bodies = [body.encode() for body in vectors["entries"]]
    report = audit(store_of(linked([*bodies[: case["seq"]], case["body"].encode()], case["seq"])), vectors["origin"])
    (finding,) = report.findings
    assert finding.seq == case["seq"]
    return finding.code
