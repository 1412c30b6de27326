"""Ratings: three faces after a service, and the faces of a month by station."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from wtforms import TextAreaField

from timebank.domain.errors import TimebankError
from timebank.domain.local_time import add_months, local_day
from timebank.domain.ratings import DIRECTION_LABELS, FACE_LABELS
from timebank.domain.rounds import month_of
from timebank.services import ratings
from timebank.web.errors import in_words
from timebank.web.forms import Choice, Form
from timebank.web.guard import actor, allow, bank, now, signed_in
from timebank.web.words import choices

blueprint = Blueprint("ratings", __name__)


class RatingForm(Form):
    direction = Choice(lazy_gettext("Who says it?"))
    face = Choice(lazy_gettext("How was it?"))
    text = TextAreaField(lazy_gettext("In a few words"), description=lazy_gettext("You can leave this empty."))


@blueprint.route("/ratings/<booking_id>", methods=["GET", "POST"])
@signed_in
def rate(booking_id: str) -> Any:
    """One tap on a face, one on the button. The desk writes down what an elder says."""
    view, form, refusal = ratings.booking(bank(), actor(), booking_id), RatingForm(), None
    form.direction.choices = [(one, gettext(DIRECTION_LABELS[one])) for one in view.sides]
    form.face.choices = choices(FACE_LABELS)
    if form.validate_on_submit():
        try:
            text = (form.text.data or "").strip()[:500]
            ratings.rate(bank(), actor(), booking_id, form.direction.data, form.face.data, text, now=now())
            flash(gettext("Thank you. Only the station reads it."), "success")
            return redirect(url_for("ratings.rate", booking_id=booking_id))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "ratings/rate.html", view=view, form=form, refusal=refusal, faces=FACE_LABELS, sides=DIRECTION_LABELS
    ), status


@blueprint.get("/ratings")
@allow("ratings.read")
def index() -> str:
    """The faces of a month, by station and side."""
    month = month_of(request.args.get("month"), now())
    return render_template(
        "ratings/index.html", rows=ratings.faces(bank(), actor(), month, now=now()), month=month,
        before=add_months(month, -1), after=add_months(month, 1), this_month=local_day(now()).replace(day=1),
        faces=FACE_LABELS, sides=DIRECTION_LABELS,
    )  # fmt: skip


@blueprint.get("/ratings/marks/<person_id>")
@allow("ratings.enter")
def marks(person_id: str) -> str:
    """The quality marks of a helper with their dates, for the helper's station."""
    return render_template(
        "ratings/marks.html", rows=ratings.marks(bank(), actor(), person_id), faces=FACE_LABELS, person_id=person_id
    )
