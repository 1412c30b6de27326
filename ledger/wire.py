"""One HTTP question to a witness or a timestamping authority, over in a bounded time whatever it does: no redirects, no
endless answers."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

MAX_ANSWER_BYTES = 64 * 1024


class HttpAnswer(NamedTuple):
    """Status, content type and body."""

    status: int
    content_type: str
    body: bytes


def ask(
    method: str, url: str, path: str, body: bytes | None, seconds: float, content_type: str | None = None
) -> HttpAnswer:
    """What stands at `path` under the prefix `url`. Of the body no more is read than such an answer can have.

    Raises OSError (TimeoutError if it took longer), HTTPException, ValueError (not an address of http or https).
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an http(s) address")
    ends = time.monotonic() + seconds
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = make(parts.hostname, parts.port, timeout=seconds)
    try:
        with _connected(parts, seconds) as connection.sock:
            headers = {} if content_type is None else {"Content-Type": content_type}
            target = f"{parts.path.rstrip('/')}/{path}" if path else parts.path or "/"
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            read = answer.read(MAX_ANSWER_BYTES)
    finally:
        connection.close()
    if time.monotonic() > ends:
        raise TimeoutError("the answer took too long")
    return HttpAnswer(answer.status, answer.headers.get("Content-Type", ""), read)


@contextmanager
def _connected(parts: SplitResult, seconds: float) -> Iterator[socket.socket]:
    """A connection that is cut when the time is over. The socket's own timeout would begin anew with each byte, so that
    one who lets them drip could hold a thread for hours."""
    ends = time.monotonic() + seconds
    default = 443 if parts.scheme == "https" else 80
    with socket.create_connection((parts.hostname, parts.port or default), timeout=seconds) as plain:
        one = plain
        if parts.scheme == "https":
            context = ssl.create_default_context()
            one = context.wrap_socket(plain, server_hostname=parts.hostname, do_handshake_on_connect=False)
        cut = threading.Timer(max(0.0, ends - time.monotonic()), _cut, (one,))
        cut.daemon = True
        cut.start()
        try:
            if isinstance(one, ssl.SSLSocket):
                one.do_handshake()
            yield one
        finally:
            cut.cancel()
            one.close()


def _cut(one: socket.socket) -> None:
    """Not SSLSocket.shutdown, which would let the thread that is reading go on in plain text."""
    with suppress(OSError):
        socket.socket.shutdown(one, socket.SHUT_RDWR)
