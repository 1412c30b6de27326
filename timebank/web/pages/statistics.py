"""The figures of a year for the staff of a place: whole, down to the entries; drafts and freezing; operators' cards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from timebank.domain.errors import NotFound, TimebankError
from timebank.domain.local_time import local_day
from timebank.domain.ratings import FACE_LABELS
from timebank.domain.roles import permits
from timebank.domain.statistics.catalogue import Named, definitions, document
from timebank.domain.statistics.report import Row, named, places_of
from timebank.domain.words import N_
from timebank.services import catalogue, statistics
from timebank.services.statistics import COUNTED, Card, StaffView, Trace, TraceLine
from timebank.web.errors import Refusal, in_words
from timebank.web.guard import actor, allow, bank, now
from timebank.web.reporting import LEVELS, beside, by_topic, charts, lines, place_in, said, sheets
from timebank.web.sheets import CSV, EXCEL, Cell, as_csv, as_workbook, download

blueprint = Blueprint("statistics", __name__)
COLUMNS = {
    "records": N_("Verified service records"),
    "minutes": N_("Hours actually served"),
    "in_time": N_("Recorded within ten working days"),
    "asked": N_("Requests for care"),
    "delivered": N_("Of these, delivered"),
    "declined": N_("Of these, declined"),
    "complaints": N_("Complaints received"),
    "complaints_in_time": N_("Of these, handled in time"),
    "inspections_fine": N_("Inspections without objection"),
    "inspections_minor": N_("Inspections with something to put right"),
    "inspections_serious": N_("Inspections with serious faults"),
    "call_backs_right": N_("Call-backs that agreed"),
    "call_backs_different": N_("Call-backs that did not agree"),
}
RECORDS = {
    "served": ("hours.show", "record_id"),
    "rejected": ("hours.show", "record_id"),
    "requested": ("redemptions.show", "redemption_id"),
    "redeemed": ("redemptions.show", "redemption_id"),
    "members": ("members.show", "person_id"),
    "ended": ("members.show", "person_id"),
    "issued": ("certificates.show", "certificate_id"),
    "revoked": ("certificates.show", "certificate_id"),
}
"""Family of figures → the page of one of its records, for those who work at its station."""


def _year() -> int:
    text = request.values.get("year", "")
    if not text:
        return local_day(now()).year
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise NotFound
    return int(text)


def _seen() -> StaffView:
    return statistics.see_year(bank(), actor(), _year(), request.args.get("at") or None, now=now())


@blueprint.get("/statistics")
@allow("statistics.read")
def index() -> Any:
    """The figures of a year at a place in reach."""
    return _page(None)


def _page(refusal: Refusal | None, reason: str = "") -> Any:
    view = _seen()
    place = place_in(view.document, view.at.code)
    years, former = beside(view.document, statistics.documents(bank()), place)
    page = render_template(
        "statistics/index.html", view=view, place=place, levels=LEVELS, years=years, former=former, refusal=refusal,
        topics=list(by_topic(view.document, place)), charts=list(charts(view.document, place, _made_of)), reason=reason,
        drafts=statistics.drafts(bank(), actor()) if permits(actor(), "statistics.freeze") else None,
        over=view.year < local_day(now()).year, may_compare=permits(actor(), "reports.read"),
    )  # fmt: skip
    return page, refusal.status if refusal else 200


def _made_of(row: Row) -> str:
    """Where one sees what a part of a figure is made of."""
    part = row.part.code if row.part is not None else ""
    return url_for("statistics.trace", code=row.figure.code, year=_year(), at=row.place.code, part=part)


@blueprint.get("/statistics/pack.csv")
@allow("statistics.read")
def pack_csv() -> Response:
    """A place's figures of the year, for its own use: nothing is left out."""
    view = _seen()
    return download(as_csv(_own(view)), CSV, f"figures-{view.year}.csv")


@blueprint.get("/statistics/pack.xlsx")
@allow("statistics.read")
def pack_excel() -> Response:
    """The same for Excel, with the definitions."""
    view = _seen()
    told = list(sheets([view.document]))
    book = as_workbook([("指标 figures", _own_matrix(view)), ("全部数据 values", _own(view)), told[-1]])
    return download(book, EXCEL, f"figures-{view.year}.xlsx")


def _own(view: StaffView) -> Iterator[Sequence[Cell]]:
    """Only the lines of this place."""
    rows = lines([view.document])
    yield next(rows)
    yield from (row for row in rows if row[2] == view.at.code)


def _own_matrix(view: StaffView) -> Iterator[Sequence[Cell]]:
    place = place_in(view.document, view.at.code)
    years, former = beside(view.document, statistics.documents(bank()), place)
    yield ("指标", "Figure", "单位 unit", view.year, *(f"{year} *" for year in years))
    for _, rows in by_topic(view.document, place):
        for row in rows:
            earlier = [former[row.figure.code].get(year, "–") for year in years]
            yield (row.figure.name, row.figure.name_en, row.figure.unit, row.value, *earlier)
    if years:
        yield (f"* {gettext('as published, small numbers left out')}",)


