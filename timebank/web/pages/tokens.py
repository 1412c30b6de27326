"""Access tokens for stations' own systems, for administrators."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import IntegerField, SelectField

from timebank.domain.errors import TimebankError
from timebank.services import staff, tokens
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("tokens", __name__)


class TokenForm(Form):
    name = SafeText(lazy_gettext("What it is for"), [needed()])
    owner_id = SelectField(lazy_gettext("In whose name it acts"))
    scopes = SafeText(
        lazy_gettext("Scopes"),
        [needed()],
        description=lazy_gettext("Separated by spaces, for example: hours.enter hours.queue hours.verify"),
    )
    days = IntegerField(lazy_gettext("Valid for how many days"), default=90)


@blueprint.route("/tokens", methods=["GET", "POST"])
@allow("tokens.manage")
def index() -> Any:
    """All tokens; make a new one, whose secret is shown this once."""
    form = TokenForm()
    people = staff.every(bank(), actor())
    form.owner_id.choices = [(person.person_id, person.name) for person in people]
    refusal, secret = None, None
    if form.validate_on_submit():
        try:
            _, secret = tokens.make(
                bank(),
                actor(),
                name=form.name.data,
                owner_id=form.owner_id.data,
                scopes=(form.scopes.data or "").split(),
                days=form.days.data or 90,
                now=now(),
            )
        except TimebankError as error:
            refusal = in_words(error)
    names = {person.person_id: person.name for person in people}
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "tokens/index.html",
        tokens=tokens.every(bank(), actor()),
        names=names,
        form=form,
        refusal=refusal,
        secret=secret,
    ), status


@blueprint.post("/tokens/<token_id>/end")
@allow("tokens.manage")
def revoke(token_id: str) -> Response:
    tokens.revoke(bank(), actor(), token_id, now=now())
    flash(gettext("The token no longer works."), "success")
    return redirect(url_for("tokens.index"))
