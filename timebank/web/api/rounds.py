"""Monthly visits over the API: the list of a month, enrolment, visits, the plan and the coverage."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.rounds import END_LABELS, GRID_LENGTH, MODE_LABELS, OUTCOME_LABELS, month_of
from timebank.services import members, rounds
from timebank.services.rounds import NewVisit
from timebank.web.api.schemas import SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_rounds", __name__, description="Monthly visits to elders in special difficulty")
MONTH = ma.validate.Regexp(r"^[0-9]{4}-(0[1-9]|1[0-2])$")


class Month(ma.Schema):
    """A local month; without one the month now. `station_id`: one station of those in scope."""

    month = ma.fields.String(load_default=None, validate=MONTH)
    station_id = ma.fields.String(load_default=None, validate=ma.validate.Length(max=32))


class PlanMonth(ma.Schema):
    month = ma.fields.String(load_default=None, allow_none=True, validate=MONTH)
    station_id = SafeText(required=True, validate=ma.validate.Length(max=32))


class Circumstance(ma.Schema):
    """A circumstance that stands in the member's data, and what shows it."""

    tag = SafeText(required=True, validate=ma.validate.Length(min=1, max=32))
    evidence = SafeText(required=True, validate=ma.validate.Length(min=1, max=300))


class Enrol(ma.Schema):
    member_number = SafeText(required=True)
    grid = SafeText(required=True, validate=ma.validate.Length(min=1, max=GRID_LENGTH))
    tags = ma.fields.List(ma.fields.Nested(Circumstance), required=True, validate=ma.validate.Length(min=1, max=20))
    visitor_id = SafeText(load_default=None, allow_none=True, validate=ma.validate.Length(max=32))


class Visit(ma.Schema):
    """A visit that took place. Words are needed unless all is well."""

    mode = SafeText(required=True, validate=ma.validate.OneOf(list(MODE_LABELS)))
    outcome = SafeText(required=True, validate=ma.validate.OneOf(list(OUTCOME_LABELS)))
    visited_at = ma.fields.AwareDateTime(required=True)
    text = SafeText(load_default="", validate=ma.validate.Length(max=500))
    visitor_id = SafeText(load_default=None, allow_none=True, validate=ma.validate.Length(max=32))


class Assign(ma.Schema):
    visitor_id = SafeText(required=True, validate=ma.validate.Length(max=32))
    month = ma.fields.String(load_default=None, allow_none=True, validate=MONTH)


class End(ma.Schema):
    reason = SafeText(required=True, validate=ma.validate.OneOf(list(END_LABELS)))


class Round(ma.Schema):
    """An enrolled elder in a month's list. Names and circumstances are not given out here."""

    id = ma.fields.String()
    person_id = ma.fields.String()
    station_id = ma.fields.String()
    grid = ma.fields.String()
    visitor_id = ma.fields.String(allow_none=True)
    planned = ma.fields.Boolean()
    visited_on = ma.fields.Date(allow_none=True)
    last_contact_on = ma.fields.Date(allow_none=True)
    last_outcome = ma.fields.String(allow_none=True)
    follow_up_by = ma.fields.Date(allow_none=True)
    red = ma.fields.Boolean()
    ended_at = ma.fields.AwareDateTime(allow_none=True)


class Rounds(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Round))


class RecordedVisit(ma.Schema):
    id = ma.fields.String()
    visited_at = ma.fields.AwareDateTime()
    mode = ma.fields.String()
    outcome = ma.fields.String()
    text = ma.fields.String()
    incident_id = ma.fields.String(allow_none=True)


class RecordedVisits(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(RecordedVisit))


class RoundsPlanned(ma.Schema):
    planned = ma.fields.Integer()


class StationShare(ma.Schema):
    """Null where the cell is too small to be shown."""

    station_id = ma.fields.String()
    enrolled = ma.fields.Integer(allow_none=True)
    visited = ma.fields.Integer(allow_none=True)
    percent = ma.fields.Integer(allow_none=True)


