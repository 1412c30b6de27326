"""Incidents over the API: open, call, close, read."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.incidents import KIND_LABELS, PLACE_LABELS, SEVERITY_LABELS
from timebank.services import incidents, members
from timebank.services.incidents import STATES, NewIncident
from timebank.web.api.schemas import Cursor, SafeText, page, page_of
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_incidents", __name__, description="Incidents and who was called")


class Report(ma.Schema):
    """What happened. Without a member number it is about nobody in particular."""

    station_id = SafeText(required=True, validate=ma.validate.Length(max=32))
    kind = SafeText(required=True, validate=ma.validate.OneOf(list(KIND_LABELS)))
    severity = SafeText(required=True, validate=ma.validate.OneOf(list(SEVERITY_LABELS)))
    place = SafeText(required=True, validate=ma.validate.OneOf(list(PLACE_LABELS)))
    happened_at = ma.fields.AwareDateTime(required=True)
    text = SafeText(required=True, validate=ma.validate.Length(min=1, max=1000))
    member_number = SafeText(load_default="")


class Made(ma.Schema):
    """Somebody of the role at this step was called."""

    step = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=0, max=20))
    reached = ma.fields.Boolean(required=True)
    called_id = SafeText(load_default=None, allow_none=True, validate=ma.validate.Length(max=32))


class Done(ma.Schema):
    done = SafeText(required=True, validate=ma.validate.Length(min=1, max=1000))


class Call(ma.Schema):
    step = ma.fields.Integer()
    role = ma.fields.String()
    due_at = ma.fields.AwareDateTime()
    reached_at = ma.fields.AwareDateTime(allow_none=True)
    overdue = ma.fields.Boolean()


class Incident(ma.Schema):
    id = ma.fields.String()
    number = ma.fields.String()
    station_id = ma.fields.String()
    person_id = ma.fields.String(allow_none=True)
    kind = ma.fields.String()
    severity = ma.fields.String()
    place = ma.fields.String()
    happened_at = ma.fields.AwareDateTime()
    text = ma.fields.String()
    state = ma.fields.String()
    opened_at = ma.fields.AwareDateTime()
    closed_at = ma.fields.AwareDateTime(allow_none=True)
    done = ma.fields.String()
    overdue = ma.fields.Boolean()
    calls = ma.fields.List(ma.fields.Nested(Call))


class WhichIncidents(Cursor):
    state = ma.fields.String(load_default="open", validate=ma.validate.OneOf(STATES))


IncidentPage = page_of(Incident)


@blueprint.route("/incidents")
@allow("incidents.read")
@blueprint.arguments(WhichIncidents, location="query")
@blueprint.response(200, IncidentPage)
def every(query: dict[str, Any]) -> Any:
    """Incidents of the stations in scope, the newest first"""
    rows = incidents.at_stations(
        bank(), actor(), query["state"], before=query["before"], limit=query["limit"], now=now()
    )
    return page(rows, query["limit"])


@blueprint.route("/incidents", methods=["POST"])
@allow("incidents.run")
@blueprint.arguments(Report)
@blueprint.response(201, Incident)
def report(form: dict[str, Any]) -> Any:
    """Open an incident; its chain of calls begins at once"""
    number = form.pop("member_number")
    person_id = members.by_number(bank(), number) if number else None
    return incidents.report(bank(), actor(), NewIncident(**form, person_id=person_id), now=now())


@blueprint.route("/incidents/<string:incident_id>")
@allow("incidents.read")
@blueprint.response(200, Incident)
def see(incident_id: str) -> Any:
    """One incident"""
    return incidents.see(bank(), actor(), incident_id, now=now())


@blueprint.route("/incidents/<string:incident_id>/calls", methods=["POST"])
@allow("incidents.run")
@blueprint.arguments(Made)
@blueprint.response(200, Incident)
def call(form: dict[str, Any], incident_id: str) -> Any:
    """Record a call, reached or not"""
    return incidents.call(
        bank(), actor(), incident_id, form["step"], form["called_id"], reached=form["reached"], now=now()
    )


@blueprint.route("/incidents/<string:incident_id>/close", methods=["POST"])
@allow("incidents.run")
@blueprint.arguments(Done)
@blueprint.response(200, Incident)
def close(form: dict[str, Any], incident_id: str) -> Any:
    """Close an incident with what was done"""
    return incidents.close(bank(), actor(), incident_id, form["done"], now=now())
