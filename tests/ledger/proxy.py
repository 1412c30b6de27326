"""A proxy before PostgreSQL's socket that cuts the connection at a chosen message, before or after passing it on."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import threading
from pathlib import Path

SOCKET = ".s.PGSQL.5432"


class Proxy:
    """Listens in a folder of its own; give that folder as `host`.

    `arm(marker, passes, after)`: once a client has sent something with the marker in it, let `passes` more messages
    of that client through, then cut the connection, after (or before) passing on the one that is due.
    """

    def __init__(self, server: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tbproxy-"))
        self.cuts = 0
        self._server = str(server / SOCKET)
        self._plan: tuple[bytes, int, bool] | None = None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / SOCKET))
        self._listener.listen(64)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def arm(self, marker: bytes, passes: int, *, after: bool) -> None:
        self._plan = (marker, passes, after)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        shutil.rmtree(self.folder)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            threading.Thread(target=self._pump, args=(server, client), daemon=True).start()
            threading.Thread(target=self._watch, args=(client, server), daemon=True).start()

    def _watch(self, client: socket.socket, server: socket.socket) -> None:
        """Pass on what the client says, until the plan's moment comes."""
        left: int | None = None
        with client, server, contextlib.suppress(OSError):
            while data := client.recv(1 << 20):
                if left is None and self._plan is not None and self._plan[0] in data:
                    left = self._plan[1]
                if left == 0 and self._plan is not None:
                    self._cut(client, server, data)
                    return
                left = None if left is None else left - 1
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _cut(self, client: socket.socket, server: socket.socket, data: bytes) -> None:
        """Hang up on the client first, so that no answer reaches it; then the server hears the last words, or not."""
        assert self._plan is not None
        after, self._plan = self._plan[2], None
        self.cuts += 1
        client.shutdown(socket.SHUT_RDWR)
        if after:
            server.sendall(data)
        # The server carries out what it has heard before it notices that nobody is there any more.
        server.shutdown(socket.SHUT_WR)

    def _pump(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 20):
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)
