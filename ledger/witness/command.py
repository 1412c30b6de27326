"""The commands of a witness: make its keys, serve, see and add the logs that it cosigns. It is meant to be run by somebody else than the log's operator."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ledger.keyfiles import read_keys, write_keys
from ledger.notes import KeyType, generate
from ledger.witness.core import Witness
from ledger.witness.logs import LogsFile, add_log, read_logs
from ledger.witness.memory import WitnessMemory
from ledger.witness.server import make_server


def add_witness(add_command: Callable[..., Any]) -> None:
    """`witness keygen`, `witness serve` and `witness logs`."""
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
    _add_logs(commands)


def _add_logs(commands: Any) -> None:
    """`witness logs list` and `witness logs add`."""
    logs = commands.add_parser("logs", help="the logs that a witness cosigns, also while it runs")
    ways = logs.add_subparsers(required=True, metavar="command")
    listing = ways.add_parser("list", help="print the logs and their keys, and what the witness has seen of each")
    listing.add_argument("--logs", type=Path, required=True, help="the file that `witness serve --logs` reads")
    listing.add_argument("--db", type=Path, help="the witness's memory: says what it has seen")
    listing.set_defaults(run=_list)
    adding = ways.add_parser("add", help="add a key of a log; a witness that runs knows it at once")
    adding.add_argument("key", help="the verifier key, as the log's operator gave it by a way that you trust")
    adding.add_argument("--logs", type=Path, required=True, help="the file that `witness serve --logs` reads")
    adding.set_defaults(run=_add)


def _keygen(options: argparse.Namespace) -> int:
    keys = [generate(options.name, kind) for kind in (KeyType.COSIGNATURE, KeyType.ML_DSA_44)]
    write_keys(options.file, keys)
    for key in keys:
        print(key.verifier.encode())
    return 0


def _serve(options: argparse.Namespace) -> int:
    file = LogsFile(options.logs)
    witness = Witness(read_keys(options.keys), read_logs(options.logs), WitnessMemory(options.db))
    with make_server(witness, options.host, options.port, file.refresh) as server:
        print(f"witness {witness.keys[0].name} at http://{options.host}:{server.server_address[1]}/", flush=True)
        server.serve_forever()
    return 0


def _list(options: argparse.Namespace) -> int:
    keys = read_logs(options.logs)
    if options.db is not None and not options.db.exists():
        raise FileNotFoundError(f"{options.db} is not there")  # opening it would make a new one, which forgot all
    memory = None if options.db is None else WitnessMemory(options.db)
    for origin in dict.fromkeys(key.name for key in keys):
        print(origin)
        for key in keys:
            if key.name == origin:
                print(f"  key   {key.encode()}")
        if memory is not None:
            seen = memory.seen(origin)
            print("  seen  nothing yet" if seen is None else f"  seen  {seen.size} entries, root {seen.root.hex()}")
    return 0


def _add(options: argparse.Namespace) -> int:
    key = add_log(options.logs, options.key)
    print(f"{key.name}: key {key.key_id.hex()} added")
    return 0
