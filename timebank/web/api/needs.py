"""Needs over the API: post, publish, look near by, take on, serve, give back, cancel."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.needs import FUNDING_LABELS, GENDER_LABELS, LANGUAGE_LABELS
from timebank.services import families, members, needs
from timebank.services.needs import Circle, PostNeed
from timebank.web import needing
from timebank.web.api.schemas import Cursor, MaybeReason, Minutes, SafeText, Steps, page, page_of
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_needs", __name__, description="Care that is needed, whatever pays for it")
WORDS = ma.validate.Length(max=500)


class Posted(ma.Schema):
    """A need of a member. `funding` says who pays; only `time` sets hours aside."""

    member_number = SafeText(required=True)
    service_code = SafeText(required=True)
    minutes = Minutes(required=True, validate=ma.validate.Range(min=1, max=1440))
    wanted_at = ma.fields.AwareDateTime(required=True)
    risk = SafeText(required=True, validate=ma.validate.Length(min=1, max=500))
    funding = SafeText(load_default="time", validate=ma.validate.OneOf([str(one) for one in FUNDING_LABELS]))
    place = SafeText(load_default="", validate=ma.validate.Length(max=16))
    note = SafeText(load_default="", validate=WORDS)
    language = SafeText(load_default="", validate=ma.validate.OneOf(["", *LANGUAGE_LABELS]))
    gender_wish = SafeText(load_default="", validate=ma.validate.OneOf(["", *GENDER_LABELS]))
    by_phone = ma.fields.Boolean(load_default=False)


class Helper(ma.Schema):
    person_id = ma.fields.String()
    taken_at = ma.fields.AwareDateTime()
    record_id = ma.fields.String(allow_none=True)


class Need(ma.Schema):
    """A need, without names: ids of people, codes, times."""

    id = ma.fields.String()
    number = ma.fields.String()
    state = ma.fields.String()
    station_id = ma.fields.String()
    elder_id = ma.fields.String()
    service_code = ma.fields.String()
    minutes = ma.fields.Integer()
    wanted_at = ma.fields.AwareDateTime()
    place = ma.fields.String()
    funding = ma.fields.String()
    language = ma.fields.String()
    gender_wish = ma.fields.String()
    posted_at = ma.fields.AwareDateTime()
    posted_how = ma.fields.String()
    helpers_needed = ma.fields.Integer()
    helpers = ma.fields.List(ma.fields.Nested(Helper))
    redemption_id = ma.fields.String(allow_none=True)
    verbs = ma.fields.List(ma.fields.String())


class OpenNeed(ma.Schema):
    """An open need, masked."""

    id = ma.fields.String()
    number = ma.fields.String()
    service_code = ma.fields.String()
    minutes = ma.fields.Integer()
    wanted_at = ma.fields.AwareDateTime()
    place = ma.fields.String()
    quarter = ma.fields.String()
    funding = ma.fields.String()
    risk = ma.fields.String()
    away_metres = ma.fields.Integer()
    neighbour = ma.fields.Boolean()
    seniors = ma.fields.Boolean()
    helpers_needed = ma.fields.Integer()
    helpers_found = ma.fields.Integer()


class OpenNeeds(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(OpenNeed))


class Around(ma.Schema):
    within = SafeText(load_default="far", validate=ma.validate.OneOf([str(one) for one in Circle]))


class Served(ma.Schema):
    """The hours that answer a need."""

    started_at = ma.fields.AwareDateTime(required=True)
    minutes = Minutes(required=True, validate=ma.validate.Range(min=1, max=1440))
    note = SafeText(load_default="", validate=WORDS)


NeedPage = page_of(Need)


@blueprint.route("/needs", methods=["POST"])
@allow("needs.post_at_desk")
@blueprint.arguments(Posted)
@blueprint.response(201, Need)
def post(form: dict[str, Any]) -> Any:
    """Post a need in a member's name"""
    elder_id = members.by_number(bank(), form.pop("member_number"))
    return needing.post(PostNeed(elder_id=elder_id, **form))


@blueprint.route("/needs")
@allow("needs.read")
@blueprint.arguments(Cursor, location="query")
@blueprint.response(200, NeedPage)
def every(cursor: dict[str, Any]) -> Any:
    """Unfinished needs of the stations in scope, the newest first"""
    return page(needs.at_desk(bank(), actor(), **cursor), cursor["limit"])


