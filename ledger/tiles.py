"""Tiles: 256 hashes of the Merkle tree at a time, as the C2SP document tlog-tiles lays them out.

A tile is written once, when it is full, and never computed again. Hash `i` of tile `n` at level `l` is the hash of
256^l entries; so a full tile's root is one hash of the level above. Stores keep that root beside the tile: without it,
a proof over the not yet full tile of the level above would have to hash up to 255 tiles again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.errors import FormatError, ProofInvalid
from ledger.merkle import HASH_BYTES, level_above

WIDTH = 256
HEIGHT = 8
TILE_BYTES = WIDTH * HASH_BYTES
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 65_535


@dataclass(frozen=True, slots=True)
class Tile:
    """A full tile: 8,192 bytes of hashes, and the root over them."""

    level: int
    index: int
    hashes: bytes
    root: bytes


@dataclass(frozen=True, slots=True)
class TileAddress:
    """What a tile's path names. `level` is None for a bundle of entries; `width` is 256 unless it is partial."""

    level: int | None
    index: int
    width: int = WIDTH


class TileSource(Protocol):
    """What proofs read of a store. A range that the store has not in full is an error, not a shorter answer."""

    def get_tile(self, level: int, index: int) -> bytes | None:
        """The 8,192 bytes of a full tile."""

    def tile_roots(self, level: int, start: int, stop: int) -> Sequence[bytes]:
        """The roots of the full tiles [start, stop) of a level."""

    def leaf_hashes(self, start: int, stop: int) -> Sequence[bytes]:
        """The leaf hashes of entries [start, stop)."""


def fills_tile(size: int, count: int) -> bool:
    """Whether `count` entries after the first `size` complete a tile, so that there is one to write."""
    return size % WIDTH + count >= WIDTH


def tiles_to_write(size: int, leaves: Sequence[bytes], source: TileSource) -> list[Tile]:
    """The tiles that these new leaf hashes complete, after the first `size` entries. Lowest level first.

    `source` is asked only for what stands before `size`.
    """
    written: list[Tile] = []
    first, new, level = size, list(leaves), 0
    while fills_tile(first, len(new)):
        start = first - first % WIDTH
        hashes = [*_hashes_before(source, level, start, first), *new]
        new = []
        for at in range(0, len(hashes) - WIDTH + 1, WIDTH):
            part = hashes[at : at + WIDTH]
            root = _pyramid(part)[-1][0]
            written.append(Tile(level, (start + at) // WIDTH, b"".join(part), root))
            new.append(root)
        first = start // WIDTH
        level += 1
    return written


class TileHashReader:
    """A `HashReader` over the first `size` entries of a store. Good for one proof or many of one size.

    It keeps the tiles that it read; a reader over a long-lived book is therefore made anew for each request.
    """

    def __init__(self, source: TileSource, size: int) -> None:
        self._source = source
        self._size = size
        self._tiles: dict[tuple[int, int], list[list[bytes]]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        if (index + 1) << level > self._size:
            raise ProofInvalid(f"no complete subtree {level}/{index} among {self._size} entries")
        tile_level, inner = divmod(level, HEIGHT)
        tile_index, place = divmod(index, WIDTH >> inner)
        at = (tile_level, tile_index)
        tile = self._tiles.get(at)
        if tile is None:
            tile = self._tiles[at] = _pyramid(self.hashes(tile_level, tile_index))
        return tile[inner][place]

    def hashes(self, level: int, index: int) -> list[bytes]:
        """The hashes of a tile, full or partial, in this tree. Empty if the tree has none there."""
        width = tile_width(self._size, level, index)
        start = index * WIDTH
        if width == WIDTH:
            tile = self._source.get_tile(level, index)
            if tile is not None:
                return split_hashes(tile)
        return list(_hashes_before(self._source, level, start, start + width))


def tile_width(size: int, level: int, index: int) -> int:
    """How many hashes tile `index` of a level has in the tree of `size` entries: 0 to 256."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH))


def split_hashes(tile: bytes) -> list[bytes]:
    """The hashes of a tile. Raises FormatError unless it holds 1 to 256 of them."""
    if not tile or len(tile) % HASH_BYTES or len(tile) > TILE_BYTES:
        raise FormatError("tile", f"{len(tile)} bytes are not 1 to {WIDTH} hashes")
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]


def tile_root(tile: bytes) -> bytes:
    """The root over the 256 hashes of a full tile."""
    if len(tile) != TILE_BYTES:
        raise FormatError("tile", f"{len(tile)} bytes, a full tile has {TILE_BYTES}")
    return _pyramid(split_hashes(tile))[-1][0]


def encode_path(address: TileAddress) -> str:
    """`tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`, relative to the book's prefix."""
    digits = f"{address.index:03d}"
    digits = digits.rjust(-(-len(digits) // 3) * 3, "0")
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    partial = "" if address.width == WIDTH else f".p/{address.width}"
    return f"tile/{'entries' if address.level is None else address.level}/{number}{partial}"


_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


def parse_path(path: str) -> TileAddress:
    """What a path names. Raises FormatError on any path that `encode_path` does not give, e.g. with needless zeros."""
    found = _PATH.fullmatch(path)
    if not found:
        raise FormatError("path", f"{path[:80]!r} is not the path of a tile")
    level, number, width = found.groups()
    address = TileAddress(
        None if level == "entries" else int(level),
        int(number.replace("x", "").replace("/", "")),
        WIDTH if width is None else int(width),
    )
    if encode_path(address) != path or (address.level or 0) > MAX_LEVEL or not 0 < address.width <= WIDTH:
        raise FormatError("path", f"{path[:80]!r} is not the path of a tile")
    return address


def encode_entries(bodies: Sequence[bytes]) -> bytes:
    """An entry bundle: each body after its length in two bytes, big-endian."""
    parts: list[bytes] = []
    for body in bodies:
        if len(body) > MAX_ENTRY_BYTES:
            raise FormatError("body", f"{len(body)} bytes do not fit into an entry bundle")
        parts += (len(body).to_bytes(2, "big"), body)
    return b"".join(parts)


def decode_entries(bundle: bytes) -> Iterator[bytes]:
    """The bodies in an entry bundle. Raises FormatError where it is cut."""
    at = 0
    while at < len(bundle):
        start = at + 2
        stop = start + int.from_bytes(bundle[at:start], "big")
        if stop > len(bundle) or start > len(bundle):
            raise FormatError("bundle", f"cut at byte {at}")
        yield bundle[start:stop]
        at = stop


def _hashes_before(source: TileSource, level: int, start: int, stop: int) -> Sequence[bytes]:
    """Hashes [start, stop) of a tile level: leaf hashes at the bottom, roots of tiles of the level below above."""
    if start == stop:
        return ()
    found = source.leaf_hashes(start, stop) if level == 0 else source.tile_roots(level - 1, start, stop)
    if len(found) != stop - start:
        raise ProofInvalid(f"the store has {len(found)} of {stop - start} hashes at level {level} from {start}")
    return found


def _pyramid(hashes: list[bytes]) -> list[list[bytes]]:
    """The levels of complete subtrees above the hashes of a tile, the hashes themselves first."""
    levels = [hashes]
    while len(levels[-1]) > 1:
        levels.append(level_above(levels[-1]))
    return levels
