"""Annual reports, open data, figures with their traces and scorecards: pages, files that parse back, refusals, API."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask
from openpyxl import load_workbook
from pypdf import PdfReader

from tests.timebank.reported import LATER, YEAR, county2, fill
from tests.timebank.web.conftest import Browser, System, refuses
from tests.timebank.world import World
from timebank.app import create_app
from timebank.domain import errors
from timebank.domain.statistics.report import every_row
from timebank.services import publishing, statistics, tokens
from timebank.web import sheets

Staff = Callable[[str], Browser]
COUNTY = "130202000000"


@pytest.fixture
def app(world: World) -> Iterator[Flask]:
    """The app when the year is over, over a world in which something of every figure happened."""
    fill(world)
    with time_machine.travel(LATER, tick=False):
        app = create_app(bank=world.bank)
        app.testing = True
        yield app


def frozen(world: World, reason: str = "") -> int:
    report_id = statistics.draft(world.bank, world.staff["county"], YEAR, reason, now=LATER)
    return statistics.freeze(world.bank, county2(world), report_id, now=LATER)


def table(body: bytes) -> list[dict[str, str]]:
    assert body.startswith(b"\xef\xbb\xbf"), "Excel garbles Chinese without it"
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def test_a_year_is_drafted_read_and_frozen_on_pages(world: World, sign_in: Staff, browser: Browser) -> None:
    county = sign_in("county")
    assert "还没有年度报告" in browser.get("/reports").text
    assert browser.get(f"/reports/{YEAR}").status_code == 404
    assert refuses(county.post("/statistics/drafts", year="2027", reason=""), errors.ReportYearNotOver)
    assert county.post("/statistics/drafts", year="20x6").status_code == 404
    answer = county.post("/statistics/drafts", year=str(YEAR), reason="")
    assert answer.status_code == 302
    here = answer.headers["Location"]
    page = county.get(here).text
    assert "由区县的另一位工作人员冻结" in page
    assert refuses(county.post("/statistics/drafts", year=str(YEAR)), errors.ReportDraftWaits)
    assert refuses(county.post(f"{here}/freeze"), errors.SecondPersonNeeded)
    assert sign_in("street").post(f"{here}/freeze").status_code == 403
    size = world.size()
    assert statistics.freeze(world.bank, county2(world), here.rsplit("/", 1)[1], now=LATER) == size
    assert refuses(county.post(f"{here}/freeze"), errors.SecondPersonNeeded)
    assert refuses(county.post(f"{here}/withdraw"), errors.ReportStateConflict)
    assert refuses(county.post("/statistics/drafts", year=str(YEAR)), errors.ReportFrozen)
    assert world.size() == size + 1
    assert f"{YEAR} 年度报告" in browser.get("/reports").text
    assert "用于年度报告" in sign_in("auditor").get("/audits").text


def test_anybody_reads_a_report_and_checks_it(world: World, browser: Browser) -> None:
    seq = frozen(world)
    page = browser.get(f"/reports/{YEAR}").text
    body = browser.get(f"/reports/{YEAR}/report.json").data
    digest = hashlib.sha256(body).hexdigest()
    assert digest in page
    assert f">{seq}<" in page
    assert "登记成员" in page
    assert "不列出" in browser.get(f"/reports/{YEAR}?at=LN-B").text
    assert browser.get(f"/reports/{YEAR}?at=LN-X").status_code == 404
    assert json.loads(body)["ledger"]["size"] == seq
    assert refuses(browser.get(f"/reports/{YEAR}/receipt.tlog-proof"), errors.ReceiptNotYet)
    publishing.publish(world.bank, now=LATER)
    receipt = browser.get(f"/reports/{YEAR}/receipt.tlog-proof")
    assert receipt.status_code == 200
    assert receipt.text.startswith("c2sp.org/tlog-proof@v1")
    for path in ("/reports/20x6", "/reports/1999", "/reports/99999", f"/reports/{YEAR}?version=2",
                 f"/reports/{YEAR}/report.csv?version=2"):  # fmt: skip
        assert browser.get(path).status_code == 404, path


def test_a_correction_stands_beside_what_it_corrects(world: World, browser: Browser) -> None:
    frozen(world)
    first = browser.get(f"/reports/{YEAR}/report.json").data
    frozen(world, "漏计一件")
    page = browser.get(f"/reports/{YEAR}").text
    assert "漏计一件" in page
    assert "第 2 版" in page
    assert "这一版已被新版取代" in browser.get(f"/reports/{YEAR}?version=1").text
    assert browser.get(f"/reports/{YEAR}/report.json?version=1").data == first
    assert browser.get("/reports").text.count("site-card") == 2


def test_years_stand_beside_each_other(world: World, browser: Browser, sign_in: Staff) -> None:
    before = statistics.draft(world.bank, world.staff["county"], YEAR - 1, now=LATER)
    statistics.freeze(world.bank, county2(world), before, now=LATER)
    frozen(world)
    page = browser.get(f"/reports/{YEAR}").text
    assert f'scope="col">{YEAR - 1}</th>' in page
    assert f'data-label="{YEAR - 1}">0</td>' in page
    assert f'scope="col">{YEAR - 1}</th>' not in browser.get(f"/reports/{YEAR - 1}").text
    assert f'scope="col">{YEAR - 1}</th>' in sign_in("county").get(f"/statistics?year={YEAR}").text
    rows = table(browser.get("/open-data.csv").data)
    assert {row["year"] for row in rows} == {str(YEAR - 1), str(YEAR)}


def test_files_parse_back_to_what_the_document_says(world: World, browser: Browser) -> None:
    frozen(world)
    document = json.loads(browser.get(f"/reports/{YEAR}/report.json").data)
    rows = list(every_row(document))
    expected = [(row.place.code, row.figure.code, row.part.code if row.part else "",
                 "" if row.value is None else str(row.value), str(int(row.hidden))) for row in rows]  # fmt: skip
    names = ("place_code", "figure_code", "part_code", "value", "suppressed")
    for path in (f"/reports/{YEAR}/report.csv", "/open-data.csv"):
        answer = browser.get(path)
        assert "attachment" in answer.headers["Content-Disposition"]
        assert [tuple(row[name] for name in names) for row in table(answer.data)] == expected
    for path in (f"/reports/{YEAR}/report.xlsx", "/open-data.xlsx"):
        book = load_workbook(io.BytesIO(browser.get(path).data))
        sheet = book["全部数据 values"]
        heads = [cell.value for cell in sheet[1]]
        found = [dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(min_row=2, values_only=True)]
        told = [tuple("" if row[name] is None else str(row[name]) for name in names) for row in found]
        assert told == expected
    told = json.loads(browser.get("/open-data.json").data)["reports"]
    assert told == [document]
    assert "开放数据" in browser.get("/open-data").text
    suppressed = [row for row in rows if row.hidden]
    assert suppressed
    assert all(row.value is None for row in suppressed)


def test_the_paper_carries_the_document(world: World, browser: Browser) -> None:
    frozen(world)
    paper = PdfReader(io.BytesIO(browser.get(f"/reports/{YEAR}/report.pdf").data))
    text = "".join(page.extract_text() for page in paper.pages)
    assert "志愿服务记录与证明出具工作年度报告" in text
    body = browser.get(f"/reports/{YEAR}/report.json").data
    assert paper.attachments["report.json"][0] == body
    assert hashlib.sha256(body).hexdigest() in text.replace("\n", "")


def test_a_name_can_not_become_a_formula() -> None:
    bad = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "http://x.example", "好"]
    rows = list(csv.reader(io.StringIO(sheets.as_csv([bad, [-5, 7, None]]).decode("utf-8-sig"), newline="")))
    assert rows[0] == [*(f"'{one}" for one in bad[:6]), *bad[6:]]
    assert rows[1] == ["-5", "7", ""]
    book = load_workbook(io.BytesIO(sheets.as_workbook([("a[b]:*?/\\" + "长" * 40, [["x"], bad])])))
    assert book.sheetnames == [("ab" + "长" * 40)[:31]]
    cells = next(iter(book.active.iter_rows(min_row=2)))
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)
    assert cells[0].value == "=1+1"


def test_the_staff_of_a_place_sees_its_figures_and_what_they_are_made_of(world: World, sign_in: Staff) -> None:
    worker = sign_in("worker A")
    page = worker.get(f"/statistics?year={YEAR}").text
    assert "A站" in page
    assert "起草报告" not in page
    made_of = worker.get(f"/statistics/trace/records_verified?year={YEAR}&at=LN-A").text
    record = made_of.split('href="/hours/')[1].split('"')[0]
    assert worker.get(f"/hours/{record}").status_code == 200
    assert "/statistics/trace/minutes_actual" in page, "also the parts of a figure can be opened"
    part = worker.get(f"/statistics/trace/minutes_actual?year={YEAR}&at=LN-A&part=service:chatting")
    assert "聊天谈心" in part.text
    auditor = sign_in("auditor")
    seen = auditor.get(f"/statistics/trace/minutes_actual?year={YEAR}&at={COUNTY}").text
    assert "号分录" in seen
    assert "/hours/" not in seen
    assert "张桂芳" not in seen
    for path in (f"/statistics?year={YEAR}&at=LN-B", f"/statistics/trace/records_verified?year={YEAR}&at=LN-B",
                 f"/statistics/trace/nothing?year={YEAR}&at=LN-A", "/statistics?year=20x6",
                 "/statistics?year=2031"):  # fmt: skip
        assert worker.get(path).status_code == 404, path
    assert worker.get("/statistics/operators").status_code == 403


def test_packs_and_cards_for_excel(world: World, sign_in: Staff) -> None:
    frozen(world)
    worker, county = sign_in("worker A"), sign_in("county")
    rows = table(worker.get(f"/statistics/pack.csv?year={YEAR}").data)
    assert {row["place_code"] for row in rows} == {"LN-A"}
    assert {row["suppressed"] for row in rows} == {"0"}, "the station's own figures are whole"
    book = load_workbook(io.BytesIO(county.get(f"/statistics/pack.xlsx?year={YEAR}&at=LN-A").data))
    figures = {row[0]: row[3] for row in book["指标 figures"].iter_rows(min_row=2, values_only=True)}
    assert figures["收到投诉"] == 3
    assert "运营机构" in county.get(f"/statistics/operators?year={YEAR}").text
    cards = list(csv.reader(io.StringIO(
        county.get(f"/statistics/operators.csv?year={YEAR}").data.decode("utf-8-sig"))))  # fmt: skip
    assert cards[1][:6] == [str(YEAR), "演示中心", "52130200MJ0000018F", "2", "0", "12"]
    book = load_workbook(io.BytesIO(county.get(f"/statistics/operators.xlsx?year={YEAR}").data))
    assert [cell.value for cell in book.active[2]][1] == "演示中心"


def test_the_api_does_the_same(world: World, app: Flask) -> None:
    def system(who: str, *scopes: str) -> System:
        _, secret = tokens.make(
            world.bank, world.staff["admin"], name="t", owner_id=world.staff[who].person_id, scopes=scopes, days=1,
            now=LATER,
        )  # fmt: skip
        return System(app.test_client(), secret)

    county = system("county", "statistics.read", "statistics.freeze", "network.read")
    made = county.post("/statistics/drafts", {"year": YEAR})
    assert made.status_code == 201
    again = county.post("/statistics/drafts", {"year": YEAR})
    assert (again.status_code, again.json["code"]) == (409, "report_draft_waits")
    own = county.post(f"/statistics/drafts/{made.json['id']}/freeze")
    assert (own.status_code, own.json["code"]) == (403, "second_person_needed")
    assert county.post(f"/statistics/drafts/{made.json['id']}/withdraw").status_code == 204
    assert county.post("/statistics/drafts", {"year": 2027}).json["code"] == "report_year_not_over"
    assert county.get("/reports").json == {"items": []}
    frozen(world)
    listed: Any = county.get("/reports").json
    shown: Any = county.get(f"/reports/{YEAR}").json
    assert listed["items"][0]["digest"] == shown["digest"]
    assert shown["document"] == statistics.see(world.bank, YEAR).document
    assert county.get("/reports/x").status_code == 404
    figures = county.get("/statistics", year=YEAR, at="LN-A").json
    value = next(one["value"] for one in figures["items"] if (one["figure_code"], one["part_code"]) == ("gifts", ""))
    made_of = county.get("/statistics/trace", year=YEAR, at="LN-A", code="gifts").json
    assert value == made_of["total"] == sum(one["amount"] for one in made_of["items"]) == 1
    assert made_of["items"][0]["record"] is None
    refused = system("street", "statistics.read").post("/statistics/drafts", {"year": YEAR})
    assert (refused.status_code, refused.json["code"]) == (403, "token_scope_missing")
