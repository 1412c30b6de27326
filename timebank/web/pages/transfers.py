"""Giving hours: gifts and donations, which can be undone for some minutes, and grants, which two people decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import HiddenField, IntegerField, SelectField
from wtforms.validators import NumberRange

from timebank.domain.errors import TimebankError
from timebank.domain.kin import RELATION_LABELS, Relation
from timebank.domain.roles import permits
from timebank.domain.transfers import GRANT_REASONS, REFUSE_REASONS
from timebank.services import families, members, transfers
from timebank.services.families import RelativeView
from timebank.services.transfers import Addressee, AtDesk, Giving
from timebank.web.errors import in_words
from timebank.web.forms import Choice, Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now
from timebank.web.language import hours_minutes
from timebank.web.pages.hours import PresenceForm
from timebank.web.words import choices

blueprint = Blueprint("transfers", __name__)
PAGE = 20
POOL, OTHER = "pool", "other"
MOST_HOURS = 1000


class GiveForm(Form):
    to = Choice(lazy_gettext("To whom?"))
    number = SafeText(
        lazy_gettext("Number of the other member"), description=lazy_gettext("On the member's card. Nine digits.")
    )
    hours = IntegerField(
        lazy_gettext("How many hours?"),
        [needed(), NumberRange(0, MOST_HOURS, lazy_gettext("Type a number, for example 2."))],
        default=1,
    )
    minutes = SelectField(lazy_gettext("And minutes"), coerce=int, default=0)
    sure = HiddenField()

    @property
    def total_minutes(self) -> int:
        return int(self.hours.data) * 60 + int(self.minutes.data)


class DeskGiveForm(GiveForm, PresenceForm):
    pass


class GrantForm(Form):
    number = SafeText(lazy_gettext("Member number of the elder"), [needed()])
    hours = IntegerField(lazy_gettext("How many hours?"), [needed(), NumberRange(1, MOST_HOURS)], default=2)
    reason = SelectField(lazy_gettext("Why?"))
    text = SafeText(lazy_gettext("In a few words"), description=lazy_gettext("Needed for “Another reason”."))


@dataclass(frozen=True, slots=True)
class Gift:
    """What is about to be given, for the page that asks once more. `to` None: to the pool."""

    to: Addressee | None
    minutes: int


def _fill(form: GiveForm, giving: Giving, relatives: Iterable[RelativeView]) -> None:
    people: list[tuple[str, str]] = []
    if giving.gift_minutes:
        for one in relatives:
            people.append((one.number, f"{one.name}（{gettext(RELATION_LABELS[Relation(one.relation)])}）"))
        if giving.to_anybody:
            people.append((OTHER, gettext("Another member")))
    if giving.donate_minutes:
        people.append((POOL, gettext("The pool, for elders in need")))
    form.to.choices = people
    if form.to.data is None and people:
        form.to.data = people[0][0]
    form.minutes.choices = [(0, "0"), (15, "15"), (30, "30"), (45, "45")]


@blueprint.route("/transfers/new", methods=["GET", "POST"])
@allow("transfers.gift")
def new() -> Any:
    """Give hours to a member or to the pool. A second page says what will happen, and how long it can be undone."""
    giving = transfers.giving(bank(), actor(), now=now())
    form = GiveForm()
    _fill(form, giving, families.relatives(bank(), actor(), actor().person_id))
    refusal = None
    if form.validate_on_submit():
        try:
            gift = _gift(form)
            if form.sure.data != "yes":
                return render_template("transfers/confirm.html", form=form, gift=gift, giving=giving)
            return _give(gift, giving)
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("transfers/new.html", form=form, refusal=refusal, giving=giving, other=OTHER), status


def _gift(form: GiveForm, giver_id: str | None = None) -> Gift:
    """What the form says. Raises MemberNumberInvalid, NotFound."""
    if form.to.data == POOL:
        return Gift(None, form.total_minutes)
    number = form.number.data if form.to.data == OTHER else form.to.data
    return Gift(transfers.addressee(bank(), actor(), number or "", giver_id), form.total_minutes)


def _give(gift: Gift, giving: Giving, desk: AtDesk | None = None) -> Response:
    if gift.to is None:
        transfers.donate(bank(), actor(), gift.minutes, desk=desk, now=now())
    else:
        transfers.gift(bank(), actor(), gift.to.person_id, gift.minutes, desk=desk, now=now())
    text = gettext("Given. You can undo it for %(minutes)s.", minutes=hours_minutes(giving.undo_minutes))
    flash(text, "success")
    if desk is not None:
        return redirect(url_for("transfers.at_desk", person_id=desk.giver_id))
    return redirect(url_for("transfers.index"))


@blueprint.route("/members/<person_id>/give", methods=["GET", "POST"])
@allow("transfers.enter_at_desk")
def at_desk(person_id: str) -> Any:
    """A member at the desk gives hours, and shows by PIN or card that it is the member's own wish."""
    giving = transfers.giving(bank(), actor(), person_id, now=now())
    form = DeskGiveForm()
    _fill(form, giving, families.relatives(bank(), actor(), person_id, "transfers.enter_at_desk"))
    refusal = None
    if form.validate_on_submit():
        try:
            desk = AtDesk(person_id, form.pin.data or "", form.card.data or "")
            return _give(_gift(form, person_id), giving, desk)
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    rows = transfers.of_member(bank(), actor(), person_id, now=now())
    return render_template(
        "transfers/at_desk.html", form=form, refusal=refusal, giving=giving, other=OTHER, rows=rows, giver_id=person_id
    ), status


