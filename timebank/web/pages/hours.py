"""Hours for members: log, see, confirm, check in and out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, PasswordField, RadioField, SelectField, TimeField

from timebank.domain.catalogue import FIVE_X_LABELS, FiveX, by_class
from timebank.domain.errors import NotFound, TimebankError
from timebank.domain.hours import REASON_LABELS
from timebank.services import consent_notes, families, hours, members, redemptions
from timebank.services.hours import LogHours
from timebank.services.redemptions import RedemptionView
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, chosen, needed
from timebank.web.guard import actor, allow, bank, now, signed_in
from timebank.web.language import hours_minutes, in_language
from timebank.web.security import WITH_CAMERA
from timebank.web.words import PLACE_CHOICES, choices

blueprint = Blueprint("hours", __name__)
OTHER = "other"
STEP_MINUTES = 15
PAGE = 20
USUAL = 4
SCANS = frozenset({"hours.check_in", "hours.check_out", "hours.show", "hours.presence", "desk.index"})
"""Pages that may ask for the camera, to read the QR code of a card."""


@blueprint.after_app_request
def allow_camera(response: Response) -> Response:
    if request.endpoint in SCANS:
        response.headers["Permissions-Policy"] = WITH_CAMERA
    return response


class LogForm(Form):
    elder = RadioField(lazy_gettext("Whom did you help?"))
    number = SafeText(
        lazy_gettext("Member number of the elder"),
        description=lazy_gettext("Only for somebody else, who is not in the list. On the elder's card, nine digits."),
    )
    service = SelectField(lazy_gettext("What did you do?"), [chosen()])
    day = DateField(lazy_gettext("On which day?"), [needed()])
    start = TimeField(lazy_gettext("From when?"), [needed()])
    minutes = SelectField(lazy_gettext("How long did it take?"), coerce=int)
    place = SelectField(lazy_gettext("Where?"))
    note = SafeText(
        lazy_gettext("Anything the station should know?"), description=lazy_gettext("You can leave this empty.")
    )


class PresenceForm(Form):
    pin = PasswordField(lazy_gettext("The elder's PIN"), description=lazy_gettext("The elder types it in."))
    card = SafeText(
        lazy_gettext("Or the code of the elder's card"), description=lazy_gettext("It stands below the QR code.")
    )


class CheckInForm(PresenceForm):
    number = SafeText(
        lazy_gettext("Member number of the elder"),
        description=lazy_gettext("Only needed with the PIN: the card says who it is."),
    )
    service = SelectField(lazy_gettext("What will you do?"), [chosen()])


def service_choices(offer: hours.Choice) -> list[tuple[str, str]]:
    return [(service.code, in_language(service.name, service.name_en)) for service in offer.services]


def service_groups(offer: hours.Choice) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen, by class: what this visitor did before stands first, then company, which most people give.

    Who never logged anything is asked to choose: a service that was set before would be taken for right.
    """
    names = dict(service_choices(offer))
    before = [code for code in dict.fromkeys(code for _, _, code in offer.elders) if code in names]
    groups = {} if before else {"": [("", gettext("Please choose"))]}
    if before:
        groups[gettext("What you did before")] = [(code, names[code]) for code in before[:USUAL]]
    classes = by_class(offer.services)
    for one in sorted(classes, key=lambda one: one is not FiveX.COMFORT):
        if classes[one]:
            groups[gettext(FIVE_X_LABELS[one])] = [(service.code, names[service.code]) for service in classes[one]]
    return groups


def duration_choices() -> list[tuple[int, str]]:
    """Quarter hours up to eight hours, in words."""
    return [(minutes, hours_minutes(minutes)) for minutes in range(STEP_MINUTES, 8 * 60 + 1, STEP_MINUTES)]


def zone() -> ZoneInfo:
    return ZoneInfo(bank().settings.timezone)


