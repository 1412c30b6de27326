"""What any station does for a member who stands at its desk: guests of other stations, and gifts given at a desk."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import members, transfers
from timebank.services.transfers import AtDesk
from timebank.web.api.ledger import Transfer
from timebank.web.api.schemas import Minutes, Nothing, SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_guests", __name__, description="Members who stand at a desk")


class DeskPresence(ma.Schema):
    """A member and the PIN or card by which the member shows to be there."""

    member_number = SafeText(required=True)
    pin = SafeText(load_default="", load_only=True)
    card = SafeText(load_default="", load_only=True)


class Guest(ma.Schema):
    """A guest, for whom the station may act until `ends_at`."""

    person_id = ma.fields.String()
    number = ma.fields.String()
    balance_minutes = ma.fields.Integer()
    ends_at = ma.fields.AwareDateTime()


class GuestList(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Guest))


class GivenAtDesk(DeskPresence):
    """To a member, or without `receiver_number` to the pool for elders in need."""

    receiver_number = SafeText(load_default=None, allow_none=True)
    minutes = Minutes(required=True)


@blueprint.route("/guests", methods=["POST"])
@allow("guests.serve")
@blueprint.arguments(DeskPresence)
@blueprint.response(201, Guest)
def receive(form: dict[str, Any]) -> Any:
    """A member of another station is at the desk"""
    person_id = members.by_number(bank(), form["member_number"])
    return members.receive(bank(), actor(), person_id, pin=form["pin"], card=form["card"], now=now())


@blueprint.route("/guests")
@allow("guests.serve")
@blueprint.response(200, GuestList)
def every() -> Any:
    """Who is a guest now"""
    return {"items": members.guests(bank(), actor(), now=now())}


@blueprint.route("/guests/<string:person_id>/leave", methods=["POST"])
@allow("guests.serve")
@blueprint.arguments(Nothing)
@blueprint.response(204)
def leave(_: dict[str, Any], person_id: str) -> None:
    """The guest has left"""
    members.leave(bank(), actor(), person_id, now=now())


@blueprint.route("/gifts", methods=["POST"])
@allow("transfers.enter_at_desk")
@blueprint.arguments(GivenAtDesk)
@blueprint.response(201, Transfer)
def give(form: dict[str, Any]) -> Any:
    """A member at the desk gives or donates hours"""
    desk = AtDesk(members.by_number(bank(), form["member_number"]), form["pin"], form["card"])
    if form["receiver_number"] is None:
        return transfers.donate(bank(), actor(), form["minutes"], desk=desk, now=now())
    receiver_id = members.by_number(bank(), form["receiver_number"])
    return transfers.gift(bank(), actor(), receiver_id, form["minutes"], desk=desk, now=now())


@blueprint.route("/gifts/<string:transfer_id>/undo", methods=["POST"])
@allow("transfers.enter_at_desk")
@blueprint.arguments(Nothing)
@blueprint.response(200, Transfer)
def undo(_: dict[str, Any], transfer_id: str) -> Any:
    """The member takes it back while it still waits"""
    return transfers.undo(bank(), actor(), transfer_id, now=now())