@blueprint.get("/transfers")
@allow("transfers.gift")
def index() -> str:
    """What I gave and what I was given."""
    rows = transfers.mine(bank(), actor(), now=now())
    return render_template("transfers/index.html", rows=rows, me=actor().person_id)


@blueprint.post("/transfers/<transfer_id>/undo")
@allow("transfers.undo")
def undo(transfer_id: str) -> Response:
    transfers.undo(bank(), actor(), transfer_id, now=now())
    flash(gettext("Undone. The hours are back."), "success")
    return redirect(url_for("transfers.index"))


@blueprint.post("/members/<person_id>/give/<transfer_id>/undo")
@allow("transfers.enter_at_desk")
def undo_at_desk(person_id: str, transfer_id: str) -> Response:
    """The member at the desk takes it back."""
    transfers.undo(bank(), actor(), transfer_id, now=now())
    flash(gettext("Undone. The hours are back."), "success")
    return redirect(url_for("transfers.at_desk", person_id=person_id))


@blueprint.route("/grants", methods=["GET", "POST"])
@allow("transfers.grant")
def grants() -> Any:
    """Hours for elders in need: ask for them; somebody else decides."""
    form = GrantForm()
    form.reason.choices = choices(GRANT_REASONS)
    refusal = None
    if form.validate_on_submit():
        try:
            receiver_id = members.by_number(bank(), form.number.data)
            minutes, text = form.hours.data * 60, (form.text.data or "")[:500]
            transfers.ask_grant(bank(), actor(), receiver_id, minutes, form.reason.data, text, now=now())
            flash(gettext("Asked. The street or county centre decides."), "success")
            return redirect(url_for("transfers.grants"))
        except TimebankError as error:
            refusal = in_words(error)
    return _grants(form, refusal)


def _grants(form: GrantForm, refusal: Any) -> Any:
    status = refusal.status if refusal else 422 if form.errors else 200
    rows = transfers.grants(bank(), actor(), before=request.args.get("before"), limit=PAGE, now=now())
    older = url_for("transfers.grants", before=rows[-1].id) if len(rows) == PAGE else None
    return render_template(
        "transfers/grants.html", rows=rows, older=older, form=form, refusal=refusal,
        pool=transfers.pool_minutes(bank()), me=actor().person_id, decides=permits(actor(), "transfers.approve_grant"),
        may_programmes=permits(actor(), "grant_programmes.read"),
        refuse_reasons=REFUSE_REASONS, grant_reasons=GRANT_REASONS,
    ), status  # fmt: skip


@blueprint.post("/grants/<transfer_id>/decide")
@allow("transfers.approve_grant")
def decide(transfer_id: str) -> Any:
    """A second person approves, or refuses with a reason."""
    approve = request.form.get("approve") == "yes"
    try:
        transfers.decide_grant(
            bank(),
            actor(),
            transfer_id,
            approve=approve,
            reason=None if approve else request.form.get("reason"),
            text=request.form.get("text", "")[:500],
            now=now(),
        )
    except TimebankError as error:
        form = GrantForm(formdata=None)
        form.reason.choices = choices(GRANT_REASONS)
        return _grants(form, in_words(error))
    flash(gettext("Granted. The hours are on the elder's account.") if approve else gettext("Refused."), "success")
    return redirect(url_for("transfers.grants"))
