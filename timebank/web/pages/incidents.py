"""Incidents: what happened, who was called, what was done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from wtforms import DateField, SelectField, TextAreaField, TimeField

from timebank.domain.errors import Invalid, TimebankError
from timebank.domain.incidents import KIND_LABELS, PLACE_LABELS, SEVERITY_LABELS
from timebank.domain.roles import RoleName
from timebank.services import incidents, members, network
from timebank.services.incidents import NewIncident
from timebank.web.errors import Refusal, in_words
from timebank.web.forms import Choice, Form, SafeText, chosen, needed
from timebank.web.guard import actor, allow, bank, now
from timebank.web.language import in_language
from timebank.web.pages.hours import zone
from timebank.web.words import ROLE_LABELS, choices

blueprint = Blueprint("incidents", __name__)
PAGE = 20


class IncidentForm(Form):
    severity = Choice(lazy_gettext("How urgent is it?"), [chosen()])
    kind = SelectField(lazy_gettext("What happened?"))
    place = SelectField(lazy_gettext("Where?"))
    station = SelectField(lazy_gettext("Station"))
    member = SafeText(lazy_gettext("Member number"), description=lazy_gettext("You can leave this empty."))
    day = DateField(lazy_gettext("On which day?"), [needed()])
    start = TimeField(lazy_gettext("At what time?"), [needed()])
    text = TextAreaField(lazy_gettext("In a few words"), [needed()])


@blueprint.get("/incidents")
@allow("incidents.read")
def index() -> str:
    """What is open, or what is closed."""
    state = "closed" if request.args.get("list") == "closed" else "open"
    rows = incidents.at_stations(bank(), actor(), state, before=request.args.get("before"), limit=PAGE, now=now())
    older = url_for("incidents.index", list=state, before=rows[-1].id) if len(rows) == PAGE else None
    return render_template(
        "incidents/index.html", rows=rows, older=older, state=state, kinds=KIND_LABELS, severities=SEVERITY_LABELS,
    )  # fmt: skip


@blueprint.route("/incidents/new", methods=["GET", "POST"])
@allow("incidents.run")
def new() -> Any:
    """Write down what happened; the chain of calls begins at once."""
    local = now().astimezone(zone())
    form, refusal = IncidentForm(data={"day": local.date(), "start": local.time()}), None
    form.severity.choices, form.kind.choices = choices(SEVERITY_LABELS), choices(KIND_LABELS)
    form.place.choices, form.station.choices = choices(PLACE_LABELS), _stations()
    if form.validate_on_submit():
        try:
            view = incidents.report(bank(), actor(), _told(form), now=now())
            flash(gettext("Written down. Make the calls now."), "notice")
            return redirect(url_for("incidents.show", incident_id=view.id))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("incidents/new.html", form=form, refusal=refusal), status


def _stations() -> list[tuple[str, str]]:
    """The actor's station first; who stands above chooses among all, and the service refuses the others'."""
    mine = {role.station_id for role in actor().roles}
    every = sorted(network.stations(bank()), key=lambda one: (one.id not in mine, one.code))
    worker = all(role.name in (RoleName.WORKER, RoleName.MEMBER) for role in actor().roles)
    return [(one.id, in_language(one.name, one.name_en)) for one in every if one.id in mine or not worker]


def _told(form: IncidentForm) -> NewIncident:
    at = datetime.combine(form.day.data, form.start.data, zone()).astimezone(UTC)
    person_id = members.by_number(bank(), form.member.data) if form.member.data else None
    return NewIncident(
        form.station.data, form.kind.data, form.severity.data, form.place.data, at, form.text.data.strip()[:1000],
        person_id,
    )  # fmt: skip


@blueprint.get("/incidents/<incident_id>")
@allow("incidents.read")
def show(incident_id: str) -> Any:
    """One incident with its chain of calls."""
    return _show(incident_id, None)


def _show(incident_id: str, refusal: Refusal | None, done: str = "") -> Any:
    page = render_template(
        "incidents/show.html", view=incidents.see(bank(), actor(), incident_id, now=now()), refusal=refusal, done=done,
        tries=incidents.tries(bank(), actor(), incident_id), kinds=KIND_LABELS, places=PLACE_LABELS,
        severities=SEVERITY_LABELS, roles=ROLE_LABELS,
    )  # fmt: skip
    return page, refusal.status if refusal else 200


@blueprint.post("/incidents/<incident_id>/calls")
@allow("incidents.run")
def call(incident_id: str) -> Any:
    """Somebody was called: reached or not."""
    try:
        step, reached = request.form.get("step", ""), request.form.get("reached", "")
        if not step.isdecimal() or reached not in ("yes", "no"):
            raise Invalid
        called_id = request.form.get("called") or None
        incidents.call(bank(), actor(), incident_id, int(step), called_id, reached=reached == "yes", now=now())
    except TimebankError as error:
        return _show(incident_id, in_words(error))
    flash(gettext("The call is written down."), "success")
    return redirect(url_for("incidents.show", incident_id=incident_id))


@blueprint.post("/incidents/<incident_id>/close")
@allow("incidents.run")
def close(incident_id: str) -> Any:
    """It is over: what was done."""
    done = request.form.get("done", "")[:1000]
    try:
        incidents.close(bank(), actor(), incident_id, done, now=now())
    except TimebankError as error:
        return _show(incident_id, in_words(error), done)
    flash(gettext("The incident is closed."), "success")
    return redirect(url_for("incidents.index"))
