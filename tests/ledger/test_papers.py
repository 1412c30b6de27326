"""Signed papers on the command line: the paper and each receipt in it are proven, or refused for what is wrong."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger import papers
from ledger.cli import main
from ledger.notes import KeyType, sign_note
from ledger.papers import attached_receipts, judge_paper
from tests.ledger.receipt_cases import ORIGIN, key, policy, receipt

PAPERS = key(f"{ORIGIN}/papers")
NAMESAKE = key(f"{ORIGIN}/papers", seed="another")
STRANGER = key("stranger.example/papers")
PDF = b"%%PDF-1.7\n%s1 0 obj\n<</Type /Catalog>>\nendobj\n%%%%EOF\n"


def embedded(content: bytes, *, packed: bool = True, number: int = 7, length: bool = True) -> bytes:
    """A file as it stands in a PDF."""
    stream = zlib.compress(content) if packed else content
    words = b"/Type /EmbeddedFile" + b" /Filter /FlateDecode" * packed + b" /Length %d" % len(stream) * length
    return b"%d 0 obj\n<<%s>>\nstream\n%s\nendstream\nendobj\n" % (number, words, stream)


def pdf(*files: bytes) -> bytes:
    return PDF % b"".join(files)


GOOD = pdf(embedded(receipt().encode()))


def signature(paper: bytes, signer: Any = PAPERS, says: str = "{name}\nsha256 {digest}\n", name: str = "") -> bytes:
    digest = base64.b64encode(hashlib.sha256(paper).digest()).decode()
    return sign_note(says.format(name=name or signer.name, digest=digest), [signer], 0).encode().encode()


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[str]]]:
    """Runs the command over files of these contents; gives its status and what it says of each, paper and receipts."""

    def checked(*, paper: bytes, sig: bytes | None, name: str = "passbook.pdf", **_: Any) -> tuple[int, list[str]]:
        (tmp_path / name).write_bytes(paper)
        (tmp_path / "policy").write_text(policy())
        if sig is not None:
            (tmp_path / f"{name}.sig").write_bytes(sig)
        arguments = ["check", str(tmp_path / name), "--policy", str(tmp_path / "policy")]
        arguments += ["--papers", PAPERS.verifier.encode()]
        status = main(arguments)
        said = capsys.readouterr().out
        assert main([*arguments, "--json"]) == status
        reasons = [one["reason"] for one in json.loads(capsys.readouterr().out)]
        assert said.count("verdict     proven") == reasons.count("proven")
        assert said.count("NOT PROVEN") == len(reasons) - reasons.count("proven")
        return status, reasons

    return checked


def test_a_paper_and_the_receipts_in_it_are_proven(check: Callable[..., tuple[int, list[str]]]) -> None:
    assert check(paper=GOOD, sig=signature(GOOD)) == (0, ["proven", "proven"])
    two = pdf(embedded(receipt().encode()), embedded(receipt(7).encode() + receipt(8).encode(), packed=False, number=8))
    assert check(paper=two, sig=signature(two)) == (0, ["proven"] * 4)
    none = pdf(embedded(b"a file of another kind"))
    assert check(paper=none, sig=signature(none)) == (0, ["proven"])


def zipped(**files: bytes) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return raw.getvalue()


def test_the_zip_of_both_is_judged_as_they_are(check: Callable[..., tuple[int, list[str]]]) -> None:
    both = zipped(p_pdf=GOOD, p_pdf_sig=signature(GOOD))
    assert check(paper=both, sig=None, name="both.zip") == (0, ["proven", "proven"])
    alone = zipped(p_pdf=GOOD, q_pdf_sig=signature(GOOD))
    assert check(paper=alone, sig=None, name="alone.zip") == (1, ["no-signature-file", "proven"])


GOOD_SIG = signature(GOOD)
LAST = GOOD_SIG.rindex(b" ") + 30
CASES: list[tuple[bytes, bytes | None, int, str]] = [
    (GOOD + b"\n", GOOD_SIG, 1, "other-paper"),
    (GOOD[:-1], GOOD_SIG, 1, "other-paper"),
    (GOOD, signature(GOOD + b"x"), 1, "other-paper"),
    (GOOD, signature(GOOD, name="somebody/papers"), 1, "other-paper"),
    (GOOD, signature(GOOD, says="{name}\nsha512 {digest}\n"), 1, "other-paper"),
    (GOOD, signature(GOOD, says="{name}\nsha256 {digest}\nand more\n"), 1, "other-paper"),
    (GOOD, signature(GOOD, STRANGER), 1, "not-signed"),
    (GOOD, signature(GOOD, NAMESAKE), 1, "not-signed"),
    (GOOD, GOOD_SIG.replace(b"sha256 ", b"sha512 "), 1, "false-signature"),
    (GOOD, GOOD_SIG[:LAST] + (b"A" if GOOD_SIG[LAST : LAST + 1] != b"A" else b"B") + GOOD_SIG[LAST + 1 :], 1,
     "false-signature"),
    (GOOD, GOOD_SIG.replace(b"\n", b"\r\n"), 2, "unreadable"),
    (GOOD, b"", 2, "unreadable"),
    (GOOD, b"\xff", 2, "unreadable"),
    (GOOD, None, 1, "no-signature-file"),
]  # fmt: skip


@pytest.mark.parametrize(("paper", "sig", "status", "reason"), CASES)
def test_what_is_wrong_with_a_paper_is_named(
    check: Callable[..., tuple[int, list[str]]], paper: bytes, sig: bytes | None, status: int, reason: str
) -> None:
    assert check(paper=paper, sig=sig) == (status, [reason, "proven"])


def test_every_reason_has_a_case() -> None:
    assert {reason for *_, reason in CASES} | {"proven"} == set(papers.PaperReason)


def test_a_false_receipt_in_a_signed_paper_is_not_proven(check: Callable[..., tuple[int, list[str]]]) -> None:
    other = receipt().replace("index 150", "index 151")
    false = pdf(embedded(other.encode()))
    assert check(paper=false, sig=signature(false)) == (1, ["proven", "other-entry"])


def test_what_is_damaged_in_a_paper_is_no_receipt(monkeypatch: pytest.MonkeyPatch) -> None:
    good = embedded(receipt().encode())
    assert list(attached_receipts(pdf(embedded(receipt().encode(), length=False)))) == [receipt().encode()]
    assert list(attached_receipts(pdf(good[:-60]))) == []
    assert list(attached_receipts(pdf(good.replace(b"stream\n\x78", b"stream\n\x00")))) == []
    monkeypatch.setattr(papers, "MOST_BYTES", 100)
    assert list(attached_receipts(pdf(good))) == [], "what unfolds to too much is left alone"


def test_what_the_command_can_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "empty.zip": zipped(nothing_txt=b"x"),
        "cut.zip": zipped(p_pdf=GOOD)[:-30],
        "huge.zip": zipped(p_pdf=GOOD + bytes(papers.MOST_BYTES)),
    }
    (tmp_path / "policy").write_text(policy())
    rest = ["--policy", str(tmp_path / "policy"), "--papers", PAPERS.verifier.encode()]
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        assert main(["check", str(tmp_path / name), *rest]) == 2, name
    (tmp_path / "p.pdf").write_bytes(GOOD)
    assert main(["check", str(tmp_path / "p.pdf"), *rest[:2]]) == 2
    assert "--papers" in capsys.readouterr().err
    assert main(["check", str(tmp_path / "p.pdf"), *rest[:3], "no key"]) == 2
    assert main(["check", str(tmp_path / "p.pdf"), *rest, "--signature", str(tmp_path / "none")]) == 2
    (tmp_path / "key").write_text(PAPERS.verifier.encode() + "\n")
    (tmp_path / "else.sig").write_bytes(GOOD_SIG)
    capsys.readouterr()
    with_files = [*rest[:3], str(tmp_path / "key"), "--signature", str(tmp_path / "else.sig")]
    assert main(["check", str(tmp_path / "p.pdf"), *with_files]) == 0
    assert "over exactly this file" in capsys.readouterr().out


def test_a_paper_is_not_proven_by_the_key_of_another_giver() -> None:
    assert judge_paper("p", GOOD, GOOD_SIG, NAMESAKE.verifier).reason == "not-signed"
    assert judge_paper("p", GOOD, GOOD_SIG, PAPERS.verifier).is_proven
    assert PAPERS.verifier.type is KeyType.ED25519
