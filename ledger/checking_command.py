"""The command that checks receipts and signed papers: a file, a policy, and nothing else; no database, no network.

Exit status: 0 all proven, 1 one of them is not, 2 one can't be read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from ledger.checking import Judgement, Reason, judge, needs_witnesses, read_all, seen_at
from ledger.errors import FormatError, NoteInvalid
from ledger.notes import VerifierKey
from ledger.papers import ENDING, PDF, ZIP, PaperJudgement, attached_receipts, judge_paper, unpacked
from ledger.receipts import Policy, parse_policy

PROVEN, NOT_PROVEN, UNREADABLE = 0, 1, 2


def add_check(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """The command and its options, among those of `ledger.cli`."""
    check = add_parser(
        "check", help="check receipts, offline: exit 0 if all are proven, 1 if one is not, 2 if one can't be read"
    )
    check.add_argument(
        "receipt",
        type=Path,
        help="file of .tlog-proof receipts, or of the texts of their QR codes; or a paper that carries some: the PDF, "
        "or the .zip of it and its signature",
    )
    check.add_argument("--policy", type=Path, required=True, help="whom to trust (tlog-policy), from a place you trust")
    check.add_argument("--papers", metavar="KEY", help="for a PDF: verifier key of the papers, or a file that holds it")
    check.add_argument("--signature", type=Path, help="for a PDF: its signature file; by default .pdf.sig beside it")
    check.add_argument("--json", action="store_true", help="print what each one proves as JSON")
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    policy = parse_policy(options.policy.read_text())
    papers, files = _given(options)
    judged = [
        one if isinstance(one, Judgement) else judge(one, policy) for content in files for one in read_all(content)
    ]
    everything: list[PaperJudgement | Judgement] = [*papers, *judged]
    if options.json:
        print(json.dumps([one.as_document() for one in everything], indent=1))
    else:
        for paper in papers:
            _print_paper(paper)
        for one in judged:
            _print_judgement(one, policy)
    failed = {str(one.reason) for one in everything if not one.is_proven}
    if failed - {str(Reason.UNREADABLE)}:
        return NOT_PROVEN
    return UNREADABLE if failed else PROVEN


def _given(options: argparse.Namespace) -> tuple[list[PaperJudgement], list[bytes]]:
    """What is known of the papers that were given, and the files of receipts: those in the papers, or the file."""
    path: Path = options.receipt
    raw = path.read_bytes()
    if raw.startswith(ZIP):
        files = unpacked(raw)
    elif raw.startswith(PDF):
        beside = options.signature or path.with_name(path.name + ENDING)
        files = {path.name: raw}
        if options.signature or beside.exists():
            files[path.name + ENDING] = beside.read_bytes()
    else:
        return [], [raw]
    pdfs = {name: content for name, content in files.items() if content.startswith(PDF)}
    if not pdfs:
        raise FormatError(path.name, "there is no PDF in it")
    key = _key_of_papers(options.papers)
    judged = [judge_paper(name, pdf, files.get(name + ENDING), key) for name, pdf in pdfs.items()]
    return judged, [receipts for pdf in pdfs.values() for receipts in attached_receipts(pdf)]


def _key_of_papers(given: str | None) -> VerifierKey:
    if given is None:
        raise NoteInvalid("a paper needs --papers, the key that its giver signs papers with")
    path = Path(given)
    return VerifierKey.parse(path.read_text(encoding="utf-8").strip() if path.is_file() else given)


def _print_paper(judged: PaperJudgement) -> None:
    if not judged.is_proven:
        print(f"NOT PROVEN  {judged.reason}: {judged.why}")
    print(f"paper       {judged.name}")
    if judged.is_proven:
        print(f"signed by   {judged.key.name} ({judged.key.key_id.hex()}), over exactly this file")
        print("not proven  what stands in it, save by its receipts")
        print("verdict     proven")


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
