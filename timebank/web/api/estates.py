"""Estates over the API: report, look, settle, withdraw, undo."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import estates, members
from timebank.web.api.schemas import Cursor, SafeText, page
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_estates", __name__, description="The hours of members who died")


class EstateReport(ma.Schema):
    """`heirs`: member numbers of recorded relatives."""

    member_number = SafeText(required=True)
    died_on = ma.fields.Date(required=True)
    proof = SafeText(required=True, validate=ma.validate.Length(min=1, max=200))
    heirs = ma.fields.List(SafeText(), load_default=list, validate=ma.validate.Length(max=20))
    spouse_asks = ma.fields.Boolean(load_default=False)


class EstatePart(ma.Schema):
    origin = ma.fields.String()
    minutes = ma.fields.Integer()
    lapses = ma.fields.Boolean()


class Estate(ma.Schema):
    """An estate; names and the paper are not given out here. `parts`: what settling would do."""

    id = ma.fields.String()
    person_id = ma.fields.String()
    station_id = ma.fields.String()
    died_on = ma.fields.Date()
    state = ma.fields.String()
    choice = ma.fields.String()
    spouse_asks = ma.fields.Boolean()
    parts = ma.fields.List(ma.fields.Nested(EstatePart))
    entries = ma.fields.List(ma.fields.Integer())


class EstatePage(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Estate))
    next = ma.fields.String(allow_none=True)


class EstateStep(ma.Schema):
    verb = SafeText(required=True, validate=ma.validate.OneOf(["settle", "withdraw", "undo"]))


@blueprint.route("/estates")
@allow("estates.read")
@blueprint.arguments(Cursor, location="query")
@blueprint.response(200, EstatePage)
def every(cursor: dict[str, Any]) -> Any:
    """The estates at the stations in scope, the newest first"""
    return page(estates.every(bank(), actor(), **cursor, now=now()), cursor["limit"])


@blueprint.route("/estates", methods=["POST"])
@allow("estates.report")
@blueprint.arguments(EstateReport)
@blueprint.response(201, Estate)
def report(form: dict[str, Any]) -> Any:
    """Report that a member died; the account is frozen"""
    person_id = members.by_number(bank(), form["member_number"])
    heirs = [members.by_number(bank(), number) for number in form["heirs"]]
    told = {name: form[name] for name in ("died_on", "proof", "spouse_asks")}
    return estates.report(bank(), actor(), person_id, heirs=heirs, **told, now=now())


@blueprint.route("/estates/<string:estate_id>")
@allow("estates.read")
@blueprint.response(200, Estate)
def see(estate_id: str) -> Any:
    """One estate"""
    return estates.see(bank(), actor(), estate_id, now=now())


@blueprint.route("/estates/<string:estate_id>/steps", methods=["POST"])
@allow("estates.read")
@blueprint.arguments(EstateStep)
@blueprint.response(200, Estate)
def step(form: dict[str, Any], estate_id: str) -> Any:
    """Settle it (a second person), withdraw the report, or undo the settlement"""
    steps = {"settle": estates.settle, "withdraw": estates.withdraw, "undo": estates.undo}
    return steps[form["verb"]](bank(), actor(), estate_id, now=now())
