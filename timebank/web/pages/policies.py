"""Policy versions: everybody may read them, the county decides on new ones."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from wtforms import DateField, TextAreaField

from timebank.domain.errors import TimebankError
from timebank.domain.policies import to_json
from timebank.services import policies
from timebank.web.errors import in_words
from timebank.web.forms import Form, needed
from timebank.web.guard import actor, allow, bank, now, public

blueprint = Blueprint("policies", __name__)


class PolicyForm(Form):
    text = TextAreaField(lazy_gettext("The rules"), [needed()], description=lazy_gettext("All amounts are minutes."))
    effective_on = DateField(lazy_gettext("In force from the beginning of"), [needed()])


@blueprint.get("/policies")
@public
def index() -> str:
    """Every version; the one in force first in words."""
    return render_template("policies/index.html", versions=policies.versions(bank(), now=now()))


@blueprint.get("/policies/<int:version>")
@public
def show(version: int) -> str:
    """One version, whole, with the hash that entries cite."""
    view = policies.version(bank(), version, now=now())
    return render_template("policies/show.html", view=view, text=policies.text_of(to_json(view.policy)))


@blueprint.route("/policies/new", methods=["GET", "POST"])
@allow("policies.decide")
def decide() -> Any:
    """Write a new version, beginning from a ready template or from the present one."""
    zone = ZoneInfo(bank().settings.timezone)
    tomorrow = now().astimezone(zone).date() + timedelta(days=1)
    form = PolicyForm(effective_on=tomorrow)
    refusal = None
    if form.validate_on_submit():
        start = datetime.combine(form.effective_on.data, time.min, zone).astimezone(UTC)
        try:
            view = policies.decide(bank(), actor(), form.text.data, start, now=now())
            flash(gettext("Decided. Every entry from then on cites these rules."), "success")
            return redirect(url_for("policies.show", version=view.version))
        except TimebankError as error:
            refusal = in_words(error)
    elif request.method == "GET":
        form.text.data = _beginning(request.args.get("template", ""), request.args.get("region", ""))
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "policies/decide.html", form=form, refusal=refusal, templates=policies.templates(), regions=policies.regions()
    ), status


def _beginning(name: str, region: str) -> str:
    if name:
        return policies.template(name, region or policies.regions()[0])
    versions = policies.versions(bank(), now=now())
    return policies.text_of(to_json(versions[0].policy)) if versions else policies.template("demo")
