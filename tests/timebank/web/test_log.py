"""The public log: tlog-tiles paths, what is published and what is not, caching, ETag, HEAD, gzip, tokens."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ledger import Draft, Kind
from ledger.chain import leaf_hash
from ledger.checkpoints import open_checkpoint
from ledger.merkle import root_of
from ledger.notes import VerifierKey
from ledger.receipts import parse_policy
from ledger.tiles import TILE_BYTES, decode_entries, split_hashes, tile_root
from tests.timebank.world import NOW, World
from timebank.app import create_app
from timebank.services import publishing, tokens

PREFIX = "/log/lunan"


@pytest.fixture
def log(app: Flask) -> FlaskClient:
    """A verifier somewhere: no cookie, no token."""
    return app.test_client()


def grow(world: World, count: int) -> int:
    """Append so many accounts; gives the size of the book."""
    with world.bank.unit() as unit:
        first = world.size()
        ids = (f"m-{first + n:016x}" for n in range(count))
        unit.append_many(
            [Draft(Kind.OPEN, "worker", data={"account": one, "account_kind": "member"}) for one in ids], now=NOW
        )
    return world.size()


def auditors_token(world: World, *scopes: str) -> dict[str, str]:
    owner = world.staff["auditor"].person_id
    _, secret = tokens.make(
        world.bank, world.staff["admin"], name="monitor", owner_id=owner, scopes=scopes, days=30, now=NOW
    )
    return {"Authorization": f"Bearer {secret}"}


def test_before_anything_is_published_there_is_nothing(log: FlaskClient, world: World) -> None:
    for path in ("checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"):
        assert log.get(f"{PREFIX}/{path}").status_code in (401, 404)


def test_whoever_has_the_hash_tiles_computes_the_root_that_was_signed(log: FlaskClient, world: World) -> None:
    size = grow(world, 600)
    assert publishing.publish(world.bank, now=NOW).size == size
    answer = log.get(f"{PREFIX}/checkpoint")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=5"
    keys = parse_policy(log.get(f"{PREFIX}/policy").text).keys()
    tree = open_checkpoint(answer.data, world.bank.settings.book, keys).checkpoint
    assert tree.size == size
    leaves, full = [], []
    for index in range(0, size, 256):
        width = min(256, size - index)
        partial = "" if width == 256 else f".p/{width}"
        tile = log.get(f"{PREFIX}/tile/0/{index // 256:03d}{partial}")
        assert (tile.status_code, tile.content_type) == (200, "application/octet-stream")
        assert tile.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        leaves += split_hashes(tile.data)
        if width == 256:
            assert len(tile.data) == TILE_BYTES
            full.append(tile_root(tile.data))
    assert root_of(leaves) == tree.root
    assert split_hashes(log.get(f"{PREFIX}/tile/1/000.p/{len(full)}").data) == full


def test_only_the_published_tree_is_shown(log: FlaskClient, world: World) -> None:
    size = grow(world, 10)
    publishing.publish(world.bank, now=NOW)
    grow(world, 10)
    width = size % 256
    assert log.get(f"{PREFIX}/tile/0/000.p/{width}").status_code == 200
    assert log.get(f"{PREFIX}/tile/0/000.p/{width + 1}").status_code == 404
    assert log.get(f"{PREFIX}/tile/0/000.p/{width - 1}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0", "tile/0/0000", "tile/0/x000/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
        "tile/64/000.p/1", "tile/00/000.p/1", "tile/-1/000", "tile/0/000.p/", "tile/0/000.p/1/", "tile/entries/0",
        "tile/0/001.p/1", "tile/1/000.p/1", "tile/0/x999/x999/999", "tile/data/000", "tile/", "checkpoints",
        "tile/0/%30%30%30.p%2F1%00", "tile/0/٠٠٠.p/1",
    ],
)  # fmt: skip
def test_a_path_that_names_no_tile_is_not_found(log: FlaskClient, world: World, path: str) -> None:
    publishing.publish(world.bank, now=NOW)
    answer = log.get(f"{PREFIX}/{path}")
    assert answer.status_code == 404
    assert "html" not in (answer.content_type or "") or "tile" not in path


def test_another_book_is_not_here(log: FlaskClient, world: World) -> None:
    publishing.publish(world.bank, now=NOW)
    assert log.get("/log/elsewhere/checkpoint").status_code == 404


def test_entries_are_for_holders_of_a_token(log: FlaskClient, world: World) -> None:
    publishing.publish(world.bank, now=NOW)
    path = f"{PREFIX}/tile/entries/000.p/{world.size()}"
    assert log.get(path).status_code == 401
    assert log.get(path, headers={"Authorization": "Bearer tb_wrong"}).status_code == 401
    assert log.get(path, headers=auditors_token(world, "audits.read")).status_code == 403
    answer = log.get(path, headers=auditors_token(world, "ledger.export"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    bodies = list(decode_entries(answer.data))
    assert len(bodies) == world.size()
    hashes = split_hashes(log.get(f"{PREFIX}/tile/0/000.p/{len(bodies)}").data)
    assert [leaf_hash(body) for body in bodies] == hashes


def test_entries_are_for_all_where_the_book_says_so(world: World) -> None:
    publishing.publish(world.bank, now=NOW)
    open_bank = replace(world.bank, settings=replace(world.bank.settings, book_is_public=True))
    client = create_app(bank=open_bank).test_client()
    answer = client.get(f"{PREFIX}/tile/entries/000.p/{world.size()}", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(list(decode_entries(gzip.decompress(answer.data)))) == world.size()


def test_what_is_known_already_is_not_sent_again(log: FlaskClient, world: World) -> None:
    publishing.publish(world.bank, now=NOW)
    for path in ("checkpoint", f"tile/0/000.p/{world.size()}", "policy", "log.v3.json"):
        first = log.get(f"{PREFIX}/{path}")
        etag = first.headers["ETag"]
        again = log.get(f"{PREFIX}/{path}", headers={"If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")
        assert log.get(f"{PREFIX}/{path}", headers={"If-None-Match": '"other"'}).data == first.data
        head = log.head(f"{PREFIX}/{path}")
        assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", etag)
        assert head.headers["Content-Length"] == str(len(first.data))
        assert log.post(f"{PREFIX}/{path}").status_code in (400, 405)


def test_other_origins_may_read_and_texts_shrink(log: FlaskClient, world: World) -> None:
    publishing.publish(world.bank, now=NOW)
    answer = log.get(f"{PREFIX}/log.v3.json", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    document = json.loads(gzip.decompress(answer.data))
    assert document["origin"] == world.bank.settings.book
    assert [VerifierKey.parse(key).name for key in document["keys"]] == [document["origin"]] * 2
    assert parse_policy(document["policy"]).quorum == "none"
    tile = log.get(f"{PREFIX}/tile/0/000.p/1", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in tile.headers


def test_the_keys_of_an_older_size_are_given_out(log: FlaskClient, world: World) -> None:
    assert log.get(f"{PREFIX}/policy/1").status_code == 404, "nothing is published"
    publishing.publish(world.bank, now=NOW)
    answer = log.get(f"{PREFIX}/policy/1")
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    assert parse_policy(answer.text).logs == parse_policy(log.get(f"{PREFIX}/policy").text).logs
    every = log.get(f"{PREFIX}/log.v3.json").json["every_key"]
    assert [(one["added_seq"], one["retired_seq"]) for one in every] == [(0, None)] * 2
    for size in ("0", str(world.size() + 1), "-1", "x", "9" * 30):
        assert log.get(f"{PREFIX}/policy/{size}").status_code == 404, size


def test_no_cookie_and_no_session_is_asked_for(log: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    publishing.publish(world.bank, now=NOW)
    log.set_cookie("timebank", "some secret")

    def asked(*_: object, **__: object) -> None:
        raise AssertionError("the log asked who reads it")

    monkeypatch.setattr("timebank.services.sessions.who", asked)
    answer = log.get(f"{PREFIX}/checkpoint")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_a_checkpoint_is_published_when_there_is_something_new_or_a_day_went_by(world: World) -> None:
    bank = world.bank
    assert publishing.publish(bank, now=NOW).why == "signed"
    assert publishing.publish(bank, now=NOW + timedelta(seconds=5)).why == "nothing new"
    size = grow(world, 1)
    assert publishing.publish(bank, now=NOW + timedelta(seconds=10)) == publishing.Signed(size, "signed")
    later = NOW + timedelta(days=1, seconds=11)
    publishing.publish(bank, now=later)
    assert publishing.checkpoint(bank).at == later
