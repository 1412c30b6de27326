"""A public log out of any list of bodies, honest or not, served from a directory over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ledger.chain import leaf_hash
from ledger.checkpoints import Checkpoint, sign_checkpoint
from ledger.merkle import root_of
from ledger.notes import SigningKey
from ledger.tiles import WIDTH, TileAddress, encode_entries, encode_path
from tests.ledger.auditing import KEYS
from tests.ledger.books import NOW, ORIGIN


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


class StaticLog:
    """What a log publishes, as files. `url` is its prefix."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}/log"

    def publish(
        self, bodies: Sequence[bytes], *, keys: Sequence[SigningKey] = KEYS, now: datetime = NOW, origin: str = ORIGIN
    ) -> str:
        """Tiles and entries of these bodies, and the checkpoint over them. Gives the note."""
        leaves = [leaf_hash(body) for body in bodies]
        for start in range(0, len(bodies), WIDTH):
            part = slice(start, start + WIDTH)
            width = len(leaves[part])
            self.write(encode_path(TileAddress(0, start // WIDTH, width)), b"".join(leaves[part]))
            self.write(encode_path(TileAddress(None, start // WIDTH, width)), encode_entries(bodies[part]))
        roots = [root_of(leaves[at : at + WIDTH]) for at in range(0, len(leaves) - WIDTH + 1, WIDTH)]
        if roots:
            self.write(encode_path(TileAddress(1, 0, len(roots))), b"".join(roots))
        note = sign_checkpoint(Checkpoint(origin, len(bodies), root_of(leaves)), keys, int(now.timestamp())).encode()
        self.write("checkpoint", note.encode())
        policy = "".join(f"log {key.verifier.encode()}\n" for key in keys) + "quorum none\n"
        self.write("policy", policy.encode())
        return note

    def write(self, name: str, content: bytes) -> None:
        target = self.folder / "log" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def remove(self, name: str) -> None:
        (self.folder / "log" / name).unlink()


@contextmanager
def static_log(folder: Path) -> Iterator[StaticLog]:
    """A log that has published nothing yet."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield StaticLog(folder, server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
