"""Annual reports, and the figures of a year with their traces, over the API."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import statistics
from timebank.web.api.schemas import Nothing, SafeText
from timebank.web.guard import actor, allow, bank, now
from timebank.web.reporting import items

blueprint = Blueprint("api_statistics", __name__, description="Annual reports and the figures of a year")


class YearQuery(ma.Schema):
    """`at`: the code of a place in reach; the highest one without it."""

    year = ma.fields.Integer(required=True)
    at = SafeText(load_default=None)


class TraceQuery(ma.Schema):
    """`part`: e.g. `month:2026-09` of a figure that has parts. `after`: where the page before ended."""

    year = ma.fields.Integer(required=True)
    at = SafeText(required=True)
    code = SafeText(required=True)
    part = SafeText(load_default="")
    after = SafeText(load_default=None, allow_none=True)


class VersionQuery(ma.Schema):
    """The newest version without a number."""

    version = ma.fields.Integer(load_default=None)


class ReportDraft(ma.Schema):
    """`reason`: why there is a further version of a report that is out; public."""

    year = ma.fields.Integer(required=True)
    reason = SafeText(load_default="", validate=ma.validate.Length(max=500))


class MadeReportDraft(ma.Schema):
    id = ma.fields.String()


class FrozenReport(ma.Schema):
    """The entry of the ledger that holds the digest of the report."""

    entry_seq = ma.fields.Integer()


class AnnualReport(ma.Schema):
    """A frozen report: where it stands in the ledger, and the document itself (docs/statistics.md)."""

    year = ma.fields.Integer()
    version = ma.fields.Integer(attribute="edition")
    newest = ma.fields.Boolean()
    digest = ma.fields.String()
    entry_seq = ma.fields.Integer()
    result = ma.fields.String()
    reason = ma.fields.String()
    frozen_at = ma.fields.AwareDateTime()


class WholeAnnualReport(AnnualReport):
    document = ma.fields.Dict()


class AnnualReports(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(AnnualReport))


class FiguresOfYear(ma.Schema):
    """Every value of a place: figure, part, unit, value."""

    year = ma.fields.Integer()
    at = ma.fields.Function(lambda view: view.at.code)
    items = ma.fields.Function(lambda view: [one for one in items(view.document) if one["place_code"] == view.at.code])


class FigureTraceLine(ma.Schema):
    """`entry`: its number in the ledger; `record`: the number of the record, for those who work at its station."""

    day = ma.fields.Date()
    amount = ma.fields.Integer()
    entry = ma.fields.Integer(allow_none=True)
    reference = ma.fields.String()
    record = ma.fields.Function(lambda line: line.record[0] if line.record is not None else None)


class FigureTrace(ma.Schema):
    code = ma.fields.String()
    part = ma.fields.String()
    total = ma.fields.Integer()
    items = ma.fields.List(ma.fields.Nested(FigureTraceLine), attribute="lines")
    after = ma.fields.String(allow_none=True)


@blueprint.route("/reports")
@allow("network.read")
@blueprint.response(200, AnnualReports)
def every() -> Any:
    """Every frozen report, the latest year and version first"""
    return {"items": statistics.every(bank())}


@blueprint.route("/reports/<string:year>")
@allow("network.read")
@blueprint.arguments(VersionQuery, location="query")
@blueprint.response(200, WholeAnnualReport)
def show(query: dict[str, Any], year: str) -> Any:
    """A report with its document"""
    number = int(year) if year.isascii() and year.isdigit() and len(year) <= 4 else 0
    return statistics.see(bank(), number, query["version"])


@blueprint.route("/statistics")
@allow("statistics.read")
@blueprint.arguments(YearQuery, location="query")
@blueprint.response(200, FiguresOfYear)
def figures(query: dict[str, Any]) -> Any:
    """The figures of a year at a place in reach, whole"""
    return statistics.see_year(bank(), actor(), query["year"], query["at"], now=now())


@blueprint.route("/statistics/trace")
@allow("statistics.read")
@blueprint.arguments(TraceQuery, location="query")
@blueprint.response(200, FigureTrace)
def trace(query: dict[str, Any]) -> Any:
    """What a figure is made of, page by page"""
    return statistics.trace(
        bank(), actor(), query["year"], query["code"], query["at"], query["part"], query["after"], now=now()
    )


@blueprint.route("/statistics/drafts", methods=["POST"])
@allow("statistics.freeze")
@blueprint.arguments(ReportDraft)
@blueprint.response(201, MadeReportDraft)
def draft(form: dict[str, Any]) -> Any:
    """Draft the report of a year that is over"""
    return {"id": statistics.draft(bank(), actor(), form["year"], form["reason"], now=now())}


@blueprint.route("/statistics/drafts/<string:report_id>/freeze", methods=["POST"])
@allow("statistics.freeze")
@blueprint.arguments(Nothing)
@blueprint.response(200, FrozenReport)
def freeze(_: dict[str, Any], report_id: str) -> Any:
    """Freeze a draft; a second person does"""
    return {"entry_seq": statistics.freeze(bank(), actor(), report_id, now=now())}


@blueprint.route("/statistics/drafts/<string:report_id>/withdraw", methods=["POST"])
@allow("statistics.freeze")
@blueprint.arguments(Nothing)
@blueprint.response(204)
def withdraw(_: dict[str, Any], report_id: str) -> None:
    """Take a draft back"""
    statistics.withdraw(bank(), actor(), report_id, now=now())
