"""Trainings: what is coming, what I finished, and the station's lists."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, SelectField, TextAreaField, TimeField
from wtforms.validators import Optional

from timebank.domain.catalogue import TRAINING_LABELS
from timebank.domain.errors import TimebankError
from timebank.domain.roles import permits
from timebank.services import members, training
from timebank.services.training import AUDIENCES, NewTraining
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now, signed_in
from timebank.web.words import choices, station_choices

blueprint = Blueprint("training", __name__)


class TrainingForm(Form):
    name = SafeText(lazy_gettext("Name of the training"), [needed()])
    station_id = SelectField(lazy_gettext("Station or centre"))
    training = SelectField(lazy_gettext("Which services it opens"))
    audience = SelectField(lazy_gettext("For whom"))
    content = TextAreaField(lazy_gettext("Content"), [needed()])
    organiser = SafeText(lazy_gettext("Organiser"), [needed()])
    held_on = DateField(lazy_gettext("Day"), [needed()])
    begins = TimeField(lazy_gettext("At what time?"), [needed()])
    place = SafeText(lazy_gettext("In which room?"), [needed()])
    minutes = IntegerField(lazy_gettext("Minutes"), [needed()], default=90)
    places = IntegerField(lazy_gettext("Places"), [needed()], default=20)
    valid_to = DateField(lazy_gettext("What it opens is valid to"), [Optional()])


@blueprint.get("/trainings")
@signed_in
def index() -> Any:
    """What is coming, and what I finished. Who runs trainings and joins none finds the station's list,
    and everybody else of the staff what is coming."""
    joins = permits(actor(), "trainings.join")
    if not joins and permits(actor(), "trainings.run"):
        return redirect(url_for("training.desk"))
    attended, held = training.mine(bank(), actor()) if joins else ((), ())
    return render_template(
        "training/index.html", views=training.coming(bank(), actor(), now=now()), attended=attended, held=held,
        labels=TRAINING_LABELS, audiences=AUDIENCES, joins=joins,
    )  # fmt: skip


@blueprint.post("/trainings/<event_id>/join")
@allow("trainings.join")
def join(event_id: str) -> Response:
    training.join(bank(), actor(), event_id, now=now())
    flash(gettext("Your place is kept."), "success")
    return redirect(url_for("training.index"))


@blueprint.post("/trainings/<event_id>/leave")
@allow("trainings.join")
def leave(event_id: str) -> Response:
    training.leave(bank(), actor(), event_id, now=now())
    flash(gettext("Your place is free again."), "success")
    return redirect(url_for("training.index"))


@blueprint.route("/trainings/desk", methods=["GET", "POST"])
@allow("trainings.run")
def desk() -> Any:
    """The station's trainings with their lists; announce one more."""
    form, refusal = TrainingForm(), None
    _fill(form)
    if form.validate_on_submit():
        told = {name: field.data for name, field in form._fields.items()}
        told["begins"] = f"{form.begins.data:%H:%M}"
        try:
            training.plan(bank(), actor(), NewTraining(**told), now=now())
            flash(gettext("The training is announced."), "success")
            return redirect(url_for("training.desk"))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "training/desk.html", views=training.of_stations(bank(), actor()), form=form, refusal=refusal,
        labels=TRAINING_LABELS, audiences=AUDIENCES,
    ), status  # fmt: skip


def _fill(form: TrainingForm) -> None:
    form.station_id.choices = station_choices("trainings.run")
    form.training.choices = [("", gettext("none: it is only training")), *choices(TRAINING_LABELS)]
    form.audience.choices = choices(AUDIENCES)


@blueprint.post("/trainings/<event_id>/enter")
@allow("trainings.run")
def enter(event_id: str) -> Response:
    """A member who asks at the desk."""
    person_id = members.by_number(bank(), request.form.get("number", ""))
    training.enter(bank(), actor(), event_id, person_id, now=now())
    flash(gettext("The member is on the list."), "success")
    return redirect(url_for("training.desk"))


@blueprint.post("/trainings/<event_id>/attendance")
@allow("trainings.run")
def attend(event_id: str) -> Response:
    """Who was there."""
    count = training.attend(bank(), actor(), event_id, request.form.getlist("present"), now=now())
    flash(ngettext("%(num)s person was there.", "%(num)s people were there.", count), "success")
    return redirect(url_for("training.desk"))


@blueprint.post("/trainings/<event_id>/cancel")
@allow("trainings.run")
def cancel(event_id: str) -> Response:
    training.cancel(bank(), actor(), event_id, now=now())
    flash(gettext("Cancelled. Who joined has a message."), "success")
    return redirect(url_for("training.desk"))
