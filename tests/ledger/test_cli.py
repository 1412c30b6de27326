from __future__ import annotations

import argparse
import json
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger.cli import main, parser
from ledger.keyfiles import read_keys
from tests.ledger.auditing import ORIGIN, VERIFIERS
from tests.ledger.books import make_schema, small_book, sql_store, sqlite_url
from tests.ledger.forging import drop_triggers, honest, honest_bodies, honest_file

ROOT = Path(__file__).parents[2]
SIZE = len(honest_bodies())
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{honest_file(tmp_path_factory.mktemp('honest'))}"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command; gives its exit status and what it printed."""

    def run_it(*arguments: object) -> tuple[int, str, str]:
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stopped:
            status = int(stopped.code or 0)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run_it


@pytest.fixture
def bundle(url: str, tmp_path: Path, run: Run) -> Path:
    path = tmp_path / "copy.zip"
    assert run("export", url, path) == (0, f"{path}\n", "")
    return path


@pytest.fixture
def vkeys(tmp_path: Path) -> Path:
    path = tmp_path / "book.vkeys"
    path.write_text("".join(f"{key.encode()}\n" for key in VERIFIERS))
    return path


def every_command(top: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The commands, and the commands of those that have some."""
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield command
                yield from every_command(command)


def test_the_help_is_in_the_docs() -> None:
    document = (ROOT / "docs" / "ledger-cli.md").read_text()
    top = parser()
    commands = next(action for action in top._actions if isinstance(action, argparse._SubParsersAction)).choices
    for command in (top, *every_command(top)):
        assert f"```text\n{command.format_help()}```" in document
    assert set(commands) == {
        "keygen",
        "verify",
        "show",
        "balance",
        "export",
        "check",
        "checkpoint",
        "continues",
        "misbehaviour",
        "timestamp",
        "monitor",
        "witness",
    }


def test_it_runs_as_a_module(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ledger", "verify", url], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("verdict     sound\n")


def test_verify_says_what_it_rests_on(url: str, bundle: Path, vkeys: Path, run: Run) -> None:
    for source in (url, bundle):
        status, out, _ = run("verify", source)
        assert status == 0
        assert f"entries     {SIZE}\n" in out
        assert "keys from the book" in out
        assert "pinned      by nothing" in out
        status, out, _ = run("verify", source, "--keys", vkeys)
        assert (status, "keys from the caller" in out) == (0, True)


def test_verify_with_a_pin(url: str, tmp_path: Path, run: Run) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text(run("checkpoint", url)[1])
    status, out, _ = run("verify", url, "--pin", kept)
    assert (status, "pinned      290 entries, by copy" in out) == (0, True)
    kept.write_text(kept.read_text().replace("290", "291", 1))
    status, out, _ = run("verify", url, "--pin", kept)
    assert (status, "verdict     broken, 1 findings" in out) == (1, True)
    kept.write_text("nothing")
    assert run("verify", url, "--pin", kept)[0] == 2


def test_verify_as_json(url: str, run: Run) -> None:
    status, out, _ = run("verify", url, "--json")
    report = json.loads(out)
    assert (status, report["result"], report["size"], report["findings"]) == (0, "sound", SIZE, [])
    assert report["root"] == honest().root().hex()
    assert len(report["digest"]) == 64


def test_one_changed_byte_is_named(url: str, tmp_path: Path, run: Run) -> None:
    path = tmp_path / "changed.db"
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
        drop_triggers(copy)
        copy.execute("UPDATE ledger_account SET balance = balance + 1 WHERE account = 'ann'")
        copy.execute("UPDATE ledger_entry SET actor = 'mallory' WHERE seq = 150")
        copy.commit()
    status, out, _ = run("verify", f"sqlite:///{path}")
    assert status == 1
    assert "entry 150, level 3, actor column: expected staff, found mallory" in out
    assert "account ann balance: expected" in out
    assert out.endswith("verdict     broken, 2 findings\n")
    report = json.loads(run("verify", f"sqlite:///{path}", "--json")[1])
    assert {(finding["seq"], finding["code"]) for finding in report["findings"]} >= {(150, "projection")}


def test_what_cannot_be_read_is_status_2(tmp_path: Path, url: str, run: Run) -> None:
    (tmp_path / "garbage.db").write_bytes(b"garbage" * 1000)
    (tmp_path / "empty.db").write_bytes(b"")
    make_schema(sqlite_url(tmp_path, "none.db"))
    sources = ("nothing.zip", "sqlite:////nowhere/book.db", "mysql://book", "postgresql://nobody@localhost:1/nothing")
    for source in (*sources, *(sqlite_url(tmp_path, name) for name in ("garbage.db", "empty.db", "none.db"))):
        status, out, err = run("verify", source)
        assert (status, out) == (2, ""), source
        assert err.startswith("ledger: ")
        assert err.count("\n") == 1
    assert run("verify", url, "--book", "timebank.example/other")[0] == 2
    assert run("verify")[0] == 2
    assert run("unknown")[0] == 2
    assert run()[0] == 2


def test_one_of_several_books_is_named(tmp_path: Path, run: Run) -> None:
    make_schema(sqlite_url(tmp_path))
    with sql_store(sqlite_url(tmp_path)) as store:
        small_book(store, "timebank.example/a")
        small_book(store, "timebank.example/b")
    status, _, err = run("verify", sqlite_url(tmp_path))
    assert (status, "timebank.example/a, timebank.example/b" in err) == (2, True)
    assert run("verify", sqlite_url(tmp_path), "--book", "timebank.example/b")[0] == 0


def test_show(url: str, bundle: Path, run: Run) -> None:
    for source in (url, bundle):
        assert run("show", source, 100, "--json")[1].encode() == honest_bodies()[100] + b"\n"
        status, out, _ = run("show", source, 100)
        assert (status, out.startswith("leaf hash ")) == (0, True)
        assert '"seq": 100' in out
        assert run("show", source, SIZE)[0] == 2


def test_balance(url: str, bundle: Path, run: Run) -> None:
    entry = honest().entry(100)
    for source in (url, bundle):
        assert run("balance", source, "ann") == (0, f"{honest().balance('ann')}\n", "")
        then = f"{honest().balance('ann', at_seq=100)}\n"
        assert run("balance", source, "ann", "--at-seq", 100)[1] == then
        assert run("balance", source, "ann", "--at-time", entry.at)[1] == then
        assert run("balance", source, "nobody")[0] == 2
        assert run("balance", source, "ann", "--at-time", "2026-03-01T08:00:00")[0] == 2


def test_keygen_and_checkpoint(tmp_path: Path, run: Run) -> None:
    keys, memory = tmp_path / "book.key", tmp_path / "signed.json"
    status, vkeys, _ = run("keygen", ORIGIN, keys)
    assert (status, stat.S_IMODE(keys.stat().st_mode)) == (0, 0o600)
    assert [key.verifier.encode() for key in read_keys(keys)] == vkeys.split()
    assert run("keygen", ORIGIN, keys)[0] == 2
    (tmp_path / "book.vkeys").write_text(vkeys)
    make_schema(sqlite_url(tmp_path))
    with sql_store(sqlite_url(tmp_path)) as store:
        small_book(store)
    url = sqlite_url(tmp_path)
    assert run("checkpoint", url)[0] == 2
    assert run("checkpoint", url, "--keys", keys)[0] == 2
    status, note, err = run("checkpoint", url, "--keys", keys, "--memory", memory)
    assert (status, err) == (0, "")
    assert note.startswith(f"{ORIGIN}\n9\n")
    assert run("checkpoint", url) == (0, note, "")
    status, out, _ = run("verify", url, "--keys", tmp_path / "book.vkeys", "--memory", memory)
    assert (status, "pinned      9 entries, by signer" in out) == (0, True)


def test_a_signer_that_refuses_is_status_1(tmp_path: Path, run: Run) -> None:
    keys, memory, url = tmp_path / "book.key", tmp_path / "signed.json", sqlite_url(tmp_path)
    run("keygen", ORIGIN, keys)
    make_schema(url)
    with sql_store(url) as store:
        small_book(store)
    memory.write_text(json.dumps({ORIGIN: {"size": 12, "root": "00" * 32}}))
    status, out, err = run("checkpoint", url, "--keys", keys, "--memory", memory)
    assert (status, out) == (1, "")
    assert err.startswith("ledger: refused: ")
    assert "12 entries" in err


def test_a_copy_is_not_signed(bundle: Path, tmp_path: Path, run: Run) -> None:
    run("keygen", ORIGIN, tmp_path / "book.key")
    arguments = ("--keys", tmp_path / "book.key", "--memory", tmp_path / "signed.json")
    assert run("checkpoint", bundle, *arguments)[0] == 2
    assert run("export", bundle, bundle)[0] == 2
    assert run("export", bundle, tmp_path / "again")[0] == 0
    assert run("verify", tmp_path / "again")[0] == 0
