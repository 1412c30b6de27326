"""Asking for care and paying with hours: the member's pages and the station's desk."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, SelectField, TimeField

from timebank.domain.catalogue import TRAINING_LABELS
from timebank.domain.errors import Invalid, NotFound, TimebankError
from timebank.domain.redemptions import ENDED, OPEN, REASON_LABELS, STATE_NEXT, RedemptionState
from timebank.domain.roles import Actor, permits
from timebank.services import catalogue, families, members, redemptions
from timebank.services.redemptions import AskForCare, Prospects, RedemptionView
from timebank.web.asking import AskForm, fill, told, whom
from timebank.web.errors import in_words
from timebank.web.forms import Form, needed
from timebank.web.guard import actor, allow, bank, now, signed_in
from timebank.web.language import hours_minutes
from timebank.web.pages.hours import duration_choices, zone

blueprint = Blueprint("redemptions", __name__)
PAGE = 20
MOST = 200
GROUPS = ("held", "delivered", "assigned", "requested")


class DeliverForm(Form):
    minutes = SelectField(lazy_gettext("How long did it take?"), coerce=int)
    day = DateField(lazy_gettext("On which day?"), [needed()])
    start = TimeField(lazy_gettext("Done at what time?"), [needed()])


def _payers(me: Actor) -> list[Prospects]:
    """With whose hours this member may ask: the own ones, and those of the elders whom the member acts for."""
    elders = [elder.person_id for elder in families.elders_i_act_for(bank(), me)]
    return [redemptions.prospects(bank(), me, one, now=now()) for one in (me.person_id, *elders)]


@blueprint.route("/redemptions/new", methods=["GET", "POST"])
@allow("redemptions.request")
def new() -> Any:
    """A member asks for care for self, for a relative, or for an elder whom the member acts for."""
    me = actor()
    payers = _payers(me)
    form = AskForm()
    menu = fill(form, payers, me.person_id)
    refusal = None
    if form.validate_on_submit():
        try:
            view = _ask(me, told(form))
            return _asked(view)
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "redemptions/new.html", form=form, refusal=refusal, menu=menu, own=payers[0], people=whom(payers, me.person_id),
        reasons=[in_words(error) for error in payers[0].refusals], at_desk=False,
    ), status  # fmt: skip


def _ask(me: Actor, wish: AskForCare) -> RedemptionView:
    """Ask; for an elder whom the actor acts for, the act is counted in the same commit."""
    with bank().together() as one:
        families.count_act(one, me, wish.member_id, "redemptions.ask", now=now())
        return redemptions.ask(one, me, wish, now=now())


def _asked(view: RedemptionView) -> Response:
    text = gettext("Asked. %(held)s are set aside; the station calls you.", held=hours_minutes(view.minutes))
    flash(text, "success")
    return redirect(url_for("redemptions.show", redemption_id=view.id))


@blueprint.route("/redemptions/at-desk", methods=["GET", "POST"])
@allow("redemptions.request_at_desk")
def at_desk() -> Any:
    """A worker asks for a member who stands at the desk or calls. The member is found by number."""
    number = request.args.get("member", "").strip()
    form = AskForm()
    payer, menu, refusal = None, [], None
    try:
        if number:
            payer = redemptions.prospects(bank(), actor(), members.by_number(bank(), number), now=now())
            menu = fill(form, [payer], "")
        if payer is not None and form.validate_on_submit():
            return _asked(_ask(actor(), told(form)))
    except TimebankError as error:
        refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "redemptions/at_desk.html", form=form, refusal=refusal, menu=menu, payer=payer, number=number,
        people=whom([payer], "") if payer else [],
        reasons=[in_words(error) for error in payer.refusals] if payer else [],
    ), status  # fmt: skip


@blueprint.get("/redemptions")
@signed_in
def index() -> str:
    """My requests, as payer, receiver or helper, and the open ones of the elders whom I act for."""
    rows = redemptions.mine(bank(), actor(), before=request.args.get("before"), limit=PAGE)
    older = url_for("redemptions.index", before=rows[-1].id) if len(rows) == PAGE else None
    seen = {row.id for row in rows}
    elders = [row for row in redemptions.of_elders(bank(), actor()) if row.id not in seen]
    return render_template("redemptions/index.html", rows=rows, elders=elders, older=older, me=actor().person_id)


@blueprint.get("/redemptions/<redemption_id>")
@signed_in
def show(redemption_id: str) -> Any:
    """One request with its history and what I may do with it."""
    return _show(redemption_id, None)


def _show(redemption_id: str, refusal: Any) -> Any:
    view = redemptions.see(bank(), actor(), redemption_id)
    local = now().astimezone(zone())
    form = DeliverForm(formdata=None, data={"minutes": view.minutes, "day": local.date(), "start": local.time()})
    form.minutes.choices = [one for one in duration_choices() if one[0] <= view.minutes]
    reasons = {code: label for labels in REASON_LABELS.values() for code, label in labels.items()}
    page = render_template(
        "redemptions/show.html",
        view=view,
        trail=redemptions.trail(bank(), actor(), redemption_id),
        me=actor().person_id,
        form=form,
        refusal=refusal,
        reasons=REASON_LABELS,
        reason_words=reasons,
        desk=permits(actor(), "redemptions.run"),
        may_see_record=_sees_record(view),
        carries=catalogue.carries_papers(bank(), view.service_code),
        what_next=STATE_NEXT[RedemptionState(view.state)],
    )
    return page, refusal.status if refusal else 200


def _sees_record(view: RedemptionView) -> bool:
    """Whether the record of the hours that answered the request is this visitor's to see."""
    people = (view.volunteer_id, view.receiver_id)
    return view.record_id is not None and (actor().person_id in people or permits(actor(), "hours.read"))


