"""The Merkle tree of RFC 6962, section 2.1 (= RFC 9162, section 2.1), with SHA-256, as pure functions.

Hashes of subtrees come from a `HashReader`, so that the same code proves over a list, over stored tiles or over tiles
that somebody else serves. Nothing here reads a store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from ledger.errors import ProofInvalid

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of the tree without leaves."""

_NODE = b"\x01"


class HashReader(Protocol):
    """Gives the hash of the complete subtree over leaves [index · 2^level, (index + 1) · 2^level)."""

    def __call__(self, level: int, index: int, /) -> bytes: ...


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(_NODE + left + right).digest()


def level_above(hashes: Sequence[bytes]) -> list[bytes]:
    """The hashes one level up, of an even number of siblings. Written out, since an audit spends its time here."""
    sha256, pairs = hashlib.sha256, iter(hashes)
    return [sha256(_NODE + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]


def root_of(hashes: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    peaks = CompactRange()
    for leaf in hashes:
        peaks.append(leaf)
    return peaks.root()


class CompactRange:
    """The few hashes that a growing tree needs to know of its past: one for each complete subtree, largest first.

    `CompactRange(size, peaks)` goes on from a known tree, whose peaks `peaks_at` gives.
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if len(self.peaks) != size.bit_count():
            raise ProofInvalid(f"a tree of {size} entries has {size.bit_count()} peaks, not {len(self.peaks)}")

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.append_subtree(0, leaf)

    def append_subtree(self, level: int, subtree: bytes) -> None:
        """Add the hash of 2^level leaves at once. The size must be a multiple of 2^level."""
        if self.size & ((1 << level) - 1):
            raise ProofInvalid(f"a subtree of level {level} does not join at {self.size}")
        carry = self.size >> level
        while carry & 1:
            subtree = node_hash(self.peaks.pop(), subtree)
            carry >>= 1
        self.peaks.append(subtree)
        self.size += 1 << level

    def root(self) -> bytes:
        """The root of the tree so far."""
        return _fold(self.peaks)


def peaks_at(size: int, read: HashReader) -> list[bytes]:
    """The peaks of the tree of the first `size` leaves, largest first."""
    return [read(level, index) for level, index in _cover(0, size)]


def root_at(size: int, read: HashReader) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return _fold(peaks_at(size, read))


def inclusion_proof(index: int, size: int, read: HashReader) -> list[bytes]:
    """The hashes that prove that leaf `index` is in the tree of `size` leaves, the leaf's sibling first."""
    if not 0 <= index < size:
        raise ProofInvalid(f"entry {index} is not among the first {size}")
    proof: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            proof.append(_range_hash(middle, stop, read))
            stop = middle
        else:
            proof.append(_range_hash(start, middle, read))
            start = middle
    proof.reverse()
    return proof


def consistency_proof(old: int, new: int, read: HashReader) -> list[bytes]:
    """The hashes that prove that the first `old` of `new` leaves are what they were. Empty for 0 and for `new`."""
    if not 0 <= old <= new:
        raise ProofInvalid(f"{old} is not between 0 and {new}")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, stop = 0, new
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            proof.append(_range_hash(middle, stop, read))
            stop = middle
        else:
            proof.append(_range_hash(start, middle, read))
            start = middle
    if start:
        # The old tree is not the leftmost subtree, so the verifier does not know the hash that it ends with.
        proof.append(_range_hash(start, stop, read))
    proof.reverse()
    return proof


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """RFC 9162, section 2.1.3.2. Raises ProofInvalid unless the proof shows `leaf` at `index` below `root`."""
    if not 0 <= index < size:
        raise ProofInvalid(f"entry {index} is not among the first {size}")
    if len(proof) != inclusion_length(index, size):
        raise ProofInvalid(f"an inclusion proof of {len(proof)} hashes has the wrong length")
    _require_hashes(leaf, root, *proof)
    here, last, result = index, size - 1, leaf
    for sibling in proof:
        if here & 1 or here == last:
            result = node_hash(sibling, result)
            while not here & 1 and here:
                here >>= 1
                last >>= 1
        else:
            result = node_hash(result, sibling)
        here >>= 1
        last >>= 1
    if result != root:
        raise ProofInvalid(f"the proof of entry {index} leads to another root")


def inclusion_length(index: int, size: int) -> int:
    """How many hashes prove entry `index` among the first `size`. `index` is below `size`."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """RFC 9162, section 2.1.4.2. Raises ProofInvalid unless the tree of `new` leaves extends that of `old`."""
    if not 0 <= old <= new:
        raise ProofInvalid(f"{old} is not between 0 and {new}")
    _require_hashes(old_root, new_root, *proof)
    if old in (0, new):
        if proof:
            raise ProofInvalid("a consistency proof from an empty or equal tree is empty")
        if old_root != (new_root if old == new else EMPTY_ROOT):
            raise ProofInvalid(f"the roots at {old} entries differ")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise ProofInvalid("the consistency proof is empty")
    _walk_consistency(old, new, path, old_root, new_root)


def _walk_consistency(old: int, new: int, path: list[bytes], old_root: bytes, new_root: bytes) -> None:
    here, last = old - 1, new - 1
    while here & 1:
        here >>= 1
        last >>= 1
    first = second = path[0]
    for sibling in path[1:]:
        if not last:
            raise ProofInvalid("the consistency proof is too long")
        if here & 1 or here == last:
            first = node_hash(sibling, first)
            second = node_hash(sibling, second)
            while not here & 1 and here:
                here >>= 1
                last >>= 1
        else:
            second = node_hash(second, sibling)
        here >>= 1
        last >>= 1
    if last:
        raise ProofInvalid("the consistency proof is too short")
    if first != old_root:
        raise ProofInvalid(f"the proof leads to another root at {old} entries")
    if second != new_root:
        raise ProofInvalid(f"the proof leads to another root at {new} entries")


def list_reader(leaves: Sequence[bytes]) -> Callable[[int, int], bytes]:
    """A HashReader over leaf hashes in memory, for small trees and tests."""

    def read(level: int, index: int) -> bytes:
        hashes: Sequence[bytes] = leaves[index << level : (index + 1) << level]
        if len(hashes) != 1 << level:
            raise ProofInvalid(f"no complete subtree {level}/{index} among {len(leaves)} entries")
        while len(hashes) > 1:
            hashes = level_above(hashes)
        return hashes[0]

    return read


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _cover(start: int, stop: int) -> list[tuple[int, int]]:
    """The complete subtrees that make up [start, stop), left to right. `start` is aligned to what follows it."""
    parts: list[tuple[int, int]] = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        parts.append((level, start >> level))
        start += 1 << level
    return parts


def _range_hash(start: int, stop: int, read: HashReader) -> bytes:
    return _fold([read(level, index) for level, index in _cover(start, stop)])


def _fold(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    result = peaks[-1]
    for peak in reversed(peaks[:-1]):
        result = node_hash(peak, result)
    return result


def _require_hashes(*hashes: bytes) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise ProofInvalid(f"a hash of {len(value)} bytes")
