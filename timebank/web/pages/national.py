"""Entry into the national volunteer information system: the sheet that goes out, and the numbers that come back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext

from timebank.domain.errors import NationalReplyRefused, TimebankError
from timebank.domain.national import TAKE_BACK_REASONS, TITLES
from timebank.domain.roles import permits
from timebank.domain.words import N_
from timebank.services import national
from timebank.services.national import SheetLine
from timebank.web.errors import in_words
from timebank.web.guard import actor, allow, bank, now
from timebank.web.sheets import as_csv
from timebank.web.words import station_choices

blueprint = Blueprint("national", __name__)
SEXES = {"female": "女", "male": "男"}
PAPERS = {
    "resident": "居民身份证", "hmt_residence": "港澳台居民居住证", "passport": "护照",
    "permanent_residence": "外国人永久居留身份证", "none": "",
}  # fmt: skip
ZH_PLACES = {"home": "家中", "station": "服务站", "institution": "养老机构或医院", "outside": "户外"}


@blueprint.route("/national", methods=["GET", "POST"])
@allow("national.read")
def index() -> Any:
    """How far the records are; the sheet that came back is loaded here."""
    refusal = None
    if request.method == "POST":
        try:
            file = request.files.get("file")
            if file is None or not file.filename:
                raise NationalReplyRefused(line=1, reason=N_("no file was chosen"))
            with file.stream:
                count = national.load(bank(), actor(), file.read(), now=now())
            flash(ngettext("%(num)s number is kept.", "%(num)s numbers are kept.", count), "success")
            return redirect(url_for("national.index"))
        except TimebankError as error:
            refusal = in_words(error)
    page = render_template(
        "national/index.html", view=national.see(bank(), actor()), refusal=refusal, reasons=TAKE_BACK_REASONS,
        may_run=permits(actor(), "national.run"), stations=station_choices("national.run"),
    )  # fmt: skip
    return page, refusal.status if refusal else 200


@blueprint.post("/national/sheet.csv")
@allow("national.run")
def sheet() -> Response:
    """The sheet of a station. It holds personal data, so it is posted for and kept by nobody on the way."""
    lines = national.export(bank(), actor(), request.form.get("station_id", ""), now=now())
    headers = {"Content-Disposition": "attachment; filename=national.csv", "Cache-Control": "no-store"}
    return Response(as_csv([TITLES, *_rows(lines)]), content_type="text/csv; charset=utf-8", headers=headers)


def _rows(lines: tuple[SheetLine, ...]) -> Iterator[list[object]]:
    """In Chinese, whatever language the page is in: it is for a Chinese system."""
    for line in lines:
        who, facts = line.person, line.facts
        yield [
            line.record, who.name, SEXES.get(str(who.sex), ""), who.born_on or "", PAPERS[str(who.document_type)],
            who.document_number, who.division_code, who.phone, who.skills, who.service_category,
            facts.activity, facts.day, ZH_PLACES.get(facts.place, facts.place), facts.content,
            f"{facts.minutes / 60:.2f}", facts.unit, facts.leader, "", "",
        ]  # fmt: skip


@blueprint.post("/national/<record_id>/take-back")
@allow("national.run")
def take_back(record_id: str) -> Any:
    """A number that does not stand."""
    national.take_back(bank(), actor(), record_id, request.form.get("reason", ""), now=now())
    flash(gettext("Taken back. It counts as not entered."), "success")
    return redirect(url_for("national.index"))
