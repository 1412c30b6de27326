from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import merkle
from ledger.errors import FormatError, ProofInvalid
from ledger.tiles import (
    Tile,
    TileAddress,
    TileHashReader,
    decode_entries,
    encode_entries,
    encode_path,
    fills_tile,
    parse_path,
    tile_root,
    tile_width,
    tiles_to_write,
)
from tests.ledger.vectors import bodies, leaves, read


class Shelf:
    """A store that keeps leaf hashes and the full tiles, as the real ones do."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.tiles: dict[tuple[int, int], Tile] = {}

    def append(self, new: Sequence[bytes]) -> None:
        written = tiles_to_write(len(self.leaves), new, self)
        assert bool(written) == fills_tile(len(self.leaves), len(new))
        for tile in written:
            assert (tile.level, tile.index) not in self.tiles
            self.tiles[tile.level, tile.index] = tile
        self.leaves += new

    def get_tile(self, level: int, index: int) -> bytes | None:
        tile = self.tiles.get((level, index))
        return None if tile is None else tile.hashes

    def tile_roots(self, level: int, start: int, stop: int) -> list[bytes]:
        return [self.tiles[level, index].root for index in range(start, stop)]

    def leaf_hashes(self, start: int, stop: int) -> list[bytes]:
        assert stop <= len(self.leaves)
        return self.leaves[start:stop]


def some_leaves(count: int) -> list[bytes]:
    return [hashlib.sha256(str(at).encode()).digest() for at in range(count)]


def test_vector_tiles() -> None:
    shelf = Shelf()
    shelf.append(leaves())
    reader = TileHashReader(shelf, 301)
    assert b"".join(reader.hashes(0, 0)) == read("tile-0-000")
    assert b"".join(reader.hashes(0, 1)) == read("tile-0-001.p-45")
    assert b"".join(reader.hashes(1, 0)) == read("tile-1-000.p-1")
    assert reader.hashes(1, 1) == []
    assert list(decode_entries(read("tile-entries-000"))) == list(bodies()[:256])
    assert encode_entries(bodies()[:256]) == read("tile-entries-000")
    assert tile_root(read("tile-0-000")) == read("tile-1-000.p-1")


def test_tiles_are_the_same_however_they_grow() -> None:
    hashes = some_leaves(66_000)
    at_once, in_steps = Shelf(), Shelf()
    at_once.append(hashes)
    at, step = 0, 1
    while at < len(hashes):
        in_steps.append(hashes[at : at + step])
        at += step
        step = step % 1_777 + 13
    assert at_once.tiles == in_steps.tiles
    assert len([address for address in at_once.tiles if address[0] == 0]) == 257
    assert (1, 0) in at_once.tiles
    assert at_once.tiles[1, 0].root == merkle.root_of(hashes[:65_536])
    reader = TileHashReader(at_once, 66_000)
    for index in (0, 255, 256, 40_000, 65_535, 65_536, 65_999):
        proof = merkle.inclusion_proof(index, 66_000, reader)
        merkle.verify_inclusion(hashes[index], index, 66_000, proof, merkle.root_of(hashes))
    assert merkle.root_at(65_800, TileHashReader(at_once, 65_800)) == merkle.root_of(hashes[:65_800])


@settings(max_examples=50)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=6), st.data())
def test_proofs_over_tiles(steps: list[int], data: st.DataObject) -> None:
    shelf = Shelf()
    hashes = some_leaves(sum(steps) + 1)
    for step in steps:
        shelf.append(hashes[len(shelf.leaves) : len(shelf.leaves) + step])
    shelf.append(hashes[len(shelf.leaves) :])
    size = data.draw(st.integers(1, len(hashes)))
    old = data.draw(st.integers(0, size))
    index = data.draw(st.integers(0, size - 1))
    reader, plain = TileHashReader(shelf, size), merkle.list_reader(hashes)
    assert merkle.root_at(size, reader) == merkle.root_of(hashes[:size])
    assert merkle.inclusion_proof(index, size, reader) == merkle.inclusion_proof(index, size, plain)
    assert merkle.consistency_proof(old, size, reader) == merkle.consistency_proof(old, size, plain)


def test_a_reader_sees_only_its_tree() -> None:
    shelf = Shelf()
    shelf.append(some_leaves(600))
    reader = TileHashReader(shelf, 300)
    assert len(reader.hashes(0, 1)) == 44
    for level, index in ((0, 300), (8, 1), (3, 37)):
        with pytest.raises(ProofInvalid):
            reader(level, index)


def test_a_store_that_lacks_hashes_is_an_error() -> None:
    shelf = Shelf()
    shelf.append(some_leaves(300))
    with pytest.raises((ProofInvalid, AssertionError)):
        TileHashReader(shelf, 400)(0, 350)


@pytest.mark.parametrize(
    ("size", "level", "index", "width"),
    [
        (70_000, 0, 272, 256),
        (70_000, 0, 273, 112),
        (70_000, 0, 274, 0),
        (70_000, 1, 0, 256),
        (70_000, 1, 1, 17),
        (70_000, 2, 0, 1),
        (256, 1, 0, 1),
        (255, 1, 0, 0),
    ],
)
def test_widths_of_the_specification(size: int, level: int, index: int, width: int) -> None:
    assert tile_width(size, level, index) == width


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("tile/0/000", TileAddress(0, 0)),
        ("tile/0/x001/x234/067", TileAddress(0, 1_234_067)),
        ("tile/1/x001/000", TileAddress(1, 1_000)),
        ("tile/0/273.p/112", TileAddress(0, 273, 112)),
        ("tile/entries/x001/000", TileAddress(None, 1_000)),
        ("tile/entries/001.p/1", TileAddress(None, 1, 1)),
        ("tile/63/999", TileAddress(63, 999)),
    ],
)
def test_paths(path: str, address: TileAddress) -> None:
    assert encode_path(address) == path
    assert parse_path(path) == address


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000 ",
        "tile/0/000\n",
        "tile/entries/..",
        "tile/0/٠٠٠",
        "/tile/0/000",
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(FormatError):
        parse_path(path)


def test_entry_bundles() -> None:
    long = b"x" * 65_535
    assert list(decode_entries(encode_entries([b"", long, b"a"]))) == [b"", long, b"a"]
    assert encode_entries([b"ab"]) == b"\x00\x02ab"
    with pytest.raises(FormatError):
        encode_entries([long + b"x"])
    for cut in (b"\x00", b"\x00\x02a", b"\x00\x01ab"):
        with pytest.raises(FormatError):
            list(decode_entries(cut))


def test_tiles_of_other_sizes_are_refused() -> None:
    with pytest.raises(FormatError):
        tile_root(b"\0" * 8_191)
    with pytest.raises(FormatError):
        tile_root(b"\0" * 32)
