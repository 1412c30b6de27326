"""Personal data over the API: the file of all that is kept, and requests for erasure. A station's system acts here for
members who are at the desk, as its worker does on the pages."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, current_app
from flask_smorest import Blueprint

from timebank.services import own_data, privacy
from timebank.web.api.schemas import Nothing
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_privacy", __name__, description="Personal data: exported, erased")


class NewErasure(ma.Schema):
    """Who asks at the desk: the member (`desk`) or the member's heirs."""

    channel = ma.fields.String(load_default="desk", validate=ma.validate.OneOf(["desk", "heirs"]))


class Erasure(ma.Schema):
    """A request. It names nobody: the answer to a POST is kept for retries, and must not outlive what is erased."""

    id = ma.fields.String()
    member_id = ma.fields.String(attribute="person_id")
    number = ma.fields.String()
    channel = ma.fields.String()
    state = ma.fields.String()
    asked_at = ma.fields.AwareDateTime()
    due_at = ma.fields.AwareDateTime()
    done_at = ma.fields.AwareDateTime(allow_none=True)
    problem = ma.fields.String(allow_none=True)


class Erasures(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Erasure))


class OwnData(ma.Schema):
    """Everything that is kept of a member; the further names are those of the tables."""

    format = ma.fields.String()
    made_at = ma.fields.AwareDateTime()
    person = ma.fields.Dict()
    balances_minutes = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())


@blueprint.route("/members/<string:person_id>/data")
@allow("erasures.request")
@blueprint.response(200, OwnData)
def data(person_id: str) -> Response:
    """All data of a member, for the member; that it was given out is kept"""
    document = own_data.of_member(bank(), actor(), person_id, now=now())
    response = Response(current_app.json.dumps(document), mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/members/<string:person_id>/erasure", methods=["POST"])
@allow("erasures.request")
@blueprint.arguments(NewErasure)
@blueprint.response(201, Erasure)
def ask(form: dict[str, Any], person_id: str) -> Any:
    """Ask that a member's data be erased"""
    return privacy.ask(bank(), actor(), person_id, form["channel"], now=now())


@blueprint.route("/erasures")
@allow("erasures.read")
@blueprint.response(200, Erasures)
def requests() -> Any:
    """The requests that are open at the stations in scope"""
    return {"items": privacy.open_ones(bank(), actor(), now=now())}


@blueprint.route("/erasures/<string:erasure_id>/withdraw", methods=["POST"])
@allow("erasures.request")
@blueprint.arguments(Nothing)
@blueprint.response(200, Erasure)
def withdraw(_: dict[str, Any], erasure_id: str) -> Any:
    """Take a request back, as long as it is not done"""
    return privacy.withdraw(bank(), actor(), erasure_id, now=now())


@blueprint.route("/erasures/<string:erasure_id>/confirm", methods=["POST"])
@allow("erasures.confirm")
@blueprint.arguments(Nothing)
@blueprint.response(200, Erasure)
def confirm(_: dict[str, Any], erasure_id: str) -> Any:
    """Agree as a second person, when the time to think it over has passed"""
    return privacy.confirm(bank(), actor(), erasure_id, now=now())
