"""Offers over the API: make, see, end; the station vouches for insurance papers."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import offers
from timebank.services.offers import MakeOffer
from timebank.web.api.schemas import Nothing, SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_offers", __name__, description="When volunteers can help")
CLOCK = ma.validate.Regexp(r"^\d\d:\d\d$")


class NewOffer(ma.Schema):
    """An offer. Weekdays: Monday is 1. Times are local."""

    weekdays = ma.fields.List(ma.fields.Integer(strict=True), required=True)
    start = SafeText(required=True, validate=CLOCK)
    end = SafeText(required=True, validate=CLOCK)
    services = ma.fields.List(SafeText(), required=True)
    risk = SafeText(required=True, validate=ma.validate.Length(min=1, max=500))
    far_metres = ma.fields.Integer(load_default=None, allow_none=True, strict=True)
    languages = ma.fields.List(SafeText(), load_default=list)
    gender_wish = SafeText(load_default="")
    insured_until = ma.fields.Date(load_default=None, allow_none=True)


class Offer(ma.Schema):
    """An offer, without names."""

    id = ma.fields.String()
    person_id = ma.fields.String()
    station_id = ma.fields.String()
    weekdays = ma.fields.List(ma.fields.Integer())
    start = ma.fields.String()
    end = ma.fields.String()
    services = ma.fields.List(ma.fields.String(), attribute="service_codes")
    far_metres = ma.fields.Integer()
    languages = ma.fields.List(ma.fields.String())
    gender_wish = ma.fields.String()
    insured_until = ma.fields.Date(allow_none=True)
    insurance_seen = ma.fields.Boolean()
    valid_until = ma.fields.Date()
    state = ma.fields.String()


class Offers(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Offer))


@blueprint.route("/offers", methods=["POST"])
@allow("offers.make")
@blueprint.arguments(NewOffer)
@blueprint.response(201, Offer)
def make(form: dict[str, Any]) -> Any:
    """Make an offer"""
    return offers.make(bank(), actor(), MakeOffer(**form), now=now())


@blueprint.route("/offers")
@allow("offers.read")
@blueprint.response(200, Offers)
def every() -> Any:
    """The valid offers of the stations in scope"""
    return {"items": offers.at_stations(bank(), actor(), now=now())}


@blueprint.route("/offers/<string:offer_id>/end", methods=["POST"])
@allow("offers.make")
@blueprint.arguments(Nothing)
@blueprint.response(200, Offer)
def end(form: dict[str, Any], offer_id: str) -> Any:
    """Take an offer back"""
    return offers.end(bank(), actor(), offer_id)


@blueprint.route("/offers/<string:offer_id>/insurance", methods=["POST"])
@allow("offers.check")
@blueprint.arguments(Nothing)
@blueprint.response(200, Offer)
def insurance(form: dict[str, Any], offer_id: str) -> Any:
    """The insurance paper was seen; from now on it counts"""
    return offers.see_insurance(bank(), actor(), offer_id, now=now())
