"""Suggestions over the API: see a day's plan with its reasons, confirm pairs."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import matching
from timebank.web.api.schemas import SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_matching", __name__, description="Suggestions that a human confirms")


class OnDay(ma.Schema):
    day = ma.fields.Date(required=True)


class Suggestion(ma.Schema):
    """Who could serve a need, how well it fits, and why (codes)."""

    need_id = ma.fields.String()
    number = ma.fields.String()
    person_id = ma.fields.String()
    wanted_at = ma.fields.AwareDateTime()
    minutes = ma.fields.Integer()
    points = ma.fields.Integer()
    reasons = ma.fields.List(ma.fields.String())


class Suggestions(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Suggestion))


class Pair(ma.Schema):
    need_id = SafeText(required=True)
    person_id = SafeText(required=True)


class Pairs(ma.Schema):
    pairs = ma.fields.List(ma.fields.Nested(Pair), required=True, validate=ma.validate.Length(min=1, max=200))


class Confirmation(ma.Schema):
    """`refused` is the code of the refusal; null where the need was given."""

    need_id = ma.fields.String()
    person_id = ma.fields.String()
    refused = ma.fields.Function(lambda one: one.refusal.code if one.refusal is not None else None)


class Confirmations(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Confirmation))


@blueprint.route("/matching")
@allow("matching.read")
@blueprint.arguments(OnDay, location="query")
@blueprint.response(200, Suggestions)
def suggest(form: dict[str, Any]) -> Any:
    """The best plan for the open needs of a day; nothing is assigned"""
    return {"items": matching.suggest(bank(), actor(), form["day"], now=now())}


@blueprint.route("/matching/confirm", methods=["POST"])
@allow("matching.confirm")
@blueprint.arguments(Pairs)
@blueprint.response(200, Confirmations)
def confirm(form: dict[str, Any]) -> Any:
    """Give these needs to these volunteers; each pair is refused or done by itself"""
    pairs = [(one["need_id"], one["person_id"]) for one in form["pairs"]]
    return {"items": matching.confirm(bank(), actor(), pairs, now=now())}
