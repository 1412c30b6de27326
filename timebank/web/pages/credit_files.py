"""Credit files: facts about organisations, stations and staff; objections, repairs; the list of the dishonest."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from wtforms import DateField, SelectField, TextAreaField

from timebank.domain.credit_files import KIND_LABELS, STEP_LABELS, SUBJECT_LABELS, VERB_LABELS
from timebank.domain.errors import TimebankError
from timebank.domain.roles import permits
from timebank.services import credit_files, network
from timebank.services.credit_files import NewEvent
from timebank.web.errors import Refusal, in_words
from timebank.web.forms import Choice, Form, SafeText, chosen, needed
from timebank.web.guard import actor, allow, bank, now, signed_in
from timebank.web.language import in_language
from timebank.web.words import choices

blueprint = Blueprint("credit_files", __name__)
PAGE = 20


class EventForm(Form):
    subject = Choice(lazy_gettext("Whose file?"), [chosen()])
    station = SelectField(lazy_gettext("Station"))
    person = SelectField(lazy_gettext("Who of the staff?"), description=lazy_gettext("Only for a file of the staff."))
    kind = SelectField(lazy_gettext("What kind of fact?"))
    text = TextAreaField(
        lazy_gettext("The fact and its evidence"), [needed()],
        description=lazy_gettext("Name nobody here: files of stations and organisations are public."),
    )  # fmt: skip
    number = SafeText(lazy_gettext("Number of the paper it comes from"), [needed()])
    day = DateField(lazy_gettext("On which day?"), [needed()])


class ListingForm(Form):
    uscc = SelectField(lazy_gettext("Which organisation?"))
    text = TextAreaField(lazy_gettext("Why?"), [needed()])
    number = SafeText(lazy_gettext("Number of the decision"), [needed()])
    starts = DateField(lazy_gettext("From which day?"), [needed()])
    ends = DateField(lazy_gettext("Until which day?"), [needed()])


@blueprint.get("/credit-files")
@allow("credit_files.read")
def index() -> str:
    """The facts in scope, the newest first, and the list of organisations."""
    rows = credit_files.events(bank(), actor(), before=request.args.get("before"), limit=PAGE, now=now())
    older = url_for("credit_files.index", before=rows[-1].id) if len(rows) == PAGE else None
    return render_template(
        "credit_files/index.html", rows=rows, older=older, kinds=KIND_LABELS, subjects=SUBJECT_LABELS,
        listings=credit_files.listings(bank(), actor(), now=now()), may_record=permits(actor(), "credit_files.record"),
    )  # fmt: skip


@blueprint.route("/credit-files/new", methods=["GET", "POST"])
@allow("credit_files.record")
def new() -> Any:
    """Write a fact into a file."""
    form, refusal = EventForm(), None
    form.subject.choices, form.kind.choices = choices(SUBJECT_LABELS), choices(KIND_LABELS)
    form.station.choices = [(one.id, in_language(one.name, one.name_en)) for one in network.stations(bank())]
    form.person.choices = [("", gettext("Nobody")), *credit_files.staff(bank(), actor())]
    if form.validate_on_submit():
        try:
            fact = NewEvent(
                form.subject.data, form.station.data, form.kind.data, form.text.data, form.number.data, form.day.data,
                form.person.data or None,
            )  # fmt: skip
            view = credit_files.record(bank(), actor(), fact, now=now())
            flash(gettext("It is written into the file."), "success")
            return redirect(url_for("credit_files.show", event_id=view.id))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("credit_files/new.html", form=form, refusal=refusal), status


@blueprint.get("/credit-files/<event_id>")
@signed_in
def show(event_id: str) -> Any:
    """One fact with its history and what I may do."""
    return _show(event_id, None)


def _show(event_id: str, refusal: Refusal | None) -> Any:
    page = render_template(
        "credit_files/show.html", view=credit_files.see(bank(), actor(), event_id, now=now()), refusal=refusal,
        trail=credit_files.trail(bank(), actor(), event_id), kinds=KIND_LABELS, subjects=SUBJECT_LABELS,
        verbs=VERB_LABELS, titles=STEP_LABELS, typed=request.form,
    )  # fmt: skip
    return page, refusal.status if refusal else 200


@blueprint.post("/credit-files/<event_id>/<verb>")
@signed_in
def step(event_id: str, verb: str) -> Any:
    """Object, strike out, keep, repair."""
    try:
        credit_files.step(bank(), actor(), event_id, verb, request.form.get("text", ""), now=now())
    except TimebankError as error:
        return _show(event_id, in_words(error))
    flash(gettext("Done."), "success")
    return redirect(url_for("credit_files.show", event_id=event_id))


@blueprint.route("/listings/new", methods=["GET", "POST"])
@allow("listings.propose")
def propose() -> Any:
    """Propose that an organisation be listed. Organisations alone can be chosen."""
    form, refusal = ListingForm(), None
    run = {one.operator_uscc: one.operator_name for one in network.stations(bank()) if one.operator_uscc}
    form.uscc.choices = [(code, f"{name} {code}") for code, name in sorted(run.items())]
    if form.validate_on_submit():
        try:
            credit_files.propose(
                bank(), actor(), form.uscc.data, form.text.data, form.number.data, form.starts.data, form.ends.data,
                now=now(),
            )  # fmt: skip
            flash(gettext("Proposed. A second person of the county confirms it."), "success")
            return redirect(url_for("credit_files.index"))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("credit_files/propose.html", form=form, refusal=refusal), status


@blueprint.get("/listings/<listing_id>")
@allow("credit_files.read")
def listing(listing_id: str) -> Any:
    """One organisation's listing, with its history."""
    return _listing(listing_id, None)


def _listing(listing_id: str, refusal: Refusal | None) -> Any:
    view, trail = credit_files.see_listing(bank(), actor(), listing_id, now=now())
    page = render_template(
        "credit_files/listing.html", view=view, trail=trail, refusal=refusal, verbs=VERB_LABELS, titles=STEP_LABELS,
        typed=request.form,
    )  # fmt: skip
    return page, refusal.status if refusal else 200


@blueprint.post("/listings/<listing_id>/<verb>")
@allow("credit_files.read")
def step_listing(listing_id: str, verb: str) -> Any:
    """Confirm, object, strike out, keep."""
    try:
        credit_files.step_listing(bank(), actor(), listing_id, verb, request.form.get("text", ""), now=now())
    except TimebankError as error:
        return _listing(listing_id, in_words(error))
    flash(gettext("Done."), "success")
    return redirect(url_for("credit_files.listing", listing_id=listing_id))
