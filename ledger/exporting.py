"""Writes a book as a bundle, the form that `ledger.bundle` reads: a directory, or one .zip."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from ledger.bundle import CHECKPOINTS, FORMAT, KEYS, MANIFEST
from ledger.canonical import decode
from ledger.chain import leaf_hash
from ledger.errors import BookUnknown
from ledger.keyring import named_keys
from ledger.store import CheckpointRow, Head, Reading
from ledger.tiles import WIDTH, TileAddress, encode_entries, encode_path


def export(store: Reading, book: str, path: Path, progress: Callable[[int, int], None] | None = None) -> None:
    """Write a bundle of the book: a .zip if the path ends so, else a directory. It appears whole or not at all.

    Raises BookUnknown, FileExistsError.
    """
    if path.exists():
        raise FileExistsError(path)
    part = path.with_name(path.name + ".part")
    with store.snapshot() as reading:
        head = reading.head(book)
        if head is None:
            raise BookUnknown(book)
        with _writer(part, zipped=path.suffix == ".zip") as write:
            for start in range(0, head.size, WIDTH):
                stop = min(head.size, start + WIDTH)
                bodies = [row.body for row in reading.rows(book, start, stop)]
                write(encode_path(TileAddress(None, start // WIDTH, stop - start)), encode_entries(bodies))
                if progress is not None:
                    progress(stop, head.size)
            lines = (_line(row) for row in reading.checkpoints(book) if row.size <= head.size)
            write(CHECKPOINTS, b"".join(lines))
            write(KEYS, "".join(f"{named.text}\n" for named in named_keys(reading, book)).encode())
            manifest = {"format": FORMAT, "book": book, **head._asdict(), "leaf_hash": head.leaf_hash.hex()}
            write(MANIFEST, json.dumps(manifest, indent=1).encode() + b"\n")
    part.rename(path)


def write_bundle(path: Path, book: str, bodies: Iterable[bytes]) -> None:
    """Write a bundle of these entries, which are numbered from 0, with no checkpoint yet. Raises FileExistsError."""
    path.mkdir()
    head, waiting = None, iter(bodies)
    with _writer(path / "part", zipped=False) as write:
        start = 0
        while page := list(islice(waiting, WIDTH)):
            write(encode_path(TileAddress(None, start // WIDTH, len(page))), encode_entries(page))
            start += len(page)
            head = Head(start, leaf_hash(page[-1]), decode(page[-1]).at)
        if head is None:
            raise BookUnknown(book)
        manifest = {"format": FORMAT, "book": book, **head._asdict(), "leaf_hash": head.leaf_hash.hex()}
        write(MANIFEST, json.dumps(manifest, indent=1).encode() + b"\n")
    for made in (path / "part").iterdir():
        made.rename(path / made.name)
    (path / "part").rmdir()


def _line(row: CheckpointRow) -> bytes:
    return json.dumps({**row._asdict(), "root": row.root.hex()}).encode() + b"\n"


@contextmanager
def _writer(path: Path, *, zipped: bool) -> Iterator[Callable[[str, bytes], None]]:
    if zipped:
        with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:
            yield archive.writestr
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        return

    def write(name: str, content: bytes) -> None:
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    path.mkdir()
    yield write
