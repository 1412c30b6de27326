from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import NoteInvalid
from ledger.keyfiles import read_keys, write_keys
from ledger.notes import KeyType, Note, SigningKey, VerifierKey, generate, parse_note, sign_note, verify_note
from tests.ledger.vectors import CHECKPOINT_SIZES, facts, read

LOG = SigningKey("timebank.example/ledger", KeyType.ED25519, hashlib.sha256(b"log").digest())
WITNESS = SigningKey("witness.example/w1", KeyType.COSIGNATURE, hashlib.sha256(b"w1").digest())
QUANTUM = SigningKey("timebank.example/ledger", KeyType.ML_DSA_44, hashlib.sha256(b"pq").digest())
LOG_VKEY = "timebank.example/ledger+bbd60c37+AZsfhHkc/HZjBFhU04netcqVRJ2HXydqg4QLBgqznPxx"
WITNESS_VKEY = "witness.example/w1+ed8c37d6+BLDvac9mmAMfo6UM3ZhuGEswRR4MUnSlB9TyBI0y+MK1"
TEXT = "timebank.example/ledger\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n"
GOLDEN = (
    TEXT
    + "\n— timebank.example/ledger "
    + "u9YMN8O8naRxTDEe085y3N/uFF8dolYjBPDggQRJGmWpuufdLlSWSR8KLZqjeS81VJFqf8VGo34WebYgXMy0/Uv1bQo=\n"
    + "— witness.example/w1 "
    + "7Yw31gAAAABqsTuA3wA0FEZziXj1OuW6lvEeqAZmGOEOY9NoyWEl7SYM/sx5jzvD3rUApPPOhk3spxXFX7kG4vgTFlwWb7jYSYjkAg==\n"
)
SECONDS = 1_790_000_000


def test_golden_note_is_made_byte_for_byte() -> None:
    assert sign_note(TEXT, [LOG, WITNESS], SECONDS).encode() == GOLDEN
    assert LOG.verifier.encode() == LOG_VKEY
    assert WITNESS.verifier.encode() == WITNESS_VKEY


def test_golden_note_verifies() -> None:
    keys = [VerifierKey.parse(LOG_VKEY), VerifierKey.parse(WITNESS_VKEY)]
    verified = verify_note(parse_note(GOLDEN), keys)
    assert [(proof.key.encode(), proof.seconds) for proof in verified] == [(LOG_VKEY, None), (WITNESS_VKEY, SECONDS)]


def test_the_example_key_of_the_specification() -> None:
    key = VerifierKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    assert (key.name, key.type, key.key_id.hex()) == ("example.com/foo", KeyType.ED25519, "530d903a")


@pytest.mark.parametrize("size", CHECKPOINT_SIZES)
def test_vector_checkpoints_verify_under_all_three_keys(size: int) -> None:
    keys = [VerifierKey.parse(facts()["keys"][name]) for name in ("book", "book_pq", "witness")]
    note = parse_note(read(f"checkpoint-{size}.txt"))
    assert note.encode().encode() == read(f"checkpoint-{size}.txt")
    assert [proof.key for proof in verify_note(note, keys)] == keys


def test_an_ml_dsa_signature_carries_its_time() -> None:
    note = parse_note(sign_note(TEXT, [LOG, QUANTUM], SECONDS).encode())
    assert [proof.seconds for proof in verify_note(note, [LOG.verifier, QUANTUM.verifier])] == [None, SECONDS]
    assert len(note.signatures[1].line().encode()) == 3_280 - 7


def test_unknown_lines_are_passed_over_and_none_known_is_refused() -> None:
    other = generate("somebody.example/else", KeyType.ED25519)
    note = sign_note(TEXT, [other, LOG], SECONDS)
    assert [proof.key for proof in verify_note(note, [LOG.verifier])] == [LOG.verifier]
    with pytest.raises(NoteInvalid, match="no known key"):
        verify_note(sign_note(TEXT, [other], SECONDS), [LOG.verifier])


def test_one_false_line_of_a_known_key_refuses_the_whole_note() -> None:
    good = sign_note(TEXT, [LOG, WITNESS], SECONDS)
    false = sign_note(TEXT.replace("8", "9"), [WITNESS], SECONDS)
    note = Note(good.text, (good.signatures[0], false.signatures[0]))
    with pytest.raises(NoteInvalid, match=r"witness\.example"):
        verify_note(note, [LOG.verifier, WITNESS.verifier])
    assert verify_note(note, [LOG.verifier])


