"""The witness as a small HTTP server: one process, its own SQLite file, no framework."""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ledger.witness.core import Reply, Witness

MAX_BODY_BYTES = 16 * 1024
TIMEOUT_SECONDS = 10
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
            self._answer(self.witness.add_checkpoint(self.rfile.read(int(length))))

    def do_GET(self) -> None:
        """`/` for people, `/<SHA-256 of the origin>/checkpoint` for monitors."""
        found = _LATEST.fullmatch(self.path)
        if found:
            self._answer(self.witness.latest(found[1]))
        elif self.path == "/":
            self._answer(self.witness.describe())
        else:
            self._answer(Reply(404, "nothing is here\n"))

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


def make_server(witness: Witness, host: str, port: int) -> ThreadingHTTPServer:
    """A server that is bound and not yet serving; port 0 takes any that is free."""
    handler = type("Handler", (_Handler,), {"witness": witness})
    return _Server((host, port), handler)
