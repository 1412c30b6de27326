"""Monthly visits: the month's list, a visit in three taps, the sheet for paper, and the coverage by station."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, TextAreaField, TimeField

from timebank.domain.errors import Invalid, TimebankError
from timebank.domain.local_time import add_months, local_day
from timebank.domain.roles import permits, workplaces
from timebank.domain.rounds import END_LABELS, MODE_LABELS, OUTCOME_LABELS, Mode, Outcome, month_of
from timebank.services import members, network, rounds
from timebank.services.rounds import ElderView, NewVisit, RoundView
from timebank.web.errors import Refusal, in_words
from timebank.web.forms import Choice, Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now, signed_in
from timebank.web.pages.hours import zone
from timebank.web.words import choices

blueprint = Blueprint("rounds", __name__)


class VisitForm(Form):
    """Tap how, tap what was found, tap save. The time is now and the visitor is me unless said otherwise."""

    mode = Choice(lazy_gettext("How was the elder visited?"), default=str(Mode.HOME))
    outcome = Choice(lazy_gettext("What did you find?"))
    text = TextAreaField(
        lazy_gettext("In a few words"),
        description=lazy_gettext("Needed unless all is well. Only the station reads it."),
    )
    day = DateField(lazy_gettext("On which day?"), [needed()])
    start = TimeField(lazy_gettext("At what time?"), [needed()])
    visitor = SelectField(lazy_gettext("Who visited?"))


class EnrolForm(Form):
    grid = SafeText(
        lazy_gettext("Grid"), [needed()], description=lazy_gettext("The grid of the community, for example 3-02.")
    )
    visitor = SelectField(lazy_gettext("Who visits as a rule?"))


def _month() -> date:
    return month_of(request.args.get("month"), now())


@blueprint.get("/rounds")
@allow("rounds.read")
def index() -> str:
    """The list of a month: who was not visited yet stands first."""
    month, station_id = _month(), request.args.get("station") or None
    rows = rounds.month_list(bank(), actor(), month, station_id, now=now())
    return render_template(
        "rounds/index.html", rows=rows, month=month, this_month=local_day(now()).replace(day=1),
        before=add_months(month, -1), after=add_months(month, 1), station=_station(station_id),
        may_run=permits(actor(), "rounds.run"), outcomes=OUTCOME_LABELS,
    )  # fmt: skip


@blueprint.get("/rounds/mine")
@signed_in
def mine() -> str:
    """Whom I visit this month. A visit is told at the desk, which writes it down."""
    month = local_day(now()).replace(day=1)
    return render_template("rounds/mine.html", rows=rounds.mine(bank(), actor(), month, now=now()), month=month)


def _station(station_id: str | None) -> Any:
    return network.station(bank(), station_id) if station_id else None


@blueprint.get("/rounds/sheet")
@allow("rounds.run")
def sheet() -> str:
    """The list for paper: who visits whom, with room to write. Circumstances stand on no paper."""
    month = _month()
    rows = rounds.month_list(bank(), actor(), month, now=now())
    return render_template("rounds/sheet.html", rows=rows, month=month, outcomes=OUTCOME_LABELS)


@blueprint.get("/rounds/coverage")
@allow("rounds.read")
def coverage() -> str:
    """What share of the enrolled elders was visited, by station, with the target of the region's papers."""
    month = _month()
    view = rounds.coverage(bank(), actor(), month, now=now())
    return render_template(
        "rounds/coverage.html", view=view, month=month, before=add_months(month, -1), after=add_months(month, 1),
        this_month=local_day(now()).replace(day=1),
    )  # fmt: skip


@blueprint.post("/rounds/plan")
@allow("rounds.run")
def plan() -> Any:
    """Give every elder of my station without a visitor one for this month."""
    month = month_of(request.form.get("month"), now())
    try:
        count = sum(rounds.plan(bank(), actor(), one, month, now=now()) for one in sorted(workplaces(actor())))
    except TimebankError as error:
        refusal = in_words(error)
        flash(f"{refusal.text} {refusal.remedy}", "notice")
        return redirect(url_for("rounds.index", month=f"{month:%Y-%m}"))
    flash(gettext("Planned: %(count)s elders have a visitor now.", count=count), "success")
    return redirect(url_for("rounds.index", month=f"{month:%Y-%m}"))


@blueprint.route("/rounds/new", methods=["GET", "POST"])
@allow("rounds.run")
def new() -> Any:
    """Put an elder on the list: found by number, each circumstance with what shows it."""
    number, form, refusal, found = request.args.get("member", "").strip(), EnrolForm(), None, None
    evidence: dict[str, str] = {}
    try:
        if number:
            found = rounds.elder(bank(), actor(), members.by_number(bank(), number), now=now())
            form.visitor.choices = _visitor_choices(found)
            evidence = {code: request.form.get(f"evidence-{code}", "").strip()[:300] for code, *_ in found.tags}
        if found is not None and form.validate_on_submit():
            given = {code: text for code, text in evidence.items() if text}
            view = rounds.enrol(
                bank(), actor(), found.person_id, given, form.grid.data, form.visitor.data or None, now=now()
            )
            flash(gettext("%(name)s is on the list of monthly visits.", name=view.name), "success")
            return redirect(url_for("rounds.show", enrolment_id=view.id))
    except TimebankError as error:
        refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "rounds/new.html", form=form, refusal=refusal, number=number, elder=found, evidence=evidence
    ), status


