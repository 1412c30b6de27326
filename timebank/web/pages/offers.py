"""Offers: a volunteer says when help is possible; the station sees them, and the insurance papers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, SelectMultipleField, TimeField
from wtforms.validators import Optional

from timebank.domain.errors import TimebankError
from timebank.domain.needs import GENDER_LABELS, LANGUAGE_LABELS
from timebank.domain.offers import WEEKDAY_LABELS
from timebank.services import catalogue, members, offers
from timebank.services.offers import MakeOffer
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now
from timebank.web.language import in_language
from timebank.web.words import choices

blueprint = Blueprint("offers", __name__)
DISTANCES = (500, 1000, 2000, 3000, 5000)


class OfferForm(Form):
    weekdays = SelectMultipleField(lazy_gettext("On which weekdays?"), coerce=int)
    start = TimeField(lazy_gettext("Free from"), [needed()])
    end = TimeField(lazy_gettext("Free until"), [needed()])
    services = SelectMultipleField(lazy_gettext("With what can you help?"))
    far_metres = SelectField(lazy_gettext("How far do you go?"), coerce=int, default=1000)
    languages = SelectMultipleField(lazy_gettext("Which languages do you speak?"))
    gender_wish = SelectField(lazy_gettext("Whom would you rather help?"), default="")
    insured_until = DateField(
        lazy_gettext("Accident insurance until"),
        [Optional()],
        description=lazy_gettext("Leave it empty if you have none. Show the paper at the station."),
    )
    risk = SafeText(
        lazy_gettext("What should the station watch out for?"),
        description=lazy_gettext("For example a bad back, or no stairs. Write “nothing” if there is nothing."),
    )


@blueprint.route("/offers", methods=["GET", "POST"])
@allow("offers.make")
def index() -> Any:
    """My offers, and a new one."""
    form = _form()
    refusal = None
    if form.validate_on_submit():
        try:
            offers.make(bank(), actor(), _told(form), now=now())
            flash(gettext("Thank you. The station and its suggestions count on it now."), "success")
            return redirect(url_for("offers.index"))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("offers/index.html", form=form, refusal=refusal, rows=offers.mine(bank(), actor())), status


@blueprint.route("/offers/at-desk", methods=["GET", "POST"])
@allow("offers.check")
def at_desk() -> Any:
    """A worker enters the offer of a member who stands at the desk or calls. The member is found by number."""
    number = request.args.get("member", "").strip()
    form = _form()
    member, refusal = None, None
    try:
        if number:
            member = members.see(bank(), actor(), members.by_number(bank(), number), now=now())
        if member is not None and form.validate_on_submit():
            offers.make(bank(), actor(), _told(form), member.person_id, now=now())
            flash(gettext("The offer is entered."), "success")
            return redirect(url_for("offers.desk"))
    except TimebankError as error:
        refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("offers/at_desk.html", form=form, refusal=refusal, member=member, number=number), status


def _form() -> OfferForm:
    form = OfferForm()
    form.weekdays.choices = [(number, gettext(label)) for number, label in WEEKDAY_LABELS.items()]
    form.services.choices = [(one.code, in_language(one.name, one.name_en)) for one in catalogue.askable(bank())]
    form.far_metres.choices = [(metres, gettext("%(km)s km", km=metres / 1000)) for metres in DISTANCES]
    form.languages.choices = choices(LANGUAGE_LABELS)
    form.gender_wish.choices = [("", gettext("All the same")), *choices(GENDER_LABELS)]
    return form


def _told(form: OfferForm) -> MakeOffer:
    return MakeOffer(
        weekdays=form.weekdays.data or (),
        start=form.start.data.strftime("%H:%M"),
        end=form.end.data.strftime("%H:%M"),
        services=form.services.data or (),
        risk=form.risk.data or "",
        far_metres=form.far_metres.data,
        languages=form.languages.data or (),
        gender_wish=form.gender_wish.data or "",
        insured_until=form.insured_until.data,
    )


@blueprint.post("/offers/<offer_id>/end")
@allow("offers.make")
def end(offer_id: str) -> Response:
    """I take an offer back."""
    offers.end(bank(), actor(), offer_id)
    flash(gettext("The offer is ended."), "success")
    return redirect(url_for("offers.index"))


@blueprint.get("/offers/desk")
@allow("offers.read")
def desk() -> str:
    """The valid offers of the station's volunteers."""
    return render_template("offers/desk.html", rows=offers.at_stations(bank(), actor(), now=now()))


@blueprint.post("/offers/<offer_id>/insurance")
@allow("offers.check")
def insurance(offer_id: str) -> Response:
    """The insurance paper was shown at the desk."""
    offers.see_insurance(bank(), actor(), offer_id, now=now())
    flash(gettext("Written down. The insurance counts now."), "success")
    return redirect(url_for("offers.desk"))
