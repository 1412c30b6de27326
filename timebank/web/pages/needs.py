"""Needs: post one, see the open ones near by, take one on, serve it; the station checks and publishes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import SelectField, TimeField

from timebank.domain.errors import Invalid, NotFound, TimebankError
from timebank.domain.needs import REASON_LABELS, STATE_NEXT, UNFINISHED, NeedState
from timebank.domain.roles import permits
from timebank.services import catalogue, families, members, needs
from timebank.services.needs import Circle, NeedView
from timebank.web import needing
from timebank.web.errors import in_words
from timebank.web.forms import Form, needed
from timebank.web.guard import actor, allow, bank, now, signed_in
from timebank.web.needing import NeedForm
from timebank.web.pages.hours import duration_choices, zone

blueprint = Blueprint("needs", __name__)
PAGE = 20
MOST = 200
GROUPS = ("posted", "open", "taken", "in_service", "delivered")


class ServedForm(Form):
    start = TimeField(lazy_gettext("From when?"), [needed()])
    minutes = SelectField(lazy_gettext("How long did it take?"), coerce=int)


@blueprint.route("/needs/new", methods=["GET", "POST"])
@allow("needs.post")
def new() -> Any:
    """Post a need: what, when, done. For oneself, or for an elder whom one acts for."""
    form = NeedForm()
    view = request.args.get("by", needing.BY_HELP)
    menu = needing.fill(form, needing.people(), view, needing.usual_funding(actor().person_id))
    refusal = None
    if form.validate_on_submit():
        try:
            return _posted(needing.post(needing.told(form)))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("needs/new.html", form=form, refusal=refusal, menu=menu, view=view), status


@blueprint.route("/needs/at-desk", methods=["GET", "POST"])
@allow("needs.post_at_desk")
def at_desk() -> Any:
    """A worker posts for a member who stands at the desk or calls. The member is found by number."""
    number = request.args.get("member", "").strip()
    form = NeedForm()
    view = request.args.get("by", needing.BY_HELP)
    member, menu, refusal = None, [], None
    try:
        if number:
            member = members.at_desk(bank(), actor(), number, "needs.post_at_desk")
            whom, funding = [(member.person_id, member.name)], needing.usual_funding(member.person_id)
            menu = needing.fill(form, whom, view, funding)
        if member is not None and form.validate_on_submit():
            return _posted(needing.post(needing.told(form)))
    except TimebankError as error:
        refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "needs/at_desk.html", form=form, refusal=refusal, menu=menu, member=member, number=number, view=view
    ), status


def _posted(view: NeedView) -> Response:
    flash(gettext("Posted under the number %(number)s. The station checks it now.", number=view.number), "success")
    return redirect(url_for("needs.show", need_id=view.id))


@blueprint.get("/needs")
@signed_in
def index() -> str:
    """My needs, as elder or as helper, and those of the elders whom I act for."""
    rows = needs.mine(bank(), actor(), before=request.args.get("before"), limit=PAGE)
    older = url_for("needs.index", before=rows[-1].id) if len(rows) == PAGE else None
    seen = {row.id for row in rows}
    elders = [row for row in needs.of_elders(bank(), actor()) if row.id not in seen]
    return render_template("needs/index.html", rows=rows, elders=elders, older=older, me=actor().person_id)


@blueprint.get("/needs/open")
@allow("needs.take")
def near() -> str:
    """The open needs near by, masked; within a quarter of an hour on foot, or in the own building alone."""
    circle = Circle.WALK if request.args.get("within") == "walk" else Circle.FAR
    neighbours = request.args.get("within") == "building"
    rows = needs.open_near(bank(), actor(), circle, neighbours=neighbours, now=now())
    return render_template("needs/near.html", rows=rows, within=request.args.get("within", ""))


@blueprint.get("/needs/open/<need_id>")
@allow("needs.take")
def look(need_id: str) -> str:
    """One open need, masked: what it asks of me, and whether I may take it."""
    view = needs.look(bank(), actor(), need_id, now=now())
    reasons = [in_words(error) for error in view.refusals]
    return render_template("needs/look.html", view=view, reasons=reasons, refusal=None)


@blueprint.post("/needs/<need_id>/take")
@allow("needs.take")
def take(need_id: str) -> Any:
    """I take it on. It can be undone for ten minutes."""
    needs.take(bank(), actor(), need_id, now=now())
    return _back(need_id, gettext("You have taken it on. Now you see who it is and where."))


@blueprint.get("/needs/<need_id>")
@signed_in
def show(need_id: str) -> Any:
    """One need with its history and what I may do with it."""
    return _show(need_id, None)


def _show(need_id: str, refusal: Any, form: ServedForm | None = None) -> Any:
    view = needs.see(bank(), actor(), need_id)
    me = actor().person_id
    if form is None:
        local = view.wanted_at.astimezone(zone())
        form = ServedForm(formdata=None, data={"minutes": view.minutes, "start": local.time()})
        form.minutes.choices = duration_choices()
    mine = next((one for one in view.helpers if one.person_id == me), None)
    words = {code: label for labels in REASON_LABELS.values() for code, label in labels.items()}
    page = render_template(
        "needs/show.html",
        view=view,
        trail=needs.trail(bank(), actor(), need_id),
        me=me,
        mine=mine,
        form=form,
        refusal=refusal,
        reasons=REASON_LABELS,
        reason_words=words,
        desk=permits(actor(), "needs.run"),
        what_next=STATE_NEXT[NeedState(view.state)],
        is_over=view.wanted_at <= now(),
        carries=catalogue.carries_papers(bank(), view.service_code),
    )
    return page, refusal.status if refusal else 422 if form.errors else 200


@blueprint.post("/needs/<need_id>/log")
@allow("hours.log")
def log(need_id: str) -> Any:
    """I was there: the hours are logged from the need, with one tap."""
    form = ServedForm()
    form.minutes.choices = duration_choices()
    view = needs.see(bank(), actor(), need_id)
    try:
        if not form.validate_on_submit():
            raise Invalid
        day = view.wanted_at.astimezone(zone()).date()
        started = datetime.combine(day, form.start.data, zone()).astimezone(UTC)
        needing.log_served(view, started, form.minutes.data)
    except TimebankError as error:
        return _show(need_id, in_words(error), form)
    return _back(need_id, gettext("Logged. Now the elder confirms it."))


@blueprint.post("/needs/<need_id>/enter")
@allow("hours.enter")
def enter(need_id: str) -> Any:
    """The desk enters a helper's hours from the paper slip, or by hand."""
    form = ServedForm()
    form.minutes.choices = duration_choices()
    view = needs.see(bank(), actor(), need_id)
    try:
        helper = request.form.get("helper", "")
        if not form.validate_on_submit() or helper not in {one.person_id for one in view.helpers}:
            raise Invalid
        day = view.wanted_at.astimezone(zone()).date()
        started = datetime.combine(day, form.start.data, zone()).astimezone(UTC)
        needing.enter_served(view, helper, started, form.minutes.data, request.form.get("slip", "").strip())
    except TimebankError as error:
        return _show(need_id, in_words(error), form)
    return _back(need_id, gettext("Entered. A colleague verifies it."))


