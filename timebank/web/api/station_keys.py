"""Keys of stations over the API: for a device at the station that keeps the secret half itself."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import station_keys
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_station_keys", __name__, description="Keys that stations hold themselves")


class StationKey(ma.Schema):
    """A key of a station; `seq` is the entry that added it."""

    seq = ma.fields.Integer()
    key_id = ma.fields.String()
    text = ma.fields.String()
    number = ma.fields.Integer()
    added_at = ma.fields.AwareDateTime()
    vouched = ma.fields.Boolean()
    retired_seq = ma.fields.Integer(allow_none=True)
    retired_at = ma.fields.AwareDateTime(allow_none=True)
    retired_by_key = ma.fields.Boolean()


class StationKeys(ma.Schema):
    """A station, its keys, and what the next one has to be called."""

    station_id = ma.fields.String()
    code = ma.fields.String()
    book = ma.fields.String()
    key_name = ma.fields.String()
    next_number = ma.fields.Integer()
    keys = ma.fields.List(ma.fields.Nested(StationKey))


class AllStationKeys(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(StationKeys))


class Vouched(ma.Schema):
    """Who vouches: the entry of a key in force, and base64 of its signature."""

    by = ma.fields.Integer(load_default=None, allow_none=True, strict=True, validate=ma.validate.Range(min=0))
    signature = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=100))


class NewKey(Vouched):
    """A verifier key (Ed25519), and base64 of its own signature."""

    key = ma.fields.String(required=True, validate=ma.validate.Length(max=400))
    possession = ma.fields.String(required=True, validate=ma.validate.Length(max=100))


class Retired(ma.Schema):
    """Base64 of the signature of a key in force."""

    by = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=0))
    signature = ma.fields.String(required=True, validate=ma.validate.Length(max=100))


@blueprint.route("/station-keys")
@allow("station_keys.read")
@blueprint.response(200, AllStationKeys)
def every() -> Any:
    """The stations in scope and their keys"""
    return {"items": station_keys.every(bank(), actor())}


@blueprint.route("/station-keys/<string:station_id>", methods=["POST"])
@allow("station_keys.hold")
@blueprint.arguments(NewKey)
@blueprint.response(201, StationKeys)
def add(form: dict[str, Any], station_id: str) -> Any:
    """Bring a key into the book; a second one needs the word of the first"""
    return station_keys.add(bank(), actor(), station_id, **form, now=now())


@blueprint.route("/station-keys/<string:station_id>/<int:seq>/retire", methods=["POST"])
@allow("station_keys.hold")
@blueprint.arguments(Retired)
@blueprint.response(200, StationKeys)
def retire(form: dict[str, Any], station_id: str, seq: int) -> Any:
    """Retire a key by the word of a key in force"""
    return station_keys.retire(bank(), actor(), station_id, seq, **form, now=now())


@blueprint.route("/station-keys/<string:station_id>/<int:seq>/revoke", methods=["POST"])
@allow("station_keys.retire")
@blueprint.response(200, StationKeys)
def revoke(station_id: str, seq: int) -> Any:
    """The county retires a key that is lost or stolen, without its word"""
    return station_keys.retire(bank(), actor(), station_id, seq, now=now())
