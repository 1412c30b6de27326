"""Ratings over the API: a face that the desk writes down, the faces of a month, the marks of a helper."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.ratings import DIRECTION_LABELS, FACE_LABELS
from timebank.domain.rounds import month_of
from timebank.services import ratings
from timebank.web.api.schemas import SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_ratings", __name__, description="Ratings after a service; never public")


class Rate(ma.Schema):
    """`booking_id`: the id of the request for care or of the record of hours."""

    booking_id = SafeText(required=True, validate=ma.validate.Length(min=1, max=32))
    direction = SafeText(required=True, validate=ma.validate.OneOf(list(DIRECTION_LABELS)))
    face = SafeText(required=True, validate=ma.validate.OneOf(list(FACE_LABELS)))
    text = SafeText(load_default="", validate=ma.validate.Length(max=500))


class Rating(ma.Schema):
    id = ma.fields.String()
    booking_id = ma.fields.String()
    direction = ma.fields.String()
    face = ma.fields.String()
    channel = ma.fields.String()
    at = ma.fields.AwareDateTime()


class RatingMonth(ma.Schema):
    month = ma.fields.String(load_default=None, validate=ma.validate.Regexp(r"^[0-9]{4}-(0[1-9]|1[0-2])$"))


class StationFaces(ma.Schema):
    """`counts` is null where there are too few to be shown."""

    station_id = ma.fields.String()
    direction = ma.fields.String()
    counts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), allow_none=True)


class Faces(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(StationFaces))


class Mark(ma.Schema):
    face = ma.fields.String()
    on = ma.fields.Date()


class Marks(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Mark))


@blueprint.route("/ratings", methods=["POST"])
@allow("ratings.enter")
@blueprint.arguments(Rate)
@blueprint.response(201, Rating)
def rate(form: dict[str, Any]) -> Any:
    """Write down what an elder or a helper says of a finished service"""
    return ratings.rate(bank(), actor(), form["booking_id"], form["direction"], form["face"], form["text"], now=now())


@blueprint.route("/ratings")
@allow("ratings.read")
@blueprint.arguments(RatingMonth, location="query")
@blueprint.response(200, Faces)
def faces(query: dict[str, Any]) -> Any:
    """The faces of a month by station"""
    return {"items": ratings.faces(bank(), actor(), month_of(query["month"], now()), now=now())}


@blueprint.route("/ratings/marks/<string:person_id>")
@allow("ratings.enter")
@blueprint.response(200, Marks)
def marks(person_id: str) -> Any:
    """The quality marks of a helper, with their dates"""
    return {"items": ratings.marks(bank(), actor(), person_id)}
