"""The inbox, and how a person wants to be told besides."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, EmailField, RadioField

from timebank.domain.errors import TimebankError
from timebank.services import messages
from timebank.services.messages import MessageView, Wishes
from timebank.web.errors import in_words
from timebank.web.forms import Form
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("messages", __name__)
PLACES = {
    "redemption": ("redemptions.show", "redemption_id"),
    "hours": ("hours.show", "record_id"),
    "need": ("needs.show", "need_id"),
    "webhook": ("webhooks.show", "webhook_id"),
    "activity": ("activities.show", "activity_id"),
}
"""What a message is about → the page that shows it to who may see it."""
LISTS = {
    "passbook": "passbook.index",
    "transfer": "transfers.index",
    "points": "points.index",
    "certificate": "certificates.index",
    "hours_due": "certificates.due",
    "redeeming": "redemptions.new",
    "station": "network.index",
    "inspection": "inspections.index",
    "training": "training.index",
    "rounds": "rounds.mine",
    "complaint": "complaints.index",
    "incident": "incidents.index",
    "loan": "equipment.mine",
    "credit_event": "credit_files.index",
}


class WishesForm(Form):
    wants_email = BooleanField(lazy_gettext("By e-mail"))
    email = EmailField(lazy_gettext("E-mail address"))
    wants_sms = BooleanField(lazy_gettext("By short message to my phone"))
    language = RadioField(lazy_gettext("Language"))


@blueprint.get("/messages")
@allow("messages.see_own")
def index() -> str:
    """The newest messages."""
    items = [(view, _page_of(view)) for view in messages.inbox(bank(), actor())]
    return render_template("messages/index.html", items=items)


def _page_of(view: MessageView) -> str | None:
    if view.about in PLACES:
        endpoint, name = PLACES[view.about]
        values: dict[str, Any] = {name: view.about_id}
        return url_for(endpoint, **values)
    return url_for(LISTS[view.about]) if view.about in LISTS else None


@blueprint.post("/messages/read")
@allow("messages.see_own")
def mark_read() -> Response:
    messages.mark_read(bank(), actor(), now=now())
    return redirect(url_for("messages.index"))


@blueprint.route("/messages/wishes", methods=["GET", "POST"])
@allow("messages.see_own")
def wishes() -> Any:
    """By which ways, besides the inbox. Each is a consent that can be taken back here."""
    form, refusal = WishesForm(obj=messages.wishes(bank(), actor())), None
    form.language.choices = [("zh", "中文"), ("en", "English")]
    if form.validate_on_submit():
        wanted = Wishes(
            form.email.data or "", bool(form.wants_email.data), bool(form.wants_sms.data), form.language.data
        )
        try:
            messages.choose(bank(), actor(), wanted, now=now())
            flash(gettext("It is kept. You can change it here at any time."), "success")
            return redirect(url_for("messages.index"))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("messages/wishes.html", form=form, refusal=refusal), status
