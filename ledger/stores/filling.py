"""What every writing store does around a batch: it writes the tiles that became full, and moves on what it found."""

from __future__ import annotations

from ledger.store import Batch, Found, Head, StoredTiles, TileRow
from ledger.tiles import fills_tile, tiles_to_write


def filled_tiles(batch: Batch, before: StoredTiles) -> list[TileRow]:
    """The tiles that this batch fills. `before` is asked only for what stands before the batch."""
    if not fills_tile(batch.first, len(batch.rows)):
        return []
    tiles = tiles_to_write(batch.first, [row.leaf_hash for row in batch.rows], before)
    return [TileRow(tile.level, tile.index, tile.hashes, tile.root) for tile in tiles]


def advance(found: Found, batch: Batch) -> None:
    """Bring what was found up to date with a batch, so that a further plan can be asked under the same lock."""
    if not batch.rows:
        return
    last = batch.rows[-1]
    found.head = Head(last.seq + 1, last.leaf_hash, last.at)
    found.accounts.update(batch.accounts)
    for row in batch.rows:
        found.by_seq[row.seq] = row
        if row.key is not None:
            found.by_key[row.key] = row
        if row.of_seq is not None:
            found.followers.append((row.seq, row.kind, row.of_seq))
