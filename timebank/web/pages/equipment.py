"""Lending aids: the desk's stock and loans, and what a member borrowed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from wtforms import DateField, IntegerField, SelectField
from wtforms.validators import Optional

from timebank.domain.equipment import CONDITION_LABELS
from timebank.domain.errors import Invalid, TimebankError
from timebank.domain.roles import permits
from timebank.services import equipment, members
from timebank.web.errors import Refusal, in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now
from timebank.web.language import in_language
from timebank.web.words import station_choices

blueprint = Blueprint("equipment", __name__)
PAGE = 30


class LendForm(Form):
    item = SelectField(lazy_gettext("Which thing"))
    member = SafeText(lazy_gettext("Member number"), [needed()])
    due_on = DateField(
        lazy_gettext("Due back"), [Optional()], description=lazy_gettext("Empty: after the usual days of this thing.")
    )


class ItemForm(Form):
    station = SelectField(lazy_gettext("Station"))
    name = SafeText(lazy_gettext("Name in Chinese"), [needed()])
    name_en = SafeText(lazy_gettext("Name in English"), [needed()])
    total = IntegerField(lazy_gettext("How many"), [needed()], default=1)
    loan_days = IntegerField(lazy_gettext("Lent for how many days"), [needed()], default=30)


def _forms() -> tuple[LendForm, ItemForm]:
    lend, item = LendForm(), ItemForm()
    stock = equipment.stock(bank(), actor())
    lend.item.choices = [
        (one.id, f"{in_language(one.name, one.name_en)} ({one.free}/{one.total})") for one in stock if one.total
    ]
    item.station.choices = station_choices("equipment.read")
    return lend, item


def _page(refusal: Refusal | None = None, wrong: Any = None, both: tuple[LendForm, ItemForm] | None = None) -> Any:
    state = "returned" if request.args.get("list") == "returned" else "open"
    loans = equipment.loans(bank(), actor(), state, before=request.args.get("before"), limit=PAGE, now=now())
    lend, item = both or _forms()
    older = url_for("equipment.desk", list=state, before=loans[-1].id) if len(loans) == PAGE else None
    page = render_template(
        "equipment/desk.html", stock=equipment.stock(bank(), actor()), loans=loans, older=older, state=state, lend=lend,
        item=item, refusal=refusal, wrong=wrong, conditions=CONDITION_LABELS, runs=permits(actor(), "equipment.run"),
    )  # fmt: skip
    return page, refusal.status if refusal else 422 if wrong is not None else 200


@blueprint.get("/equipment/desk")
@allow("equipment.read")
def desk() -> Any:
    """Stock, what is overdue, what is lent."""
    return _page()


@blueprint.get("/equipment")
@allow("members.see_own")
def mine() -> str:
    """What I borrowed."""
    return render_template(
        "equipment/index.html", loans=equipment.mine(bank(), actor(), now=now()), conditions=CONDITION_LABELS
    )


@blueprint.post("/equipment/loans")
@allow("equipment.run")
def lend() -> Any:
    """Lend one thing to a member."""
    both = _forms()
    form = both[0]
    if not form.validate_on_submit():
        return _page(wrong=form, both=both)
    try:
        person_id = members.by_number(bank(), form.member.data)
        view = equipment.lend(bank(), actor(), form.item.data, person_id, form.due_on.data, now=now())
    except TimebankError as error:
        return _page(in_words(error), form, both)
    flash(gettext("Lent. Number %(number)s, no deposit.", number=view.number), "success")
    return redirect(url_for("equipment.desk"))


@blueprint.post("/equipment/loans/<loan_id>/return")
@allow("equipment.run")
def take_back(loan_id: str) -> Any:
    """It came back."""
    try:
        equipment.take_back(bank(), actor(), loan_id, request.form.get("condition", ""), now=now())
    except TimebankError as error:
        return _page(in_words(error))
    flash(gettext("Taken back."), "success")
    return redirect(url_for("equipment.desk"))


@blueprint.post("/equipment/items")
@allow("equipment.run")
def add() -> Any:
    """A new kind of thing."""
    both = _forms()
    form = both[1]
    if not form.validate_on_submit():
        return _page(wrong=form, both=both)
    try:
        equipment.add_item(
            bank(), actor(), form.station.data, form.name.data, form.name_en.data, form.total.data, form.loan_days.data,
            now=now(),
        )  # fmt: skip
    except TimebankError as error:
        return _page(in_words(error), form, both)
    flash(gettext("It can be lent from now on."), "success")
    return redirect(url_for("equipment.desk"))


@blueprint.post("/equipment/items/<item_id>")
@allow("equipment.run")
def set_stock(item_id: str) -> Any:
    """How many there are."""
    try:
        told = request.form.get("total", ""), request.form.get("loan_days", "")
        if not all(one.isascii() and one.isdigit() and len(one) < 6 for one in told):
            raise Invalid
        equipment.set_stock(bank(), actor(), item_id, int(told[0]), int(told[1]))
    except TimebankError as error:
        return _page(in_words(error))
    flash(gettext("It is kept. You can change it here at any time."), "success")
    return redirect(url_for("equipment.desk"))
