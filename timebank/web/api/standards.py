"""Standard cards and changes of the catalogue over the API."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.catalogue import LEGAL_CLASS_LABELS
from timebank.domain.policies import Risk
from timebank.domain.standards import CardText, Change
from timebank.services import standards
from timebank.web.api.schemas import SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_standards", __name__, description="Standard cards and changes of services")
PART = ma.validate.Length(min=1, max=1000)


class StandardText(ma.Schema):
    """One line for each step or thing, in both languages."""

    steps = ma.fields.String(required=True, validate=PART)
    bring = ma.fields.String(required=True, validate=PART)
    never = ma.fields.String(required=True, validate=PART)
    steps_en = ma.fields.String(required=True, validate=PART)
    bring_en = ma.fields.String(required=True, validate=PART)
    never_en = ma.fields.String(required=True, validate=PART)


class NewStandard(ma.Schema):
    """A version of the card, the paper that it rests on, and from which day it is in force."""

    text = ma.fields.Nested(StandardText, required=True)
    basis = SafeText(required=True, validate=ma.validate.Length(min=1, max=200))
    on = ma.fields.Date(required=True)


class Standard(ma.Schema):
    service_code = ma.fields.String()
    version = ma.fields.Integer()
    text = ma.fields.Nested(StandardText)
    digest = ma.fields.String()
    basis = ma.fields.String()
    effective_at = ma.fields.AwareDateTime()
    in_force = ma.fields.Boolean()


class ServiceChangeText(ma.Schema):
    """What changes; what is left out stays as it is."""

    active = ma.fields.Boolean(load_default=None, allow_none=True)
    minutes_min = ma.fields.Integer(load_default=None, allow_none=True, strict=True)
    minutes_max = ma.fields.Integer(load_default=None, allow_none=True, strict=True)
    risk = ma.fields.Enum(Risk, by_value=True, load_default=None, allow_none=True)
    training = SafeText(load_default=None, allow_none=True, validate=ma.validate.Length(max=24))
    two_persons = ma.fields.Boolean(load_default=None, allow_none=True)
    legal_class = ma.fields.String(
        load_default=None, allow_none=True, validate=ma.validate.OneOf(list(LEGAL_CLASS_LABELS))
    )


class NewServiceChange(ma.Schema):
    change = ma.fields.Nested(ServiceChangeText, required=True)
    basis = SafeText(required=True, validate=ma.validate.Length(min=1, max=200))
    on = ma.fields.Date(required=True)


class ServiceChangeView(ma.Schema):
    id = ma.fields.String()
    service_code = ma.fields.String()
    change = ma.fields.Nested(ServiceChangeText)
    basis = ma.fields.String()
    effective_at = ma.fields.AwareDateTime()
    state = ma.fields.String()


class ServiceHistory(ma.Schema):
    """A service's cards and changes, the newest first."""

    cards = ma.fields.List(ma.fields.Nested(Standard))
    changes = ma.fields.List(ma.fields.Nested(ServiceChangeView))


@blueprint.route("/services/<string:code>")
@allow("catalogue.read")
@blueprint.response(200, ServiceHistory)
def see(code: str) -> Any:
    """Cards and changes of one service"""
    return standards.see(bank(), code, now=now())


@blueprint.route("/services/<string:code>/cards", methods=["POST"])
@allow("catalogue.edit")
@blueprint.arguments(NewStandard)
@blueprint.response(201, Standard)
def decide_card(form: dict[str, Any], code: str) -> Any:
    """A new version of a standard card"""
    text = CardText(**form["text"])
    return standards.decide_card(bank(), actor(), code, text, basis=form["basis"], on=form["on"], now=now())


@blueprint.route("/services/<string:code>/changes", methods=["POST"])
@allow("catalogue.edit")
@blueprint.arguments(NewServiceChange)
@blueprint.response(201, ServiceChangeView)
def decide_change(form: dict[str, Any], code: str) -> Any:
    """Change a service from a day on"""
    change = Change(**form["change"])
    return standards.decide_change(bank(), actor(), code, change, basis=form["basis"], on=form["on"], now=now())
