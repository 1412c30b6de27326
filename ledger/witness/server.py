"""The witness as a small HTTP server: one process, its own SQLite file, no framework."""

from __future__ import annotations

import re
import socket
import sqlite3
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ledger.witness.core import Reply, Witness

MAX_BODY_BYTES = 16 * 1024
TIMEOUT_SECONDS = 10
CONNECTION_SECONDS = 60
MAX_CONNECTIONS = 64
"""Who comes when so many are there is turned away: a log asks again, a witness must stay up."""
_LATEST = re.compile(r"/([0-9a-f]{64})/checkpoint")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = TIMEOUT_SECONDS
    witness: Witness

    def do_POST(self) -> None:
        """`/add-checkpoint`."""
        length = self.headers.get("Content-Length", "")
        if self.path != "/add-checkpoint":
            self._answer(Reply(404, "post to /add-checkpoint\n"), last=True)
        elif not (length.isascii() and length.isdigit() and len(length) < 9):
            self._answer(Reply(411, "the length of the body is needed\n"), last=True)
        elif int(length) > MAX_BODY_BYTES:
            self._answer(Reply(413, f"at most {MAX_BODY_BYTES} bytes\n"), last=True)
        else:
            self._answer(self._judged(self.rfile.read(int(length))))

    def do_GET(self) -> None:
        """`/` for people, `/<SHA-256 of the origin>/checkpoint` for monitors."""
        found = _LATEST.fullmatch(self.path)
        if found:
            self._answer(self.witness.latest(found[1]))
        elif self.path == "/":
            self._answer(self.witness.describe())
        else:
            self._answer(Reply(404, "nothing is here\n"))

    def _judged(self, body: bytes) -> Reply:
        try:
            return self.witness.add_checkpoint(body)
        except (sqlite3.Error, OSError) as error:
            # Nothing was cosigned: what can't be remembered isn't answered.
            sys.stderr.write(f"witness: the memory can't be written: {error}\n")
            return Reply(500, "nothing was cosigned; ask again later\n")

    def log_message(self, format: str, *arguments: Any) -> None:
        """A witness says nothing of who asked."""

    def _answer(self, reply: Reply, *, last: bool = False) -> None:
        body = reply.body.encode()
        self.close_connection = self.close_connection or last
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(body)))
        if last:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread of its own, if there is one left."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """For a bounded time, however slowly the other side speaks."""
        cut = threading.Timer(CONNECTION_SECONDS, _cut, (request,))
        cut.daemon = True
        cut.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            cut.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """One that hung up is nobody's concern; anything else is written to stderr."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def make_server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """A server that is bound and not yet serving; port 0 takes any that is free."""
    handler = type("Handler", (_Handler,), {"witness": witness})
    return _Server((host, port), handler)