@blueprint.post("/needs/<need_id>/step/<verb>")
@signed_in
def step(need_id: str, verb: str) -> Any:
    """Publish, reject, start, provide, untake, give_back, cancel, restore, no_show."""
    try:
        text = _step(need_id, verb)
    except TimebankError as error:
        if isinstance(error, NotFound):
            raise
        return _show(need_id, in_words(error))
    flash(text, "success")
    if verb in ("untake", "give_back"):
        return redirect(url_for("needs.near"))
    return redirect(url_for("needs.show", need_id=need_id))


PLAIN = {
    "publish": (needs.publish, lazy_gettext("Volunteers can see it now.")),
    "start": (needs.start, lazy_gettext("Good. Log the hours when it is done.")),
    "provide": (needs.provide, lazy_gettext("Written down: done for pay, and no hours.")),
    "untake": (needs.untake, lazy_gettext("Undone. It is open for others again.")),
    "restore": (needs.restore, lazy_gettext("The cancelling is undone.")),
}
WITH_REASON = {
    "reject": (needs.reject, lazy_gettext("Not published. The elder is told.")),
    "cancel": (needs.cancel, lazy_gettext("Cancelled. What was set aside is free again.")),
    "give_back": (needs.give_back, lazy_gettext("Thank you for saying so.")),
    "no_show": (needs.no_show, lazy_gettext("Written down. What was set aside is free again.")),
}


def _step(need_id: str, verb: str) -> str:
    """Take the step. Gives what is said afterwards. Raises NotFound for a verb that is none."""
    reason, text = request.form.get("reason"), request.form.get("text", "")[:500]
    with bank().together() as one:
        _count_act(one, need_id, verb)
        if verb in PLAIN:
            plain, said = PLAIN[verb]
            plain(one, actor(), need_id, now=now())
        elif verb in WITH_REASON:
            explained, said = WITH_REASON[verb]
            explained(one, actor(), need_id, reason, text, now=now())
        else:
            raise NotFound
    return str(said)


def _count_act(one: Any, need_id: str, verb: str) -> None:
    """A step that is taken in an elder's name counts as one of the day's acts."""
    view = needs.see(one, actor(), need_id)
    people = (view.elder_id, *(helper.person_id for helper in view.helpers))
    if actor().person_id in people or permits(actor(), "needs.run") or verb not in view.verbs:
        return
    families.act_for(one, actor(), view.elder_id, f"needs.{verb}", now=now())


@blueprint.get("/needs/desk")
@allow("needs.read")
def desk() -> str:
    """What the station has to do: check and publish, find helpers, talk with who was often absent."""
    if request.args.get("list") == "ended":
        states = [state for state in NeedState if state not in UNFINISHED]
        rows = needs.at_desk(bank(), actor(), states, before=request.args.get("before"), limit=PAGE)
        older = url_for("needs.desk", list="ended", before=rows[-1].id) if len(rows) == PAGE else None
        return render_template("needs/ended.html", rows=rows, older=older, me="")
    rows = needs.at_desk(bank(), actor(), limit=MOST)
    groups = {
        state: sorted((one for one in rows if one.state == state), key=lambda one: one.wanted_at) for state in GROUPS
    }
    return render_template("needs/desk.html", groups=groups, talks=needs.talks(bank(), actor(), now=now()), me="")


def _back(need_id: str, text: str) -> Response:
    flash(text, "success")
    return redirect(url_for("needs.show", need_id=need_id))
