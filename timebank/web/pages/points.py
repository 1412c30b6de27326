"""Programmes of points: what can be had for them, one's own orders, the desk, and the county that opens programmes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, SelectField
from wtforms.validators import Optional

from timebank.domain.errors import Invalid, TimebankError
from timebank.domain.points import AWARD_REASONS, FUNDERS, GOODS_KINDS, Rules
from timebank.domain.roles import permits
from timebank.services import members, network, points, transfers
from timebank.services.points import NewGoods
from timebank.web.errors import Refusal, in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now
from timebank.web.language import in_language
from timebank.web.words import choices

blueprint = Blueprint("points", __name__)


class RulesForm(Form):
    name = SafeText(lazy_gettext("Name of the programme"), [needed()])
    name_en = SafeText(lazy_gettext("Name in English"), [needed()])
    unit_label = SafeText(lazy_gettext("Unit"), [needed()])
    unit_label_en = SafeText(lazy_gettext("Unit in English"), [needed()])
    points_per_hour = IntegerField(
        lazy_gettext("Points for an hour"),
        [Optional()],
        description=lazy_gettext("Leave it empty if hours shall not become points."),
    )
    most_a_month = IntegerField(lazy_gettext("Most points a member may be awarded in a month"), [needed()])
    pickup_days = IntegerField(lazy_gettext("Days for which an order is kept"), [needed()])
    lapse_months = IntegerField(
        lazy_gettext("Months after which points lapse"),
        [Optional()],
        description=lazy_gettext("Leave it empty if they never lapse."),
    )

    def rules(self, unit: str) -> Rules:
        told = {name: getattr(self, name).data for name in Rules.__dataclass_fields__ if name != "unit"}
        return Rules(unit=unit, **told)


class ProgrammeForm(RulesForm):
    unit = SafeText(
        lazy_gettext("Word of the unit in the book"),
        [needed()],
        description=lazy_gettext("Small letters, for example redpoints. It can never be changed."),
    )


class ChangeForm(RulesForm):
    from_day = DateField(lazy_gettext("In force from which day?"), [needed()])


class AwardForm(Form):
    number = SafeText(lazy_gettext("Member number"), [needed()])
    points = IntegerField(lazy_gettext("Points"), [needed()])
    reason = SelectField(lazy_gettext("For what?"))


class GoodsForm(Form):
    station = SelectField(lazy_gettext("Station"))
    kind = SelectField(lazy_gettext("Kind"))
    name = SafeText(lazy_gettext("What it is"), [needed()])
    name_en = SafeText(lazy_gettext("What it is, in English"))
    points = IntegerField(lazy_gettext("Points"), [needed()])
    stock = IntegerField(lazy_gettext("How many are there?"), [needed()])
    government = IntegerField(lazy_gettext("Paid by the government, per cent"), default=0)
    village = IntegerField(lazy_gettext("Paid by the village or community, per cent"), default=0)
    donors = IntegerField(lazy_gettext("Paid by donors, per cent"), default=0)
    operator = IntegerField(lazy_gettext("Paid by the operator, per cent"), default=0)


@blueprint.get("/points")
@allow("points.read")
def index() -> Any:
    """The programmes, and what I have in each."""
    return _index(ProgrammeForm(most_a_month=200, pickup_days=14), None)


def _index(form: ProgrammeForm, refusal: Refusal | None) -> Any:
    page = render_template(
        "points/index.html", programmes=points.programmes(bank(), actor()), form=form, refusal=refusal,
        may_decide=permits(actor(), "points.decide"), may_order=permits(actor(), "points.order"),
    )  # fmt: skip
    return page, refusal.status if refusal else 422 if form.errors else 200


@blueprint.post("/points")
@allow("points.decide")
def propose() -> Any:
    """Propose a programme; a second person opens it."""
    form = ProgrammeForm()
    if form.validate_on_submit():
        try:
            points.propose(bank(), actor(), form.rules(form.unit.data), now=now())
            flash(gettext("Proposed. A second person of the county opens it."), "success")
            return redirect(url_for("points.index"))
        except TimebankError as error:
            return _index(form, in_words(error))
    return _index(form, None)


@blueprint.post("/points/<programme_id>/open")
@allow("points.decide")
def decide(programme_id: str) -> Response:
    """A second person opens the programme."""
    points.decide(bank(), actor(), programme_id, now=now())
    flash(gettext("The programme is open. Its book has begun."), "success")
    return redirect(url_for("points.index"))


@blueprint.route("/points/<programme_id>/changes", methods=["GET", "POST"])
@allow("points.decide")
def change(programme_id: str) -> Any:
    """Later versions of the rules: what waits, what was decided; propose one."""
    view = points.programme(bank(), actor(), programme_id)
    form, refusal = ChangeForm(data=asdict(view.rules)), None
    if form.validate_on_submit():
        try:
            rules = form.rules(view.rules.unit)
            points.propose_change(bank(), actor(), programme_id, rules, form.from_day.data, now=now())
            flash(gettext("Proposed. A second person of the county decides."), "success")
            return redirect(url_for("points.change", programme_id=programme_id))
        except TimebankError as error:
            refusal = in_words(error)
    page = render_template(
        "points/changes.html", programme=view, form=form, refusal=refusal,
        changes=points.changes(bank(), actor(), programme_id),
    )  # fmt: skip
    return page, refusal.status if refusal else 422 if form.errors else 200


@blueprint.post("/points/<programme_id>/changes/<change_id>/<any(decide, withdraw):verb>")
@allow("points.decide")
def decide_change(programme_id: str, change_id: str, verb: str) -> Response:
    """A second person decides on the later version, or it is withdrawn."""
    points.decide_change(bank(), actor(), change_id, approve=verb == "decide", now=now())
    flash(gettext("Done."), "success")
    return redirect(url_for("points.change", programme_id=programme_id))


@blueprint.get("/points/<programme_id>")
@allow("points.read")
def show(programme_id: str) -> Any:
    """What can be had for points; my orders."""
    return _show(programme_id, None)


def _show(programme_id: str, refusal: Refusal | None) -> Any:
    may_order = permits(actor(), "points.order")
    page = render_template(
        "points/show.html", programme=points.programme(bank(), actor(), programme_id), refusal=refusal,
        funders=FUNDERS, kinds=GOODS_KINDS,
        goods=points.catalogue(bank(), actor(), programme_id), may_order=may_order,
        orders=points.my_orders(bank(), actor(), programme_id) if may_order else (),
        runs=permits(actor(), "points.run"), decides=permits(actor(), "points.decide"),
    )  # fmt: skip
    return page, refusal.status if refusal else 200


@blueprint.post("/points/<programme_id>/orders")
@allow("points.order")
def order(programme_id: str) -> Any:
    """Order something for my points."""
    quantity = request.form.get("quantity", "1")
    try:
        if not (quantity.isascii() and quantity.isdigit() and len(quantity) < 4):
            raise Invalid
        points.order(
            bank(), actor(), programme_id, request.form.get("goods", ""), int(quantity), actor().person_id, now=now()
        )
    except TimebankError as error:
        refusal = in_words(error)
        return _show(programme_id, refusal)
    flash(gettext("Ordered. Fetch it at the station."), "success")
    return redirect(url_for("points.show", programme_id=programme_id))


@blueprint.post("/points/<programme_id>/orders/<order_id>/cancel")
@allow("points.read")
def cancel(programme_id: str, order_id: str) -> Response:
    """I don't want it any more, or the desk cancels: the points come back."""
    points.cancel(bank(), actor(), programme_id, order_id, now=now())
    flash(gettext("Cancelled. The points are back."), "success")
    there = "points.desk" if permits(actor(), "points.run") and request.form.get("desk") else "points.show"
    return redirect(url_for(there, programme_id=programme_id))


