"""Programmes of points over the API: programmes, goods, awards, orders."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.points import AWARD_REASONS
from timebank.services import members, points
from timebank.web.api.schemas import SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_points", __name__, description="Programmes of points, each with a book of its own")
SHORT = ma.validate.Length(max=32)


class PointsRules(ma.Schema):
    name = ma.fields.String()
    name_en = ma.fields.String()
    unit = ma.fields.String()
    unit_label = ma.fields.String()
    unit_label_en = ma.fields.String()
    points_per_hour = ma.fields.Integer(allow_none=True)
    most_a_month = ma.fields.Integer()
    pickup_days = ma.fields.Integer()
    lapse_months = ma.fields.Integer(allow_none=True)


class PointsProgramme(ma.Schema):
    id = ma.fields.String()
    origin = ma.fields.String()
    state = ma.fields.String()
    rules = ma.fields.Nested(PointsRules)
    in_circulation = ma.fields.Integer()


class PointsProgrammes(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(PointsProgramme))


class PointsGoods(ma.Schema):
    id = ma.fields.String()
    station_id = ma.fields.String()
    kind = ma.fields.String()
    name = ma.fields.String()
    name_en = ma.fields.String()
    points = ma.fields.Integer()
    stock = ma.fields.Integer()


class PointsShelf(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(PointsGoods))


class NewAward(ma.Schema):
    member_number = SafeText(required=True)
    points = ma.fields.Integer(required=True)
    reason = SafeText(required=True, validate=ma.validate.OneOf(list(AWARD_REASONS)))


class AwardEntry(ma.Schema):
    entry_seq = ma.fields.Integer()


class NewOrder(ma.Schema):
    member_number = SafeText(required=True)
    goods_id = SafeText(required=True, validate=SHORT)
    quantity = ma.fields.Integer(load_default=1)


class PointsOrder(ma.Schema):
    """An order. Names are not given out here."""

    id = ma.fields.String()
    station_id = ma.fields.String()
    person_id = ma.fields.String()
    quantity = ma.fields.Integer()
    points = ma.fields.Integer()
    state = ma.fields.String()
    made_at = ma.fields.AwareDateTime()
    keep_until = ma.fields.AwareDateTime()


class PointsOrders(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(PointsOrder))


class OrderStep(ma.Schema):
    verb = SafeText(required=True, validate=ma.validate.OneOf(["hand_over", "cancel"]))


@blueprint.route("/points")
@allow("points.read")
@blueprint.response(200, PointsProgrammes)
def every() -> Any:
    """The programmes in force"""
    return {"items": points.programmes(bank(), actor())}


@blueprint.route("/points/<string:programme_id>/goods")
@allow("points.read")
@blueprint.response(200, PointsShelf)
def goods(programme_id: str) -> Any:
    """What can be had for points"""
    return {"items": points.catalogue(bank(), actor(), programme_id)}


@blueprint.route("/points/<string:programme_id>/awards", methods=["POST"])
@allow("points.run")
@blueprint.arguments(NewAward)
@blueprint.response(201, AwardEntry)
def award(form: dict[str, Any], programme_id: str) -> Any:
    """Award points to a member of the station"""
    person_id = members.by_number(bank(), form["member_number"])
    seq = points.award(bank(), actor(), programme_id, person_id, form["points"], form["reason"], now=now())
    return {"entry_seq": seq}


@blueprint.route("/points/<string:programme_id>/orders")
@allow("points.run")
@blueprint.response(200, PointsOrders)
def orders(programme_id: str) -> Any:
    """The orders at the stations in scope, the newest first"""
    return {"items": points.station_orders(bank(), actor(), programme_id)}


@blueprint.route("/points/<string:programme_id>/orders", methods=["POST"])
@allow("points.run")
@blueprint.arguments(NewOrder)
@blueprint.response(201, PointsOrder)
def order(form: dict[str, Any], programme_id: str) -> Any:
    """Order for a member at the desk: points are held, goods are set aside"""
    person_id = members.by_number(bank(), form["member_number"])
    return points.order(bank(), actor(), programme_id, form["goods_id"], form["quantity"], person_id, now=now())


@blueprint.route("/points/<string:programme_id>/orders/<string:order_id>/steps", methods=["POST"])
@allow("points.run")
@blueprint.arguments(OrderStep)
@blueprint.response(200, PointsOrder)
def step(form: dict[str, Any], programme_id: str, order_id: str) -> Any:
    """Hand it over, or cancel it"""
    steps = {"hand_over": points.hand_over, "cancel": points.cancel}
    return steps[form["verb"]](bank(), actor(), programme_id, order_id, now=now())