def test_a_key_that_signs_twice_counts_once() -> None:
    note = sign_note(TEXT, [LOG, LOG], SECONDS)
    assert len(verify_note(note, [LOG.verifier])) == 1


@given(st.integers(0, len(GOLDEN.encode()) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused_or_costs_a_signature(at: int, change: int) -> None:
    raw = bytearray(GOLDEN.encode())
    raw[at] ^= change
    try:
        verified = verify_note(parse_note(bytes(raw)), [VerifierKey.parse(LOG_VKEY), VerifierKey.parse(WITNESS_VKEY)])
    except NoteInvalid:
        return
    assert len(verified) < 2, "at most, one line may have become that of a stranger"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "\n",
        TEXT,
        TEXT + "\n",
        TEXT + "\n— a b",
        TEXT + "\n— a b\n",
        TEXT + "\n- timebank.example/ledger AAAAAAAAAAAA\n",
        TEXT + "\n— timebank.example/ledger  AAAAAAAAAAAA\n",
        TEXT + "\n—  AAAAAAAAAAAA\n",
        TEXT + "\n— a+b AAAAAAAAAAAA\n",
        TEXT + "\n— a AAAA\n",
        TEXT + "\n— a AAAAAAAAAAB=\n",
        GOLDEN + "\n",
        GOLDEN.replace("\n", "\r\n"),
        "\t" + GOLDEN,
        GOLDEN.rstrip("\n"),
        b"\xff" + GOLDEN.encode(),
        GOLDEN.replace("— w", "— \u2003w"),
        "\ud800" + GOLDEN,
        TEXT + "\n" + "— a AAAAAAAAAAAA\n" * 101,
        "x" * 1_000_001,
    ],
)
def test_what_is_not_a_note_is_refused(raw: str | bytes) -> None:
    with pytest.raises(NoteInvalid):
        parse_note(raw)


def test_sixteen_signatures_and_more_are_read() -> None:
    keys = [generate(f"witness.example/{at}", KeyType.COSIGNATURE) for at in range(40)]
    note = sign_note(TEXT, [LOG, *keys], SECONDS)
    assert len(verify_note(parse_note(note.encode()), [key.verifier for key in (LOG, *keys)])) == 41


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a",
        "a+b",
        LOG_VKEY.replace("bbd6", "bbd7"),
        LOG_VKEY[:-4],
        "x" + LOG_VKEY,
        LOG_VKEY + "=",
        "a b+00000000+AA==",
        "a+00000000+AA==",
        "a+00000000+",
        "a+00000000+AgAA",
    ],
)
def test_what_is_not_a_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(NoteInvalid):
        VerifierKey.parse(vkey)


def test_a_cosignature_needs_a_checkpoint() -> None:
    for text in ("no checkpoint\n", "a\n08\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n", "a\n8\nAAAA\n"):
        with pytest.raises(NoteInvalid):
            sign_note(text, [WITNESS], SECONDS)
        with pytest.raises(NoteInvalid):
            sign_note(text, [QUANTUM], SECONDS)
    with pytest.raises(NoteInvalid):
        sign_note(TEXT.rstrip("\n"), [LOG], SECONDS)
    with pytest.raises(NoteInvalid):
        sign_note(TEXT, [WITNESS], -1)


def test_key_files(tmp_path: Path) -> None:
    path = tmp_path / "book.key"
    write_keys(path, [LOG, QUANTUM])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_keys(path) == (LOG, QUANTUM)
    with pytest.raises(FileExistsError):
        write_keys(path, [WITNESS])
    path.chmod(0o640)
    with pytest.raises(NoteInvalid, match="0600"):
        read_keys(path)


@pytest.mark.parametrize(
    "change", [lambda s: s[1:], lambda s: s[:-4], lambda s: s.replace("bbd6", "bbd7"), lambda s: "x"]
)
def test_broken_key_files_are_refused_without_showing_them(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "book.key"
    path.write_text(change(LOG.encode()))
    path.chmod(0o600)
    with pytest.raises(NoteInvalid) as refused:
        read_keys(path)
    assert LOG.encode()[-20:] not in str(refused.value)


def test_no_log_line_shows_a_seed() -> None:
    assert repr(LOG) == "SigningKey('timebank.example/ledger', <KeyType.ED25519: 1>)"


def test_generated_keys_differ() -> None:
    assert generate("a.example/b", KeyType.ML_DSA_44) != generate("a.example/b", KeyType.ML_DSA_44)
    with pytest.raises(NoteInvalid):
        generate("a b", KeyType.ED25519)
