"""The public log: tiles and checkpoints over HTTP, receipts and their check, publishing, a monitor that catches up."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import sync_playwright

from bench.audit import KEYS, ORIGIN, append, build
from bench.web import CLIENTS, serving
from ledger import Book, decode
from ledger.bundle import BundleStore
from ledger.canonical import encode
from ledger.chain import leaf_hash
from ledger.checkpoints import Checkpoint, sign_checkpoint
from ledger.keyfiles import write_keys
from ledger.merkle import inclusion_length, node_hash
from ledger.monitor import Copy, Log, follow
from ledger.receipts import Policy, Receipt, parse_policy, verify_receipt
from ledger.stores.sql import SqlStore
from tests.timebank.world import make_bank, settings_in
from timebank.services import publishing

ENTRIES = 1_000_000
NEW = 100_000
REQUESTS = 6_000
RECEIPTS = 2_000
LARGE = 10_000_000
TILE_BYTES = 8_192
CHECKS = 20
_IN_BROWSER = """async ({receipt, policy, times}) => {
  const rule = await Notes.policy(policy), bytes = new TextEncoder().encode(receipt)
  let began = 0
  for (let round = -1; round < times; round++) {
    if (round === 0) began = performance.now()
    for (const one of await Receipts.readAll(bytes)) {
      const result = await Receipts.judge(one, rule)
      if (result.reason !== "proven") throw new Error(result.reason)
    }
  }
  return (performance.now() - began) / times
}"""


def run(directory: Path, postgres_url: str | None = None) -> list[dict[str, Any]]:
    """The rows of the table. `directory` takes about 3 GB."""
    folder = directory / "log"
    settings = settings_in(folder, TIMEBANK_BOOK=ORIGIN)
    settings.signing_key_path.parent.mkdir(parents=True, exist_ok=True)
    write_keys(settings.signing_key_path, KEYS)
    bank = make_bank(settings)
    with SqlStore(bank.engine) as store:
        build(store, ENTRIES)
        publishing.publish(bank, now=datetime.now(UTC))
        append(store, ENTRIES, NEW)
        began = time.perf_counter()
        publishing.publish(bank, now=datetime.now(UTC))
        publish_seconds = time.perf_counter() - began
        rows = [_receipts(Book(store, ORIGIN), publishing.checkpoint(bank).note, publishing.checkpoint(bank).size)]
        body = next(row.body for row in store.rows(ORIGIN, ENTRIES) if row.kind == "earn")
    policy_text = publishing.describe(bank).policy
    policy = parse_policy(policy_text)
    bank.engine.dispose()
    environment = {
        **os.environ,
        "TIMEBANK_INSTANCE": str(folder),
        "TIMEBANK_BOOK": ORIGIN,
        "TIMEBANK_BOOK_IS_PUBLIC": "yes",
        "TIMEBANK_PROXIES": "1",
        "BENCH_URL": "sqlite://",
        "BENCH_FOLDER": str(directory),
    }
    return [
        *_over_http(directory, environment),
        *rows,
        _row("publishing 100,000 new entries, entries/s", NEW / publish_seconds, "50,000", 50_000),
        *_monitors(directory, environment, policy),
        *_checks(directory, environment, policy_text, body),
    ]


def _over_http(directory: Path, environment: dict[str, str]) -> list[dict[str, Any]]:
    """Tiles and checkpoints against a file of the same size, all through gunicorn with the same settings."""
    (directory / "tile.bin").write_bytes(os.urandom(TILE_BYTES))
    with serving("bench.bare", 8733, environment) as bare:
        tile_limit = max(_gets(bare, ["/file/tile.bin"]) for _ in range(2))
    with serving("wsgi", 8734, environment) as service:
        note = _get(service, "/log/bench/checkpoint")
        tiles = [f"/log/bench/tile/0/x{n // 1000:03d}/{n % 1000:03d}" for n in range(1_000, 1_200)]
        tile_rate = max(_gets(service, tiles) for _ in range(2))
        note_rate = max(_gets(service, ["/log/bench/checkpoint"]) for _ in range(2))
    (directory / "note.bin").write_bytes(note)
    with serving("bench.bare", 8735, environment) as bare:
        note_limit = max(_gets(bare, ["/file/note.bin"]) for _ in range(2))
    against = "file of the same size through a bare Flask handler: {:,.0f}/s"
    return [
        {
            "measure": f"{what}, GET through gunicorn, 16 connections",
            "value": f"{rate:,.0f}/s",
            "against": against.format(limit),
            "ratio": rate / limit,
            "wanted": 0.5,
        }
        for what, rate, limit in (("full tile", tile_rate, tile_limit), ("checkpoint", note_rate, note_limit))
    ]


def _gets(port: int, paths: list[str]) -> float:
    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for at in range(REQUESTS // CLIENTS):
            connection.request("GET", paths[(number + at) % len(paths)])
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{paths[0]}: {answer.status}")
        connection.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, range(CLIENTS)))
    return REQUESTS / (time.perf_counter() - began)


def _get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    return connection.getresponse().read()


def _receipts(book: Book, note: str, size: int) -> dict[str, Any]:
    """Receipts of random entries, at a million entries."""
    chosen = random.Random(1).sample(range(size), RECEIPTS)  # noqa: S311 - no secret
    began = time.perf_counter()
    for seq in chosen:
        row = book.store.row(ORIGIN, seq)
        if row is None:
            raise RuntimeError(f"no entry {seq}")
        Receipt(seq, tuple(book.inclusion_proof(seq, size)), note, row.body).encode()
    rate = RECEIPTS / (time.perf_counter() - began)
    return {
        "measure": f"receipts made at {size:,} entries",
        "value": f"{rate:,.0f}/s",
        "against": "–",
        "ratio": 1.0,
        "wanted": "–",
        "reached": True,
    }


def _monitors(directory: Path, environment: dict[str, str], policy: Policy) -> list[dict[str, Any]]:
    """From nothing to the whole tree, over HTTP: with a token (entries, and their rules), and without (hashes)."""
    rows = []
    for token, what in (("public", "entries and rules"), (None, "hashes alone, without a token")):
        with serving("wsgi", 8736, environment) as service, Log(f"http://127.0.0.1:{service}/log/bench", token) as log:
            copy = Copy(directory / f"copy-{token}")
            began = time.perf_counter()
            outcome = follow(log, copy, policy, now=datetime.now(UTC))
            seconds = time.perf_counter() - began
        if not outcome.is_sound or (token and BundleStore(copy.path).head(ORIGIN) is None):
            raise RuntimeError(f"the monitor found {outcome.sightings}")
        name = f"a monitor catching up with {outcome.size:,} entries, {what}, entries/s"
        rows.append(_row(name, outcome.size / seconds, "60,000", 60_000))
    return rows


def _checks(directory: Path, environment: dict[str, str], policy_text: str, body: bytes) -> list[dict[str, Any]]:
    """A receipt of a book of ten million entries, checked in Python and in Chromium, both log signatures with it."""
    index = 7_654_321
    body = encode(msgspec.structs.replace(decode(body), seq=index))
    path = [hashlib.sha256(b"%d" % n).digest() for n in range(inclusion_length(index, LARGE))]
    here, last, root = index, LARGE - 1, leaf_hash(body)
    for sibling in path:
        if here & 1 or here == last:
            root = node_hash(sibling, root)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        here, last = here >> 1, last >> 1
    note = sign_checkpoint(Checkpoint(ORIGIN, LARGE, root), KEYS, 1_790_000_000).encode()
    text = Receipt(index, tuple(path), note, body).encode()
    policy = parse_policy(policy_text)
    began = time.perf_counter()
    for _ in range(CHECKS):
        verify_receipt(Receipt.parse(text), policy, ORIGIN)
    in_python = (time.perf_counter() - began) / CHECKS * 1000
    with serving("wsgi", 8737, environment) as service, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{service}/verify")
        in_browser = float(page.evaluate(_IN_BROWSER, {"receipt": text, "policy": policy_text, "times": CHECKS}))
        browser.close()
    return [
        {
            "measure": f"check of a receipt at 10,000,000 entries, {where} (at most)",
            "value": f"{milliseconds:.1f} ms",
            "against": "50 ms",
            "ratio": milliseconds / 50,
            "wanted": 1.0,
            "reached": milliseconds <= 50,
        }
        for where, milliseconds in (("Chromium", in_browser), ("Python", in_python))
    ]


def _row(measure: str, rate: float, against: str, wanted: float) -> dict[str, Any]:
    return {"measure": measure, "value": f"{rate:,.0f}", "against": against, "ratio": rate / wanted, "wanted": 1.0}