@blueprint.get("/statistics/trace/<code>")
@allow("statistics.read")
def trace(code: str) -> str:
    """What a figure is made of, page by page."""
    asked: dict[str, Any] = {key: request.args.get(key, "") for key in ("at", "part", "after")}
    found = statistics.trace(
        bank(), actor(), _year(), code, asked["at"], asked["part"], asked["after"] or None, now=now()
    )
    figure = definitions().figure(found.code)
    if figure is None:
        raise NotFound
    more = None
    if found.after is not None:
        more = url_for("statistics.trace", code=code, year=found.year, **asked | {"after": found.after})
    return render_template(
        "statistics/trace.html", found=found, figure=figure, part=_part(found), more=more, amount=lambda minutes: said(
            figure, minutes, hidden=False), links={line: _link(found.family, line) for line in found.lines},
    )  # fmt: skip


def _part(found: Trace) -> Named | None:
    """The words of the part that is looked at."""
    if not found.part:
        return None
    services = {one.code: {"name": one.name, "name_en": one.name_en} for one in catalogue.items(bank())}
    return named({"services": services, "definitions": document()}, found.part)


def _link(family: str, line: TraceLine) -> str | None:
    if line.record is None or family not in RECORDS:
        return None
    endpoint, key = RECORDS[family]
    values: dict[str, Any] = {key: line.record[1]}
    return url_for(endpoint, **values)


@blueprint.post("/statistics/drafts")
@allow("statistics.freeze")
def draft() -> Any:
    """Draft the report of a year that is over."""
    reason = request.form.get("reason", "")
    try:
        report_id = statistics.draft(bank(), actor(), _year(), reason, now=now())
    except TimebankError as error:
        return _page(in_words(error), reason)
    flash(gettext("The draft is ready. A second person of the county reads and freezes it."), "success")
    return redirect(url_for("statistics.show_draft", report_id=report_id))


@blueprint.get("/statistics/drafts/<report_id>")
@allow("statistics.freeze")
def show_draft(report_id: str) -> str:
    """A draft as it would be published."""
    view = statistics.see_draft(bank(), actor(), report_id)
    place = place_in(view.document, request.args.get("at"))
    return render_template(
        "statistics/draft.html", view=view, place=place, places=places_of(view.document), levels=LEVELS,
        topics=list(by_topic(view.document, place)),
    )  # fmt: skip


@blueprint.post("/statistics/drafts/<report_id>/freeze")
@allow("statistics.freeze")
def freeze(report_id: str) -> AnyResponse:
    """Audit the book and write the report into it."""
    seq = statistics.freeze(bank(), actor(), report_id, now=now())
    flash(gettext("The report is frozen: entry %(seq)s of the ledger holds its digest.", seq=seq), "success")
    return redirect(url_for("reports.index"))


@blueprint.post("/statistics/drafts/<report_id>/withdraw")
@allow("statistics.freeze")
def withdraw(report_id: str) -> AnyResponse:
    """Take a draft back."""
    statistics.withdraw(bank(), actor(), report_id, now=now())
    flash(gettext("The draft was taken back."), "success")
    return redirect(url_for("statistics.index"))


@blueprint.get("/statistics/operators")
@allow("reports.read")
def operators() -> str:
    """The operators' cards of a year."""
    year = _year()
    cards = statistics.scorecards(bank(), actor(), year, now=now())
    return render_template("statistics/operators.html", year=year, cards=cards, columns=COLUMNS, faces=FACE_LABELS)


@blueprint.get("/statistics/operators.csv")
@allow("reports.read")
def operators_csv() -> Response:
    """The same as a table."""
    year = _year()
    cards = statistics.scorecards(bank(), actor(), year, now=now())
    return download(as_csv(_cards(year, cards)), CSV, f"operators-{year}.csv")


@blueprint.get("/statistics/operators.xlsx")
@allow("reports.read")
def operators_excel() -> Response:
    """The same for Excel."""
    year = _year()
    cards = statistics.scorecards(bank(), actor(), year, now=now())
    return download(as_workbook([(f"{year} 运营单位 operators", _cards(year, cards))]), EXCEL, f"operators-{year}.xlsx")


def _cards(year: int, cards: Sequence[Card]) -> Iterator[Sequence[Cell]]:
    yield (
        gettext("Year"), gettext("Operator"), gettext("Social credit code"), gettext("Stations"),
        gettext("Stations with a published promise"), gettext("Months filed"),
        *(f"{gettext(COLUMNS[name])} ({gettext('minutes')})" if name == "minutes" else gettext(COLUMNS[name])
          for name in COUNTED),
        *(f"{gettext('Rated by who was helped')}: {gettext(label)}" for label in FACE_LABELS.values()),
    )  # fmt: skip
    for one in cards:
        yield (
            year, one.operator, one.uscc, one.stations, one.promised, one.filed_months,
            *(one.counts[name] for name in COUNTED), *(one.faces.get(face, 0) for face in FACE_LABELS),
        )  # fmt: skip
