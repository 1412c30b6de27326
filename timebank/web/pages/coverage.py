"""Coverage: plain words for everybody, figures and drafts for who steers, invitations by the county."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext, ngettext
from werkzeug.wrappers import Response
from wtforms import IntegerField
from wtforms.validators import NumberRange, Optional

from timebank.domain.policies.document import Guarantee
from timebank.domain.policies.labels import choice_label
from timebank.domain.roles import permits
from timebank.domain.words import N_
from timebank.services import coverage
from timebank.services.coverage import Comparison, Draft, PublicView
from timebank.web.forms import Form
from timebank.web.guard import actor, allow, bank, now, public

blueprint = Blueprint("coverage", __name__)
CASES = {
    "base": N_("As things are"),
    "fewer_volunteers": N_("Three in ten volunteers stop"),
    "longer_lives": N_("People live longer"),
    "everybody_redeems": N_("Everybody redeems at once"),
}
SHOWN = (0, 4, 9, 19, 29)


class DraftForm(Form):
    """Values to be tried; nothing is decided here."""

    age = IntegerField(lazy_gettext("Age from which hours are used"), [Optional(), NumberRange(0, 120)])
    special_age = IntegerField(lazy_gettext("Age for special groups"), [Optional(), NumberRange(0, 120)])
    cap = IntegerField(lazy_gettext("Most hours of one member"), [Optional(), NumberRange(1, 100_000)])
    lapse = IntegerField(lazy_gettext("Hours lapse after so many years"), [Optional(), NumberRange(1, 100)])


@blueprint.get("/coverage")
@public
def index() -> str:
    """What is owed, what is there, and what is not known, in plain words."""
    view = coverage.for_public(bank())
    guarantee = choice_label(Guarantee(view.guarantee)) if view else ""
    return render_template("coverage/index.html", view=view, guarantee=guarantee)


@blueprint.get("/coverage.csv")
@public
def table() -> Response:
    """The same for machines and sheets: bands of ages and years, and the simulated years."""
    view = coverage.for_public(bank())
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["day", "what", "first", "last", "members", "minutes", "asked_minutes", "low", "middle", "high"])
    writer.writerows(_lines(view) if view is not None else [])
    return Response(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")


def _lines(view: PublicView) -> Iterator[list[object]]:
    """Numbers, days and our own words alone: nothing in them can be a formula."""
    for what, rows in (("age", view.ages), ("redeemable_year", view.years)):
        for band in rows:
            yield [view.day, what, band.first, band.last, band.members, band.minutes, "", "", "", ""]
    if view.base is not None:
        for at, (asked, percent) in enumerate(zip(view.base.asked, view.base.percent, strict=True)):
            year = view.day.year + at
            yield [view.day, "coverage_percent", year, year, "", "", asked[1], *percent]


@blueprint.get("/coverage/figures")
@allow("reports.read")
def figures() -> Any:
    """All figures of the last night, and a draft of rules beside the present ones."""
    view = coverage.latest(bank(), actor())
    asked = bool(request.args)
    form = DraftForm(formdata=request.args if asked else None)
    valid = not asked or form.validate()
    found = coverage.compare(bank(), actor(), _draft(form) if asked and valid else None)
    if found is not None and not asked:
        _fill(form, found)
    page = render_template(
        "coverage/figures.html",
        view=view,
        form=form,
        compared=found,
        drafted=asked and valid,
        cases=CASES,
        shown=SHOWN,
        may_invite=permits(actor(), "coverage.invite"),
    )
    return page, 200 if valid else 422


def _draft(form: DraftForm) -> Draft:
    hours = form.cap.data
    return Draft(form.age.data, form.special_age.data, None if hours is None else hours * 60, form.lapse.data)


def _fill(form: DraftForm, found: Comparison) -> None:
    present = found.present
    form.age.data, form.special_age.data, form.lapse.data = (
        present.age_years, present.special_age_years, present.lapse_years,
    )  # fmt: skip
    form.cap.data = None if present.cap_minutes is None else present.cap_minutes // 60


@blueprint.get("/coverage/invitations")
@allow("coverage.invite")
def invitations() -> str:
    """Who may redeem and never did."""
    return render_template("coverage/invitations.html", views=coverage.never_redeemed(bank(), actor(), now=now()))


@blueprint.post("/coverage/invitations")
@allow("coverage.invite")
def invite() -> Response:
    """Tell all of the list."""
    told = coverage.invite(bank(), actor(), now=now())
    flash(ngettext("%(num)s member was invited.", "%(num)s members were invited.", told), "success")
    return redirect(url_for("coverage.invitations"))
