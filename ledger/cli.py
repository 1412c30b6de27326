"""The command line: make keys, verify a book or an exported copy, look into it, export it, sign, check receipts.

Exit status: 0 sound or done, 1 broken or refused, 2 can't be read or not understood.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger.audit import Pin, Report, Workers, audit
from ledger.bundle import BundleStore
from ledger.canonical import decode
from ledger.checking_command import add_check
from ledger.checkpoints import Checkpoint, SignerMemory
from ledger.entries import format_at
from ledger.errors import BundleInvalid, LedgerError, NoteInvalid, SignerRefuses, TimestampInvalid
from ledger.exporting import export
from ledger.keyfiles import read_keys, write_keys
from ledger.misbehaviour_command import add_misbehaviour
from ledger.monitor.command import add_monitor
from ledger.notes import KeyType, VerifierKey, generate, parse_note
from ledger.reopening import check_continues
from ledger.signer import Signer
from ledger.store import Reading, Store
from ledger.timestamping import check_stamp, read_roots
from ledger.witness.command import add_witness

SOUND, BROKEN, UNREADABLE = 0, 1, 2
_WIDTH = 100
_SOURCE = "directory or .zip of an exported book, or URL of a database (sqlite:///file.db, postgresql://...)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except SignerRefuses as error:
        return _failed("refused", error, BROKEN)
    except LedgerError as error:
        return _failed(type(error).__name__, error, UNREADABLE)
    except KeyboardInterrupt:
        return _failed("stopped", "", UNREADABLE)
    except Exception as error:
        return _failed("can't be read", str(error).partition("\n")[0], UNREADABLE)


def parser() -> argparse.ArgumentParser:
    """The commands and their options. docs/ledger-cli.md holds what it prints for --help."""
    top = _Parser(prog="python -m ledger", description="An append-only, hash-chained ledger, from the command line.")
    commands = top.add_subparsers(required=True, metavar="command", parser_class=_Parser)

    keygen = commands.add_parser("keygen", help="make the keys that sign a book's checkpoints")
    keygen.add_argument("name", help="the book's origin, e.g. timebank.example/lunan")
    keygen.add_argument("file", type=Path, help="the new key file (mode 0600); one that exists is left alone")
    keygen.set_defaults(run=_keygen)

    verify = commands.add_parser("verify", help="audit a book: exit 0 if it is sound, 1 if it is broken")
    _add_source(verify)
    verify.add_argument("--keys", type=Path, help="the book's verifier keys, one a line, from a place you trust")
    verify.add_argument(
        "--pin", type=Path, action="append", default=[], help="a checkpoint that you kept; may be given several times"
    )
    verify.add_argument("--memory", type=Path, help="the signer's memory: what it last signed")
    verify.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes that read a database")
    verify.add_argument("--json", action="store_true", help="print the report as JSON")
    verify.set_defaults(run=_verify)

    show = commands.add_parser("show", help="print one entry")
    _add_source(show)
    show.add_argument("seq", type=int, help="the entry's number")
    show.add_argument("--json", action="store_true", help="print the stored bytes, and nothing else")
    show.set_defaults(run=_show)

    balance = commands.add_parser("balance", help="print the balance of an account, in minutes")
    _add_source(balance)
    balance.add_argument("account", help="the account's id")
    balance.add_argument("--at-seq", type=int, help="as it was after this entry")
    balance.add_argument("--at-time", type=_time, help="as it was at this time, e.g. 2026-03-01T08:00:00Z")
    balance.set_defaults(run=_balance)

    exporting = commands.add_parser("export", help="write a copy that can be verified without a database")
    _add_source(exporting)
    exporting.add_argument("path", type=Path, help="the new directory, or the new file if it ends in .zip")
    exporting.set_defaults(run=_export)

    checkpoint = commands.add_parser(
        "checkpoint", help="check what is new and sign it; without --keys, print the last checkpoint"
    )
    _add_source(checkpoint)
    checkpoint.add_argument("--keys", type=Path, help="the key file that keygen made")
    checkpoint.add_argument("--memory", type=Path, help="the signer's memory; needed with --keys")
    checkpoint.set_defaults(run=_checkpoint)
    add_check(commands.add_parser)
    add_monitor(commands.add_parser)
    add_witness(commands.add_parser)

    continues = commands.add_parser(
        "continues", help="check that a book under a new origin holds the entries of the one before: exit 1 if not"
    )
    continues.add_argument("old", type=Path, help="exported bundle of the old origin")
    continues.add_argument("new", type=Path, help="exported bundle of the new origin")
    continues.set_defaults(run=_continues)

    timestamp = commands.add_parser(
        "timestamp", help="check an RFC 3161 timestamp of a checkpoint, offline: exit 1 if it is none"
    )
    timestamp.add_argument("checkpoint", type=Path, help="file with the checkpoint's note")
    timestamp.add_argument("answer", type=Path, help="what the authority answered (.tsr)")
    timestamp.add_argument("--roots", type=Path, required=True, help="certificates to trust (PEM)")
    timestamp.set_defaults(run=_timestamp)

    add_misbehaviour(commands.add_parser)
    return top


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        def formatter(prog: str) -> argparse.HelpFormatter:
            return argparse.HelpFormatter(prog, width=_WIDTH)

        super().__init__(**{"formatter_class": formatter, **options})


def _add_source(command: argparse.ArgumentParser) -> None:
    command.add_argument("source", help=_SOURCE)
    command.add_argument("--book", help="the book's origin; needed if there are several")


def _keygen(options: argparse.Namespace) -> int:
    keys = [generate(options.name, type_) for type_ in (KeyType.ED25519, KeyType.ML_DSA_44)]
    write_keys(options.file, keys)
    for key in keys:
        print(key.verifier.encode())
    return SOUND


def _verify(options: argparse.Namespace) -> int:
    with _opened(options) as (store, book), _progress("Verifying", not options.json) as progress:
        report = audit(
            store,
            book,
            keys=None if options.keys is None else _verifiers(options.keys),
            pins=_pins(options, book),
            workers=Workers(options.source, options.workers) if "://" in options.source else None,
            progress=progress,
        )
    if options.json:
        print(json.dumps({**report.as_document(), "digest": report.digest()}, indent=1))
    else:
        _print_report(report)
    return SOUND if report.is_sound else BROKEN


def _print_report(report: Report) -> None:
    levels = ", ".join(str(int(level)) for level in sorted(report.levels))
    print(f"book        {report.book}")
    print(f"entries     {report.size}")
    print(f"root        {report.root.hex()}")
    print(f"levels      {levels}")
    print(f"checkpoints {report.checkpoints}, keys from the {report.keys_from}")
    if report.pinned_by:
        print(f"pinned      {report.pinned_size} entries, by {', '.join(report.pinned_by)}")
    else:
        print("pinned      by nothing: entries cut off at the end could not be seen")
    for finding in report.findings:
        print(f"! {finding}")
    if report.count > len(report.findings):
        print(f"! and {report.count - len(report.findings)} more")
    print(f"verdict     {report.verdict}" + (f", {report.count} findings" if report.count else ""))


def _show(options: argparse.Namespace) -> int:
    with _opened(options) as (store, book):
        row = store.row(book, options.seq)
    if row is None:
        return _failed("no such entry", options.seq, UNREADABLE)
    if options.json:
        sys.stdout.write(row.body.decode(errors="replace") + "\n")
        return SOUND
    print(f"leaf hash {row.leaf_hash.hex()}")
    print(json.dumps(json.loads(row.body), indent=1, ensure_ascii=False))
    decode(row.body)
    return SOUND


def _balance(options: argparse.Namespace) -> int:
    with _opened(options) as (store, book):
        row = store.account(book, options.account)
        if row is None:
            return _failed("no such account", options.account, UNREADABLE)
        minutes = row.balance
        if options.at_seq is not None:
            minutes = store.balance_at(book, options.account, options.at_seq + 1)
        elif options.at_time is not None:
            minutes = store.balance_at(book, options.account, store.size_at(book, format_at(options.at_time)))
    print(minutes)
    return SOUND


def _export(options: argparse.Namespace) -> int:
    with _opened(options) as (store, book), _progress("Exporting", True) as progress:
        export(store, book, options.path, progress)
    print(options.path)
    return SOUND


def _checkpoint(options: argparse.Namespace) -> int:
    with _opened(options) as (store, book):
        if options.keys is None:
            row = store.checkpoint(book)
            if row is None:
                return _failed("no checkpoint", book, UNREADABLE)
            sys.stdout.write(row.note)
            return SOUND
        if options.memory is None:
            return _failed("--memory is needed with --keys", "a signer that forgets may sign a fork", UNREADABLE)
        if isinstance(store, BundleStore):
            return _failed("an exported copy is not signed", "sign the book itself", UNREADABLE)
        signer = Signer(SignerMemory(options.memory), read_keys(options.keys))
        sys.stdout.write(signer.sign(store, book, now=datetime.now(UTC)).note)
    return SOUND


def _continues(options: argparse.Namespace) -> int:
    old, new = BundleStore(options.old), BundleStore(options.new)
    try:
        compared = check_continues(old, new)
    except BundleInvalid as error:
        return _failed("not the same entries", error, BROKEN)
    print(f"{new.books()[0]} goes on from {old.books()[0]}: {compared} entries are as they were")
    return 0


def _timestamp(options: argparse.Namespace) -> int:
    text = parse_note(options.checkpoint.read_text()).text
    checkpoint = Checkpoint.parse(text)
    try:
        stamp = check_stamp(text, options.answer.read_bytes(), read_roots(options.roots.read_bytes()))
    except TimestampInvalid as error:
        return _failed("not stamped", error, BROKEN)
    print(f"{checkpoint.origin}: {checkpoint.size} entries, root {checkpoint.root.hex()}")
    print(f"existed at {stamp.at.isoformat()}, says the authority {stamp.authority}".rstrip())
    print("who signed the checkpoint was not looked at: see `check` and `verify`")
    return 0


@contextmanager
def _opened(options: argparse.Namespace) -> Iterator[tuple[Any, str]]:
    """The store that the source names, and the book in it."""
    if "://" not in options.source:
        bundle = BundleStore(Path(options.source))
        yield bundle, _book_of(bundle, options.book)
        return
    from ledger.stores.sql import SqlStore, make_engine

    if options.source.startswith("sqlite:///") and not Path(options.source.removeprefix("sqlite:///")).exists():
        raise FileNotFoundError(f"{options.source} does not exist")
    engine = make_engine(options.source)
    try:
        with SqlStore(engine) as store:
            yield store, _book_of(store, options.book)
    finally:
        engine.dispose()


def _book_of(store: Reading | Store, wanted: str | None) -> str:
    if wanted is not None:
        return wanted
    books = store.books()
    if len(books) != 1:
        raise NoteInvalid(f"{len(books)} books are here; name one with --book: {', '.join(books)}")
    return books[0]


def _verifiers(path: Path) -> list[VerifierKey]:
    return [VerifierKey.parse(line) for line in path.read_text().splitlines() if line.strip()]


def _pins(options: argparse.Namespace, book: str) -> list[Pin]:
    pins = []
    for path in options.pin:
        checkpoint = Checkpoint.parse(parse_note(path.read_bytes()).text)
        if checkpoint.origin != book:
            raise NoteInvalid(f"{path} is a checkpoint of {checkpoint.origin}")
        pins.append(Pin("copy", checkpoint))
    signed = SignerMemory(options.memory).last(book) if options.memory is not None else None
    if signed is not None:
        pins.append(Pin("signer", signed))
    return pins


@contextmanager
def _progress(title: str, wanted: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar where somebody watches."""
    if not (wanted and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield progress


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("a time needs its zone, e.g. a Z at the end")
    return moment


def _failed(what: str, why: object, status: int) -> int:
    print(f"ledger: {what}: {why}".removesuffix(": "), file=sys.stderr)
    return status
