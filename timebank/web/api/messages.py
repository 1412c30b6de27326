"""Messages over the API: the inbox of the token's owner, and how the owner wants to be told."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import messages
from timebank.services.messages import Wishes
from timebank.web.api.schemas import SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_messages", __name__, description="Messages")


class Message(ma.Schema):
    """A message: its text in English, and what it is about."""

    id = ma.fields.String()
    text = ma.fields.String()
    about = ma.fields.String()
    about_id = ma.fields.String()
    made_at = ma.fields.AwareDateTime()
    is_read = ma.fields.Boolean()


class Inbox(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Message))


class MessageWishes(ma.Schema):
    """Besides the inbox. Each way is a consent of its own."""

    email = SafeText(load_default="")
    wants_email = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})
    wants_sms = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})
    language = SafeText(load_default="zh", validate=ma.validate.OneOf(["zh", "en"]))


class MarkedRead(ma.Schema):
    read = ma.fields.Integer()


@blueprint.route("/messages")
@allow("messages.see_own")
@blueprint.response(200, Inbox)
def inbox() -> Any:
    """The newest messages, the newest first"""
    return {"items": messages.inbox(bank(), actor())}


@blueprint.route("/messages/read", methods=["POST"])
@allow("messages.see_own")
@blueprint.response(200, MarkedRead)
def mark_read() -> Any:
    """Mark all messages as read"""
    return {"read": messages.mark_read(bank(), actor(), now=now())}


@blueprint.route("/messages/wishes")
@allow("messages.see_own")
@blueprint.response(200, MessageWishes)
def wishes() -> Any:
    """How the owner wants to be told"""
    return messages.wishes(bank(), actor())


@blueprint.route("/messages/wishes", methods=["POST"])
@allow("messages.see_own")
@blueprint.arguments(MessageWishes)
@blueprint.response(200, MessageWishes)
def choose(form: dict[str, Any]) -> Any:
    """Choose how to be told"""
    messages.choose(bank(), actor(), Wishes(**form), now=now())
    return messages.wishes(bank(), actor())
