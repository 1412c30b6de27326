"""Annual reports and open data, for everybody: in words, as files, and how each can be checked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import get_locale

from timebank.domain.errors import NotFound
from timebank.domain.statistics.report import places_of
from timebank.services import statistics
from timebank.services.statistics import ReportView
from timebank.web.guard import bank, public
from timebank.web.paper import drawn
from timebank.web.reporting import LEVELS, RESULTS, beside, by_topic, charts, lines, place_in, said, sheets
from timebank.web.sheets import CSV, EXCEL, Cell, as_csv, as_workbook, download

blueprint = Blueprint("reports", __name__)


def _number(text: str) -> int:
    """A year or a version. Raises NotFound."""
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise NotFound
    return int(text)


def _view(year: str) -> ReportView:
    version = request.args.get("version")
    return statistics.see(bank(), _number(year), _number(version) if version else None)


@blueprint.get("/reports")
@public
def index() -> str:
    """All reports, with every version."""
    return render_template("reports/index.html", views=statistics.every(bank()), results=RESULTS)


@blueprint.get("/reports/<year>")
@public
def show(year: str) -> str:
    """A year in words and figures, beside the years before; at the county or at one place in it."""
    view = _view(year)
    place = place_in(view.document, request.args.get("at"))
    years, former = beside(view.document, statistics.documents(bank()), place)
    return render_template(
        "reports/show.html", view=view, place=place, places=places_of(view.document), levels=LEVELS, results=RESULTS,
        topics=list(by_topic(view.document, place)), years=years, former=former,
        charts=list(charts(view.document, place)),
    )  # fmt: skip


@blueprint.app_template_filter("figure_value")
def figure_value(row: Any) -> str:
    """A figure's value as people say it."""
    return said(row.figure, row.value, row.hidden)


@blueprint.get("/reports/<year>/report.json")
@public
def document(year: str) -> Response:
    """The frozen document, byte for byte: its SHA-256 is the digest of the entry."""
    view = _view(year)
    return download(view.body, "application/json", "report.json")


@blueprint.get("/reports/<year>/report.csv")
@public
def table(year: str) -> Response:
    """Every value of the report."""
    view = _view(year)
    return download(as_csv(lines([view.document])), CSV, f"report-{view.year}.csv")


@blueprint.get("/reports/<year>/report.xlsx")
@public
def excel(year: str) -> Response:
    """The same for Excel, with the definitions and how to check it."""
    view = _view(year)
    return download(as_workbook(sheets([view.document], _proof(view))), EXCEL, f"report-{view.year}.xlsx")


def _proof(view: ReportView) -> Iterator[Sequence[Cell]]:
    yield ("核验", "check")
    yield ("report.json SHA-256", view.digest)
    yield ("账本分录 entry in the ledger", view.entry_seq)
    yield ("审计结论 result of the audit", view.result)
    yield ("下载 download", url_for("reports.document", year=view.year, version=view.edition, _external=True))


@blueprint.get("/reports/<year>/report.pdf")
@public
def paper(year: str) -> Response:
    """志愿服务记录与证明出具工作年度报告, with the frozen document attached."""
    view = _view(year)
    address = url_for("reports.show", year=view.year, version=view.edition, _external=True)
    # A county has a hundred stations; on paper stand the county and its streets, the files have them all.
    county, *centres = [one for one in places_of(view.document) if one.kind != "station"]
    html = render_template(
        "reports/print.html", view=view, place=county, address=address, results=RESULTS, places=centres,
        topics=list(by_topic(view.document, county)),
        at_places={one.code: list(by_topic(view.document, one)) for one in centres},
    )  # fmt: skip
    pdf = _drawn(html, view.body, str(get_locale()))
    return download(pdf, "application/pdf", f"report-{view.year}.pdf")


@lru_cache(maxsize=8)
def _drawn(html: str, body: bytes, language: str) -> bytes:
    """A frozen report looks the same each time: it is drawn once, whoever asks for it."""
    what = "冻结的报告 frozen report" if language == "zh" else "frozen report"
    return drawn(html, [("report.json", body, what)])


@blueprint.get("/reports/<year>/receipt.tlog-proof")
@public
def receipt(year: str) -> Response:
    """The receipt of the report's entry, which proves that the digest stands in the book."""
    version = request.args.get("version")
    text = statistics.receipt(bank(), _number(year), _number(version) if version else None)
    return download(text.encode(), "text/plain; charset=utf-8", f"report-{_number(year)}.tlog-proof")


@blueprint.get("/open-data")
@public
def data() -> str:
    """What is published for machines, what is left out and why."""
    return render_template("reports/data.html", documents=statistics.documents(bank()))


@blueprint.get("/open-data.csv")
@public
def data_csv() -> Response:
    """Every value of the newest report of each year."""
    return download(as_csv(lines(statistics.documents(bank()))), CSV, "open-data.csv")


@blueprint.get("/open-data.json")
@public
def data_json() -> Response:
    """The newest report of each year, whole."""
    told = {"reports": statistics.documents(bank())}
    return download(json.dumps(told, ensure_ascii=False).encode(), "application/json", "open-data.json")


@blueprint.get("/open-data.xlsx")
@public
def data_excel() -> Response:
    """The same for Excel."""
    return download(as_workbook(sheets(statistics.documents(bank()))), EXCEL, "open-data.xlsx")
