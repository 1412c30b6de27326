"""Accounts of staff, for administrators."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import PasswordField, SelectField

from timebank.domain.errors import TimebankError
from timebank.services import members, network, staff
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now
from timebank.web.language import in_language
from timebank.web.words import ROLE_LABELS, choices

blueprint = Blueprint("staff", __name__)


class AppointForm(Form):
    name = SafeText(lazy_gettext("Full name"), [needed()])
    phone = SafeText(lazy_gettext("Phone number"), [needed()])
    login = SafeText(lazy_gettext("User name"), [needed()])
    password = PasswordField(lazy_gettext("First password"), [needed()])
    role = SelectField(lazy_gettext("Role"))
    station_id = SelectField(lazy_gettext("Station or centre"))


class GrantForm(Form):
    number = SafeText(lazy_gettext("Member number"), [needed()])
    role = SelectField(lazy_gettext("Role"))
    station_id = SelectField(lazy_gettext("Station or centre"))


class LookForm(Form):
    number = SafeText(lazy_gettext("Member number"), [needed()])
    reason = SafeText(lazy_gettext("Why do you need to see it?"), [needed()])


def _fill(form: AppointForm | GrantForm) -> None:
    roles = {code: label for code, label in ROLE_LABELS.items() if code != "member"}
    form.role.choices = choices(roles)
    places = [(view.id, in_language(view.name, view.name_en)) for view in network.stations(bank())]
    form.station_id.choices = [("", gettext("The whole county")), *places]


@blueprint.route("/staff", methods=["GET", "POST"])
@allow("staff.manage")
def index() -> Any:
    """Everybody with a role; appoint somebody new."""
    form, grant_form = AppointForm(), GrantForm(formdata=None)
    _fill(form)
    _fill(grant_form)
    refusal = None
    if form.validate_on_submit():
        try:
            staff.appoint(
                bank(),
                actor(),
                name=form.name.data,
                phone=form.phone.data,
                login=form.login.data,
                password=form.password.data,
                role=form.role.data,
                station_id=form.station_id.data or None,
                now=now(),
            )
            flash(gettext("The account is made. The first password must be changed at the first sign-in."), "success")
            return redirect(url_for("staff.index"))
        except TimebankError as error:
            refusal = in_words(error)
    people = staff.every(bank(), actor())
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "staff/index.html", people=people, form=form, grant_form=grant_form, look_form=LookForm(formdata=None),
        refusal=refusal, role_labels=ROLE_LABELS,
    ), status  # fmt: skip


@blueprint.post("/staff/grant")
@allow("staff.manage")
def grant() -> Response:
    """Give a role to somebody who is a member already."""
    form = GrantForm()
    _fill(form)
    person_id = members.by_number(bank(), form.number.data or "")
    staff.grant(bank(), actor(), person_id, form.role.data or "", form.station_id.data or None, now=now())
    flash(gettext("The role is given."), "success")
    return redirect(url_for("staff.index"))


@blueprint.post("/staff/roles/<grant_id>/end")
@allow("staff.manage")
def end_role(grant_id: str) -> Response:
    staff.end_role(bank(), actor(), grant_id, now=now())
    flash(gettext("The role is taken back."), "success")
    return redirect(url_for("staff.index"))


@blueprint.post("/staff/look")
@allow("personal.look")
def look() -> str:
    """See a member's data with a reason, which is kept for ever."""
    form = LookForm()
    person_id = members.by_number(bank(), form.number.data or "")
    view = members.look(bank(), actor(), person_id, form.reason.data or "", now=now())
    return render_template("staff/look.html", member=view)
