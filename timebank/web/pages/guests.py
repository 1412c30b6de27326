"""Members of other stations at the desk: shown by PIN or card to be there, then served like one's own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from timebank.domain.errors import TimebankError
from timebank.services import members
from timebank.web.errors import in_words
from timebank.web.forms import SafeText, needed
from timebank.web.guard import actor, allow, bank, now
from timebank.web.pages.hours import PresenceForm

blueprint = Blueprint("guests", __name__)


class GuestForm(PresenceForm):
    number = SafeText(lazy_gettext("Member number"), [needed()])


@blueprint.route("/desk/guests", methods=["GET", "POST"])
@allow("guests.serve")
def index() -> Any:
    """Who is a guest now; one more."""
    form, refusal = GuestForm(), None
    if form.validate_on_submit():
        try:
            person_id = members.by_number(bank(), form.number.data)
            proof = {"pin": form.pin.data or "", "card": form.card.data or ""}
            members.receive(bank(), actor(), person_id, **proof, now=now())
            return redirect(url_for("guests.show", person_id=person_id))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    guests = members.guests(bank(), actor(), now=now())
    return render_template("guests/index.html", form=form, refusal=refusal, guests=guests), status


@blueprint.get("/desk/guests/<person_id>")
@allow("guests.serve")
def show(person_id: str) -> str:
    """What this desk can do for the guest."""
    return render_template("guests/show.html", guest=members.guest(bank(), actor(), person_id, now=now()))


@blueprint.post("/desk/guests/<person_id>/leave")
@allow("guests.serve")
def leave(person_id: str) -> Response:
    """The guest has left."""
    members.leave(bank(), actor(), person_id, now=now())
    flash(gettext("Done. This desk can do nothing more for the guest."), "success")
    return redirect(url_for("guests.index"))
