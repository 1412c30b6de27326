"""Policies and services over the API."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.policies import to_json
from timebank.services import catalogue, policies
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_policies", __name__, description="Rules and services")


class PolicyDocument(ma.Schema):
    """A version of the rules, with the hash that entries cite."""

    version = ma.fields.Integer()
    digest = ma.fields.String()
    effective_at = ma.fields.AwareDateTime()
    entry_seq = ma.fields.Integer()
    in_force = ma.fields.Boolean()
    policy = ma.fields.Function(lambda view: to_json(view.policy))


class Policies(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(PolicyDocument))


class NewPolicy(ma.Schema):
    """The whole document, and from when it is in force."""

    policy = ma.fields.Dict(required=True)
    effective_at = ma.fields.AwareDateTime(required=True)


class Service(ma.Schema):
    code = ma.fields.String()
    name = ma.fields.String()
    name_en = ma.fields.String()
    five_x = ma.fields.String()
    helps = ma.fields.List(ma.fields.String())
    risk = ma.fields.String()
    training = ma.fields.String(allow_none=True)
    minutes_min = ma.fields.Integer()
    minutes_max = ma.fields.Integer()
    active = ma.fields.Boolean()
    askable = ma.fields.Boolean()
    carries_papers = ma.fields.Boolean()
    legal_class = ma.fields.String(allow_none=True)


class Services(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Service))


@blueprint.route("/policies")
@allow("policies.read")
@blueprint.response(200, Policies)
def every() -> Any:
    """Every version of the rules, the newest first"""
    return {"items": policies.versions(bank(), now=now())}


@blueprint.route("/policies", methods=["POST"])
@allow("policies.decide")
@blueprint.arguments(NewPolicy)
@blueprint.response(201, PolicyDocument)
def decide(form: dict[str, Any]) -> Any:
    """Decide on a new version"""
    text = policies.text_of(form["policy"])
    return policies.decide(bank(), actor(), text, form["effective_at"], now=now())


@blueprint.route("/services")
@allow("catalogue.read")
@blueprint.response(200, Services)
def services() -> Any:
    """The catalogue"""
    return {"items": catalogue.items(bank())}
