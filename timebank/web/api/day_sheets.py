"""Day sheets over the API: make one, see what is missing, tell what became of each slip."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.slips import MOST_BLANKS, VOID_REASONS
from timebank.services import hours, members
from timebank.services.hours import RowRefused, SlipTold
from timebank.web.api.schemas import Cursor, SafeText, page
from timebank.web.errors import in_words, problem
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_day_sheets", __name__, description="The day on paper, and its reconciliation")
SHORT = ma.validate.Length(max=32)


class NewSheet(ma.Schema):
    station_id = SafeText(required=True, validate=SHORT)
    day = ma.fields.Date(required=True)
    blanks = ma.fields.Integer(load_default=0, validate=ma.validate.Range(0, MOST_BLANKS))


class ToldSlip(ma.Schema):
    """What became of a slip: `reason` for a void one, else what the paper says. Of a planned one only what differs."""

    number = SafeText(required=True, validate=SHORT)
    reason = SafeText(load_default=None, allow_none=True, validate=ma.validate.OneOf(list(VOID_REASONS)))
    volunteer_number = SafeText(load_default=None, allow_none=True, validate=SHORT)
    elder_number = SafeText(load_default=None, allow_none=True, validate=SHORT)
    service_code = SafeText(load_default=None, allow_none=True, validate=SHORT)
    started_at = ma.fields.AwareDateTime(load_default=None, allow_none=True)
    minutes = ma.fields.Integer(load_default=None, allow_none=True, validate=ma.validate.Range(1, 24 * 60))


class ToldSlips(ma.Schema):
    slips = ma.fields.List(ma.fields.Nested(ToldSlip), required=True, validate=ma.validate.Length(min=1, max=200))


class FoundSlip(ma.Schema):
    number = SafeText(required=True, validate=SHORT)


class PaperSlip(ma.Schema):
    """A slip of a sheet. Names are not given out here."""

    number = ma.fields.String()
    state = ma.fields.String()
    reason = ma.fields.String(allow_none=True)
    volunteer_number = ma.fields.String()
    elder_number = ma.fields.String()
    service_code = ma.fields.String(allow_none=True)
    wanted_at = ma.fields.AwareDateTime(allow_none=True)
    minutes = ma.fields.Integer(allow_none=True)
    redemption_id = ma.fields.String(allow_none=True)
    need_id = ma.fields.String(allow_none=True)
    record_id = ma.fields.String(allow_none=True)


class SlipCounts(ma.Schema):
    open = ma.fields.Integer()
    entered = ma.fields.Integer()
    void = ma.fields.Integer()


class DaySheetCounts(ma.Schema):
    """`head_size` and `head_hash`: the book when it was printed. `carried`: whether the book still has that entry."""

    id = ma.fields.String()
    station_id = ma.fields.String()
    day = ma.fields.Date()
    head_size = ma.fields.Integer()
    head_hash = ma.fields.String()
    made_at = ma.fields.AwareDateTime()
    carried = ma.fields.Boolean()
    counts = ma.fields.Nested(SlipCounts)


class DaySheet(DaySheetCounts):
    """A sheet with all its slips."""

    slips = ma.fields.List(ma.fields.Nested(PaperSlip))


class DaySheets(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(DaySheetCounts))
    next = ma.fields.String(allow_none=True)


@blueprint.route("/day-sheets")
@allow("day_sheet.read")
@blueprint.arguments(Cursor, location="query")
@blueprint.response(200, DaySheets)
def every(cursor: dict[str, Any]) -> Any:
    """The sheets of the stations in scope, the newest first"""
    return page(hours.sheets(bank(), actor(), **cursor), cursor["limit"])


@blueprint.route("/day-sheets", methods=["POST"])
@allow("slips.issue")
@blueprint.arguments(NewSheet)
@blueprint.response(201, DaySheet)
def make(form: dict[str, Any]) -> Any:
    """Make a sheet for a day: a number for all that is planned, and for some empty slips"""
    return hours.make_sheet(bank(), actor(), form["station_id"], form["day"], form["blanks"], now=now())


@blueprint.route("/day-sheets/<string:sheet_id>")
@allow("day_sheet.read")
@blueprint.response(200, DaySheet)
def see(sheet_id: str) -> Any:
    """One sheet with all its slips"""
    return hours.sheet(bank(), actor(), sheet_id)


@blueprint.route("/day-sheets/<string:sheet_id>/slips", methods=["POST"])
@allow("hours.enter")
@blueprint.arguments(ToldSlips)
@blueprint.response(200, DaySheet)
def reconcile(form: dict[str, Any], sheet_id: str) -> Any:
    """Enter or void slips; a refusal names the row and leaves all of them out"""
    told = [
        SlipTold(
            slip["number"],
            slip["reason"],
            _member(slip["volunteer_number"]),
            _member(slip["elder_number"]),
            slip["service_code"],
            slip["started_at"],
            slip["minutes"],
        )
        for slip in form["slips"]
    ]
    try:
        return hours.reconcile(bank(), actor(), sheet_id, told, now=now())
    except RowRefused as refused:
        return problem(in_words(refused.error), {"row": refused.row})


def _member(number: str | None) -> str | None:
    return members.by_number(bank(), number) if number else None


@blueprint.route("/day-sheets/<string:sheet_id>/reopen", methods=["POST"])
@allow("hours.enter")
@blueprint.arguments(FoundSlip)
@blueprint.response(200, DaySheet)
def reopen(form: dict[str, Any], sheet_id: str) -> Any:
    """A void slip turned up after all"""
    hours.reopen_slip(bank(), actor(), sheet_id, form["number"], now=now())
    return hours.sheet(bank(), actor(), sheet_id)
