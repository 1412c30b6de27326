"""The command that checks receipts: a file of them, a policy, and nothing else; no database, no network.

Exit status: 0 all proven, 1 one of them is not, 2 one can't be read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from ledger.checking import Judgement, Reason, judge, needs_witnesses, read_all, seen_at
from ledger.receipts import Policy, parse_policy

PROVEN, NOT_PROVEN, UNREADABLE = 0, 1, 2


def add_check(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """The command and its options, among those of `ledger.cli`."""
    check = add_parser(
        "check", help="check receipts, offline: exit 0 if all are proven, 1 if one is not, 2 if one can't be read"
    )
    check.add_argument("receipt", type=Path, help="file of .tlog-proof receipts, or of the texts of their QR codes")
    check.add_argument("--policy", type=Path, required=True, help="whom to trust (tlog-policy), from a place you trust")
    check.add_argument("--json", action="store_true", help="print what each one proves as JSON")
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    policy = parse_policy(options.policy.read_text())
    judged = [
        one if isinstance(one, Judgement) else judge(one, policy) for one in read_all(options.receipt.read_bytes())
    ]
    if options.json:
        print(json.dumps([one.as_document() for one in judged], indent=1))
    else:
        for one in judged:
            _print_judgement(one, policy)
    failed = {one.reason for one in judged if not one.is_proven}
    if failed - {Reason.UNREADABLE}:
        return NOT_PROVEN
    return UNREADABLE if failed else PROVEN


def _print_judgement(judged: Judgement, policy: Policy) -> None:
    if not judged.is_proven:
        print(f"NOT PROVEN  {judged.reason}: {judged.why}")
    if judged.entry is not None:
        entry = judged.entry
        print(f"{'entry' if judged.is_proven else 'it claims':<11} {entry.seq} of {entry.book}: {entry.kind}")
        print(f"recorded    {entry.at}" + (f", for a service on {entry.on}" if entry.on else ""))
        for account, minutes in entry.postings:
            print(f"            {'-' if minutes < 0 else '+'}{_hours(abs(minutes))} on account {account}")
    if judged.is_proven and judged.tree is not None:
        print(f"among       the first {judged.tree.size} entries, root {judged.tree.root.hex()}")
        for one in judged.signed_by:
            seen = "" if one.seconds is None else f", at {seen_at(one.seconds)}"
            print(f"signed by   {one.key.name} ({one.key.key_id.hex()}, {one.key.type.name}){seen}")
        print("witnesses   " + ("enough of them saw it" if needs_witnesses(policy) else "none is asked for"))
        print("not proven  who is behind an account, and what was entered after this checkpoint")
        print("verdict     proven")


def _hours(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest or not hours))
