"""Stars and awards: one's own, a member's at the desk, and the roll of honour that anybody may read."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField

from timebank.domain.errors import TimebankError
from timebank.domain.honours import WITHDRAW_REASONS, NewAward
from timebank.domain.roles import permits
from timebank.services import honours, network
from timebank.web.errors import Refusal, in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now, public
from timebank.web.language import in_language

blueprint = Blueprint("honours", __name__)


class RollForm(Form):
    on_roll = BooleanField(lazy_gettext("I may stand on the roll of honour"))
    with_name = BooleanField(lazy_gettext("With my full name, instead of the family name alone"))


class AwardForm(Form):
    name = SafeText(lazy_gettext("Name of the award"), [needed()])
    granted_by = SafeText(lazy_gettext("Who granted it"), [needed()])
    granted_on = DateField(lazy_gettext("On which day?"), [needed()])
    basis = SafeText(lazy_gettext("Paper that says so"), description=lazy_gettext("You can leave this empty."))


@blueprint.route("/honours", methods=["GET", "POST"])
@allow("passbook.see_own")
def index() -> Any:
    """My stars and awards; whether I stand on the roll of honour."""
    form = RollForm()
    if form.validate_on_submit():
        return _agreed(form, actor().person_id, url_for("honours.index"))
    view = honours.own(bank(), actor(), now=now())
    form = RollForm(formdata=None, data={"on_roll": view.on_roll, "with_name": view.with_name})
    return render_template("honours/index.html", view=view, roll=form, reasons=WITHDRAW_REASONS)


def _agreed(form: RollForm, person_id: str, there: str) -> Response:
    wishes = {"on_roll": bool(form.on_roll.data), "with_name": bool(form.with_name.data)}
    honours.agree(bank(), actor(), person_id, **wishes, now=now())
    flash(gettext("Kept. It holds from now on."), "success")
    return redirect(there)


@blueprint.get("/members/<person_id>/honours")
@allow("awards.read")
def of_member(person_id: str) -> Any:
    """A member's, at the desk."""
    return _of_member(person_id, AwardForm(), None)


def _of_member(person_id: str, form: AwardForm, refusal: Refusal | None) -> Any:
    view = honours.of_member(bank(), actor(), person_id, now=now())
    roll = RollForm(formdata=None, data={"on_roll": view.on_roll, "with_name": view.with_name})
    page = render_template(
        "honours/of_member.html", view=view, form=form, roll=roll, refusal=refusal, reasons=WITHDRAW_REASONS,
        may_record=permits(actor(), "awards.record"), may_agree=permits(actor(), "consents.record"),
    )  # fmt: skip
    return page, refusal.status if refusal else 422 if form.errors else 200


@blueprint.post("/members/<person_id>/awards")
@allow("awards.record")
def record(person_id: str) -> Any:
    """Note an award."""
    form = AwardForm()
    if form.validate_on_submit():
        new = NewAward(form.name.data, form.granted_by.data, form.granted_on.data, form.basis.data or "")
        try:
            honours.record(bank(), actor(), person_id, new, now=now())
        except TimebankError as error:
            return _of_member(person_id, form, in_words(error))
        flash(gettext("The award is noted."), "success")
        return redirect(url_for("honours.of_member", person_id=person_id))
    return _of_member(person_id, form, None)


@blueprint.post("/members/<person_id>/roll")
@allow("consents.record")
def agree(person_id: str) -> Response:
    """The member's word at the desk about the roll of honour."""
    return _agreed(RollForm(), person_id, url_for("honours.of_member", person_id=person_id))


@blueprint.post("/members/<person_id>/awards/<award_id>/withdraw")
@allow("awards.record")
def withdraw(person_id: str, award_id: str) -> Response:
    """It does not stand."""
    honours.withdraw(bank(), actor(), award_id, request.form.get("reason", ""), now=now())
    flash(gettext("Withdrawn. It is kept with the reason."), "success")
    return redirect(url_for("honours.of_member", person_id=person_id))


@blueprint.get("/honour-roll")
@public
def roll() -> Response:
    """Who agreed to be thanked in public. No search engine shall keep it."""
    stations = [one for one in network.stations(bank()) if one.kind == "station" and one.state == "open"]
    station_id = request.args.get("station") or None
    page = make_response(
        render_template(
            "honours/roll.html", lines=honours.roll(bank(), station_id, now=now()), chosen=station_id,
            stations=[(one.id, in_language(one.name, one.name_en)) for one in stations],
        )
    )  # fmt: skip
    page.headers["X-Robots-Tag"] = "noindex, noarchive"
    return page
