"""The catalogue of services: everybody reads it, the county edits it. Items are added or no longer offered."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField

from timebank.domain.catalogue import (
    FIVE_X_LABELS,
    HELP_LABELS,
    PLACE_LABELS,
    RISK_LABELS,
    TRAINING_LABELS,
    FiveX,
    Help,
    Place,
    Service,
)
from timebank.domain.errors import TimebankError
from timebank.domain.policies import Risk
from timebank.domain.roles import permits
from timebank.services import catalogue
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor as this_actor
from timebank.web.guard import allow, bank, public, visitor
from timebank.web.words import choices

blueprint = Blueprint("catalogue", __name__)


class ServiceForm(Form):
    name = SafeText(lazy_gettext("Name in Chinese"), [needed()])
    name_en = SafeText(lazy_gettext("Name in English"), [needed()])
    code = SafeText(
        lazy_gettext("Short code"),
        [needed()],
        description=lazy_gettext(
            "Small Latin letters and underscores. It stays for ever, so that old records can be read."
        ),
    )
    five_x = SelectField(lazy_gettext("Kind of service"), default="own")
    helps = SelectMultipleField(lazy_gettext("Which of the six helps"))
    risk = SelectField(lazy_gettext("Risk"))
    training = SelectField(lazy_gettext("Training that it needs"))
    minutes_min = IntegerField(lazy_gettext("At least how many minutes"), [needed()], default=30)
    minutes_max = IntegerField(lazy_gettext("At most how many minutes"), [needed()], default=120)
    place = SelectField(lazy_gettext("Where"))
    two_persons = BooleanField(lazy_gettext("Two people must be there"))
    askable = BooleanField(
        lazy_gettext("Elders can ask for it"),
        default="checked",
        description=lazy_gettext("Not so for what serves everybody, like duty at the station."),
    )


def _fill(form: ServiceForm) -> None:
    form.five_x.choices = choices(FIVE_X_LABELS)
    form.helps.choices = choices(HELP_LABELS)
    form.risk.choices = choices(RISK_LABELS)
    form.training.choices = [("", gettext("none")), *choices(TRAINING_LABELS)]
    form.place.choices = choices(PLACE_LABELS)


def _page(form: ServiceForm | None, refusal: Any) -> str:
    items = catalogue.items(bank())
    groups = [(label, [item for item in items if item.five_x is code]) for code, label in FIVE_X_LABELS.items()]
    return render_template(
        "catalogue/index.html", groups=groups, form=form, refusal=refusal, places=PLACE_LABELS, risks=RISK_LABELS,
        trainings=TRAINING_LABELS, helps=HELP_LABELS,
    )  # fmt: skip


@blueprint.get("/services")
@public
def index() -> str:
    """What can be asked for, by class; the county finds the form to add an item below."""
    signed = visitor()
    form = None
    if signed is not None and signed.second_factor == "done" and permits(signed.actor, "catalogue.edit"):
        form = ServiceForm()
        _fill(form)
    return _page(form, None)


@blueprint.post("/services")
@allow("catalogue.edit")
def add() -> Any:
    """Add an item of the county's own."""
    form = ServiceForm()
    _fill(form)
    refusal = None
    if form.validate_on_submit():
        try:
            catalogue.add(bank(), this_actor(), _told(form))
            flash(gettext("The service can be chosen from now on."), "success")
            return redirect(url_for("catalogue.index"))
        except TimebankError as error:
            refusal = in_words(error)
    return _page(form, refusal), refusal.status if refusal else 422


def _told(form: ServiceForm) -> Service:
    return Service(
        code=form.code.data,
        name=form.name.data,
        name_en=form.name_en.data,
        five_x=FiveX(form.five_x.data),
        helps=tuple(Help(one) for one in form.helps.data or ()),
        risk=Risk(form.risk.data),
        training=form.training.data or None,
        minutes_min=form.minutes_min.data,
        minutes_max=form.minutes_max.data,
        place=Place(form.place.data),
        two_persons=form.two_persons.data,
        rank=len(catalogue.items(bank())) + 1,
        askable=form.askable.data,
    )


@blueprint.post("/services/<code>/offer")
@allow("catalogue.edit")
def offer(code: str) -> Response:
    """Mark an item as offered, or as no longer offered."""
    active = request.form.get("active") == "yes"
    catalogue.offer(bank(), this_actor(), code, active=active)
    flash(gettext("It is offered again.") if active else gettext("It is no longer offered."), "success")
    return redirect(url_for("catalogue.index"))


@blueprint.post("/services/<code>/askable")
@allow("catalogue.edit")
def let_ask(code: str) -> Response:
    """Mark an item as one that elders can ask for, or not."""
    askable = request.form.get("askable") == "yes"
    catalogue.let_ask(bank(), this_actor(), code, askable=askable)
    flash(gettext("Elders can ask for it.") if askable else gettext("Elders can't ask for it."), "success")
    return redirect(url_for("catalogue.index"))
