"""One item of the catalogue: its standard card, its class, and what the county changes from a day on."""

from __future__ import annotations

from datetime import date
from typing import Any

import segno
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from wtforms import DateField, IntegerField, SelectField, TextAreaField
from wtforms.validators import Optional

from timebank.domain.catalogue import FIVE_X_LABELS, LEGAL_CLASS_LABELS, PLACE_LABELS, RISK_LABELS, TRAINING_LABELS
from timebank.domain.errors import Invalid, TimebankError
from timebank.domain.local_time import local_day
from timebank.domain.policies import Risk
from timebank.domain.roles import permits
from timebank.domain.standards import CardText, Change
from timebank.domain.words import N_
from timebank.services import catalogue, standards
from timebank.web.errors import Refusal, in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now, public, visitor
from timebank.web.paper import drawn
from timebank.web.words import choices

blueprint = Blueprint("standards", __name__)
MODULE_MILLIMETRES = 0.8
STATE_LABELS = {
    "planned": N_("Waits for its day"),
    "applied": N_("In force"),
    "withdrawn": N_("Taken back"),
    "unfit": N_("Did not fit any more"),
}


class CardForm(Form):
    steps = TextAreaField(lazy_gettext("Steps, in Chinese"), [needed()])
    bring = TextAreaField(lazy_gettext("What to bring, in Chinese"), [needed()])
    never = TextAreaField(lazy_gettext("What never to do, in Chinese"), [needed()])
    steps_en = TextAreaField(lazy_gettext("Steps, in English"), [needed()])
    bring_en = TextAreaField(lazy_gettext("What to bring, in English"), [needed()])
    never_en = TextAreaField(lazy_gettext("What never to do, in English"), [needed()])
    basis = SafeText(lazy_gettext("By which paper"), [needed()])
    on = DateField(lazy_gettext("In force from"), [needed()])


class ChangeForm(Form):
    active = SelectField(lazy_gettext("Offered"))
    minutes_min = IntegerField(lazy_gettext("At least how many minutes"), [Optional()])
    minutes_max = IntegerField(lazy_gettext("At most how many minutes"), [Optional()])
    risk = SelectField(lazy_gettext("Risk"))
    training = SelectField(lazy_gettext("Training that it needs"))
    two_persons = SelectField(lazy_gettext("Two people must be there"))
    legal_class = SelectField(lazy_gettext("Class in the basic list"))
    why = SafeText(lazy_gettext("By which paper"), [needed()])
    day = DateField(lazy_gettext("In force from"), [needed()])


def _forms(code: str) -> tuple[CardForm, ChangeForm]:
    """Both begin with today; a new version of a card begins with the words of the last one."""
    cards = standards.see(bank(), code, now=now()).cards
    text = {name: getattr(cards[0].text, name) for name in standards.PARTS} if cards else {}
    card, change = CardForm(data={**text, "on": _today()}), ChangeForm(data={"day": _today()})
    as_is = ("", gettext("as it is"))
    yes_no = [as_is, ("yes", gettext("Yes")), ("no", gettext("No"))]
    change.active.choices = change.two_persons.choices = yes_no
    change.risk.choices = [as_is, *choices(RISK_LABELS)]
    change.training.choices = [as_is, *choices(TRAINING_LABELS)]
    change.legal_class.choices = [as_is, *choices(LEGAL_CLASS_LABELS)]
    return card, change


def _today() -> date:
    return local_day(now())


def _edits() -> bool:
    signed = visitor()
    return signed is not None and signed.second_factor == "done" and permits(signed.actor, "catalogue.edit")


def _page(code: str, forms: tuple[CardForm, ChangeForm] | None, refusal: Refusal | None, wrong: Any = None) -> str:
    item = standards.see(bank(), code, now=now())
    return render_template(
        "catalogue/show.html", item=item, service=item.service, card=forms[0] if forms else None,
        change=forms[1] if forms else None, wrong=wrong, refusal=refusal, classes=FIVE_X_LABELS, places=PLACE_LABELS,
        risks=RISK_LABELS, trainings=TRAINING_LABELS, legal=LEGAL_CLASS_LABELS, states=STATE_LABELS,
    )  # fmt: skip