@blueprint.post("/points/<programme_id>/exchange")
@allow("transfers.gift")
def exchange(programme_id: str) -> Any:
    """Let hours become points; the hours wait for the undo time."""
    hours = request.form.get("hours", "")
    try:
        if not (hours.isascii() and hours.isdigit() and 0 < len(hours) < 5):
            raise Invalid
        transfers.exchange(bank(), actor(), programme_id, int(hours) * 60, now=now())
    except TimebankError as error:
        return _show(programme_id, in_words(error))
    flash(gettext("The hours become points soon. You can undo it until then."), "success")
    return redirect(url_for("transfers.index"))


@blueprint.route("/points/<programme_id>/desk", methods=["GET", "POST"])
@allow("points.run")
def desk(programme_id: str) -> Any:
    """Orders to hand over; award points; put up goods."""
    award, goods = AwardForm(prefix="award"), GoodsForm(prefix="goods")
    award.reason.choices, goods.kind.choices = choices(AWARD_REASONS), choices(GOODS_KINDS)
    own = {role.station_id for role in actor().roles if role.station_id}
    goods.station.choices = [
        (one.id, in_language(one.name, one.name_en)) for one in network.stations(bank()) if one.id in own
    ]
    refusal = None
    what = request.form.get("what")
    form: Form = award if what == "award" else goods
    if request.method == "POST" and form.validate():
        try:
            _award(programme_id, award) if what == "award" else _offer(programme_id, goods)
            flash(gettext("Done."), "success")
            return redirect(url_for("points.desk", programme_id=programme_id))
        except TimebankError as error:
            refusal = in_words(error)
    page = render_template(
        "points/desk.html", programme=points.programme(bank(), actor(), programme_id), award=award, goods=goods,
        refusal=refusal,
        wrong=form if request.method == "POST" else None,
        orders=points.station_orders(bank(), actor(), programme_id),
        shelf=points.catalogue(bank(), actor(), programme_id), own=own,
    )  # fmt: skip
    return page, refusal.status if refusal else 422 if form.errors else 200


def _award(programme_id: str, form: AwardForm) -> None:
    person_id = members.by_number(bank(), form.number.data)
    points.award(bank(), actor(), programme_id, person_id, form.points.data or 0, form.reason.data, now=now())


def _offer(programme_id: str, form: GoodsForm) -> None:
    funding = {name: getattr(form, name).data or 0 for name in FUNDERS}
    new = NewGoods(
        form.station.data, form.kind.data, form.name.data, form.name_en.data or "", form.points.data or 0,
        form.stock.data or 0, {name: share for name, share in funding.items() if share},
    )  # fmt: skip
    points.offer(bank(), actor(), programme_id, new, now=now())


@blueprint.post("/points/<programme_id>/orders/<order_id>/hand-over")
@allow("points.run")
def hand_over(programme_id: str, order_id: str) -> Response:
    """Handed over at the desk."""
    points.hand_over(bank(), actor(), programme_id, order_id, now=now())
    flash(gettext("Handed over."), "success")
    return redirect(url_for("points.desk", programme_id=programme_id))


@blueprint.post("/points/<programme_id>/goods/<goods_id>/restock")
@allow("points.run")
def restock(programme_id: str, goods_id: str) -> Response:
    """Put some in, or take some out (a number below zero)."""
    try:
        change = int(request.form.get("change", ""))
    except ValueError as error:
        raise Invalid from error
    points.restock(bank(), actor(), programme_id, goods_id, change, now=now())
    flash(gettext("Done."), "success")
    return redirect(url_for("points.desk", programme_id=programme_id))
