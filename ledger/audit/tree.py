"""Level 2: the tree over the entries against every stored checkpoint, every pin, and the stored tiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from ledger.audit.findings import Findings, Level, Pin
from ledger.audit.sources import Source
from ledger.audit.state import AuditState
from ledger.checkpoints import Checkpoint, open_checkpoint
from ledger.entries import format_at
from ledger.errors import LedgerError, NoteInvalid
from ledger.merkle import EMPTY_ROOT, CompactRange, consistency_proof, root_at, verify_consistency
from ledger.notes import VerifierKey
from ledger.store import CheckpointRow, Reading, StoredTiles
from ledger.tiles import HEIGHT, WIDTH, TileHashReader, split_hashes, tile_root

_FAR = 2**62
_TOP_LEVEL = 8


class TreeCheck:
    """Grows with the entries, and compares the root wherever a checkpoint or a pin stands."""

    def __init__(
        self,
        store: Reading,
        source: Source,
        state: AuditState,
        findings: Findings,
        keys: Sequence[VerifierKey] | None,
        pins: Iterable[Pin],
    ) -> None:
        self._store, self._source, self._state = store, source, state
        self._findings, self._keys = findings, keys
        self._book = state.book
        self._start, self._start_root = state.size, state.root()
        self.tree = CompactRange(state.size, state.peaks)
        # The peaks within the tile that the first new entry falls into, to know that tile's root when it is full.
        low = (state.size % WIDTH).bit_count()
        self._tile = CompactRange(state.size % WIDTH, state.peaks[len(state.peaks) - low :])
        self._roots: list[bytes] = []
        self._rows = self._stored()
        self._row = next(self._rows, None)
        self._pins = sorted(pins, key=lambda pin: pin.checkpoint.size)
        self._parsed: dict[str, VerifierKey | None] = {}
        self.checked = 0
        self.held: list[Pin] = []
        self.lost = False
        self._remember()
        self._look()

    def add(self, parts: Iterable[tuple[bool, bytes]]) -> None:
        """The hashes of the next entries: (True, hash of a full tile) or (False, leaf hashes within a tile)."""
        for is_root, data in parts:
            if is_root:
                self.tree.append_subtree(HEIGHT, data)
                self._roots.append(data)
                self._look()
                continue
            for leaf in split_hashes(data):
                self.tree.append(leaf)
                self._tile.append(leaf)
                self._look()
                if self._tile.size == WIDTH:
                    self._full(self._tile.root())

    def jump(self, size: int) -> None:
        """Go on at another entry, since those between are not there. From here on there is no root to compare."""
        self.lost = True
        self.tree = CompactRange(size, [bytes(32)] * size.bit_count())
        self._tile = CompactRange(size % WIDTH, [bytes(32)] * (size % WIDTH).bit_count())
        self._look()

    def finish(self) -> None:
        """What stands beyond the last entry, and the tiles above the lowest level."""
        size = self.tree.size
        while self._row is not None:
            self._check(self._row, None)
            self._row = next(self._rows, None)
        for pin in self._pins:
            expected, found = f"{pin.checkpoint.size} entries", f"{size} entries"
            self._finding(size, f"pin of {pin.by}", expected, found, "tail_cut", pin.level)
        self._pins = []
        if not self.lost:
            self._upper_tiles()
            if self._start == 0:
                self._extra_tiles()

    def _full(self, root: bytes) -> None:
        """The tile that was not whole within what was read at once is full: compare it as a whole."""
        self._tile = CompactRange()
        self._roots.append(root)
        index = self.tree.size // WIDTH - 1
        if index == self._start // WIDTH and self._start % WIDTH:
            self._compare_tile(0, index, root)

    def _compare_tile(self, level: int, index: int, root: bytes) -> None:
        hashes = self._store.tile(self._book, level, index)
        stored = self._store.tile_roots(self._book, level, index, index + 1)
        seq = index << (HEIGHT * (level + 1))
        name = f"tile {level}/{index}"
        if hashes is None:
            self._finding(seq, name, "8192 bytes", None, "tile_missing")
            return
        if len(hashes) != WIDTH * 32 or tile_root(hashes) != root:
            found = tile_root(hashes) if len(hashes) == WIDTH * 32 else f"{len(hashes)} bytes"
            self._finding(seq, name, root, found, "tile")
        if stored != root:
            self._finding(seq, f"{name} root", root, stored, "tile")

    def _upper_tiles(self) -> None:
        roots, first, size = self._roots, self._start // WIDTH, self.tree.size // WIDTH
        for level in range(1, _TOP_LEVEL + 1):
            above: list[bytes] = []
            for index in range(first // WIDTH, size // WIDTH):
                at = index * WIDTH
                hashes = roots[max(0, at - first) : max(0, at + WIDTH - first)]
                if len(hashes) < WIDTH:
                    before = self._store.tile_roots(self._book, level - 1, at, at + WIDTH - len(hashes))
                    hashes = [*split_hashes(before), *hashes]
                root = tile_root(b"".join(hashes))
                self._compare_tile(level, index, root)
                above.append(root)
            roots, first, size = above, first // WIDTH, size // WIDTH

    def _extra_tiles(self) -> None:
        for level, index in self._source.tile_places():
            if level < 0 or index < 0 or (index + 1) << (HEIGHT * (level + 1)) > self.tree.size:
                self._finding(None, f"tile {level}/{index}", None, "a tile", "tile_extra")

    def _stored(self) -> Iterator[CheckpointRow]:
        """The checkpoints that no earlier audit looked at. One may have been signed at a size that one already saw."""
        seen = self._state.checkpoint_size
        return iter(self._store.checkpoints(self._book, -_FAR if seen < 0 else seen + 1))

    def _remember(self) -> None:
        """The largest checkpoint that an earlier audit saw is still there."""
        size = self._state.checkpoint_size
        if size >= 0 and self._store.checkpoint(self._book, size) is None:
            self._finding(max(size - 1, 0), f"checkpoint {size}", "a row", None, "checkpoint_missing")

    def _look(self) -> None:
        """Compare whatever stands at the size reached, and what somebody stored below it meanwhile."""
        size = self.tree.size
        while self._row is not None and self._row.size <= size:
            self._check(self._row, self._root_at(self._row.size))
            self._state.checkpoint_size = max(self._state.checkpoint_size, self._row.size)
            self._row = next(self._rows, None)
        while self._pins and self._pins[0].checkpoint.size <= size:
            self._check_pin(self._pins.pop(0))

    def _root_at(self, size: int) -> bytes | None:
        """The root that the entries have there. Before the start of this audit, and inside a tile that was taken as a
        whole, it is proven by the stored hashes."""
        if size == self.tree.size:
            return self.tree.root()
        if size <= 0:
            return EMPTY_ROOT
        if size > self._start and self.lost:
            return None
        inside = size > self._start
        later, later_root = (self.tree.size, self.tree.root()) if inside else (self._start, self._start_root)
        try:
            tiles = StoredTiles(self._store, self._book)
            root = root_at(size, TileHashReader(tiles, size))
            proof = consistency_proof(size, later, TileHashReader(tiles, later))
            verify_consistency(size, later, root, later_root, proof)
        except LedgerError as error:
            self._finding(size - 1, "tiles", f"hashes that prove the tree of {size}", error, "tile")
            return None
        return root

    def _check(self, row: CheckpointRow, root: bytes | None) -> None:
        self.checked += 1
        seq = max(row.size - 1, 0)
        name = f"checkpoint {row.size}"
        try:
            opened = open_checkpoint(row.note, self._book, self._keys_at(row.size))
        except (LedgerError, TypeError, AttributeError) as error:
            self._finding(seq, f"{name} note", "a note that the book's keys signed", error, "checkpoint_invalid")
        else:
            self._check_signers(row, [proof.key for proof in opened.verified])
            tree = opened.checkpoint
            if tree.size != row.size:
                self._finding(seq, f"{name} size", tree.size, row.size, "checkpoint_size")
            if tree.root != row.root:
                self._finding(seq, f"{name} root", tree.root, row.root, "checkpoint_root")
            seconds = next((proof.seconds for proof in opened.verified if proof.seconds is not None), None)
            if seconds is not None and row.signed_at != _time(seconds):
                self._finding(seq, f"{name} signed_at", _time(seconds), row.signed_at, "checkpoint_time")
            self._compare(tree, name, root)
        if row.size > self.tree.size:
            self._finding(self.tree.size, name, f"{row.size} entries", f"{self.tree.size} entries", "tail_cut")

    def _check_signers(self, row: CheckpointRow, signers: list[VerifierKey]) -> None:
        """At least one key of each type that the book has must have signed: no signature may be taken away."""
        wanted = {key.type for key in self._keys_at(row.size) if key.name == self._book}
        for type_ in sorted(wanted - {key.type for key in signers if key.name == self._book}):
            self._finding(row.size - 1, f"checkpoint {row.size} note", f"a signature {type_.name}", None, "unsigned")

    def _check_pin(self, pin: Pin) -> None:
        root = self._root_at(pin.checkpoint.size)
        if root is not None and not self.lost:
            if root == pin.checkpoint.root:
                self.held.append(pin)
            self._compare(pin.checkpoint, f"pin of {pin.by}", root, pin.level)

    def _compare(self, tree: Checkpoint, name: str, root: bytes | None, level: Level = Level.TREE) -> None:
        """Once the roots have parted they stay apart; it is said once."""
        if root is not None and not self.lost and tree.root != root:
            self._finding(max(tree.size - 1, 0), f"{name} root", tree.root, root, "root", level)
            self.lost = True

    def _keys_at(self, size: int) -> list[VerifierKey]:
        """The keys of the caller, or those that the book names, as far as the first `size` entries have not retired
        them. A retired key signs nothing any more, also in a thief's hand."""
        if self._keys is not None:
            retired = {text for seq, verb, text in self._state.keys if verb == "retire" and seq < size}
            return [key for key in self._keys if key.encode() not in retired]
        in_force: dict[str, VerifierKey] = {}
        for seq, verb, text in self._state.keys:
            if text not in self._parsed:
                self._parsed[text] = self._parse(seq, text)
            key = self._parsed[text]
            if seq >= size or key is None:
                continue
            if verb == "retire":
                in_force.pop(text, None)
            else:
                in_force[text] = key
        return list(in_force.values())

    def _parse(self, seq: int, text: str) -> VerifierKey | None:
        try:
            return VerifierKey.parse(text)
        except NoteInvalid as error:
            self._finding(seq, "data.keys", "a verifier key", error, "key")
            return None

    def _finding(
        self, seq: int | None, name: str, expected: object, found: object, code: str, level: Level = Level.TREE
    ) -> None:
        self._findings.add(seq, level, name, expected, found, code)


def _time(seconds: int) -> str:
    try:
        return format_at(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError, OSError):
        return f"{seconds} seconds"
