"""Stars, awards and the record of a volunteer over the API."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.honours import WITHDRAW_REASONS, NewAward
from timebank.services import honours, record
from timebank.web.api.schemas import Cursor, SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_honours", __name__, description="Stars, awards, the record of a volunteer")


class NewHonourAward(ma.Schema):
    name = SafeText(required=True)
    granted_by = SafeText(required=True)
    granted_on = ma.fields.Date(required=True)
    basis = SafeText(load_default="")


class HonourAward(ma.Schema):
    id = ma.fields.String()
    name = ma.fields.String()
    granted_by = ma.fields.String()
    granted_on = ma.fields.Date()
    withdrawn_why = ma.fields.String(allow_none=True)


class Star(ma.Schema):
    code = ma.fields.String()
    minutes = ma.fields.Integer()


class MemberHonours(ma.Schema):
    person_id = ma.fields.String()
    served_minutes = ma.fields.Integer()
    stars = ma.fields.List(ma.fields.Nested(Star))
    awards = ma.fields.List(ma.fields.Nested(HonourAward))
    on_roll = ma.fields.Boolean()


class AwardWithdrawal(ma.Schema):
    reason = SafeText(required=True, validate=ma.validate.OneOf(list(WITHDRAW_REASONS)))


class RecordFacts(ma.Schema):
    activity = ma.fields.String()
    day = ma.fields.Date()
    place = ma.fields.String()
    content = ma.fields.String()
    minutes = ma.fields.Integer()
    unit = ma.fields.String()


class RecordService(ma.Schema):
    """The facts of article 7; the leader's name stands on the page and the paper alone."""

    number = ma.fields.String()
    facts = ma.fields.Nested(RecordFacts)
    credited_minutes = ma.fields.Integer()
    recorded_late = ma.fields.Boolean()
    national = ma.fields.String()


class VolunteerRecord(ma.Schema):
    person_id = ma.fields.String()
    number = ma.fields.String()
    served_minutes = ma.fields.Integer()
    services = ma.fields.List(ma.fields.Nested(RecordService))
    older = ma.fields.String(allow_none=True)


@blueprint.route("/honours/<string:person_id>")
@allow("awards.read")
@blueprint.response(200, MemberHonours)
def see(person_id: str) -> Any:
    """A member's stars and awards"""
    return honours.of_member(bank(), actor(), person_id, now=now())


@blueprint.route("/honours/<string:person_id>/awards", methods=["POST"])
@allow("awards.record")
@blueprint.arguments(NewHonourAward)
@blueprint.response(201, MemberHonours)
def note(form: dict[str, Any], person_id: str) -> Any:
    """Note an award"""
    honours.record(bank(), actor(), person_id, NewAward(**form), now=now())
    return honours.of_member(bank(), actor(), person_id, now=now())


@blueprint.route("/honours/awards/<string:award_id>/withdraw", methods=["POST"])
@allow("awards.record")
@blueprint.arguments(AwardWithdrawal)
@blueprint.response(204)
def withdraw(form: dict[str, Any], award_id: str) -> None:
    """It does not stand"""
    honours.withdraw(bank(), actor(), award_id, form["reason"], now=now())


@blueprint.route("/records/<string:person_id>")
@allow("passbook.print")
@blueprint.arguments(Cursor, location="query")
@blueprint.response(200, VolunteerRecord)
def volunteer_record(cursor: dict[str, Any], person_id: str) -> Any:
    """A member's record of service, the newest first"""
    return record.of_member(bank(), actor(), person_id, **cursor)
