"""Sheets from other systems, for the county: load, choose columns, approve, follow, take back; and sheets given out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, FileField, SelectField

from timebank.domain.errors import SheetUnreadable, TimebankError
from timebank.domain.imports import FIELD_LABELS, FIELDS, KIND_LABELS, STATE_LABELS, Finding, ImportKind
from timebank.domain.words import N_
from timebank.services import imports
from timebank.services.imports import NewImport
from timebank.web.errors import Refusal, in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now
from timebank.web.sheets import as_csv, as_excel
from timebank.web.words import choices, finding_word, station_choices

blueprint = Blueprint("imports", __name__)
SHOWN = 100
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class LoadForm(Form):
    kind = SelectField(lazy_gettext("What is in the sheet?"))
    station = SelectField(lazy_gettext("For which station?"))
    source = SafeText(
        lazy_gettext("Where does it come from?"),
        [needed()],
        description=lazy_gettext("For example the old system, or the department. The same words each time."),
    )
    file = FileField(lazy_gettext("The sheet (CSV or Excel)"))
    only_good = BooleanField(lazy_gettext("Leave wrong lines out, instead of all or nothing"))
    agreed = BooleanField(lazy_gettext("The people in it have agreed on paper that their data are taken over"))


class OutForm(Form):
    kind = SelectField(lazy_gettext("What shall be in the sheet?"))
    station = SelectField(lazy_gettext("Of which station?"))
    form = SelectField(lazy_gettext("As what?"))


@blueprint.get("/imports")
@allow("imports.read")
def index() -> str:
    """The sheets that came in; one that goes out."""
    out = OutForm(formdata=None)
    out.kind.choices, out.station.choices = choices(KIND_LABELS), station_choices("imports.decide", desks=True)
    out.form.choices = [("csv", "CSV"), ("xlsx", "Excel")]
    rows = imports.every(bank(), actor())
    return render_template("imports/index.html", rows=rows, out=out, kinds=KIND_LABELS, states=STATE_LABELS)


@blueprint.route("/imports/new", methods=["GET", "POST"])
@allow("imports.decide")
def new() -> Any:
    """Load a sheet; it is checked, and nothing is taken over."""
    form, refusal = LoadForm(), None
    form.kind.choices, form.station.choices = choices(KIND_LABELS), station_choices("imports.decide", desks=True)
    if form.validate_on_submit():
        try:
            file = request.files.get("file")
            if file is None or not file.filename:
                raise SheetUnreadable(reason=N_("no file was chosen"))
            with file.stream:
                data = file.read()
            told = NewImport(
                form.kind.data, form.station.data, form.source.data, data,
                only_good=form.only_good.data, agreed=form.agreed.data,
            )  # fmt: skip
            view = imports.load(bank(), actor(), told, now=now())
            return redirect(url_for("imports.show", import_id=view.id))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("imports/new.html", form=form, refusal=refusal), status


@blueprint.get("/imports/<import_id>")
@allow("imports.read")
def show(import_id: str) -> Any:
    """One sheet: what is in it, what is wrong, how far it is."""
    return _show(import_id, None)


def _show(import_id: str, refusal: Refusal | None) -> Any:
    view = imports.see(bank(), actor(), import_id)
    page = render_template(
        "imports/show.html", view=view, refusal=refusal, kinds=KIND_LABELS, states=STATE_LABELS, labels=FIELD_LABELS,
        fields=FIELDS[view.kind], findings=imports.findings(bank(), actor(), import_id, limit=SHOWN), shown=SHOWN,
    )  # fmt: skip
    return page, refusal.status if refusal else 200


@blueprint.post("/imports/<import_id>/columns")
@allow("imports.decide")
def choose(import_id: str) -> Any:
    """Which column is what."""
    columns = {name: request.form[name] for name in FIELD_LABELS if request.form.get(name)}
    try:
        imports.choose(bank(), actor(), import_id, columns, only_good=bool(request.form.get("only_good")), now=now())
    except TimebankError as error:
        return _show(import_id, in_words(error))
    flash(gettext("Checked anew."), "success")
    return redirect(url_for("imports.show", import_id=import_id))


@blueprint.post("/imports/<import_id>/<any(approve, withdraw, undo):verb>")
@allow("imports.decide")
def step(import_id: str, verb: str) -> Any:
    """Let it happen, drop it, or take it back."""
    try:
        if verb == "approve":
            imports.approve(bank(), actor(), import_id, request.form.get("digest", ""), now=now())
        else:
            (imports.withdraw if verb == "withdraw" else imports.undo)(bank(), actor(), import_id, now=now())
    except TimebankError as error:
        return _show(import_id, in_words(error))
    flash(gettext("Done."), "success")
    return redirect(url_for("imports.show", import_id=import_id))


@blueprint.get("/imports/<import_id>/findings.csv")
@allow("imports.read")
def findings(import_id: str) -> Response:
    """What is wrong, line by line; nothing of what stands in the sheet."""
    imports.see(bank(), actor(), import_id)
    rows = [_finding(one) for one in imports.findings(bank(), actor(), import_id)]
    titles = [gettext("Line of the sheet"), gettext("Column"), gettext("What is wrong"), "code"]
    headers = {"Content-Disposition": "attachment; filename=findings.csv"}
    return Response(as_csv([titles, *rows]), content_type="text/csv; charset=utf-8", headers=headers)


def _finding(one: Finding) -> list[object]:
    return [one.line, gettext(FIELD_LABELS[one.field]) if one.field else "", finding_word(one.code), one.code]


@blueprint.post("/imports/sheet")
@allow("imports.decide")
def out() -> Response:
    """A sheet of a station. It holds personal data, so it is posted for, and kept by nobody on the way."""
    kind = request.form.get("kind", "")
    titles, rows = imports.export(bank(), actor(), kind, request.form.get("station", ""), now=now())
    excel = request.form.get("form") == "xlsx"
    data = as_excel([titles, *rows]) if excel else as_csv([titles, *rows])
    name = f"{ImportKind(kind)}.{'xlsx' if excel else 'csv'}"
    headers = {"Content-Disposition": f"attachment; filename={name}", "Cache-Control": "no-store"}
    return Response(data, content_type=EXCEL if excel else "text/csv; charset=utf-8", headers=headers)
