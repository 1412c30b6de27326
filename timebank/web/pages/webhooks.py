"""Webhooks: who is told what happens, for the county and the administrator."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from wtforms import SelectMultipleField

from timebank.domain.errors import TimebankError
from timebank.domain.webhooks import EVENTS, STATE_LABELS
from timebank.services import webhooks
from timebank.services.webhooks import WebhookView
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now
from timebank.web.words import choices

blueprint = Blueprint("webhooks", __name__)
MESSAGE_LABELS = {"waiting": lazy_gettext("Waiting"), "sent": lazy_gettext("Sent"), "failed": lazy_gettext("Given up")}


class WebhookForm(Form):
    url = SafeText(
        lazy_gettext("Address of the receiver"),
        [needed()],
        description=lazy_gettext("It begins with https:// and can be reached from the internet."),
    )
    events = SelectMultipleField(lazy_gettext("What it is told"))


@blueprint.route("/webhooks", methods=["GET", "POST"])
@allow("webhooks.manage")
def index() -> Any:
    """All receivers; register one more, whose secret is shown this once."""
    form, refusal = WebhookForm(), None
    made: WebhookView | None = None
    form.events.choices = choices(EVENTS)
    if form.validate_on_submit():
        try:
            made = webhooks.register(bank(), actor(), form.url.data, tuple(form.events.data or ()), now=now())
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "webhooks/index.html", rows=webhooks.every(bank(), actor()), form=form, refusal=refusal, made=made,
        states=STATE_LABELS, events=EVENTS,
    ), status  # fmt: skip


@blueprint.get("/webhooks/<webhook_id>")
@allow("webhooks.manage")
def show(webhook_id: str) -> str:
    """One receiver with its last messages."""
    view, messages = webhooks.see(bank(), actor(), webhook_id)
    return render_template(
        "webhooks/show.html", view=view, messages=messages, states=STATE_LABELS, events=EVENTS, sent=MESSAGE_LABELS
    )


@blueprint.post("/webhooks/<webhook_id>/step")
@allow("webhooks.manage")
def step(webhook_id: str) -> Any:
    """Switch a stopped one on again, or end one."""
    work = webhooks.switch_on if request.form.get("step") == "on" else webhooks.end
    work(bank(), actor(), webhook_id, now=now())
    flash(gettext("Done."), "success")
    return redirect(url_for("webhooks.show", webhook_id=webhook_id))
