"""Putting a wrong entry right: ask with a reason, a second person decides. Nothing is deleted."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from wtforms import IntegerField, SelectField
from wtforms.validators import NumberRange

from timebank.domain.errors import TimebankError
from timebank.domain.reversals import REASONS, REFUSE_REASONS
from timebank.domain.roles import permits
from timebank.services import reversals
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now
from timebank.web.words import choices

blueprint = Blueprint("reversals", __name__)
PAGE = 20


class ReversalForm(Form):
    seq = IntegerField(
        lazy_gettext("Number of the entry"),
        [needed(), NumberRange(0, message=lazy_gettext("Type the number of the entry."))],
        description=lazy_gettext("It stands in the passbook and on the record, for example 128."),
    )
    reason = SelectField(lazy_gettext("What is wrong with it?"))
    text = SafeText(lazy_gettext("In a few words"))


def _form(entry: str = "") -> ReversalForm:
    form = ReversalForm(seq=int(entry)) if entry.isdigit() and len(entry) < 16 else ReversalForm()
    form.reason.choices = choices(REASONS)
    return form


@blueprint.route("/corrections", methods=["GET", "POST"])
@allow("reversals.request")
def index() -> Any:
    """What was asked for; ask for another. `entry` begins the form with the number of an entry."""
    form = _form(request.args.get("entry", ""))
    refusal = None
    if form.validate_on_submit():
        try:
            reversals.ask(bank(), actor(), form.seq.data, form.reason.data, form.text.data[:500], now=now())
            flash(gettext("Asked. A second person decides."), "success")
            return redirect(url_for("reversals.index"))
        except TimebankError as error:
            refusal = in_words(error)
    return _page(form, refusal)


def _page(form: ReversalForm, refusal: Any) -> Any:
    status = refusal.status if refusal else 422 if form.errors else 200
    rows = reversals.every(bank(), actor(), before=request.args.get("before"), limit=PAGE)
    older = url_for("reversals.index", before=rows[-1].id) if len(rows) == PAGE else None
    return render_template(
        "reversals/index.html", rows=rows, older=older, form=form, refusal=refusal, reasons=REASONS,
        refuse_reasons=REFUSE_REASONS, decides=permits(actor(), "reversals.approve"),
    ), status  # fmt: skip


@blueprint.post("/corrections/<reversal_id>/decide")
@allow("reversals.approve")
def decide(reversal_id: str) -> Any:
    """Approve, and the reversing entry is written; or refuse with a reason."""
    approve = request.form.get("approve") == "yes"
    try:
        reversals.decide(
            bank(),
            actor(),
            reversal_id,
            approve=approve,
            reason=None if approve else request.form.get("reason"),
            text=request.form.get("text", "")[:500],
            now=now(),
        )
    except TimebankError as error:
        form = ReversalForm(formdata=None)
        form.reason.choices = choices(REASONS)
        return _page(form, in_words(error))
    text = gettext("Corrected: a new entry undoes the wrong one.") if approve else gettext("Refused.")
    flash(text, "success")
    return redirect(url_for("reversals.index"))
