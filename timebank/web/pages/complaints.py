"""Complaints: made signed in, at the desk or without an account; followed; handled by the street and county."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import SelectField, TextAreaField

from timebank.domain.complaints import KIND_LABELS, OUTCOME_LABELS, VERB_LABELS
from timebank.domain.errors import TimebankError
from timebank.domain.roles import permits
from timebank.services import complaints, members, network
from timebank.services.complaints import ComplaintStep, ComplaintView, NewComplaint
from timebank.web.errors import Refusal, in_words
from timebank.web.forms import Choice, Form, SafeText, chosen, needed
from timebank.web.guard import actor, allow, bank, now, public, signed_in
from timebank.web.language import in_language
from timebank.web.words import choices

blueprint = Blueprint("complaints", __name__)
PAGE = 20
LONGEST = 1000


class ComplaintForm(Form):
    kind = Choice(lazy_gettext("What is it about?"), [chosen()])
    station = SelectField(lazy_gettext("Which station?"))
    text = TextAreaField(lazy_gettext("What happened?"), [needed()])


class DeskComplaintForm(ComplaintForm):
    member = SafeText(
        lazy_gettext("Member number"), description=lazy_gettext("Leave it empty if it is your own complaint.")
    )


class PublicComplaintForm(ComplaintForm):
    name = SafeText(lazy_gettext("Your name"), description=lazy_gettext("You can leave this empty."))
    phone = SafeText(
        lazy_gettext("Your phone number"),
        description=lazy_gettext("You can leave this empty. Then we can't call back."),
    )


class FollowForm(Form):
    number = SafeText(lazy_gettext("Number of the complaint"), [needed()])
    code = SafeText(lazy_gettext("Code on the slip"), [needed()])


def _fill(form: ComplaintForm) -> None:
    form.kind.choices = choices(KIND_LABELS)
    every = sorted(network.stations(bank()), key=lambda one: (one.kind != "station", one.code))
    form.station.choices = [(one.id, in_language(one.name, one.name_en)) for one in every]


def _address() -> str:
    return request.remote_addr or ""


@blueprint.get("/complaints")
@signed_in
def index() -> str:
    """My complaints, and for the street and county those to be handled: what is overdue first."""
    handles = permits(actor(), "complaints.handle")
    ended = request.args.get("list") == "ended"
    rows: tuple[ComplaintView, ...] = ()
    if handles:
        before = request.args.get("before")
        rows = complaints.at_stations(bank(), actor(), ended=ended, before=before, limit=PAGE, now=now())
    older = (
        url_for("complaints.index", list="ended" if ended else None, before=rows[-1].id) if len(rows) == PAGE else ""
    )
    return render_template(
        "complaints/index.html", rows=sorted(rows, key=lambda one: not one.overdue), handles=handles, ended=ended,
        mine=complaints.mine(bank(), actor(), now=now()), older=older, kinds=KIND_LABELS,
    )  # fmt: skip


@blueprint.route("/complaints/new", methods=["GET", "POST"])
@signed_in
def new() -> Any:
    """Complain for oneself; the desk also for a member of the station. `record`: about a record of hours."""
    at_desk, record_id = permits(actor(), "complaints.enter"), request.args.get("record") or None
    form, refusal = DeskComplaintForm() if at_desk else ComplaintForm(), None
    _fill(form)
    if not form.is_submitted() and record_id:
        form.kind.data = "record"
    if not form.is_submitted() and at_desk:
        form.member.data = request.args.get("member", "")
    if form.validate_on_submit():
        try:
            number = form.member.data if at_desk else ""
            person_id = members.by_number(bank(), number) if number else None
            wish = NewComplaint(form.station.data, form.kind.data, form.text.data.strip()[:LONGEST], None, record_id)
            view = complaints.make(bank(), actor(), wish, person_id, now=now())
            flash(gettext("We have your complaint. Its number is %(number)s.", number=view.number), "success")
            return redirect(url_for("complaints.show", complaint_id=view.id))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "complaints/new.html", form=form, refusal=refusal, at_desk=at_desk, record_id=record_id
    ), status


@blueprint.get("/complaints/<complaint_id>")
@signed_in
def show(complaint_id: str) -> Any:
    """One complaint with its steps and what I may do."""
    return _show(complaint_id, None)


def _show(complaint_id: str, refusal: Refusal | None) -> Any:
    view = complaints.see(bank(), actor(), complaint_id, now=now())
    page = render_template(
        "complaints/show.html", view=view, trail=complaints.trail(bank(), actor(), complaint_id), refusal=refusal,
        kinds=KIND_LABELS, outcomes=OUTCOME_LABELS, verbs=VERB_LABELS, typed=request.form, secret=None,
        stations=[one for one in network.stations(bank()) if one.id != view.station_id] if view.handles else [],
    )  # fmt: skip
    return page, refusal.status if refusal else 200


@blueprint.post("/complaints/<complaint_id>/step/<verb>")
@signed_in
def step(complaint_id: str, verb: str) -> Any:
    """Accept, pass on, redirect, answer, decide; or object, close, withdraw."""
    form = request.form
    try:
        number = form.get("about", "").strip()
        view = complaints.step(
            bank(), actor(), complaint_id, verb, form.get("text", "")[:LONGEST], outcome=form.get("outcome") or None,
            station_id=form.get("station") or None, now=now(),
            about_id=members.by_number(bank(), number) if number else None,
        )  # fmt: skip
    except TimebankError as error:
        return _show(complaint_id, in_words(error))
    flash(gettext("Done."), "success")
    return redirect(url_for("complaints.show", complaint_id=view.id) if view else url_for("complaints.index"))


@blueprint.route("/complain", methods=["GET", "POST"])
@public
def complain() -> Any:
    """Anybody complains, without an account; number and code are shown once."""
    form, refusal = PublicComplaintForm(), None
    _fill(form)
    if form.validate_on_submit():
        try:
            wish = NewComplaint(form.station.data, form.kind.data, form.text.data.strip()[:LONGEST])
            number, secret = complaints.make_in_public(
                bank(), wish, form.name.data or "", form.phone.data or "", _address(), now=now()
            )
            return render_template("complaints/made.html", number=number, secret=secret)
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("complaints/complain.html", form=form, refusal=refusal), status


@blueprint.route("/complain/follow", methods=["GET", "POST"])
@public
def follow() -> Any:
    """Look at a complaint, or take a step, with number and code. Both are posted, so that no address holds them."""
    form, refusal = FollowForm(), None
    if form.validate_on_submit():
        try:
            done = _step_in_public(form)
            view, trail = _seen(form)
            return _followed(form, view, trail, None, done)
        except TimebankError as error:
            refusal = in_words(error)
            if request.form.get("verb"):
                return _refused(form, refusal)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("complaints/follow.html", form=form, refusal=refusal), status


def _seen(form: FollowForm) -> tuple[ComplaintView, tuple[ComplaintStep, ...]]:
    number, code = form.number.data, form.code.data
    view = complaints.see_in_public(bank(), number, code, _address(), now=now())
    return view, complaints.trail_in_public(bank(), number, code, _address(), now=now())


def _step_in_public(form: FollowForm) -> bool:
    verb, text = request.form.get("verb"), request.form.get("text", "")[:LONGEST]
    if verb:
        complaints.step_in_public(bank(), form.number.data, form.code.data, _address(), verb, text, now=now())
    return bool(verb)


def _refused(form: FollowForm, refusal: Refusal) -> Any:
    """The step was refused; the complaint is shown as it is, if number and code are right."""
    try:
        view, trail = _seen(form)
    except TimebankError:
        return render_template("complaints/follow.html", form=form, refusal=refusal), refusal.status
    return _followed(form, view, trail, refusal, done=False)


def _followed(
    form: FollowForm, view: ComplaintView, trail: tuple[ComplaintStep, ...], refusal: Refusal | None, done: bool
) -> Any:
    page = render_template(
        "complaints/show.html", view=view, trail=trail, refusal=refusal, kinds=KIND_LABELS, outcomes=OUTCOME_LABELS,
        verbs=VERB_LABELS, typed=request.form, secret=(form.number.data, form.code.data), stations=[], done=done,
    )  # fmt: skip
    return page, refusal.status if refusal else 200


@blueprint.get("/complaints/overdue")
@allow("complaints.handle")
def overdue() -> Response | str:
    """What should have been done: the list for who looks after the deadlines."""
    rows = complaints.at_stations(bank(), actor(), limit=200, now=now())
    return render_template("complaints/overdue.html", rows=[one for one in rows if one.overdue], kinds=KIND_LABELS)
