"""Inspections, signals and call-backs over the API."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import call_backs, inspections, signals
from timebank.web.api.schemas import SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_supervision", __name__, description="Inspections, signals, call-backs")


class InspectionVisit(ma.Schema):
    """A station that was drawn; inspectors by their opaque ids."""

    id = ma.fields.String()
    station_id = ma.fields.String()
    station_code = ma.fields.String()
    inspectors = ma.fields.List(ma.fields.String())
    outcome = ma.fields.String(allow_none=True)
    text = ma.fields.String()
    recorded_at = ma.fields.AwareDateTime(allow_none=True)
    answer_due_on = ma.fields.Date(allow_none=True)
    answer = ma.fields.String()


class Inspection(ma.Schema):
    """A draw with all that is needed to run it again (docs/inspections.md)."""

    number = ma.fields.Integer()
    state = ma.fields.String()
    candidates = ma.fields.String()
    digest = ma.fields.String()
    entry_seq = ma.fields.Integer()
    checkpoint = ma.fields.String(attribute="seed_body", allow_none=True)
    visits = ma.fields.List(ma.fields.Nested(InspectionVisit))


class Inspections(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Inspection))


class InspectionResult(ma.Schema):
    """`outcome`: fine, minor or serious."""

    outcome = SafeText(required=True)
    text = SafeText(required=True)


class InspectionAnswer(ma.Schema):
    text = SafeText(required=True)


class Signal(ma.Schema):
    """What a rule found, with its numbers; people by their ids."""

    id = ma.fields.String()
    rule = ma.fields.String()
    params = ma.fields.Dict()
    station_id = ma.fields.String()
    persons = ma.fields.Function(lambda view: [person_id for person_id, _ in view.people])
    found_at = ma.fields.AwareDateTime()
    state = ma.fields.String()


class Signals(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Signal))


class SignalDecision(ma.Schema):
    """`decision`: explained or passed_on."""

    decision = SafeText(required=True)
    words = SafeText(required=True)


class CallBack(ma.Schema):
    """A call to make."""

    id = ma.fields.String()
    record_number = ma.fields.String()
    service = ma.fields.String()
    started_at = ma.fields.AwareDateTime()
    minutes = ma.fields.Integer()
    elder_phone = ma.fields.String()
    tries = ma.fields.Integer()


class CallBacks(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(CallBack))


class CallBackAnswer(ma.Schema):
    """`answer`: right, different or not_reached; `called`: elder or kin."""

    answer = SafeText(required=True)
    called = SafeText(required=True)


@blueprint.route("/inspections")
@allow("network.read")
@blueprint.response(200, Inspections)
def every() -> Any:
    """Every draw, the newest first"""
    return {"items": inspections.every(bank())}


@blueprint.route("/inspections", methods=["POST"])
@allow("inspections.begin")
@blueprint.response(201, Inspection)
def begin() -> Any:
    """Commit the list of candidates; the next checkpoint draws"""
    return inspections.see(bank(), inspections.begin(bank(), actor(), now=now()))


@blueprint.route("/inspections/visits/<string:visit_id>/record", methods=["POST"])
@allow("inspections.record")
@blueprint.arguments(InspectionResult)
@blueprint.response(204)
def record(form: dict[str, Any], visit_id: str) -> None:
    """Write down what was found"""
    inspections.record(bank(), actor(), visit_id, form["outcome"], form["text"], now=now())


@blueprint.route("/inspections/visits/<string:visit_id>/answer", methods=["POST"])
@allow("inspections.answer")
@blueprint.arguments(InspectionAnswer)
@blueprint.response(204)
def answer(form: dict[str, Any], visit_id: str) -> None:
    """The station answers"""
    inspections.answer(bank(), actor(), visit_id, form["text"], now=now())


@blueprint.route("/signals")
@allow("signals.read")
@blueprint.response(200, Signals)
def work_list() -> Any:
    """Signals that wait for a look, in reach"""
    return {"items": signals.work_list(bank(), actor())}


@blueprint.route("/signals/<string:signal_id>", methods=["POST"])
@allow("signals.decide")
@blueprint.arguments(SignalDecision)
@blueprint.response(204)
def decide(form: dict[str, Any], signal_id: str) -> None:
    """Close a signal with words"""
    signals.decide(bank(), actor(), signal_id, form["decision"], form["words"], now=now())


@blueprint.route("/call-backs")
@allow("spot_checks.record")
@blueprint.response(200, CallBacks)
def to_call() -> Any:
    """The calls to make, in reach"""
    return {"items": call_backs.to_call(bank(), actor())}


@blueprint.route("/call-backs/<string:call_back_id>", methods=["POST"])
@allow("spot_checks.record")
@blueprint.arguments(CallBackAnswer)
@blueprint.response(204)
def answered(form: dict[str, Any], call_back_id: str) -> None:
    """Write down what was said on the phone"""
    call_backs.answered(bank(), actor(), call_back_id, form["answer"], form["called"], now=now())
