"""Webhooks over the API: register, list, switch on again, end."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.webhooks import EVENTS
from timebank.services import webhooks
from timebank.web.api.schemas import Nothing, SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_webhooks", __name__, description="Programmes that are told what happened")


class NewWebhook(ma.Schema):
    """An address that begins with https://, and what it is told."""

    url = SafeText(required=True, validate=ma.validate.Length(min=1, max=500))
    events = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(list(EVENTS))), required=True, validate=ma.validate.Length(min=1)
    )


class Webhook(ma.Schema):
    """`secret` stands in the answer to the registration alone."""

    id = ma.fields.String()
    url = ma.fields.String()
    events = ma.fields.List(ma.fields.String())
    state = ma.fields.String()
    made_at = ma.fields.AwareDateTime()
    failing_since = ma.fields.AwareDateTime(allow_none=True)
    secret = ma.fields.String()


class Webhooks(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Webhook))


@blueprint.route("/webhooks")
@allow("webhooks.manage")
@blueprint.response(200, Webhooks)
def every() -> Any:
    """All receivers"""
    return {"items": webhooks.every(bank(), actor())}


@blueprint.route("/webhooks", methods=["POST"])
@allow("webhooks.manage")
@blueprint.arguments(NewWebhook)
@blueprint.response(201, Webhook)
def register(form: dict[str, Any]) -> Any:
    """Register a receiver; its secret is in this answer alone"""
    return webhooks.register(bank(), actor(), form["url"], tuple(form["events"]), now=now())


@blueprint.route("/webhooks/<string:webhook_id>/on", methods=["POST"])
@allow("webhooks.manage")
@blueprint.arguments(Nothing)
@blueprint.response(200, Webhook)
def switch_on(form: dict[str, Any], webhook_id: str) -> Any:
    """Switch a stopped receiver on again"""
    return webhooks.switch_on(bank(), actor(), webhook_id, now=now())


@blueprint.route("/webhooks/<string:webhook_id>/end", methods=["POST"])
@allow("webhooks.manage")
@blueprint.arguments(Nothing)
@blueprint.response(200, Webhook)
def end(form: dict[str, Any], webhook_id: str) -> Any:
    """Tell a receiver nothing more"""
    return webhooks.end(bank(), actor(), webhook_id, now=now())