@blueprint.route("/needs/open")
@allow("needs.take")
@blueprint.arguments(Around, location="query")
@blueprint.response(200, OpenNeeds)
def near(around: dict[str, Any]) -> Any:
    """Open needs near by, masked: within a quarter of an hour on foot (walk), or all that is near (far)"""
    return {"items": needs.open_near(bank(), actor(), Circle(around["within"]), now=now())}


@blueprint.route("/needs/<string:need_id>")
@allow("needs.read")
@blueprint.response(200, Need)
def see(need_id: str) -> Any:
    """One need"""
    return needs.see(bank(), actor(), need_id)


@blueprint.route("/needs/<string:need_id>/history")
@allow("needs.read")
@blueprint.response(200, Steps)
def history(need_id: str) -> Any:
    """Each change of state, with its reason"""
    return {"items": needs.trail(bank(), actor(), need_id)}


@blueprint.route("/needs/<string:need_id>/served", methods=["POST"])
@allow("hours.log")
@blueprint.arguments(Served)
@blueprint.response(200, Need)
def served(form: dict[str, Any], need_id: str) -> Any:
    """Log the hours that answer a need"""
    view = needs.see(bank(), actor(), need_id)
    needing.log_served(view, form["started_at"], form["minutes"], form["note"])
    return needs.see(bank(), actor(), need_id)


def _publish(need_id: str, form: dict[str, Any]) -> Any:
    return needs.publish(bank(), actor(), need_id, now=now())


def _reject(need_id: str, form: dict[str, Any]) -> Any:
    return needs.reject(bank(), actor(), need_id, form["reason"], form["text"], now=now())


def _cancel(need_id: str, form: dict[str, Any]) -> Any:
    families.count_act(bank(), actor(), needs.see(bank(), actor(), need_id).elder_id, "needs.cancel", now=now())
    return needs.cancel(bank(), actor(), need_id, form["reason"], form["text"], now=now())


def _no_show(need_id: str, form: dict[str, Any]) -> Any:
    return needs.no_show(bank(), actor(), need_id, form["reason"], form["text"], now=now())


def _restore(need_id: str, form: dict[str, Any]) -> Any:
    return needs.restore(bank(), actor(), need_id, now=now())


def _provide(need_id: str, form: dict[str, Any]) -> Any:
    return needs.provide(bank(), actor(), need_id, now=now())


def _take(need_id: str, form: dict[str, Any]) -> Any:
    return needs.take(bank(), actor(), need_id, now=now())


def _start(need_id: str, form: dict[str, Any]) -> Any:
    return needs.start(bank(), actor(), need_id, now=now())


STEPS = {
    "publish": ("needs.run", "Checked: volunteers see it; hours that pay are set aside", _publish),
    "reject": ("needs.run", "Don't publish it, with a reason", _reject),
    "cancel": ("needs.run", "Cancel; what is set aside goes back", _cancel),
    "restore": ("needs.run", "Undo the cancelling within the policy's minutes", _restore),
    "no_show": ("needs.run", "It did not take place, by whom", _no_show),
    "provide": ("needs.run", "It was done for pay: nobody earns hours", _provide),
    "take": ("needs.take", "Take an open need on", _take),
    "start": ("needs.take", "The helper is there", _start),
}


def _step(verb: str) -> Any:
    allows, said, work = STEPS[verb]

    @allow(allows)
    @blueprint.arguments(MaybeReason)
    @blueprint.response(200, Need)
    def step(form: dict[str, Any], need_id: str) -> Any:
        return work(need_id, form)

    step.__doc__ = said
    return step


for name in STEPS:
    blueprint.route(f"/needs/<string:need_id>/{name}", methods=["POST"], endpoint=name)(_step(name))


def _leave(verb: str) -> Any:
    @allow("needs.take")
    @blueprint.arguments(MaybeReason)
    @blueprint.response(204)
    def leave(form: dict[str, Any], need_id: str) -> None:
        if verb == "untake":
            needs.untake(bank(), actor(), need_id, now=now())
        else:
            needs.give_back(bank(), actor(), need_id, form["reason"], form["text"], now=now())

    leave.__doc__ = LEAVES[verb]
    return leave


LEAVES = {"untake": "Undo the taking within the policy's minutes", "give_back": "Give it back, with a reason"}
for name in LEAVES:
    blueprint.route(f"/needs/<string:need_id>/{name}", methods=["POST"], endpoint=name)(_leave(name))
