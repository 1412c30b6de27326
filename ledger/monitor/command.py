"""The command `monitor`: one look at a log, or one after the other. From cron, one look each time is enough."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ledger.monitor.fetching import Log
from ledger.monitor.following import STALL, Outcome, as_document, follow
from ledger.monitor.keeping import Copy
from ledger.receipts import Policy, parse_policy

SOUND, BROKEN = 0, 1
_POLICY = "policy"


def add_monitor(add_command: Callable[..., Any]) -> None:
    """The command and its options."""
    command = add_command("monitor", help="follow a book from outside: exit 0 if it only grew, 1 if anything is wrong")
    command.add_argument("url", help="the log's prefix, e.g. https://timebank.example/log/lunan")
    command.add_argument("--copy", type=Path, required=True, help="the directory of the monitor's own verified copy")
    command.add_argument("--policy", type=Path, help="whom to trust; without it the log's own word, kept at first use")
    command.add_argument("--token-file", type=Path, help="an auditor's token: entries are kept and their rules checked")
    hours = int(STALL.total_seconds() // 3600)
    command.add_argument("--stall-hours", type=int, default=hours, help=f"nothing new for so long is wrong ({hours})")
    command.add_argument("--every", type=int, metavar="SECONDS", help="look again and again, until something is wrong")
    command.add_argument("--json", action="store_true", help="print what was found as JSON")
    command.set_defaults(run=_monitor)


def _monitor(options: argparse.Namespace) -> int:
    token = None if options.token_file is None else options.token_file.read_text(encoding="utf-8").strip()
    copy, stall = Copy(options.copy), timedelta(hours=options.stall_hours)
    with Log(options.url, token) as log:
        policy = _policy(options, log, copy)
        while True:
            outcome = follow(log, copy, policy, now=datetime.now(UTC), stall=stall)
            _print(outcome, as_json=options.json)
            if options.every is None or not outcome.is_sound:
                return SOUND if outcome.is_sound else BROKEN
            time.sleep(options.every)


def _policy(options: argparse.Namespace, log: Log, copy: Copy) -> Policy:
    """The policy named; else the one kept at first use; else the log's own, which is kept now and named."""
    kept = copy.path / _POLICY
    if options.policy is not None:
        return parse_policy(options.policy.read_text(encoding="utf-8"))
    if not kept.exists():
        text = log.text(_POLICY)
        parse_policy(text)
        copy.write(_POLICY, text.encode())
        print(f"trusted at first use, compare it with what you got elsewhere: {kept}")
    return parse_policy(kept.read_text(encoding="utf-8"))


def _print(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(as_document(outcome), indent=1))
        return
    print(f"book        {outcome.origin}")
    print(f"entries     {outcome.size}, {outcome.new} of them new; the log says {outcome.seen}")
    print(f"root        {outcome.root.hex()}")
    print(f"checked     {'entries and their rules' if outcome.with_entries else 'hashes, without an auditor’s token'}")
    for one in outcome.sightings:
        print(f"! {one.code}: {one.text}" + (f" ({one.evidence})" if one.evidence else ""))
    print(f"verdict     {'sound' if outcome.is_sound else 'broken'}")