@blueprint.get("/redemptions/desk")
@allow("redemptions.read")
def desk() -> str:
    """What the station has to do: find helpers, settle, look after the waiting list."""
    if request.args.get("list") == "ended":
        rows = redemptions.at_desk(bank(), actor(), ENDED, before=request.args.get("before"), limit=PAGE)
        older = url_for("redemptions.desk", list="ended", before=rows[-1].id) if len(rows) == PAGE else None
        return render_template("redemptions/ended.html", rows=rows, older=older)
    rows = redemptions.at_desk(bank(), actor(), OPEN, limit=MOST)
    groups = {
        state: sorted((one for one in rows if one.state == state), key=lambda one: one.wanted_at) for state in GROUPS
    }
    waiting = redemptions.waiting_list(bank(), actor(), now=now())
    return render_template("redemptions/desk.html", groups=groups, waiting=waiting, now=now())


@blueprint.route("/redemptions/<redemption_id>/assign", methods=["GET", "POST"])
@allow("redemptions.run")
def assign(redemption_id: str) -> Any:
    """Choose a helper: from the station's trained volunteers, found by number or name, or by member number.

    Words are posted, so that no URL holds a name.
    """
    view = redemptions.see(bank(), actor(), redemption_id)
    words = request.form.get("words", "")
    refusal = None
    if request.method == "POST" and "words" not in request.form:
        try:
            number = request.form.get("number", "").strip()
            volunteer_id = members.by_number(bank(), number) if number else request.form.get("volunteer", "")
            if not volunteer_id:
                raise Invalid
            redemptions.assign(bank(), actor(), redemption_id, volunteer_id, now=now())
            flash(gettext("The helper is found. Tell both of them when and where."), "success")
            return redirect(url_for("redemptions.show", redemption_id=redemption_id))
        except TimebankError as error:
            refusal = in_words(error)
    after = request.form.get("after", "")
    found = redemptions.helpers(bank(), actor(), redemption_id, words, after=after, limit=PAGE, now=now())
    return render_template(
        "redemptions/assign.html", view=view, found=found, words=words, refusal=refusal, trainings=TRAINING_LABELS
    ), refusal.status if refusal else 200


@blueprint.post("/redemptions/<redemption_id>/deliver")
@allow("redemptions.run")
def deliver(redemption_id: str) -> Any:
    """The station itself gave the care."""
    form = DeliverForm()
    form.minutes.choices = duration_choices()
    try:
        if not form.validate_on_submit():
            raise Invalid
        at = datetime.combine(form.day.data, form.start.data, zone()).astimezone(UTC)
        redemptions.deliver(bank(), actor(), redemption_id, form.minutes.data, delivered_at=at, now=now())
    except TimebankError as error:
        return _show(redemption_id, in_words(error))
    return _back(redemption_id, gettext("Written down. Somebody else settles it now."))


@blueprint.post("/redemptions/<redemption_id>/settle")
@signed_in
def settle(redemption_id: str) -> Any:
    """Who pays, who received, or a second worker says that it is right."""
    try:
        redemptions.settle(bank(), actor(), redemption_id, now=now())
    except TimebankError as error:
        return _show(redemption_id, in_words(error))
    return _back(redemption_id, gettext("Settled. What was not used is back."))


@blueprint.post("/redemptions/<redemption_id>/step/<verb>")
@signed_in
def step(redemption_id: str, verb: str) -> Any:
    """Wait, resume, unassign, decline, cancel, no_show."""
    reason, text = request.form.get("reason"), request.form.get("text", "")[:500]
    try:
        with bank().together() as one:
            _count_act(one, redemption_id, verb)
            redemptions.step(one, actor(), redemption_id, verb, reason, text, now=now())
    except TimebankError as error:
        return _show(redemption_id, in_words(error))
    texts = {
        "wait": gettext("It is on the waiting list. The hours stay set aside."),
        "resume": gettext("It is open again."),
        "unassign": gettext("The station looks for another helper."),
    }
    flash(texts.get(verb, gettext("Done. The hours are back.")), "success")
    if _is_still_mine(redemption_id):
        return redirect(url_for("redemptions.show", redemption_id=redemption_id))
    return redirect(url_for("home.index"))


def _is_still_mine(redemption_id: str) -> bool:
    """A helper who gave a request back has nothing to do with it any more."""
    try:
        return bool(redemptions.see(bank(), actor(), redemption_id))
    except NotFound:
        return False


def _count_act(one: Any, redemption_id: str, verb: str) -> None:
    """A step that is taken in an elder's name counts as one of the day's acts."""
    view = redemptions.see(one, actor(), redemption_id)
    people = (view.member_id, view.receiver_id, view.volunteer_id)
    if actor().person_id in people or permits(actor(), "redemptions.run") or verb not in view.verbs:
        return
    families.act_for(one, actor(), view.member_id, f"redemptions.{verb}", now=now())


def _back(redemption_id: str, text: str) -> Response:
    flash(text, "success")
    return redirect(url_for("redemptions.show", redemption_id=redemption_id))
