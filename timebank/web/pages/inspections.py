"""Double-random inspections: the draws and their results for everybody, and the forms for those who take part."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from timebank.domain.errors import TimebankError
from timebank.domain.inspections import OUTCOME_LABELS, candidates_of
from timebank.domain.roles import Actor, permits
from timebank.services import inspections
from timebank.web.errors import in_words
from timebank.web.guard import actor, allow, bank, now, public, visitor

blueprint = Blueprint("inspections", __name__)


def _who() -> Actor | None:
    signed = visitor()
    return signed.actor if signed is not None and signed.second_factor == "done" else None


@blueprint.get("/inspections")
@public
def index() -> str:
    """Every draw, the newest first, with what was found."""
    who = _who()
    return render_template(
        "inspections/index.html", views=inspections.every(bank(), who), outcomes=OUTCOME_LABELS,
        may_begin=who is not None and permits(who, "inspections.begin"),
    )  # fmt: skip


@blueprint.get("/inspections/<int:number>")
@public
def show(number: int) -> str:
    """One draw, whole: the candidates, the seed, the result; and the forms of those who inspect or answer."""
    return _page(number)


def _page(number: int, refusal: Any = None, typed: str = "") -> str:
    view = inspections.see(bank(), number, _who())
    return render_template(
        "inspections/show.html", view=view, candidates=candidates_of(view.candidates), outcomes=OUTCOME_LABELS,
        refusal=refusal, typed=typed,
    )  # fmt: skip


@blueprint.get("/inspections/<int:number>.json")
@public
def document(number: int) -> Response:
    """All that is needed to run the draw again, as docs/inspections.md says."""
    view = inspections.see(bank(), number)
    told = {
        "candidates": view.candidates,
        "digest": view.digest,
        "entry_seq": view.entry_seq,
        "checkpoint": view.seed_body,
        "drawn": [{"station": one.station_code, "inspectors": list(one.inspectors)} for one in view.visits],
    }
    return Response(json.dumps(told, ensure_ascii=False, indent=1), mimetype="application/json")


@blueprint.post("/inspections")
@allow("inspections.begin")
def begin() -> AnyResponse:
    """Commit the list; the next checkpoint draws."""
    number = inspections.begin(bank(), actor(), now=now())
    flash(gettext("The list is in the ledger. The next checkpoint draws, in a minute or so."), "success")
    return redirect(url_for("inspections.show", number=number))


@blueprint.post("/inspections/<int:number>/visits/<visit_id>/record")
@allow("inspections.record")
def record(number: int, visit_id: str) -> Any:
    """What was found; public at once."""
    typed = request.form.get("text", "")
    try:
        inspections.record(bank(), actor(), visit_id, request.form.get("outcome", ""), typed, now=now())
    except TimebankError as error:
        refusal = in_words(error)
        return _page(number, refusal, typed), refusal.status
    flash(gettext("Recorded and published. The station can answer."), "success")
    return redirect(url_for("inspections.show", number=number))


@blueprint.post("/inspections/<int:number>/visits/<visit_id>/answer")
@allow("inspections.answer")
def answer(number: int, visit_id: str) -> Any:
    """What the station does about it."""
    typed = request.form.get("text", "")
    try:
        inspections.answer(bank(), actor(), visit_id, typed, now=now())
    except TimebankError as error:
        refusal = in_words(error)
        return _page(number, refusal, typed), refusal.status
    flash(gettext("Your answer is published."), "success")
    return redirect(url_for("inspections.show", number=number))
