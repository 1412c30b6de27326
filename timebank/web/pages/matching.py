"""Suggestions for a day: who could serve which need, and why. A worker confirms; the machine assigns nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from timebank.domain.errors import Invalid
from timebank.domain.matching import REASON_TEXTS
from timebank.domain.roles import permits
from timebank.services import matching, members
from timebank.web.asking import day_choices
from timebank.web.errors import in_words
from timebank.web.guard import actor, allow, bank, now
from timebank.web.pages.hours import zone

blueprint = Blueprint("matching", __name__)
AHEAD_DAYS = 14


def _day() -> date:
    """The day that is looked at; today where none is told. Raises Invalid."""
    told = request.values.get("day")
    try:
        return date.fromisoformat(told) if told else now().astimezone(zone()).date()
    except ValueError as error:
        raise Invalid from error


@blueprint.get("/matching")
@allow("matching.read")
def index() -> Any:
    """The best plan for the open needs of a day, with its reasons."""
    return _page(_day(), None)


def _page(day: date, outcomes: Any) -> Any:
    rows = matching.suggest(bank(), actor(), day, now=now())
    refused = [(one, in_words(one.refusal)) for one in outcomes or () if one.refusal is not None]
    page = render_template(
        "matching/index.html",
        rows=rows,
        day=day.isoformat(),
        days=day_choices(AHEAD_DAYS),
        reasons=REASON_TEXTS,
        confirms=permits(actor(), "matching.confirm"),
        refused=refused,
    )
    return page, 409 if refused else 200


@blueprint.post("/needs/<need_id>/assign")
@allow("matching.confirm")
def assign(need_id: str) -> Response:
    """A worker gives a need to a volunteer who was asked in person or by phone, found by member number."""
    person_id = members.by_number(bank(), request.form.get("number", "").strip())
    outcome = matching.confirm(bank(), actor(), [(need_id, person_id)], now=now())[0]
    if outcome.refusal is not None:
        raise outcome.refusal
    flash(gettext("The helper is found. Tell both of them when and where."), "success")
    return redirect(url_for("needs.show", need_id=need_id))


@blueprint.post("/matching/confirm")
@allow("matching.confirm")
def confirm() -> Any:
    """Those that were ticked are given to their volunteers; what the rules refuse is said."""
    ticked = [one.partition(":") for one in request.form.getlist("pair")]
    if not ticked or not all(colon for _, colon, _ in ticked):
        raise Invalid
    outcomes = matching.confirm(bank(), actor(), [(need, person) for need, _, person in ticked], now=now())
    done = sum(one.refusal is None for one in outcomes)
    if done:
        flash(gettext("%(count)s needs were given to their helpers. They are told.", count=done), "success")
    if done < len(outcomes):
        return _page(_day(), outcomes)
    return redirect(url_for("matching.index", day=_day().isoformat()))
