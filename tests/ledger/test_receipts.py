from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import NoteInvalid, ProofInvalid
from ledger.merkle import inclusion_proof, list_reader
from ledger.notes import KeyType, SigningKey
from ledger.receipts import NONE, Policy, Receipt, parse_policy, verify_receipt
from tests.ledger.vectors import RECEIPT_SEQS, bodies, facts, leaves, read

ORIGIN = facts()["origin"]
KEYS = facts()["keys"]


def policy(quorum: str = "station") -> Policy:
    return parse_policy(
        f"# the verifier's whole trust\nlog {KEYS['book']}\nlog {KEYS['book_pq']} https://{ORIGIN}\n"
        f"witness station {KEYS['witness']}\n\nquorum {quorum}\n"
    )


@pytest.mark.parametrize("seq", RECEIPT_SEQS)
def test_vector_receipts(seq: int) -> None:
    receipt = Receipt.parse(read(f"receipt-{seq}.tlog-proof"))
    assert receipt.encode().encode() == read(f"receipt-{seq}.tlog-proof")
    verified = verify_receipt(receipt, policy(), ORIGIN)
    assert (verified.entry.seq, receipt.body) == (seq, bodies()[seq])
    assert len(verified.opened.verified) == 3


@pytest.mark.parametrize("seq", RECEIPT_SEQS)
def test_we_make_the_same_receipts(seq: int) -> None:
    theirs = Receipt.parse(read(f"receipt-{seq}.tlog-proof"))
    size = int(theirs.checkpoint.split("\n")[1])
    proof = inclusion_proof(seq, size, list_reader(leaves()))
    ours = Receipt(seq, tuple(proof), theirs.checkpoint, bodies()[seq])
    assert ours.encode().encode() == read(f"receipt-{seq}.tlog-proof")


@given(st.data())
def test_any_changed_byte_is_refused_or_costs_a_signature(data: st.DataObject) -> None:
    raw = bytearray(read("receipt-300.tlog-proof"))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        verified = verify_receipt(Receipt.parse(bytes(raw)), policy(), ORIGIN)
    except (ProofInvalid, NoteInvalid):
        return
    assert len(verified.opened.verified) < 3, "at most, one of the book's two lines may have become a stranger's"


def test_a_receipt_of_another_entry_or_book_is_refused() -> None:
    receipt = Receipt.parse(read("receipt-16.tlog-proof"))
    with pytest.raises(ProofInvalid, match="carries entry 17"):
        verify_receipt(Receipt(16, receipt.proof, receipt.checkpoint, bodies()[17]), policy(), ORIGIN)
    with pytest.raises(ProofInvalid):
        verify_receipt(Receipt(17, receipt.proof, receipt.checkpoint, bodies()[17]), policy(), ORIGIN)
    with pytest.raises(ProofInvalid, match="carries entry"):
        verify_receipt(receipt, policy(), "timebank.example/other")
    with pytest.raises(ProofInvalid, match="not one"):
        verify_receipt(Receipt(16, receipt.proof, receipt.checkpoint, b"{}"), policy(), ORIGIN)


def test_without_the_books_own_key_a_receipt_is_refused() -> None:
    stranger = SigningKey(ORIGIN, KeyType.ED25519, hashlib.sha256(b"x").digest()).verifier
    receipt = Receipt.parse(read("receipt-16.tlog-proof"))
    with pytest.raises(NoteInvalid):
        verify_receipt(receipt, Policy((stranger,), policy().witnesses), ORIGIN)


def test_a_quorum_that_was_not_reached_is_refused() -> None:
    other = SigningKey("witness.example/w", KeyType.COSIGNATURE, hashlib.sha256(b"w").digest()).verifier.encode()
    both = parse_policy(
        f"log {KEYS['book']}\nwitness station {KEYS['witness']}\nwitness other {other}\n"
        "group both all station other\nquorum both\n"
    )
    receipt = Receipt.parse(read("receipt-16.tlog-proof"))
    with pytest.raises(NoteInvalid, match="witnesses"):
        verify_receipt(receipt, both, ORIGIN)
    either = Policy(both.logs, both.witnesses, {"both": (1, ("station", "other"))}, "both")
    assert verify_receipt(receipt, either, ORIGIN).entry.seq == 16


def test_a_quorum_of_groups() -> None:
    names = [f"w{at}" for at in range(5)]
    keys = {
        n: SigningKey(f"witness.example/{n}", KeyType.COSIGNATURE, hashlib.sha256(n.encode()).digest()) for n in names
    }
    lines = [f"witness {name} {key.verifier.encode()} https://{key.name}" for name, key in keys.items()]
    text = "\n".join(
        [f"log {KEYS['book']}", *lines, "group a 2 w0 w1 w2", "group b any w3 w4", "group q all a b", "quorum q"]
    )
    rule = parse_policy(text)
    assert rule.witnesses["w0"].url == "https://witness.example/w0"

    def met(*signers: str) -> bool:
        return rule.met_by([keys[name].verifier for name in signers])

    assert met("w0", "w2", "w4")
    assert not met("w0", "w1", "w2")
    assert not met("w0", "w3", "w4")
    assert not met()


@pytest.mark.parametrize(
    "lines",
    [
        "",
        f"log {KEYS['book']}",
        "quorum none",
        f"log {KEYS['witness']}\nquorum none",
        f"log {KEYS['book']}\nquorum none\nquorum none",
        f"log {KEYS['book']}\nquorum w",
        f"log {KEYS['book']}\nwitness w {KEYS['book']}\nquorum w",
        f"log {KEYS['book']}\nwitness none {KEYS['witness']}\nquorum none",
        f"log {KEYS['book']}\nwitness w {KEYS['witness']}\nwitness w {KEYS['witness']}\nquorum w",
        f"log {KEYS['book']}\nwitness w {KEYS['witness']}\ngroup g 2 w\nquorum g",
        f"log {KEYS['book']}\nwitness w {KEYS['witness']}\ngroup g 0 w\nquorum g",
        f"log {KEYS['book']}\nwitness w {KEYS['witness']}\ngroup g two w\nquorum g",
        f"log {KEYS['book']}\nwitness w {KEYS['witness']}\ngroup g 1 w\ngroup h 1 w\nquorum h",
        f"log {KEYS['book']}\ngroup g any w\nquorum g",
        f"log {KEYS['book']}\nlogs x\nquorum none",
        "log x\nquorum none",
    ],
)
def test_what_is_not_a_policy_is_refused(lines: str) -> None:
    with pytest.raises(NoteInvalid):
        parse_policy(lines)


def test_no_quorum_is_said_openly() -> None:
    rule = parse_policy(f"log {KEYS['book']}\nquorum {NONE}\n")
    assert rule.met_by([])


@pytest.mark.parametrize(
    "change",
    [
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("index 16", "index 016"),
        ("index 16", "index -1"),
        ("index 16", "index"),
        ("extra ", "extra  "),
        ("extra ", "other "),
        ("\n\n", "\n"),
        ("\n\n", "\nAAAA\n\n"),
        ("\n\n", "\nxx\n\n"),
        ("\n\n", "\n" + "A" * 43 + "=" + ("\n" + "A" * 43 + "=") * 63 + "\n\n"),
    ],
)
def test_what_is_not_a_receipt_is_refused(change: tuple[str, str]) -> None:
    with pytest.raises(ProofInvalid):
        Receipt.parse(read("receipt-16.tlog-proof").decode().replace(*change, 1))
    with pytest.raises(ProofInvalid):
        Receipt.parse(b"\xff")
