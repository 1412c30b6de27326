"""The passbook on the screen, as a table and on paper."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from ledger import Draft, Kind
from ledger.checking import judge, read_all
from ledger.cli import main
from ledger.errors import NoteInvalid
from ledger.notes import VerifierKey, parse_note, verify_note
from ledger.receipts import Receipt, parse_policy
from tests.timebank.web.conftest import Browser
from tests.timebank.world import NOW, World
from timebank.app import create_app
from timebank.domain.errors import NotFound
from timebank.services import beginning, papers, publishing
from timebank.web.pages.passbook import PAGE, SHEET, _safe

Staff, Member = Callable[[str], Browser], Callable[[Any], Browser]


def test_what_a_member_has_in_plain_words(world: World, sign_in: Staff, sign_in_member: Member) -> None:
    member = world.rich(240)
    page = sign_in_member(member).get("/passbook")
    assert page.status_code == 200
    assert "4小时" in page.text.replace(" ", "")
    assert world.number(member) in page.text.replace(" ", "")
    here = f"/members/{member.person_id}/passbook"
    assert sign_in("worker A").get(here).status_code == 200
    refused = sign_in("worker B").get(here)
    assert (refused.status_code, "找不到" in refused.text) == (404, True)
    assert "服务站" in refused.text
    assert sign_in("auditor").get(here).status_code == 403


def test_the_table_opens_in_a_spreadsheet(world: World, sign_in_member: Member) -> None:
    member = world.rich(240)
    answer = sign_in_member(member).get("/passbook.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    head, *rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(head) == 8
    assert sum(int(row[5] or 0) - int(row[6] or 0) for row in rows) == 240
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_taken_for_a_formula(first: str) -> None:
    assert _safe(f"{first}HYPERLINK(1)") == f"'{first}HYPERLINK(1)"
    assert _safe(f"a{first}") == f"a{first}"


def test_the_sheet_of_paper_says_who_how_much_and_how_to_check_it(
    world: World, sign_in: Staff, sign_in_member: Member
) -> None:
    member = world.rich(120, name="张桂芳")
    own = sign_in_member(member).get("/passbook.pdf")
    printed = sign_in("worker A").get(f"/members/{member.person_id}/passbook.pdf")
    with world.bank.read() as unit:
        head = unit.book.head().leaf_hash.hex()
    for answer in (own, printed):
        assert answer.content_type == "application/pdf"
        assert "张" not in answer.headers["Content-Disposition"]
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
        bare = "".join(text.split())
        assert "张桂芳" in bare
        assert "存折" in bare or "时间" in bare
        assert head in bare
        assert world.number(member) in bare
    assert beginning.size(world.bank) == world.size()
    assert sign_in("worker B").get(f"/members/{member.person_id}/passbook.pdf").status_code == 404


def test_staff_who_are_no_members_have_no_passbook(sign_in: Staff) -> None:
    for path in ("/passbook", "/passbook.csv", "/passbook.pdf"):
        assert sign_in("worker A").get(path).status_code in (403, 404), path


def many_lines(world: World, member: Any, count: int) -> None:
    """So many small earnings, in one commit; what an old member's book looks like after many years."""
    with world.bank.unit() as unit:
        account = unit.members.purses(member.person_id)["earned"]
        document = unit.keep_document("hours", member.person_id, {"many": count}, now=NOW)
        more = {"policy": unit.policy_at(NOW)[1], "evidence": document.commitment, "on": "2026-01-01"}
        postings = tuple(sorted([(account, 15), (unit.issuance, -15)]))
        worker = world.staff["worker A"].person_id
        unit.append_many(
            [Draft(kind=Kind.EARN, actor=worker, postings=postings, key=f"many-{n}", **more) for n in range(count)],
            now=NOW,
        )


def test_a_long_book_is_read_by_year_and_printed_by_the_sheet(world: World, sign_in_member: Member) -> None:
    member = world.member()
    many_lines(world, member, SHEET + 5)
    mine = sign_in_member(member)
    first = mine.get("/passbook").text
    assert first.count('scope="row"') == PAGE
    assert f"{NOW.year} ({SHEET + 5})" in first
    sheets = [mine.get(f"/passbook?year={NOW.year}&sheet={number}").text for number in (1, 2, 3)]
    assert [text.count('scope="row"') for text in sheets] == [SHEET, 5, 0]
    assert "sheet=2" in sheets[0]
    assert "sheet=3" not in sheets[1]
    for odd in ("year=1066", "year=-1", "year=x&sheet=y", "year=99999999", "sheet=0"):
        assert mine.get(f"/passbook?{odd}").status_code == 200, odd
    paper = PdfReader(io.BytesIO(mine.get(f"/passbook.pdf?year={NOW.year}&sheet=2").data))
    text = "".join("".join(page.extract_text() for page in paper.pages).split())
    assert f"{NOW.year}年" in text
    assert text.count("+15分") == 5
    assert len(list(csv.reader(io.StringIO(mine.get("/passbook.csv").text)))) == SHEET + 6


