"""The commands of a witness: make its keys, serve. It is meant to be run by somebody else than the log's operator."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger.errors import NoteInvalid
from ledger.keyfiles import read_keys, write_keys
from ledger.notes import KeyType, VerifierKey, generate
from ledger.witness.core import Witness
from ledger.witness.memory import WitnessMemory
from ledger.witness.server import make_server


def add_witness(add_command: Callable[..., Any]) -> None:
    """`witness keygen` and `witness serve`."""
    witness = add_command("witness", help="be a witness: cosign the checkpoints of logs that only grow")
    commands = witness.add_subparsers(required=True, metavar="command")
    keygen = commands.add_parser("keygen", help="make the keys of a witness; prints the lines for others' policies")
    keygen.add_argument("name", help="the witness's name, a schema-less URL, e.g. witness.example/street-centre")
    keygen.add_argument("file", type=Path, help="the new key file (mode 0600); one that exists is left alone")
    keygen.set_defaults(run=_keygen)

    command = commands.add_parser("serve", help="answer the logs that ask for a cosignature (tlog-witness)")
    command.add_argument("--keys", type=Path, required=True, help="the key file that `witness keygen` made")
    command.add_argument("--logs", type=Path, required=True, help="the logs to cosign: `log <verifier key>` lines")
    command.add_argument("--db", type=Path, required=True, help="the SQLite file that remembers what was seen")
    command.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    command.add_argument("--port", type=int, default=8700, help="the port to listen on (8700); 0 for any")
    command.set_defaults(run=_serve)


def _keygen(options: argparse.Namespace) -> int:
    keys = [generate(options.name, kind) for kind in (KeyType.COSIGNATURE, KeyType.ML_DSA_44)]
    write_keys(options.file, keys)
    for key in keys:
        print(key.verifier.encode())
    return 0


def _serve(options: argparse.Namespace) -> int:
    witness = Witness(read_keys(options.keys), _logs(options.logs), WitnessMemory(options.db))
    with make_server(witness, options.host, options.port) as server:
        print(f"witness {witness.keys[0].name} at http://{options.host}:{server.server_address[1]}/", flush=True)
        server.serve_forever()
    return 0


def _logs(path: Path) -> list[VerifierKey]:
    """The keys in `log <verifier key> [url]` lines; other lines of a policy are passed over."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if len(words) in (2, 3) and words[0] == "log":
            found.append(VerifierKey.parse(words[1]))
    if not found:
        raise NoteInvalid(f"{path} names no log")
    return found
