"""Reads a public log over HTTP: checkpoint, tiles of hashes, bundles of entries."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Self
from urllib.parse import urlsplit

from ledger.errors import LogUnreachable
from ledger.tiles import WIDTH, TileAddress, encode_path, tile_width

TIMEOUT_SECONDS = 20
AT_ONCE = 4
"""So many requests are under way at the same time while it catches up."""
MOST_BYTES = 20_000_000
"""A bundle of 256 entries of the greatest length has 16.8 MB."""


class Log:
    """A log's prefix, e.g. `https://timebank.example/log/lunan`. `token`: an auditor's, for bundles of entries.

    Threads may share it; each has a connection of its own. Redirects are not followed: a log stays where it is.
    """

    def __init__(self, prefix: str, token: str | None = None) -> None:
        parts = urlsplit(prefix.rstrip("/"))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise LogUnreachable(prefix, "not the http(s) address of a log")
        self.token = token
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path
        self._make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._local = threading.local()
        self._open: list[http.client.HTTPConnection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        while self._open:
            self._open.pop().close()
        self._local = threading.local()

    def text(self, path: str) -> str:
        """A small text, e.g. `checkpoint`. Raises LogUnreachable."""
        try:
            return self.get(path).decode()
        except UnicodeError as error:
            raise LogUnreachable(path, "not UTF-8") from error

    def tiles(self, level: int | None, start: int, size: int) -> Iterator[bytes]:
        """The tiles (of entries, where `level` is None) that hold entries `start` to `size` - 1, in their order.

        Of a tile that the tree of `size` does not fill, the partial one is asked first, then the full one, since a log
        may drop partial tiles once the full one is there.
        """
        first, last = start // WIDTH, (size - 1) // WIDTH
        addresses = (TileAddress(level, n, tile_width(size, 0, n)) for n in range(first, last + 1))
        return self._ahead(self._tile, addresses)

    def get(self, path: str) -> bytes:
        """The bytes behind a path. Raises LogUnreachable, also for any status but 200."""
        for attempt in range(2):
            connection = self._connection()
            try:
                connection.request("GET", f"{self._path}/{path}", headers=self._headers())
                answer = connection.getresponse()
                body = answer.read(MOST_BYTES + 1)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                # A kept connection may have been closed by the other side meanwhile.
                if attempt:
                    raise LogUnreachable(path, f"{type(error).__name__}: {error}") from error
                continue
            if answer.status != 200:
                raise LogUnreachable(path, f"status {answer.status}")
            if len(body) > MOST_BYTES:
                raise LogUnreachable(path, "too long an answer")
            return body
        raise LogUnreachable(path, "no answer")

    def _tile(self, address: TileAddress) -> bytes:
        try:
            return self.get(encode_path(address))
        except LogUnreachable:
            if address.width == WIDTH:
                raise
            return self.get(encode_path(TileAddress(address.level, address.index)))

    def _ahead(self, one: Callable[[TileAddress], bytes], addresses: Iterator[TileAddress]) -> Iterator[bytes]:
        """Answers in the order of the addresses, a few of them asked ahead."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            waiting = [pool.submit(one, address) for address in islice(addresses, 2 * AT_ONCE)]
            while waiting:
                done = waiting.pop(0).result()
                waiting += [pool.submit(one, address) for address in islice(addresses, 1)]
                yield done

    def _connection(self) -> http.client.HTTPConnection:
        kept: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if kept is None:
            kept = self._local.connection = self._make(self._host, self._port, timeout=TIMEOUT_SECONDS)
            self._open.append(kept)
        return kept

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}