def attached(paper: bytes) -> bytes:
    """The receipts in a PDF; empty if there are none."""
    found = PdfReader(io.BytesIO(paper)).attachments
    return b"".join(found.get("receipts.tlog-proofs", []))


def test_the_paper_carries_a_receipt_of_each_line(world: World, sign_in_member: Member) -> None:
    member = world.rich(240)
    mine = sign_in_member(member)
    assert attached(mine.get("/passbook.pdf").data) == b""
    publishing.publish(world.bank, now=NOW)
    policy = parse_policy(publishing.describe(world.bank).policy)
    proofs = list(read_all(attached(mine.get("/passbook.pdf").data)))
    judged = [judge(one, policy) for one in proofs if isinstance(one, Receipt)]
    assert [one.is_proven for one in judged] == [True] * len(proofs) == [True, True]
    assert sum(minutes for one in judged if one.entry for _, minutes in one.entry.postings if minutes > 0) == 240


def test_the_signature_beside_the_paper_is_over_its_bytes(world: World, sign_in: Staff, sign_in_member: Member) -> None:
    member = world.rich(60)
    number = world.number(member)
    here = f"/members/{member.person_id}/passbook.zip"
    key = VerifierKey.parse(papers.verifier(world.bank) or "")
    assert key.name == f"{world.bank.settings.book}/papers"
    for answer in (sign_in_member(member).get("/passbook.zip"), sign_in("worker A").get(here)):
        assert answer.content_type == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.data)) as both:
            assert both.namelist() == [f"passbook-{number}.pdf", f"passbook-{number}.pdf.sig"]
            paper, note = both.read(both.namelist()[0]), parse_note(both.read(both.namelist()[1]))
        verify_note(note, [key])
        digest = base64.b64encode(hashlib.sha256(paper).digest()).decode()
        assert note.text == f"{key.name}\nsha256 {digest}\n"
        assert "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages).split())
    assert sign_in("worker B").get(here).status_code == 404
    assert sign_in("auditor").get(here).status_code == 403


def test_the_command_line_proves_what_was_given_out(
    world: World, sign_in_member: Member, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With no database and no network: the zip, the policy and the papers' key alone."""
    mine = sign_in_member(world.rich(240))
    publishing.publish(world.bank, now=NOW)
    (tmp_path / "passbook.zip").write_bytes(mine.get("/passbook.zip").data)
    (tmp_path / "policy").write_text(publishing.describe(world.bank).policy)
    trust = ["--policy", str(tmp_path / "policy"), "--papers", papers.verifier(world.bank) or ""]
    assert main(["check", str(tmp_path / "passbook.zip"), *trust]) == 0
    assert capsys.readouterr().out.count("verdict     proven") == 3, "the paper, and the two entries in it"
    with zipfile.ZipFile(tmp_path / "passbook.zip") as both:
        both.extractall(tmp_path)
        paper = tmp_path / both.namelist()[0]
    assert main(["check", str(paper), *trust]) == 0
    paper.write_bytes(paper.read_bytes() + b"\n")
    capsys.readouterr()
    assert main(["check", str(paper), *trust]) == 1
    assert "NOT PROVEN  other-paper" in capsys.readouterr().out


def test_without_a_key_nothing_is_signed(world: World, tmp_path: Path) -> None:
    bare = replace(world.bank, settings=replace(world.bank.settings, papers_key_path=tmp_path / "none.key"))
    assert papers.verifier(bare) is None
    shown = create_app(bank=bare).test_client().get("/verify")
    assert (shown.status_code, "/papers+" in shown.text) == (200, False)
    with pytest.raises(NotFound):
        papers.sign(bare, b"%PDF-", now=NOW)
    papers.make_key(bare)
    first = papers.verifier(bare)
    papers.make_key(bare)
    assert papers.verifier(bare) == first
    assert (tmp_path / "none.key").stat().st_mode & 0o077 == 0
    (tmp_path / "none.key").chmod(0o644)
    assert papers.verifier(bare) is None
    with pytest.raises(NoteInvalid):
        papers.sign(bare, b"%PDF-", now=NOW)
