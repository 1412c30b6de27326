"""The commands about proofs of misbehaviour: make one out of two checkpoints, check one that somebody shows."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger.book import hash_reader
from ledger.bundle import BundleStore
from ledger.checkpoints import Checkpoint
from ledger.errors import NoteInvalid, ProofInvalid
from ledger.merkle import HashReader
from ledger.misbehaviour import Misbehaviour, accuse, check
from ledger.notes import parse_note
from ledger.receipts import parse_policy

PROVEN, NOT_PROVEN = 0, 1


def add_misbehaviour(add_command: Callable[..., Any]) -> None:
    """`misbehaviour check` and `misbehaviour prove`."""
    commands = add_command(
        "misbehaviour", help="two signed checkpoints that can't both be true: make a proof of it, or check one"
    ).add_subparsers(required=True, metavar="command")
    checking = commands.add_parser("check", help="check a proof: exit 0 if the log signed two histories, 1 if not")
    checking.add_argument("file", type=Path, help="the proof")
    checking.add_argument("--policy", type=Path, required=True, help="the log's keys (tlog-policy)")
    checking.set_defaults(run=_check)

    proving = commands.add_parser("prove", help="print the proof that two checkpoints contradict each other")
    proving.add_argument("checkpoints", type=Path, nargs=2, help="files with the two notes")
    proving.add_argument("--policy", type=Path, required=True, help="the log's keys (tlog-policy)")
    proving.add_argument(
        "--copy", type=Path, help="exported bundle of the larger tree; needed where the sizes are not the same"
    )
    proving.set_defaults(run=_prove)


def _check(options: argparse.Namespace) -> int:
    claim = Misbehaviour.parse(options.file.read_text(encoding="utf-8"))
    policy = parse_policy(options.policy.read_text(encoding="utf-8"))
    try:
        first, second = check(claim, policy)
    except (NoteInvalid, ProofInvalid) as error:
        print(f"not proven: {error}", file=sys.stderr)
        return NOT_PROVEN
    print(f"proven: the key of {first.origin} signed two trees that can't both be true")
    for tree in (first, second):
        print(f"  {tree.size} entries, root {tree.root.hex()}")
    return PROVEN


def _prove(options: argparse.Namespace) -> int:
    first, second = (path.read_text(encoding="utf-8") for path in options.checkpoints)
    policy = parse_policy(options.policy.read_text(encoding="utf-8"))
    try:
        claim = accuse(first, second, _hashes(options.copy, [first, second]))
        check(claim, policy)
    except (NoteInvalid, ProofInvalid) as error:
        print(f"not proven: {error}", file=sys.stderr)
        return NOT_PROVEN
    sys.stdout.write(claim.encode())
    return PROVEN


def _hashes(copy: Path | None, notes: list[str]) -> HashReader | None:
    """The hashes of the larger tree, out of a copy of the book."""
    if copy is None:
        return None
    size = max(Checkpoint.parse(parse_note(note).text).size for note in notes)
    store = BundleStore(copy)
    return hash_reader(store, store.books()[0], size)
