"""Receipts as they come: each good one is proven, each bad one is refused for the reason that is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from ledger.checking import Judgement, Reason, judge, read_all
from ledger.cli import main
from ledger.compact import MOST_CHARACTERS, decode_compact, encode_compact
from ledger.errors import NoteInvalid, ProofInvalid
from ledger.notes import Note, parse_note
from ledger.receipts import Receipt, parse_policy, verify_receipt
from tests.ledger import receipt_cases
from tests.ledger.receipt_cases import BOOK, ORIGIN, Case, cases, policy, receipt

REFUSED = ("policy",)


def reasons(case: Case) -> tuple[str, ...]:
    """What the library says of a case."""
    try:
        rule = parse_policy(case.policy)
    except NoteInvalid:
        return REFUSED
    found = [one if isinstance(one, Judgement) else judge(one, rule) for one in read_all(case.raw)]
    assert all(one.is_proven or one.why for one in found)
    return tuple(str(one.reason) for one in found)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_each_case_has_its_reason(case: Case) -> None:
    assert reasons(case) == case.reasons


def test_every_reason_has_a_case() -> None:
    assert {reason for case in cases() for reason in case.reasons} == {*Reason, *REFUSED}
    assert len({case.name for case in cases()}) == len(cases())
    assert len(json.loads(receipt_cases.as_json())) == len(cases())


def test_what_is_proven_is_what_the_strict_door_lets_in() -> None:
    for case in cases():
        if case.reasons == ("proven",) and b"TBR1" not in case.raw.upper():
            verify_receipt(Receipt.parse(case.raw), parse_policy(case.policy), ORIGIN)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_command_ends_with_what_it_found(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "receipt").write_bytes(case.raw)
    (tmp_path / "policy").write_text(case.policy)
    arguments = ["check", str(tmp_path / "receipt"), "--policy", str(tmp_path / "policy")]
    status = main(arguments)
    printed = capsys.readouterr()
    bad = set(case.reasons) - {"proven"}
    assert status == (2 if bad & {"policy", "unreadable"} else 1 if bad else 0)
    assert printed.out.count("verdict     proven") == case.reasons.count("proven")
    assert printed.out.count("NOT PROVEN") == (
        0 if case.reasons == REFUSED else len(case.reasons) - case.reasons.count("proven")
    )
    if case.reasons == REFUSED:
        assert "policy" in printed.err
        return
    assert main([*arguments, "--json"]) == status
    documents = json.loads(capsys.readouterr().out)
    assert tuple(one["reason"] for one in documents) == case.reasons
    assert [one["verdict"] == "proven" for one in documents] == [one == "proven" for one in case.reasons]


def test_a_proven_one_is_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "receipt").write_text(receipt())
    (tmp_path / "policy").write_text(policy())
    assert main(["check", str(tmp_path / "receipt"), "--policy", str(tmp_path / "policy")]) == 0
    out = capsys.readouterr().out
    for words in (
        "entry       150 of",
        ": gift",
        "-3 h on account m00",
        "among       the first 301 entries",
        "ML_DSA_44",
        "witness.example/court",
        "2026-09-21T14:13:25Z",
        "enough of them saw it",
        "not proven  who",
    ):
        assert words in out, words


@pytest.mark.parametrize("missing", ["receipt", "policy"])
def test_a_file_that_is_not_there_can_not_be_read(
    tmp_path: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in (("receipt", receipt()), ("policy", policy())):
        if name != missing:
            (tmp_path / name).write_text(text)
    assert main(["check", str(tmp_path / "receipt"), "--policy", str(tmp_path / "policy")]) == 2
    assert "No such file" in capsys.readouterr().err


@given(st.data())
def test_any_changed_byte_is_refused_or_costs_a_signature(data: st.DataObject) -> None:
    raw = bytearray(receipt().encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    rule = parse_policy(policy())
    whole = len(judge(Receipt.parse(receipt()), rule).signed_by)
    for one in read_all(bytes(raw)):
        found = one if isinstance(one, Judgement) else judge(one, rule)
        assert not found.is_proven or len(found.signed_by) < whole


@pytest.mark.parametrize("seq", [0, 16, 150, 255, 300])
def test_codes_give_back_the_receipt_without_its_post_quantum_lines(seq: int) -> None:
    whole = Receipt.parse(receipt(seq))
    texts = encode_compact(whole)
    note = parse_note(whole.checkpoint)
    kept = tuple(line for line in note.signatures if len(line.value) < 100)
    assert decode_compact(texts) == Receipt(seq, whole.proof, Note(note.text, kept).encode(), whole.body)
    assert all(len(text) <= MOST_CHARACTERS + 20 for text in texts)
    assert all(set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/") for text in texts), "a code's dense mode"


def test_a_large_one_is_split_and_any_part_missing_is_named() -> None:
    whole = Receipt.parse(receipt())
    large = Receipt(150, tuple(bytes([at]) * 32 for at in range(24)), whole.checkpoint, whole.body)
    texts = encode_compact(large)
    assert len(texts) == 2
    assert decode_compact(reversed(texts)).proof == large.proof
    for at in range(2):
        with pytest.raises(ProofInvalid, match=f"code {at + 1} of 2 is missing"):
            decode_compact([texts[1 - at]])
    with pytest.raises(ProofInvalid, match="do not belong"):
        decode_compact([texts[0], encode_compact(whole)[0]])


def test_what_has_no_short_signature_has_no_code() -> None:
    only = receipt_cases.without(receipt(), BOOK[0], receipt_cases.STATION, receipt_cases.COURT)
    with pytest.raises(ProofInvalid, match="short enough"):
        encode_compact(Receipt.parse(only))


@given(st.data())
def test_any_changed_character_of_a_code_is_seen(data: st.DataObject) -> None:
    text = encode_compact(Receipt.parse(receipt()))[0]
    at = data.draw(st.integers(0, len(text) - 1))
    char = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567/1890"))
    changed = text[:at] + char + text[at + 1 :]
    try:
        assert decode_compact([changed]) == decode_compact([text])
    except ProofInvalid:
        assert changed != text


def test_ten_million_entries_fit_on_paper() -> None:
    """The sizes in docs/receipts.md: two codes that a phone reads, in the dense mode, with one witness."""
    whole = Receipt.parse(receipt_cases.without(receipt(), receipt_cases.ARCHIVE, receipt_cases.COURT))
    texts = encode_compact(Receipt(150, tuple(bytes([at]) * 32 for at in range(24)), whole.checkpoint, whole.body))
    codes = [segno.make(text, error="m", boost_error=False) for text in texts]
    assert len(codes) == 2
    assert all(code.mode == "alphanumeric" and int(code.version) <= 25 for code in codes)
