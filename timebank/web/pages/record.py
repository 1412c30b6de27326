"""The record of a volunteer by Order 67, on the screen and on paper: one's own, and a member's at the desk."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from timebank.domain.ratings import FACE_LABELS
from timebank.services import record
from timebank.services.record import RecordView
from timebank.web.guard import actor, allow, bank, now
from timebank.web.paper import drawn
from timebank.web.words import DOCUMENT_LABELS, PLACE_CHOICES

blueprint = Blueprint("record", __name__)
PRINTED = 1000


@blueprint.route("/my-record", methods=["GET", "POST"])
@allow("passbook.see_own")
def index() -> Any:
    """My record; what I can do and would like to do."""
    if request.method == "POST":
        return _described(actor().person_id, url_for("record.index"))
    return _page(record.own(bank(), actor(), before=request.args.get("before")), None)


@blueprint.get("/my-record.pdf")
@allow("passbook.see_own")
def own_paper() -> Response:
    """The same on paper, free of charge."""
    return _paper(record.own(bank(), actor(), limit=PRINTED))


@blueprint.get("/members/<person_id>/record")
@allow("passbook.print")
def of_member(person_id: str) -> Any:
    """A member's record, at the desk."""
    return _page(record.of_member(bank(), actor(), person_id, before=request.args.get("before")), person_id)


@blueprint.post("/members/<person_id>/record")
@allow("members.edit")
def describe(person_id: str) -> Response:
    """What the member can do and would like to do, typed in at the desk."""
    return _described(person_id, url_for("record.of_member", person_id=person_id))


@blueprint.get("/members/<person_id>/record.pdf")
@allow("passbook.print")
def paper(person_id: str) -> Response:
    """The same on paper."""
    return _paper(record.of_member(bank(), actor(), person_id, limit=PRINTED))


def _described(person_id: str, there: str) -> Response:
    told = {name: request.form.get(name, "") for name in ("skills", "service_category")}
    record.describe(bank(), actor(), person_id, **told, now=now())
    flash(gettext("Done."), "success")
    return redirect(there)


def _page(view: RecordView, at_desk: str | None) -> str:
    return render_template("record/index.html", view=view, at_desk=at_desk, **_words())


def _paper(view: RecordView) -> Response:
    html = render_template("record/print.html", view=view, today=now(), **_words())
    return send_file(BytesIO(drawn(html)), "application/pdf", download_name=f"record-{view.number}.pdf")


def _words() -> dict[str, Any]:
    return {"faces": FACE_LABELS, "places": PLACE_CHOICES, "documents": DOCUMENT_LABELS}
