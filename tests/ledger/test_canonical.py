"""One value has one encoding, and everything else is refused."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from ledger.canonical import MAX_BODY_BYTES, commitment, decode, encode, jcs, ordered, policy_hash
from ledger.entries import Entry, Kind, format_at
from ledger.errors import EntryTooLarge, FormatError

_SAFE = st.integers(-(2**53) + 1, 2**53 - 1)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_DOCUMENT = st.recursive(
    st.none() | st.booleans() | _SAFE | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)
_ID = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
_HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
_POSTING = st.tuples(_ID, _SAFE)
_ENTRIES = st.builds(
    Entry,
    v=st.just(1),
    book=_ID,
    seq=st.integers(0, 2**40),
    prev=_HEX,
    at=st.datetimes(timezones=st.just(UTC)).map(format_at),
    kind=st.sampled_from(Kind),
    actor=_ID,
    nonce=st.binary(min_size=16, max_size=16).map(bytes.hex),
    on=st.none() | st.dates().map(str),
    postings=st.lists(_POSTING, max_size=5).map(tuple),
    key=st.none() | _ID,
    of=st.none() | st.integers(0, 2**40),
    evidence=st.none() | _HEX,
    policy=st.none() | _HEX,
    data=st.none() | st.dictionaries(_TEXT, _DOCUMENT, max_size=4).map(ordered),
)
SAMPLE = Entry(
    v=1,
    book="timebank.example/a",
    seq=7,
    prev="0" * 64,
    at="2026-01-01T00:00:00.000Z",
    kind=Kind.EARN,
    actor="staff",
    nonce="1" * 32,
    postings=(("issuance", -30), ("m", 30)),
    policy="2" * 64,
)


@given(_ENTRIES)
def test_the_bytes_are_those_of_rfc_8785_and_read_back(entry: Entry) -> None:
    body = encode(entry)
    plain = {name: value for name, value in asdict(entry).items() if value is not None and value != ()}
    if "postings" in plain:
        plain["postings"] = [list(posting) for posting in plain["postings"]]
    assert body == rfc8785.dumps({**plain, "kind": str(entry.kind)})
    assert decode(body) == entry


@given(_DOCUMENT)
@example({"\ufb33": 1, "\U0001f600": 2})
@example({"\u2028": "\u2029\x7f\x00\x1f"})
def test_documents_are_those_of_rfc_8785(document: Any) -> None:
    assert jcs(document) == rfc8785.dumps(document)


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), 2**53, -(2**53), {1: 2}, {"a": 0.5}, b"x", "\ud800", {"\ud800": 1}]
)
def test_what_has_no_place_in_a_document(value: Any) -> None:
    with pytest.raises(FormatError):
        jcs(value)


def test_a_document_nested_too_deep_is_refused() -> None:
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    with pytest.raises(FormatError, match="nested"):
        jcs(deep)


def test_commitment_and_policy_hash() -> None:
    salt = bytes(range(32))
    assert commitment(salt, {"b": 1, "a": "时"}) == hashlib.sha256(salt + '{"a":"时","b":1}'.encode()).hexdigest()
    assert policy_hash({"x": []}) == hashlib.sha256(b'{"x":[]}').hexdigest()
    with pytest.raises(FormatError, match="salt"):
        commitment(b"short", {})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("v", 2),
        ("seq", -1),
        ("seq", True),
        ("of", -1),
        ("of", 2**53),
        ("actor", "王阿姨"),
        ("actor", ""),
        ("book", "a b"),
        ("at", "2026-01-01T00:00:00Z"),
        ("prev", "0" * 63),
        ("nonce", "1" * 31),
        ("nonce", "G" * 32),
        ("policy", "x"),
        ("evidence", "A" * 64),
        ("key", ""),
        ("key", "k" * 256),
        ("on", "yesterday"),
        ("postings", (("m", 1.5),)),
        ("postings", (("m", True),)),
        ("postings", (("m", 2**53),)),
        ("postings", (("", 1),)),
        ("data", {"a": 1.5}),
        ("data", {"b": 1, "a": 2}),
        ("data", {"a": "\ud800"}),
    ],
)
def test_a_field_that_is_not_of_the_format_is_named(field: str, value: Any) -> None:
    with pytest.raises(FormatError) as caught:
        encode(replace(SAMPLE, **{field: value}))
    assert caught.value.field.split(".")[0] == field


def _changed(**changes: Any) -> bytes:
    plain = {**json.loads(encode(SAMPLE)), **changes}
    return json.dumps({name: plain[name] for name in sorted(plain)}, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (_changed(surplus=1), "surplus"),
        (_changed(seq=7.0), "seq"),
        (_changed(seq="7"), "seq"),
        (_changed(v=True), "v"),
        (_changed(kind="mint"), "kind"),
        (_changed(postings=[["m", 1.0]]), "postings"),
        (_changed(postings=[["m", 1, 2]]), "postings"),
        (_changed(postings=[]), "body"),
        (_changed(of=None), "body"),
        (_changed(data={"x": 1e3}), "data"),
        (_changed(postings=[["m", 10**30]]), "postings"),
        (b"", "body"),
        (b"{}", "actor"),
        (b"[]", "body"),
        (b"\xff\xfe", "body"),
        (b'{"actor":"\xff"}', "body"),
        (encode(SAMPLE) + b" ", "body"),
        (encode(SAMPLE) + b"\n", "body"),
        (encode(SAMPLE)[:-1], "body"),
        (encode(SAMPLE).replace(b":7", b": 7"), "body"),
        (encode(SAMPLE).replace(b"staff", b"\\u0073taff"), "body"),
        (encode(SAMPLE).replace(b'"v":1', b'"v":1,"v":1'), "body"),
        (b"[" * 30_000, "body"),
    ],
)
def test_other_bytes_are_refused(body: bytes, field: str) -> None:
    with pytest.raises(FormatError) as caught:
        decode(body)
    assert caught.value.field.split(".")[0] == field


@given(st.binary(max_size=200) | st.integers(0, len(encode(SAMPLE)) - 1).map(lambda at: encode(SAMPLE)[:at]))
def test_no_bytes_make_the_decoder_fail_otherwise(body: bytes) -> None:
    with pytest.raises(FormatError):
        decode(body)


def test_a_body_may_fill_a_bundle_and_no_more() -> None:
    empty = replace(SAMPLE, kind=Kind.POLICY, postings=(), policy=None, data={"policy": {"x": ""}})
    room = MAX_BODY_BYTES - len(encode(empty))
    full = replace(empty, data={"policy": {"x": "y" * room}})
    assert len(encode(full)) == MAX_BODY_BYTES
    assert decode(encode(full)) == full
    over = replace(empty, data={"policy": {"x": "y" * (room + 1)}})
    with pytest.raises(EntryTooLarge):
        encode(over)
    with pytest.raises(EntryTooLarge):
        decode(encode(full) + b" ")