def _visitor_choices(elder: ElderView) -> list[tuple[str, str]]:
    found = [one for station in sorted(workplaces(actor())) for one in rounds.visitors(bank(), actor(), station)]
    return [("", gettext("Not said yet"))] + [
        (one.person_id, one.name) for one in found if one.person_id != elder.person_id
    ]


@blueprint.get("/rounds/<enrolment_id>")
@allow("rounds.read")
def show(enrolment_id: str) -> Any:
    """One elder's visits, and what can be done."""
    return _show(enrolment_id, None)


def _show(enrolment_id: str, refusal: Refusal | None) -> Any:
    month = local_day(now()).replace(day=1)
    view = rounds.see(bank(), actor(), enrolment_id, month, now=now())
    may_run = permits(actor(), "rounds.run") and view.station_id in workplaces(actor())
    page = render_template(
        "rounds/show.html", view=view, refusal=refusal, may_run=may_run, modes=MODE_LABELS, outcomes=OUTCOME_LABELS,
        ends=END_LABELS, visits=rounds.history(bank(), actor(), enrolment_id),
        tags=rounds.circumstances(bank(), actor(), enrolment_id, now=now()) if may_run else (),
        visitors=rounds.visitors(bank(), actor(), view.station_id) if may_run else (),
    )  # fmt: skip
    return page, refusal.status if refusal else 200


@blueprint.route("/rounds/<enrolment_id>/visit", methods=["GET", "POST"])
@allow("rounds.run")
def visit(enrolment_id: str) -> Any:
    """A visit in three taps."""
    view = rounds.see(bank(), actor(), enrolment_id, local_day(now()).replace(day=1), now=now())
    form, refusal = _visit_form(view), None
    if form.validate_on_submit():
        try:
            rounds.record(bank(), actor(), enrolment_id, _told(form), now=now())
            return _recorded(enrolment_id, form.outcome.data)
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("rounds/visit.html", form=form, view=view, refusal=refusal), status


def _visit_form(view: RoundView) -> VisitForm:
    local = now().astimezone(zone())
    form = VisitForm(data={"day": local.date(), "start": local.time(), "mode": str(Mode.HOME)})
    form.mode.choices, form.outcome.choices = choices(MODE_LABELS), choices(OUTCOME_LABELS)
    found = rounds.visitors(bank(), actor(), view.station_id)
    form.visitor.choices = [(one.person_id, one.name) for one in found if one.person_id != view.person_id]
    if not form.is_submitted():
        form.visitor.data = actor().person_id
    return form


def _told(form: VisitForm) -> NewVisit:
    at = datetime.combine(form.day.data, form.start.data, zone()).astimezone(UTC)
    text = (form.text.data or "").strip()[:500]
    return NewVisit(form.mode.data, form.outcome.data, at, text, form.visitor.data)


def _recorded(enrolment_id: str, outcome: str) -> Response:
    if outcome == Outcome.URGENT:
        flash(gettext("Written down. An incident is open: make the calls now."), "notice")
        newest = rounds.history(bank(), actor(), enrolment_id)[0]
        return redirect(url_for("incidents.show", incident_id=newest.incident_id))
    flash(gettext("The visit is written down."), "success")
    return redirect(url_for("rounds.index"))


@blueprint.post("/rounds/<enrolment_id>/assign")
@allow("rounds.run")
def assign(enrolment_id: str) -> Any:
    """Say who visits this elder this month."""
    try:
        month = local_day(now()).replace(day=1)
        rounds.assign(bank(), actor(), enrolment_id, request.form.get("visitor", ""), month, now=now())
    except TimebankError as error:
        return _show(enrolment_id, in_words(error))
    flash(gettext("The visitor is changed."), "success")
    return redirect(url_for("rounds.show", enrolment_id=enrolment_id))


@blueprint.post("/rounds/<enrolment_id>/end")
@allow("rounds.run")
def end(enrolment_id: str) -> Any:
    """Take an elder off the list, with a reason."""
    try:
        if not request.form.get("reason"):
            raise Invalid
        rounds.end(bank(), actor(), enrolment_id, request.form["reason"], now=now())
    except TimebankError as error:
        return _show(enrolment_id, in_words(error))
    flash(gettext("The monthly visits have ended."), "success")
    return redirect(url_for("rounds.index"))
