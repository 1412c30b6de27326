"""The public log of the book under a prefix of its own, as the C2SP document tlog-tiles lays it out.

Answered without a session, a cookie or a business table. Checkpoint and hash tiles are for everybody, and for other
origins too: a verifier need not be a page of ours. Bundles of entries show pseudonymous movements: they are for who
holds an auditor's or a witness's token, or for all where the book's setting says so.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import time
from collections import OrderedDict

from flask import Blueprint, Response, current_app, g, request

from timebank.domain.errors import NotFound, TokenInvalid, TokenScopeMissing
from timebank.services import points, publishing, tokens
from timebank.services.publishing import TileAddress
from timebank.web.guard import bank, now, public

blueprint = Blueprint("log", __name__, url_prefix="/log/<book>")

CHECKPOINT_SECONDS = 1
"""How long a worker gives out a checkpoint that it read before."""
MAX_AGE_SECONDS = 5
TILES_KEPT = 512
ENTRIES = "ledger.export"
"""The scope of a token that reads bundles of entries."""


def slug(origin: str) -> str:
    """The name of a book in its prefix: the last part of its origin."""
    return origin.rsplit("/", 1)[-1]


class _Kept:
    """What a worker gave out lately: the checkpoint for a second, full tiles for good."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tiles: OrderedDict[tuple[str, TileAddress], bytes] = OrderedDict()
        self._note: tuple[float, str, bytes, str] = (0.0, "", b"", "")

    def note(self) -> tuple[bytes, str]:
        """The checkpoint and its ETag."""
        made, origin, note, etag = self._note
        mine = bank().settings.book
        if origin != mine or time.monotonic() - made > CHECKPOINT_SECONDS:
            note = publishing.checkpoint(bank()).note.encode()
            etag = _etag(note)
            self._note = (time.monotonic(), mine, note, etag)
        return note, etag

    def tile(self, address: TileAddress) -> bytes:
        key = (bank().settings.book, address)
        with self._lock:
            kept = self._tiles.get(key)
            if kept is not None:
                self._tiles.move_to_end(key)
                return kept
        found = publishing.tile(bank(), address)
        with self._lock:
            self._tiles[key] = found
            while len(self._tiles) > TILES_KEPT:
                self._tiles.popitem(last=False)
        return found


def _kept() -> _Kept:
    kept: _Kept = current_app.extensions.setdefault("log", _Kept())
    return kept


@blueprint.before_request
def _only_this_book() -> None:
    """The county's book, or that of one of its programmes of points."""
    name = str((request.view_args or {}).pop("book", ""))
    if name == slug(bank().settings.book):
        return
    theirs = points.for_log(bank(), name)
    if theirs is None:
        raise NotFound
    g.bank = theirs


@blueprint.get("/checkpoint")
@public
def checkpoint() -> Response:
    """The latest published checkpoint with its cosignatures."""
    note, etag = _kept().note()
    return _answer(note, "text/plain; charset=utf-8", f"public, max-age={MAX_AGE_SECONDS}", etag)


@blueprint.get("/tile/<path:path>")
@public
def tile(path: str) -> Response:
    """A tile of hashes, or a bundle of entries for who may read them; only what the published tree has."""
    address = publishing.locate(f"tile/{path}")
    settings = bank().settings
    if address.level is None and not settings.book_is_public:
        _require_token()
        return _answer(publishing.tile(bank(), address), "application/octet-stream", "private, no-store")
    # What a tile's path names never changes, so the path is as good as a hash of it.
    etag = f"{address.level}-{address.index}-{address.width}"
    return _answer(_kept().tile(address), "application/octet-stream", "public, max-age=31536000, immutable", etag)


@blueprint.get("/timestamp/<int:size>")
@public
def timestamp(size: int) -> Response:
    """What an authority answered about the checkpoint of this size (RFC 3161), as it came."""
    answer = publishing.stamped(bank(), size)
    return _answer(answer, "application/timestamp-reply", "public, max-age=31536000, immutable", f"stamp-{size}")


@blueprint.get("/policy")
@public
def policy() -> Response:
    """Whom to trust, as the operator says it (tlog-policy). A verifier compares it with what it got elsewhere."""
    text = publishing.describe(bank()).policy
    return _answer(text.encode(), "text/plain; charset=utf-8", f"public, max-age={MAX_AGE_SECONDS}")


@blueprint.get("/policy/<int:size>")
@public
def policy_at(size: int) -> Response:
    """The book's keys as they were for a checkpoint of this size, for receipts from before a key was retired."""
    text = publishing.policy_at(bank(), size)
    return _answer(text.encode(), "text/plain; charset=utf-8", f"public, max-age={MAX_AGE_SECONDS}")


@blueprint.get("/log.v3.json")
@public
def description() -> Response:
    """Origin, verifier keys, policy and address, for programs."""
    view = publishing.describe(bank())
    prefix = request.base_url.rsplit("/", 1)[0]
    document = {
        "origin": view.origin,
        "description": f"Time bank ledger {view.origin}",
        "submission_url": None,
        "monitoring_url": prefix,
        "keys": list(view.keys),
        "every_key": [
            {"key": one.text, "added_seq": one.added_seq, "retired_seq": one.retired_seq} for one in view.every_key
        ],
        "policy": view.policy,
        "entries": "public" if view.entries_are_public else "token",
        "mmd": 86400,
    }
    body = json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"
    return _answer(body, "application/json", f"public, max-age={MAX_AGE_SECONDS}")


def _require_token() -> None:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret:
        raise TokenInvalid
    if ENTRIES not in tokens.bearer(bank(), secret.strip(), now=now()).scopes:
        raise TokenScopeMissing(scope=ENTRIES)


def _answer(body: bytes, content_type: str, caching: str, etag: str = "") -> Response:
    response = Response(body, content_type=content_type)
    response.headers["Cache-Control"] = caching
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    # Hashes don't shrink; texts and entries do.
    if content_type != "application/octet-stream" or "entries" in request.path:
        response.vary.add("Accept-Encoding")
        if request.accept_encodings.quality("gzip") > 0:
            response.set_data(gzip.compress(body, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
    # Weak where the bytes differ by encoding and the ETag does not.
    response.set_etag(etag or _etag(body), weak=response.content_encoding is not None)
    response.make_conditional(request)
    return response


def _etag(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]