class Coverage(ma.Schema):
    """Visited at least once in the month / enrolled in it; a target is a line with its year and source."""

    month = ma.fields.Date()
    stations = ma.fields.List(ma.fields.Nested(StationShare))
    enrolled = ma.fields.Integer(allow_none=True)
    visited = ma.fields.Integer(allow_none=True)
    percent = ma.fields.Integer(allow_none=True)
    smallest_cell = ma.fields.Integer()
    target_percent = ma.fields.Integer(allow_none=True)
    target_year = ma.fields.Integer(allow_none=True)
    target_source = ma.fields.String()


@blueprint.route("/rounds")
@allow("rounds.read")
@blueprint.arguments(Month, location="query")
@blueprint.response(200, Rounds)
def every(query: dict[str, Any]) -> Any:
    """The list of a month, the unvisited first"""
    month = month_of(query["month"], now())
    return {"items": rounds.month_list(bank(), actor(), month, query["station_id"], now=now())}


@blueprint.route("/rounds", methods=["POST"])
@allow("rounds.run")
@blueprint.arguments(Enrol)
@blueprint.response(201, Round)
def enrol(form: dict[str, Any]) -> Any:
    """Put an elder on the list of monthly visits"""
    person_id = members.by_number(bank(), form["member_number"])
    tags = {one["tag"]: one["evidence"] for one in form["tags"]}
    return rounds.enrol(bank(), actor(), person_id, tags, form["grid"], form["visitor_id"], now=now())


@blueprint.route("/rounds/coverage")
@allow("rounds.read")
@blueprint.arguments(Month(only=("month",)), location="query")
@blueprint.response(200, Coverage)
def coverage(query: dict[str, Any]) -> Any:
    """The coverage of a month by station"""
    return rounds.coverage(bank(), actor(), month_of(query["month"], now()), now=now())


@blueprint.route("/rounds/plan", methods=["POST"])
@allow("rounds.run")
@blueprint.arguments(PlanMonth)
@blueprint.response(200, RoundsPlanned)
def plan(form: dict[str, Any]) -> Any:
    """Give every elder without a visitor one for the month"""
    month = month_of(form["month"], now())
    return {"planned": rounds.plan(bank(), actor(), form["station_id"], month, now=now())}


@blueprint.route("/rounds/<string:enrolment_id>")
@allow("rounds.read")
@blueprint.response(200, Round)
def see(enrolment_id: str) -> Any:
    """One enrolled elder, this month"""
    return rounds.see(bank(), actor(), enrolment_id, month_of(None, now()), now=now())


@blueprint.route("/rounds/<string:enrolment_id>/visits")
@allow("rounds.read")
@blueprint.response(200, RecordedVisits)
def visits(enrolment_id: str) -> Any:
    """The visits of an elder, the newest first"""
    return {"items": rounds.history(bank(), actor(), enrolment_id)}


@blueprint.route("/rounds/<string:enrolment_id>/visits", methods=["POST"])
@allow("rounds.run")
@blueprint.arguments(Visit)
@blueprint.response(201, Round)
def visit(form: dict[str, Any], enrolment_id: str) -> Any:
    """Record a visit; an urgent one opens an incident at once"""
    return rounds.record(bank(), actor(), enrolment_id, NewVisit(**form), now=now())


@blueprint.route("/rounds/<string:enrolment_id>/assign", methods=["POST"])
@allow("rounds.run")
@blueprint.arguments(Assign)
@blueprint.response(200, Round)
def assign(form: dict[str, Any], enrolment_id: str) -> Any:
    """Say who visits an elder in a month"""
    month = month_of(form["month"], now())
    return rounds.assign(bank(), actor(), enrolment_id, form["visitor_id"], month, now=now())


@blueprint.route("/rounds/<string:enrolment_id>/end", methods=["POST"])
@allow("rounds.run")
@blueprint.arguments(End)
@blueprint.response(200, Round)
def end(form: dict[str, Any], enrolment_id: str) -> Any:
    """End the monthly visits of an elder"""
    return rounds.end(bank(), actor(), enrolment_id, form["reason"], now=now())
