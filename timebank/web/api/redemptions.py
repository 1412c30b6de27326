"""Redemptions over the API: ask, assign, deliver, settle, give back, the waiting list."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import families, members, redemptions
from timebank.services.redemptions import AskForCare
from timebank.web.api.schemas import Cursor, Minutes, Nothing, SafeText, page, page_of
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_redemptions", __name__, description="Care that is paid with hours")


class Wanted(ma.Schema):
    """Care for a member. Without a receiver, the member is the receiver."""

    member_number = SafeText(required=True)
    receiver_number = SafeText(load_default="")
    service_code = SafeText(required=True)
    minutes = Minutes(required=True, validate=ma.validate.Range(min=1, max=1440))
    wanted_at = ma.fields.AwareDateTime(required=True)
    note = SafeText(load_default="", validate=ma.validate.Length(max=500))


class Redemption(ma.Schema):
    """A request. `minutes` are held; `settled_minutes` were used."""

    id = ma.fields.String()
    number = ma.fields.String()
    state = ma.fields.String()
    station_id = ma.fields.String()
    member_id = ma.fields.String()
    receiver_id = ma.fields.String()
    service_code = ma.fields.String()
    minutes = ma.fields.Integer()
    wanted_at = ma.fields.AwareDateTime()
    requested_at = ma.fields.AwareDateTime()
    expires_at = ma.fields.AwareDateTime()
    volunteer_id = ma.fields.String(allow_none=True)
    delivered_minutes = ma.fields.Integer(allow_none=True)
    settled_minutes = ma.fields.Integer(allow_none=True)
    entry_seq = ma.fields.Integer(allow_none=True)
    verbs = ma.fields.List(ma.fields.String())


class Step(ma.Schema):
    """One change of state: who, when, why."""

    state = ma.fields.String()
    who = ma.fields.String()
    at = ma.fields.AwareDateTime()
    reason = ma.fields.String(allow_none=True)
    text = ma.fields.String()


class Steps(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Step))


class Redemptions(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Redemption))


class Volunteer(ma.Schema):
    volunteer_number = SafeText(required=True)


class Delivery(ma.Schema):
    minutes = Minutes(required=True, validate=ma.validate.Range(min=0, max=1440))
    delivered_at = ma.fields.AwareDateTime(required=True)


class MaybeReason(ma.Schema):
    """A reason, for the steps that ask for one, and words where it is `other`."""

    reason = SafeText(load_default=None, allow_none=True, validate=ma.validate.Length(max=32))
    text = SafeText(load_default="", validate=ma.validate.Length(max=500))


RedemptionPage = page_of(Redemption)


@blueprint.route("/redemptions", methods=["POST"])
@allow("redemptions.request_at_desk")
@blueprint.arguments(Wanted)
@blueprint.response(201, Redemption)
def ask(form: dict[str, Any]) -> Any:
    """Ask for care in a member's name; the hours are held at once"""
    member_id = members.by_number(bank(), form["member_number"])
    receiver_id = members.by_number(bank(), form["receiver_number"]) if form["receiver_number"] else member_id
    wanted = AskForCare(member_id, receiver_id, form["service_code"], form["minutes"], form["wanted_at"], form["note"])
    families.count_act(bank(), actor(), member_id, "redemptions.ask", now=now())
    return redemptions.ask(bank(), actor(), wanted, now=now())


@blueprint.route("/redemptions")
@allow("redemptions.read")
@blueprint.arguments(Cursor, location="query")
@blueprint.response(200, RedemptionPage)
def every(cursor: dict[str, Any]) -> Any:
    """Open requests of the stations in scope, the newest first"""
    return page(redemptions.at_desk(bank(), actor(), **cursor), cursor["limit"])


@blueprint.route("/redemptions/waiting")
@allow("redemptions.read")
@blueprint.response(200, Redemptions)
def waiting() -> Any:
    """The waiting list, in the policy's order"""
    return {"items": redemptions.waiting_list(bank(), actor(), now=now())}


@blueprint.route("/redemptions/<string:redemption_id>")
@allow("redemptions.read")
@blueprint.response(200, Redemption)
def see(redemption_id: str) -> Any:
    """One request"""
    return redemptions.see(bank(), actor(), redemption_id)


@blueprint.route("/redemptions/<string:redemption_id>/history")
@allow("redemptions.read")
@blueprint.response(200, Steps)
def history(redemption_id: str) -> Any:
    """Each change of state, with its reason"""
    return {"items": redemptions.trail(bank(), actor(), redemption_id)}


@blueprint.route("/redemptions/<string:redemption_id>/assign", methods=["POST"])
@allow("redemptions.run")
@blueprint.arguments(Volunteer)
@blueprint.response(200, Redemption)
def assign(form: dict[str, Any], redemption_id: str) -> Any:
    """Give a request to a volunteer"""
    volunteer_id = members.by_number(bank(), form["volunteer_number"])
    return redemptions.assign(bank(), actor(), redemption_id, volunteer_id, now=now())


@blueprint.route("/redemptions/<string:redemption_id>/deliver", methods=["POST"])
@allow("redemptions.run")
@blueprint.arguments(Delivery)
@blueprint.response(200, Redemption)
def deliver(form: dict[str, Any], redemption_id: str) -> Any:
    """Record what the station delivered; a second person settles it"""
    return redemptions.deliver(
        bank(), actor(), redemption_id, form["minutes"], delivered_at=form["delivered_at"], now=now()
    )


@blueprint.route("/redemptions/<string:redemption_id>/settle", methods=["POST"])
@allow("redemptions.run")
@blueprint.arguments(Nothing)
@blueprint.response(200, Redemption)
def settle(form: dict[str, Any], redemption_id: str) -> Any:
    """Settle what was delivered; the rest goes back"""
    return redemptions.settle(bank(), actor(), redemption_id, now=now())


def _step(verb: str) -> Any:
    @allow("redemptions.run")
    @blueprint.arguments(MaybeReason)
    @blueprint.response(200, Redemption)
    def step(form: dict[str, Any], redemption_id: str) -> Any:
        return redemptions.step(bank(), actor(), redemption_id, verb, form["reason"], form["text"], now=now())

    step.__doc__ = STEPS[verb]
    return step


STEPS = {
    "wait": "Put a request on the waiting list",
    "resume": "Take a request off the waiting list",
    "unassign": "Take a request back from its volunteer",
    "decline": "Decline; the hold goes back",
    "cancel": "Cancel; the hold goes back",
    "no_show": "Nobody was there; the hold goes back",
}
for name in STEPS:
    blueprint.route(f"/redemptions/<string:redemption_id>/{name}", methods=["POST"], endpoint=name)(_step(name))
