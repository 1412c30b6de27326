"""What becomes of hours: the member's own choice, the estates of the dead, accounts that nobody uses."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, SelectField, SelectMultipleField

from timebank.domain.errors import TimebankError
from timebank.domain.estates import CHOICE_LABELS, CONTACT_WAYS, INHERIT_LABELS, STATE_LABELS, Choice
from timebank.domain.kin import RELATION_LABELS, Relation
from timebank.domain.roles import permits
from timebank.services import dormancy, estates, families, members
from timebank.web.errors import Refusal, in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now
from timebank.web.words import choices

blueprint = Blueprint("estates", __name__)
PAGE = 20


class ChoiceForm(Form):
    kind = SelectField(lazy_gettext("What shall become of the hours?"))
    heir = SelectField(lazy_gettext("Which relative?"))


class ReportForm(Form):
    died_on = DateField(lazy_gettext("Day of death"), [needed()])
    proof = SafeText(
        lazy_gettext("Which paper was seen"), [needed()], description=lazy_gettext("With its number. Kept encrypted.")
    )
    heirs = SelectMultipleField(lazy_gettext("Heirs"))
    spouse_asks = BooleanField(lazy_gettext("The spouse asks for the hours"))


@blueprint.route("/estates/choice", methods=["GET", "POST"])
@allow("passbook.see_own")
def own_choice() -> Any:
    """What I want to become of my hours."""
    return _choice(actor().person_id, url_for("home.index"))


@blueprint.route("/estates/choice/<person_id>", methods=["GET", "POST"])
@allow("estates.report")
def choice_at_desk(person_id: str) -> Any:
    """The same at the desk, on the member's word."""
    return _choice(person_id, url_for("members.show", person_id=person_id))


def _choice(person_id: str, back: str) -> Any:
    view = estates.choice(bank(), actor(), person_id, now=now())
    form = ChoiceForm(kind=view.kind, heir=view.heir_id)
    form.kind.choices = choices(CHOICE_LABELS)
    form.heir.choices = [("", "–")] + [
        (one, f"{name}（{gettext(RELATION_LABELS[Relation(relation)])}）") for one, name, relation in view.kin
    ]
    refusal = None
    if form.validate_on_submit():
        try:
            heir_id = form.heir.data if form.kind.data == Choice.HEIR else None
            estates.choose(bank(), actor(), person_id, form.kind.data, heir_id, now=now())
            flash(gettext("Written down. It can be changed at any time."), "success")
            return redirect(back)
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "estates/choice.html",
        form=form,
        refusal=refusal,
        view=view,
        rules=INHERIT_LABELS,
        kinds=CHOICE_LABELS,
        back=back,
    ), status


@blueprint.get("/estates")
@allow("estates.read")
def index() -> str:
    """The estates at my stations, the newest first."""
    rows = estates.every(bank(), actor(), before=request.args.get("before"), limit=PAGE, now=now())
    older = url_for("estates.index", before=rows[-1].id) if len(rows) == PAGE else None
    return render_template("estates/index.html", rows=rows, older=older)


@blueprint.route("/estates/report/<person_id>", methods=["GET", "POST"])
@allow("estates.report")
def report(person_id: str) -> Any:
    """A member has died: what was shown, and who the heirs are."""
    member = members.see(bank(), actor(), person_id, now=now())
    form, refusal = ReportForm(), None
    relatives = families.relatives(bank(), actor(), person_id)
    form.heirs.choices = [
        (one.person_id, f"{one.name}（{gettext(RELATION_LABELS[Relation(one.relation)])}）") for one in relatives
    ]
    if form.validate_on_submit():
        try:
            view = estates.report(
                bank(), actor(), person_id, died_on=form.died_on.data, proof=form.proof.data,
                heirs=form.heirs.data or (), spouse_asks=form.spouse_asks.data, now=now(),
            )  # fmt: skip
            flash(gettext("The account is frozen. A second person settles the estate."), "success")
            return redirect(url_for("estates.show", estate_id=view.id))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("estates/report.html", form=form, refusal=refusal, member=member), status


@blueprint.get("/estates/<estate_id>")
@allow("estates.read")
def show(estate_id: str) -> Any:
    """One estate: what would happen, or happened."""
    return _show(estate_id, None)


def _show(estate_id: str, refusal: Refusal | None) -> Any:
    view = estates.see(bank(), actor(), estate_id, now=now())
    page = render_template("estates/show.html", view=view, refusal=refusal, kinds=CHOICE_LABELS, states=STATE_LABELS)
    return page, refusal.status if refusal else 200


@blueprint.post("/estates/<estate_id>/<any(settle, withdraw, undo):verb>")
@allow("estates.read")
def step(estate_id: str, verb: str) -> Any:
    """Settle, withdraw or undo."""
    steps = {"settle": estates.settle, "withdraw": estates.withdraw, "undo": estates.undo}
    try:
        steps[verb](bank(), actor(), estate_id, now=now())
    except TimebankError as error:
        if error.status in (409, 422):
            return _show(estate_id, in_words(error))
        raise
    flash(gettext("Done."), "success")
    return redirect(url_for("estates.show", estate_id=estate_id))


@blueprint.get("/dormant")
@allow("dormant.read")
def quiet() -> str:
    """The accounts that would lapse by the rules: a dry run, and the attempts to reach their holders."""
    return render_template(
        "estates/dormant.html", rows=dormancy.dormant(bank(), actor(), now=now()), ways=CONTACT_WAYS,
        may_contact=permits(actor(), "dormant.contact"), may_lapse=permits(actor(), "dormant.lapse"),
    )  # fmt: skip


@blueprint.post("/dormant/<person_id>/contact")
@allow("dormant.contact")
def contact(person_id: str) -> Response:
    """Write an attempt down."""
    how, reached = request.form.get("how", ""), request.form.get("reached") == "yes"
    dormancy.contact(bank(), actor(), person_id, how, reached=reached, now=now())
    flash(gettext("Written down."), "success")
    return redirect(url_for("estates.quiet"))


@blueprint.post("/dormant")
@allow("dormant.lapse")
def lapse() -> Response:
    """Let the ticked ones lapse into the pool."""
    count = dormancy.lapse(bank(), actor(), request.form.getlist("person"), now=now())
    flash(
        gettext("Lapsed into the pool: %(count)s purses. It can be undone under Corrections.", count=count), "success"
    )
    return redirect(url_for("estates.quiet"))
