"""Between counties: send hours elsewhere; agreements, transfers and statements for the county; what other books ask."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from io import StringIO
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, IntegerField, SelectField, TextAreaField

from timebank.domain.errors import LimitInvalid, TimebankError
from timebank.domain.interchange import FINDINGS, REFUSALS
from timebank.domain.roles import permits
from timebank.services import interchange, transfers
from timebank.web.errors import Refusal, in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now, public
from timebank.web.language import hours_minutes
from timebank.web.security import csrf

blueprint = Blueprint("interchange", __name__)


class CrossForm(Form):
    partner = SelectField(lazy_gettext("To which county?"))
    number = SafeText(
        lazy_gettext("Member number there"),
        [needed()],
        description=lazy_gettext("Nine digits, on the card or passbook of that county."),
    )
    hours = IntegerField(lazy_gettext("Hours"), default=1)
    minutes = SelectField(lazy_gettext("Minutes"), coerce=int)
    sure = HiddenField()


class PartnerForm(Form):
    card = TextAreaField(lazy_gettext("Card of the other book"), [needed()])
    limit = IntegerField(lazy_gettext("Most hours that either side may owe the other"), [needed()])


@blueprint.route("/interchange/new", methods=["GET", "POST"])
@allow("transfers.gift")
def new() -> Any:
    """Send hours to a member of another county. A second page says what will happen, and how long it can be undone."""
    crossing = transfers.crossing(bank(), actor(), now=now())
    form = CrossForm()
    form.partner.choices = [(one.id, one.name) for one in crossing.destinations]
    form.minutes.choices = [(one, str(one)) for one in (0, 15, 30, 45)]
    refusal = None
    if crossing.destinations and form.validate_on_submit():
        minutes = max(form.hours.data or 0, 0) * 60 + form.minutes.data
        if form.sure.data != "yes":
            name = dict(form.partner.choices)[form.partner.data]
            return render_template(
                "interchange/confirm.html", form=form, minutes=minutes, county_there=name, crossing=crossing
            )
        try:
            transfers.cross(bank(), actor(), form.partner.data, form.number.data, minutes, now=now())
            undo = hours_minutes(crossing.undo_minutes)
            flash(gettext("On their way. You can undo it for %(minutes)s.", minutes=undo), "success")
            return redirect(url_for("transfers.index"))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("interchange/new.html", form=form, refusal=refusal, crossing=crossing), status


@blueprint.get("/interchange")
@allow("interchange.read")
def index() -> Any:
    """The agreements with other counties, and our own card."""
    return _index(PartnerForm(), None)


def _index(form: PartnerForm, refusal: Refusal | None) -> Any:
    page = render_template(
        "interchange/index.html", partners=interchange.partners(bank(), actor()), form=form, refusal=refusal,
        card=_card(), may_decide=permits(actor(), "interchange.decide"),
    )  # fmt: skip
    return page, refusal.status if refusal else 422 if form.errors else 200


def _card() -> str:
    found = interchange.card(bank(), url_for("home.index", _external=True).rstrip("/"))
    return json.dumps(asdict(found), ensure_ascii=False, indent=1)


@blueprint.post("/interchange")
@allow("interchange.decide")
def propose() -> Any:
    """Propose an agreement; a second person agrees."""
    form = PartnerForm()
    if form.validate_on_submit():
        try:
            hours = form.limit.data or 0
            if not 0 < hours < 1_000_000:
                raise LimitInvalid
            view = interchange.propose(bank(), actor(), form.card.data, hours * 60, now=now())
            flash(gettext("Proposed. A second person of the county agrees."), "success")
            return redirect(url_for("interchange.show", partner_id=view.id))
        except TimebankError as error:
            return _index(form, in_words(error))
    return _index(form, None)


@blueprint.get("/interchange/partners/<partner_id>")
@allow("interchange.read")
def show(partner_id: str) -> str:
    """One agreement: the account, its transfers, the daily statements, what is settled by month."""
    return render_template(
        "interchange/show.html", partner=interchange.partner(bank(), actor(), partner_id),
        transfers=interchange.transfers(bank(), actor(), partner_id),
        statements=interchange.statements(bank(), actor(), partner_id),
        months=interchange.netting(bank(), actor(), partner_id), findings=FINDINGS, refusals=REFUSALS,
        may_decide=permits(actor(), "interchange.decide"),
    )  # fmt: skip


@blueprint.post("/interchange/partners/<partner_id>/<any(agree, suspend):verb>")
@allow("interchange.decide")
def decide(partner_id: str, verb: str) -> Any:
    """Agree, or stop for now."""
    if verb == "agree":
        interchange.agree(bank(), actor(), partner_id, now=now())
    else:
        interchange.suspend(bank(), actor(), partner_id, now=now())
    flash(gettext("Done."), "success")
    return redirect(url_for("interchange.show", partner_id=partner_id))


@blueprint.get("/interchange/partners/<partner_id>/netting.csv")
@allow("interchange.read")
def netting(partner_id: str) -> Response:
    """The netting statement: minutes out, in, and the difference, by month."""
    rows = StringIO()
    sheet = csv.writer(rows)
    sheet.writerow(["month", "out_minutes", "in_minutes", "net_minutes"])
    for one in interchange.netting(bank(), actor(), partner_id):
        sheet.writerow([one.month, one.out_minutes, one.in_minutes, one.out_minutes - one.in_minutes])
    headers = {"Content-Disposition": "attachment; filename=netting.csv"}
    return Response("\ufeff" + rows.getvalue(), mimetype="text/csv", headers=headers)


@blueprint.get("/interchange/card")
@public
def card() -> Response:
    """Our card, for the other county: where we are, and how what we say is verified."""
    return Response(_card(), mimetype="application/json")


@blueprint.post("/interchange/transfers")
@csrf.exempt  # type: ignore[untyped-decorator]  # another book has no session here: it is believed for its proof alone
@public
def receive() -> Any:
    """Another book's transfer, with its proof. The answer says what became of it, with ours."""
    return jsonify(asdict(interchange.receive(bank(), request.get_data(), now=now())))


@blueprint.post("/interchange/statements")
@csrf.exempt  # type: ignore[untyped-decorator]  # as above: the statement is signed
@public
def exchange() -> Response:
    """Another book's signed statement, answered with ours."""
    return Response(interchange.exchange(bank(), request.get_data(), now=now()), mimetype="text/plain")
