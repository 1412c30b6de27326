"""Papers that a helper carries: the elder's consent, and that they are back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from wtforms import DateField, PasswordField, SelectField, TextAreaField, TimeField

from timebank.domain.consent_notes import HOW_LABELS, STATE_LABELS
from timebank.domain.errors import TimebankError
from timebank.services import catalogue, consent_notes, families, members
from timebank.services.consent_notes import Booking, NewNote, NoteView
from timebank.web.errors import Refusal, in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now, signed_in
from timebank.web.language import in_language
from timebank.web.pages.hours import PresenceForm, zone
from timebank.web.paper import drawn

blueprint = Blueprint("consent_notes", __name__)


class NoteForm(Form):
    elder = SafeText(lazy_gettext("Member number of the elder"), [needed()])
    helper = SafeText(lazy_gettext("Member number of the helper"), [needed()])
    service = SelectField(lazy_gettext("In which service"))
    papers = TextAreaField(
        lazy_gettext("Which papers"),
        description=lazy_gettext("For instance: social insurance card, prescription. Nothing here: none are carried."),
    )
    day = DateField(lazy_gettext("Handed over on"), [needed()])
    start = TimeField(lazy_gettext("At what time?"), [needed()])
    due_day = DateField(lazy_gettext("Back on"), [needed()])
    due_time = TimeField(lazy_gettext("Back by what time?"), [needed()])
    pin = PasswordField(
        lazy_gettext("The elder's PIN"),
        description=lazy_gettext("Only when the helper writes this: the elder types it."),
    )
    card = SafeText(lazy_gettext("Or the code of the elder's card"))


@blueprint.get("/consent-notes")
@signed_in
def index() -> str:
    """My notes, as elder, for my elder, or as helper."""
    views = consent_notes.mine(bank(), actor(), now=now())
    return render_template("consent_notes/index.html", views=views, states=STATE_LABELS, desk=False, state="out")


@blueprint.get("/consent-notes/desk")
@allow("consent_notes.read")
def desk() -> str:
    """What is out at my stations, or what came back."""
    state = "back" if request.args.get("list") == "back" else "out"
    views = consent_notes.at_stations(bank(), actor(), state, now=now())
    return render_template("consent_notes/index.html", views=views, states=STATE_LABELS, desk=True, state=state)


def _agreed() -> Booking | None:
    need_id, redemption_id = request.args.get("need"), request.args.get("redemption")
    if not need_id and not redemption_id:
        return None
    return consent_notes.booking(bank(), actor(), need_id=need_id, redemption_id=redemption_id)


def _begun(agreed: Booking | None) -> dict[str, Any]:
    """What the form begins with: this moment, back in four hours, and the people of the booking or myself."""
    local = now().astimezone(zone())
    back = local + timedelta(hours=4)
    times = {"day": local.date(), "start": local.time(), "due_day": back.date(), "due_time": back.time()}
    if agreed is None:
        return times
    return {**times, "elder": agreed.elder, "helper": agreed.helper, "service": agreed.service_code}


@blueprint.route("/consent-notes/new", methods=["GET", "POST"])
@signed_in
def new() -> Any:
    """Write a note; `need` or `redemption` names the booking that it belongs to."""
    agreed = _agreed()
    form, refusal = NoteForm(data=_begun(agreed)), None
    form.service.choices = [
        (one.code, in_language(one.name, one.name_en)) for one in catalogue.offered(bank()) if one.carries_papers
    ]
    if form.validate_on_submit():
        try:
            view = _given(_told(form, agreed), form.pin.data or "", form.card.data or "")
            flash(gettext("The consent note is written."), "success")
            return redirect(url_for("consent_notes.show", note_id=view.id))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("consent_notes/new.html", form=form, refusal=refusal, agreed=agreed), status


def _given(told: NewNote, pin: str, card: str) -> NoteView:
    """Who acts for an elder is counted in the same commit. A wrong PIN must stay counted, so that has its own."""
    if told.elder_id not in {elder.person_id for elder in families.elders_i_act_for(bank(), actor())}:
        return consent_notes.give(bank(), actor(), told, pin=pin, card=card, now=now())
    with bank().together() as one:
        families.count_act(one, actor(), told.elder_id, "consent_notes.give", now=now())
        return consent_notes.give(one, actor(), told, now=now())


def _told(form: NoteForm, agreed: Booking | None) -> NewNote:
    given = datetime.combine(form.day.data, form.start.data, zone()).astimezone(UTC)
    due = datetime.combine(form.due_day.data, form.due_time.data, zone()).astimezone(UTC)
    papers = form.papers.data or ""
    if agreed is not None:
        return NewNote(
            agreed.elder_id, agreed.helper_id, agreed.service_code, papers, given, due, agreed.need_id,
            agreed.redemption_id,
        )  # fmt: skip
    elder_id, helper_id = members.by_number(bank(), form.elder.data), members.by_number(bank(), form.helper.data)
    return NewNote(elder_id, helper_id, form.service.data, papers, given, due)


@blueprint.get("/consent-notes/<note_id>")
@signed_in
def show(note_id: str) -> Any:
    """One note."""
    return _show(note_id, None)


def _show(note_id: str, refusal: Refusal | None) -> Any:
    view = consent_notes.see(bank(), actor(), note_id, now=now())
    page = render_template(
        "consent_notes/show.html", view=view, hows=HOW_LABELS, states=STATE_LABELS, form=PresenceForm(), refusal=refusal
    )
    return page, refusal.status if refusal else 200


@blueprint.post("/consent-notes/<note_id>/back")
@signed_in
def give_back(note_id: str) -> Any:
    """The papers are back with the elder."""
    form = PresenceForm()
    try:
        consent_notes.give_back(bank(), actor(), note_id, pin=form.pin.data or "", card=form.card.data or "", now=now())
    except TimebankError as error:
        return _show(note_id, in_words(error))
    flash(gettext("Written down: the papers are back."), "success")
    return redirect(url_for("consent_notes.show", note_id=note_id))


@blueprint.get("/consent-notes/<note_id>.pdf")
@signed_in
def pdf(note_id: str) -> Response:
    """The note on paper, to be signed by both."""
    view = consent_notes.see(bank(), actor(), note_id, now=now())
    html = render_template("consent_notes/print.html", view=view, hows=HOW_LABELS)
    response = Response(drawn(html), content_type="application/pdf")
    response.headers["Content-Disposition"] = f"attachment; filename=consent-note-{view.number}.pdf"
    return response
