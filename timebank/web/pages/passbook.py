"""The passbook: what a member has, entry by entry, on the screen, on paper and as a table."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from timebank.domain.ledger_words import ORIGIN_LABELS
from timebank.domain.policies import Origin
from timebank.domain.roles import permits
from timebank.services import papers, passbook, receipts
from timebank.services.passbook import Part, Passbook
from timebank.web.guard import actor, allow, bank, now
from timebank.web.pages.hours import zone
from timebank.web.paper import drawn

blueprint = Blueprint("passbook", __name__)
PAGE = 30
SHEET = 300
"""The most lines of one document: drawing a line takes some 7 ms of the request."""
PROOFS = "receipts.tlog-proofs"
"""The attachment of a passbook on paper: the receipts of its lines, one after the other."""
MOST_DIGITS = 4
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@blueprint.get("/passbook")
@allow("passbook.see_own")
def index() -> str:
    """My own passbook."""
    return _page(passbook.own(bank(), actor(), now=now(), part=_part(PAGE)), own=True)


@blueprint.get("/members/<person_id>/passbook")
@allow("passbook.read")
def of_member(person_id: str) -> str:
    """A member's passbook at the desk."""
    return _page(passbook.of_member(bank(), actor(), person_id, now=now(), part=_part(PAGE)), own=False)


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def _sheet() -> int:
    """Which sheet of the year, from 1."""
    return _number("sheet") or 1


def _part(limit: int) -> Part:
    """The lines that are asked for: a sheet of a year, or the newest, at most `limit`."""
    year = _number("year")
    return Part(year, (_sheet() - 1) * SHEET, SHEET) if year is not None else Part(limit=limit)


def _page(book: Passbook, *, own: bool) -> str:
    return render_template(
        "passbook/index.html", book=book, own=own, origins=ORIGIN_LABELS, year=_number("year"), sheet=_sheet(),
        lines_a_sheet=SHEET,
        signs=papers.verifier(bank()) is not None, corrects=not own and permits(actor(), "reversals.request"),
    )  # fmt: skip


@blueprint.get("/passbook.pdf")
@allow("passbook.see_own")
def pdf() -> Response:
    """My passbook on paper."""
    return _pdf(passbook.own(bank(), actor(), now=now(), part=_part(SHEET)))


@blueprint.get("/members/<person_id>/passbook.pdf")
@allow("passbook.read")
def pdf_of(person_id: str) -> Response:
    """A member's passbook on paper, printed at the desk."""
    return _pdf(passbook.of_member(bank(), actor(), person_id, now=now(), part=_part(SHEET)))


@blueprint.get("/passbook.zip")
@allow("passbook.see_own")
def signed() -> Response:
    """My passbook as PDF with its signature beside it, to keep for decades."""
    return _signed(passbook.own(bank(), actor(), now=now(), part=_part(SHEET)))


@blueprint.get("/members/<person_id>/passbook.zip")
@allow("passbook.read")
def signed_of(person_id: str) -> Response:
    """A member's passbook as PDF with its signature beside it."""
    return _signed(passbook.of_member(bank(), actor(), person_id, now=now(), part=_part(SHEET)))


def _signed(book: Passbook) -> Response:
    """The paper and a signed note over its bytes, under names that belong together. Raises NotFound without a key."""
    paper, name = _paper(book), f"passbook-{book.number}.pdf"
    files = io.BytesIO()
    with zipfile.ZipFile(files, "w", zipfile.ZIP_DEFLATED) as both:
        both.writestr(name, paper)
        both.writestr(f"{name}.sig", papers.sign(bank(), paper, now=now()))
    return _file(files.getvalue(), "application/zip", f"passbook-{book.number}.zip")


def _pdf(book: Passbook) -> Response:
    return _file(_paper(book), "application/pdf", f"passbook-{book.number}.pdf")


def _paper(book: Passbook) -> bytes:
    """The receipts of its lines are attached, so that the file proves itself what it says."""
    html = render_template(
        "passbook/print.html", book=book, origins=ORIGIN_LABELS, year=_number("year"), sheet=_sheet()
    )
    proofs = receipts.of_lines(bank(), [line.seq for line in book.lines])
    return drawn(html, [(PROOFS, proofs, gettext("Receipts of the entries"))] if proofs else [])


@blueprint.get("/passbook.csv", endpoint="csv")
@allow("passbook.see_own")
def table() -> Response:
    """My passbook as a table, for any spreadsheet."""
    book = passbook.own(bank(), actor(), now=now())
    text = io.StringIO()
    writer = csv.writer(text)
    heads = [gettext("Entry"), gettext("Recorded"), gettext("Day of the service"), gettext("What happened")]
    writer.writerow(
        [*heads, gettext("Purse"), gettext("Minutes in"), gettext("Minutes out"), gettext("Minutes left in it")]
    )
    for line in book.lines:
        cells = [
            f"{line.at.astimezone(zone()):%Y-%m-%d %H:%M}",
            line.on or "",
            gettext(line.words),
            gettext(ORIGIN_LABELS[Origin(line.origin)]),
        ]
        amounts = [line.minutes or "", ""] if line.minutes >= 0 else ["", -line.minutes]
        writer.writerow([line.seq, *(_safe(cell) for cell in cells), *amounts, line.balance_after])
    return _file(text.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", f"passbook-{book.number}.csv")


def _safe(cell: str) -> str:
    """A spreadsheet must not take text for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


@blueprint.app_template_filter("iso_date")
def iso_date(text: str) -> date:
    """The day of a service, which the ledger keeps as text."""
    return date.fromisoformat(text)


def _file(content: bytes, kind: str, name: str) -> Response:
    response = Response(content, content_type=kind)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response
