"""Entry into the national volunteer information system over the API: how far, and the numbers that came back."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.national import TAKE_BACK_REASONS
from timebank.services import national
from timebank.web.api.schemas import SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_national", __name__, description="Entry into the national volunteer information system")


class NationalEntryLine(ma.Schema):
    record_id = ma.fields.String()
    record = ma.fields.String()
    day = ma.fields.Date()
    minutes = ma.fields.Integer()
    state = ma.fields.String()
    number = ma.fields.String()


class NationalEntries(ma.Schema):
    """`counts`: state to number of verified records."""

    counts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())
    to_enter = ma.fields.List(ma.fields.Nested(NationalEntryLine))
    to_withdraw = ma.fields.List(ma.fields.Nested(NationalEntryLine))


class NationalReply(ma.Schema):
    """`csv`: the sheet that came back, with the columns 记录编号, 全国系统编号 and 录入日期."""

    csv = ma.fields.String(required=True, validate=ma.validate.Length(max=900_000))


class NationalLoaded(ma.Schema):
    count = ma.fields.Integer()


class NationalTakeBack(ma.Schema):
    reason = SafeText(required=True, validate=ma.validate.OneOf(list(TAKE_BACK_REASONS)))


@blueprint.route("/national")
@allow("national.read")
@blueprint.response(200, NationalEntries)
def see() -> Any:
    """What is entered, what is not"""
    return national.see(bank(), actor())


@blueprint.route("/national/replies", methods=["POST"])
@allow("national.run")
@blueprint.arguments(NationalReply)
@blueprint.response(200, NationalLoaded)
def load(form: dict[str, Any]) -> Any:
    """Keep the numbers that came back: all or none"""
    return {"count": national.load(bank(), actor(), form["csv"].encode(), now=now())}


@blueprint.route("/national/<string:record_id>/take-back", methods=["POST"])
@allow("national.run")
@blueprint.arguments(NationalTakeBack)
@blueprint.response(204)
def take_back(form: dict[str, Any], record_id: str) -> None:
    """A number that does not stand"""
    national.take_back(bank(), actor(), record_id, form["reason"], now=now())
