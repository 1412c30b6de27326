from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle
from ledger.errors import ProofInvalid
from tests.ledger.vectors import facts, leaves

# The leaves that the certificate-transparency logs test with since 2013.
CLASSIC = [
    hashlib.sha256(b"\x00" + bytes.fromhex(leaf)).digest()
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOT_8 = bytes.fromhex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")


def tree(count: int) -> list[bytes]:
    return [hashlib.sha256(str(at).encode()).digest() for at in range(count)]


def slow_root(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962 as it stands there."""
    if len(hashes) < 2:
        return hashes[0] if hashes else merkle.EMPTY_ROOT
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return merkle.node_hash(slow_root(hashes[:split]), slow_root(hashes[split:]))


@pytest.mark.parametrize(
    ("size", "start", "end"),
    [
        (1, "6e340b9c", "a01d"),
        (2, "fac54203", "c125"),
        (3, "aeb6bcfe", "6e77"),
        (4, "d37ee418", "14b7"),
        (5, "4e3bbb1f", "64d4"),
        (6, "76e67dad", "87ef"),
        (7, "ddb89be4", "4c8c"),
        (8, "5dc9da79", "4328"),
    ],
)
def test_classic_roots(size: int, start: str, end: str) -> None:
    root = merkle.root_of(CLASSIC[:size]).hex()
    assert (root[:8], root[-4:]) == (start, end)


def test_classic_proofs() -> None:
    read = merkle.list_reader(CLASSIC)
    assert [base64.b64encode(part).decode() for part in merkle.inclusion_proof(5, 8, read)] == [
        "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
        "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
        "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
    ]
    assert [base64.b64encode(part).decode() for part in merkle.consistency_proof(3, 8, read)] == [
        "ApjRIpBtz8EIkstTpzmS/FufST6kybrbJ7eRtBJ6f+c=",
        "B1Bqhf2d0vEg62lPhgEeW7RmLlxBWmKRcDPUqWJEh+c=",
        "+sVCA+fMaWzw38tCySodnbr3CtnmIfS9jZhmLwDjwSU=",
        "a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=",
    ]
    assert merkle.root_at(8, read) == ROOT_8


def test_the_empty_tree() -> None:
    assert merkle.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root_of([]) == merkle.root_at(0, merkle.list_reader([])) == merkle.EMPTY_ROOT


def test_vector_roots() -> None:
    read = merkle.list_reader(leaves())
    for size, root in facts()["roots"].items():
        assert merkle.root_of(leaves()[: int(size)]).hex() == root
        assert merkle.root_at(int(size), read).hex() == root


@pytest.mark.parametrize("size", [*range(20), 31, 32, 33, 100, 255, 256, 257])
def test_roots_agree_with_the_definition(size: int) -> None:
    hashes = tree(size)
    assert merkle.root_of(hashes) == slow_root(hashes) == merkle.root_at(size, merkle.list_reader(hashes))


def test_every_inclusion_proof_up_to_40() -> None:
    hashes = tree(40)
    read = merkle.list_reader(hashes)
    for size in range(1, 41):
        root = merkle.root_at(size, read)
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, read)
            merkle.verify_inclusion(hashes[index], index, size, proof, root)
            for wrong in (proof[1:], [*proof, root], [root, *proof]):
                if wrong != proof:
                    with pytest.raises(ProofInvalid):
                        merkle.verify_inclusion(hashes[index], index, size, wrong, root)
            with pytest.raises(ProofInvalid):
                merkle.verify_inclusion(hashes[index - 1] if size > 1 else root[::-1], index, size, proof, root)


def test_every_consistency_proof_up_to_40() -> None:
    hashes = tree(40)
    read = merkle.list_reader(hashes)
    roots = [merkle.root_at(size, read) for size in range(41)]
    for new in range(41):
        for old in range(new + 1):
            proof = merkle.consistency_proof(old, new, read)
            merkle.verify_consistency(old, new, roots[old], roots[new], proof)
            if old or not new:
                # From the empty tree anything may grow, so nothing is known about where it leads.
                with pytest.raises(ProofInvalid):
                    merkle.verify_consistency(old, new, roots[old], roots[new][::-1], proof)
            with pytest.raises(ProofInvalid):
                merkle.verify_consistency(old, new, roots[old], roots[new], [*proof, roots[1]])
            if proof:
                with pytest.raises(ProofInvalid):
                    merkle.verify_consistency(old, new, roots[old], roots[new], proof[:-1])
            if 0 < old < new:
                with pytest.raises(ProofInvalid):
                    merkle.verify_consistency(old, new, roots[old][::-1], roots[new], proof)


@given(st.integers(1, 700), st.data())
def test_any_changed_byte_of_a_proof_is_refused(size: int, data: st.DataObject) -> None:
    hashes = tree(size)
    read = merkle.list_reader(hashes)
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, read)
    root = merkle.root_at(size, read)
    merkle.verify_inclusion(hashes[index], index, size, proof, root)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        byte = data.draw(st.integers(0, 31))
        changed = bytearray(proof[at])
        changed[byte] ^= data.draw(st.integers(1, 255))
        proof[at] = bytes(changed)
        with pytest.raises(ProofInvalid):
            merkle.verify_inclusion(hashes[index], index, size, proof, root)


@given(st.integers(0, 600), st.integers(0, 600))
def test_a_compact_range_goes_on(size: int, more: int) -> None:
    hashes = tree(size + more)
    peaks = merkle.peaks_at(size, merkle.list_reader(hashes))
    grown = merkle.CompactRange(size, peaks)
    for leaf in hashes[size:]:
        grown.append(leaf)
    assert grown.root() == merkle.root_of(hashes)


def test_a_compact_range_takes_whole_subtrees() -> None:
    hashes = tree(700)
    read = merkle.list_reader(hashes)
    grown = merkle.CompactRange()
    grown.append_subtree(9, read(9, 0))
    grown.append_subtree(7, read(7, 4))
    for leaf in hashes[640:]:
        grown.append(leaf)
    assert grown.root() == merkle.root_of(hashes)
    with pytest.raises(ProofInvalid):
        merkle.CompactRange(3, merkle.peaks_at(3, read)).append_subtree(1, read(1, 1))
    with pytest.raises(ProofInvalid):
        merkle.CompactRange(3, [])


def test_nothing_is_proven_outside_the_tree() -> None:
    read = merkle.list_reader(tree(4))
    for index, size in ((4, 4), (-1, 4), (0, 0)):
        with pytest.raises(ProofInvalid):
            merkle.inclusion_proof(index, size, read)
        with pytest.raises(ProofInvalid):
            merkle.verify_inclusion(b"\0" * 32, index, size, [], b"\0" * 32)
    with pytest.raises(ProofInvalid):
        merkle.consistency_proof(5, 4, read)
    with pytest.raises(ProofInvalid):
        merkle.inclusion_proof(0, 5, read)
    with pytest.raises(ProofInvalid):
        merkle.verify_inclusion(tree(1)[0], 0, 2, [b"short"], ROOT_8)