def _fill(form: LogForm, offer: hours.Choice) -> None:
    form.elder.choices = [*((one, name) for one, name, _ in offer.elders), (OTHER, gettext("Somebody else"))]
    form.service.choices = service_groups(offer)
    form.minutes.choices = duration_choices()
    form.place.choices = choices(PLACE_CHOICES)


def _remembered(offer: hours.Choice) -> dict[str, Any]:
    """What the form begins with: the last elder, the last service, an hour that has just ended."""
    local = now().astimezone(zone())
    began = (local - timedelta(hours=1)).replace(minute=local.minute // STEP_MINUTES * STEP_MINUTES, second=0)
    last = offer.elders[0] if offer.elders else (OTHER, "", "")
    return {
        "elder": last[0],
        "service": last[2],
        "day": local.date(),
        "start": began.time(),
        "minutes": 60,
        "place": "",
    }


def _answers(redemption_id: str) -> RedemptionView:
    """The request that these hours answer. Raises NotFound unless it is given to this volunteer, and still open."""
    view = redemptions.see(bank(), actor(), redemption_id)
    if view.volunteer_id != actor().person_id or view.state != "assigned":
        raise NotFound
    return view


def _as_asked(asked: RedemptionView) -> dict[str, Any]:
    """What the form begins with when the hours answer a request."""
    local = asked.wanted_at.astimezone(zone())
    whom = {"elder": asked.receiver_id, "service": asked.service_code, "place": ""}
    return {**whom, "day": local.date(), "start": local.time(), "minutes": asked.minutes}


def _fill_as_asked(form: LogForm, asked: RedemptionView) -> None:
    """For whom and what is settled by the request; nobody pays for more than was asked for."""
    form.elder.choices = [(asked.receiver_id, asked.receiver)]
    form.service.choices = [(asked.service_code, in_language(asked.service, asked.service_en))]


@blueprint.route("/hours/new", methods=["GET", "POST"])
@allow("hours.log")
def new() -> Any:
    """Log hours: under a minute on a phone. `request` names a request for care that they answer."""
    offer = hours.choices(bank(), actor())
    asked = _answers(request.args["request"]) if request.args.get("request") else None
    form = LogForm(data=_as_asked(asked) if asked else _remembered(offer))
    _fill(form, offer)
    if asked:
        _fill_as_asked(form, asked)
    refusal = None
    if form.validate_on_submit():
        try:
            elder_id = form.elder.data
            if elder_id == OTHER:
                elder_id = members.by_number(bank(), form.number.data or "")
            told = replace(_told(form, elder_id, offer), redemption_id=asked.id if asked else None)
            view = hours.log(bank(), actor(), told, now=now())
            flash(gettext("Logged. Now the elder confirms it."), "success")
            return redirect(url_for("hours.show", record_id=view.id))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("hours/new.html", form=form, refusal=refusal, asked=asked), status


def _told(form: LogForm, elder_id: str, offer: hours.Choice) -> LogHours:
    place = form.place.data
    if not place:
        service = next((one for one in offer.services if one.code == form.service.data), None)
        place = "home" if service is None or service.place == "any" else str(service.place)
    return LogHours(
        elder_id=elder_id,
        service_code=form.service.data,
        started_at=datetime.combine(form.day.data, form.start.data, zone()),
        minutes=form.minutes.data,
        place=place,
        note=form.note.data or "",
    )


@blueprint.get("/hours")
@allow("hours.log")
def index() -> str:
    """My records, as volunteer and as elder."""
    rows = hours.mine(bank(), actor(), before=request.args.get("before"), limit=PAGE)
    older = url_for("hours.index", before=rows[-1].id) if len(rows) == PAGE else None
    return render_template("hours/index.html", records=rows, older=older, me=actor().person_id)


@blueprint.get("/hours/<record_id>")
@signed_in
def show(record_id: str) -> str:
    """One record with its history and what I may do with it."""
    view = hours.see(bank(), actor(), record_id)
    trail = hours.trail(bank(), actor(), record_id)
    return render_template(
        "hours/show.html",
        record=view,
        trail=trail,
        me=actor().person_id,
        form=PresenceForm(),
        reasons=REASON_LABELS,
        note=consent_notes.of_record(bank(), actor(), record_id, now=now()),
    )


def _back(record_id: str, text: str) -> Response:
    flash(text, "success")
    return redirect(url_for("hours.show", record_id=record_id))


@blueprint.post("/hours/<record_id>/confirm")
@signed_in
def confirm(record_id: str) -> Response:
    """The elder, a proxy or the desk says yes."""
    with bank().together() as one:
        elder_id = hours.see(one, actor(), record_id).elder_id
        families.count_act(one, actor(), elder_id, "hours.confirm", now=now())
        hours.confirm(one, actor(), record_id, request.form.get("how", ""), now=now())
    return _back(record_id, gettext("Confirmed. Thank you."))


@blueprint.post("/hours/<record_id>/presence")
@signed_in
def presence(record_id: str) -> Any:
    """The elder types the PIN, or shows the card, on this phone."""
    form = PresenceForm()
    try:
        hours.confirm_by_elder(
            bank(), actor(), record_id, pin=form.pin.data or "", card=form.card.data or "", now=now()
        )
    except TimebankError as error:
        refusal = in_words(error)
        view = hours.see(bank(), actor(), record_id)
        trail = hours.trail(bank(), actor(), record_id)
        return render_template(
            "hours/show.html", record=view, trail=trail, me=actor().person_id, form=form, reasons=REASON_LABELS,
            refusal=refusal,
        ), refusal.status  # fmt: skip
    return _back(record_id, gettext("Confirmed. Thank you."))


@blueprint.post("/hours/<record_id>/step/<verb>")
@signed_in
def step(record_id: str, verb: str) -> Response:
    """Dispute, withdraw, appeal, uphold, reject, log again."""
    reason, text = request.form.get("reason"), request.form.get("text", "")
    hours.step(bank(), actor(), record_id, verb, reason, text[:500], now=now())
    return _back(record_id, gettext("Done."))


@blueprint.route("/visits/new", methods=["GET", "POST"])
@allow("visits.check_in")
def check_in() -> Any:
    """Begin or end a visit at the elder's door."""
    visit = hours.open_visit(bank(), actor())
    form = CheckInForm()
    form.service.choices = service_groups(hours.choices(bank(), actor()))
    refusal = None
    if visit is None and form.validate_on_submit():
        try:
            pin, card = form.pin.data or "", form.card.data or ""
            alone = card and not form.number.data
            elder_id = members.by_card(bank(), card) if alone else members.by_number(bank(), form.number.data)
            hours.check_in(bank(), actor(), elder_id, form.service.data, pin=pin, card=card, now=now())
            flash(gettext("The visit has begun. Check out with the elder before you leave."), "success")
            return redirect(url_for("hours.check_in"))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("hours/visit.html", visit=visit, form=form, refusal=refusal), status


@blueprint.post("/visits/<visit_id>/end")
@allow("visits.check_in")
def check_out(visit_id: str) -> Any:
    """End a visit: the hours are logged and confirmed at once."""
    form = PresenceForm()
    try:
        view = hours.check_out(bank(), actor(), visit_id, pin=form.pin.data or "", card=form.card.data or "", now=now())
    except TimebankError as error:
        refusal = in_words(error)
        visit = hours.open_visit(bank(), actor())
        full = CheckInForm()
        full.service.choices = []
        return render_template("hours/visit.html", visit=visit, form=full, refusal=refusal), refusal.status
    return _back(view.id, gettext("Logged and confirmed."))


@blueprint.post("/visits/<visit_id>/drop")
@allow("visits.check_in")
def drop(visit_id: str) -> Response:
    hours.abandon(bank(), actor(), visit_id, now=now())
    flash(gettext("The visit was dropped. Nothing was logged."), "success")
    return redirect(url_for("home.index"))
