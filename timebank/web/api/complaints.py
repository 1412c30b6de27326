"""Complaints over the API: written down at the desk, handled by the street and county."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.complaints import KIND_LABELS, OUTCOME_LABELS
from timebank.services import complaints, members
from timebank.services.complaints import NewComplaint
from timebank.web.api.schemas import Cursor, SafeText, page, page_of
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_complaints", __name__, description="Complaints and their deadlines")
WORDS = ma.validate.Length(min=1, max=1000)
ID = ma.validate.Length(min=1, max=32)


class Complain(ma.Schema):
    """For a member of the station by number; without one it is the owner's own complaint."""

    station_id = SafeText(required=True, validate=ID)
    kind = SafeText(required=True, validate=ma.validate.OneOf(list(KIND_LABELS)))
    text = SafeText(required=True, validate=WORDS)
    member_number = SafeText(load_default="")
    record_id = SafeText(load_default=None, allow_none=True, validate=ID)


class Accept(ma.Schema):
    """`about_number`: a member whom it is about, who can't see it."""

    about_number = SafeText(load_default="")


class PassOn(ma.Schema):
    station_id = SafeText(required=True, validate=ID)
    text = SafeText(required=True, validate=WORDS)


class Redirect(ma.Schema):
    """To whom, and how they are reached."""

    text = SafeText(required=True, validate=WORDS)


class Answer(ma.Schema):
    text = SafeText(required=True, validate=WORDS)
    outcome = SafeText(required=True, validate=ma.validate.OneOf(list(OUTCOME_LABELS)))


class Complaint(ma.Schema):
    id = ma.fields.String()
    number = ma.fields.String()
    station_id = ma.fields.String()
    kind = ma.fields.String()
    text = ma.fields.String()
    channel = ma.fields.String()
    state = ma.fields.String()
    outcome = ma.fields.String(allow_none=True)
    received_at = ma.fields.AwareDateTime()
    due_on = ma.fields.Date(allow_none=True)
    overdue = ma.fields.Boolean()
    verbs = ma.fields.List(ma.fields.String())


class ComplaintStep(ma.Schema):
    verb = ma.fields.String()
    state = ma.fields.String()
    who = ma.fields.String()
    at = ma.fields.AwareDateTime()
    text = ma.fields.String()


class ComplaintSteps(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(ComplaintStep))


class WhichComplaints(Cursor):
    ended = ma.fields.Boolean(load_default=False)


ComplaintPage = page_of(Complaint)


@blueprint.route("/complaints", methods=["POST"])
@allow("complaints.enter")
@blueprint.arguments(Complain)
@blueprint.response(201, Complaint)
def make(form: dict[str, Any]) -> Any:
    """Write down a complaint, for a member or for oneself"""
    number = form.pop("member_number")
    person_id = members.by_number(bank(), number) if number else None
    return complaints.make(bank(), actor(), NewComplaint(**form), person_id, now=now())


@blueprint.route("/complaints")
@allow("complaints.handle")
@blueprint.arguments(WhichComplaints, location="query")
@blueprint.response(200, ComplaintPage)
def every(query: dict[str, Any]) -> Any:
    """Complaints to be handled, the newest first"""
    return page(complaints.at_stations(bank(), actor(), **query, now=now()), query["limit"])


@blueprint.route("/complaints/<string:complaint_id>")
@allow("complaints.handle")
@blueprint.response(200, Complaint)
def see(complaint_id: str) -> Any:
    """One complaint"""
    return complaints.see(bank(), actor(), complaint_id, now=now())


@blueprint.route("/complaints/<string:complaint_id>/history")
@allow("complaints.handle")
@blueprint.response(200, ComplaintSteps)
def history(complaint_id: str) -> Any:
    """Each step: who, when, why"""
    return {"items": complaints.trail(bank(), actor(), complaint_id)}


def _step(complaint_id: str, verb: str, form: dict[str, Any]) -> Any:
    """The complaint after a step. What is no longer the actor's to handle is not given out."""
    view = complaints.step(bank(), actor(), complaint_id, verb, form.pop("text", ""), **form, now=now())
    return view or {"id": complaint_id}


@blueprint.route("/complaints/<string:complaint_id>/accept", methods=["POST"])
@allow("complaints.handle")
@blueprint.arguments(Accept)
@blueprint.response(200, Complaint)
def accept(form: dict[str, Any], complaint_id: str) -> Any:
    """Accept a complaint"""
    number = form["about_number"]
    about_id = members.by_number(bank(), number) if number else None
    return _step(complaint_id, "accept", {"about_id": about_id})


@blueprint.route("/complaints/<string:complaint_id>/pass-on", methods=["POST"])
@allow("complaints.handle")
@blueprint.arguments(PassOn)
@blueprint.response(200, Complaint)
def pass_on(form: dict[str, Any], complaint_id: str) -> Any:
    """Pass a complaint on to another station"""
    return _step(complaint_id, "pass_on", form)


@blueprint.route("/complaints/<string:complaint_id>/redirect", methods=["POST"])
@allow("complaints.handle")
@blueprint.arguments(Redirect)
@blueprint.response(200, Complaint)
def redirect(form: dict[str, Any], complaint_id: str) -> Any:
    """Redirect a complaint to another body"""
    return _step(complaint_id, "redirect", form)


@blueprint.route("/complaints/<string:complaint_id>/answer", methods=["POST"])
@allow("complaints.handle")
@blueprint.arguments(Answer)
@blueprint.response(200, Complaint)
def answer(form: dict[str, Any], complaint_id: str) -> Any:
    """Answer a complaint"""
    return _step(complaint_id, "answer", form)


@blueprint.route("/complaints/<string:complaint_id>/decide", methods=["POST"])
@allow("complaints.handle")
@blueprint.arguments(Answer)
@blueprint.response(200, Complaint)
def decide(form: dict[str, Any], complaint_id: str) -> Any:
    """Decide on an objection; never who answered"""
    return _step(complaint_id, "decide", form)