@blueprint.get("/services/<code>")
@public
def show(code: str) -> str:
    """An item with its card and its changes; the county finds its forms below."""
    standards.see(bank(), code, now=now())
    return _page(code, _forms(code) if _edits() else None, None)


@blueprint.post("/services/<code>/card")
@allow("catalogue.edit")
def decide_card(code: str) -> Any:
    """A new version of the card."""
    both = _forms(code)
    form, refusal = both[0], None
    if form.validate_on_submit():
        try:
            text = CardText(**{name: getattr(form, name).data for name in standards.PARTS})
            standards.decide_card(bank(), actor(), code, text, basis=form.basis.data, on=form.on.data, now=now())
            flash(gettext("The new version of the card is kept."), "success")
            return redirect(url_for("standards.show", code=code))
        except TimebankError as error:
            refusal = in_words(error)
    return _page(code, both, refusal, form), refusal.status if refusal else 422


@blueprint.post("/services/<code>/changes")
@allow("catalogue.edit")
def decide_change(code: str) -> Any:
    """Change the item from a day on."""
    both = _forms(code)
    form, refusal = both[1], None
    if form.validate_on_submit():
        try:
            standards.decide_change(
                bank(), actor(), code, _told(form), basis=form.why.data, on=form.day.data, now=now()
            )
            flash(gettext("The change is decided. It stands on this page for everybody."), "success")
            return redirect(url_for("standards.show", code=code))
        except TimebankError as error:
            refusal = in_words(error)
    return _page(code, both, refusal, form), refusal.status if refusal else 422


def _told(form: ChangeForm) -> Change:
    sides = {"": None, "yes": True, "no": False}
    return Change(
        active=sides[form.active.data],
        minutes_min=form.minutes_min.data,
        minutes_max=form.minutes_max.data,
        risk=Risk(form.risk.data) if form.risk.data else None,
        training=form.training.data or None,
        two_persons=sides[form.two_persons.data],
        legal_class=form.legal_class.data or None,
    )


@blueprint.post("/services/<code>/changes/<change_id>/withdraw")
@allow("catalogue.edit")
def withdraw(code: str, change_id: str) -> Any:
    """Take back a change that waits for its day."""
    standards.withdraw_change(bank(), actor(), code, change_id, now=now())
    flash(gettext("The change is taken back."), "success")
    return redirect(url_for("standards.show", code=code))


@blueprint.post("/services/<code>/papers")
@allow("catalogue.edit")
def carry(code: str) -> Any:
    """Whether papers are carried in this service."""
    carries = request.form.get("carries") == "yes"
    catalogue.let_carry_papers(bank(), actor(), code, carries=carries)
    flash(gettext("It is kept. You can change it here at any time."), "success")
    return redirect(url_for("standards.show", code=code))


@blueprint.get("/services/<code>/card.pdf")
@public
def card_pdf(code: str) -> Response:
    """The standard card on paper, in both languages; `version` names an older one."""
    told = request.args.get("version", "")
    if told and not (told.isascii() and told.isdigit() and len(told) < 6):
        raise Invalid
    card = standards.card(bank(), code, int(told) if told else None, now=now())
    item = standards.see(bank(), code, now=now())
    address = url_for("standards.show", code=code, _external=True)
    picture = segno.make(address, error="m").svg_data_uri(scale=MODULE_MILLIMETRES, unit="mm", border=2)
    html = render_template("catalogue/card.html", card=card, service=item.service, code=picture, address=address)
    response = Response(drawn(html), content_type="application/pdf")
    response.headers["Content-Disposition"] = f"attachment; filename=standard-{code}-{card.version}.pdf"
    return response
