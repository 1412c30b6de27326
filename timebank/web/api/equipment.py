"""Lending of aids over the API: stock, loans, returns."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.equipment import CONDITION_LABELS
from timebank.services import equipment, members
from timebank.services.equipment import STATES
from timebank.web.api.schemas import Cursor, SafeText, page, page_of
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_equipment", __name__, description="Aids that a station lends, free of charge")


class NewEquipment(ma.Schema):
    """A kind of thing, how many of it, and for how many days it is lent."""

    station_id = SafeText(required=True, validate=ma.validate.Length(max=32))
    name = SafeText(required=True, validate=ma.validate.Length(min=1, max=40))
    name_en = SafeText(required=True, validate=ma.validate.Length(min=1, max=80))
    total = ma.fields.Integer(required=True, strict=True)
    loan_days = ma.fields.Integer(required=True, strict=True)


class EquipmentStock(ma.Schema):
    id = ma.fields.String()
    station_id = ma.fields.String()
    name = ma.fields.String()
    name_en = ma.fields.String()
    total = ma.fields.Integer()
    lent = ma.fields.Integer()
    free = ma.fields.Integer()
    loan_days = ma.fields.Integer()


class EquipmentList(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(EquipmentStock))


class Lend(ma.Schema):
    """To whom, and when it is due back. Without a day: after the item's usual days."""

    member_number = SafeText(required=True)
    due_on = ma.fields.Date(load_default=None, allow_none=True)


class TakeBack(ma.Schema):
    condition = SafeText(required=True, validate=ma.validate.OneOf(list(CONDITION_LABELS)))


class Loan(ma.Schema):
    id = ma.fields.String()
    number = ma.fields.String()
    station_id = ma.fields.String()
    item_id = ma.fields.String()
    person_id = ma.fields.String()
    lent_at = ma.fields.AwareDateTime()
    due_on = ma.fields.Date()
    state = ma.fields.String()
    condition = ma.fields.String(allow_none=True)
    back_at = ma.fields.AwareDateTime(allow_none=True)
    overdue = ma.fields.Boolean()


class WhichLoans(Cursor):
    state = ma.fields.String(load_default="open", validate=ma.validate.OneOf(STATES))


LoanPage = page_of(Loan)


@blueprint.route("/equipment")
@allow("equipment.read")
@blueprint.response(200, EquipmentList)
def stock() -> Any:
    """What the stations in scope have"""
    return {"items": equipment.stock(bank(), actor())}


@blueprint.route("/equipment", methods=["POST"])
@allow("equipment.run")
@blueprint.arguments(NewEquipment)
@blueprint.response(201, EquipmentStock)
def add(form: dict[str, Any]) -> Any:
    """A new kind of thing"""
    return equipment.add_item(bank(), actor(), **form, now=now())


@blueprint.route("/equipment/loans")
@allow("equipment.read")
@blueprint.arguments(WhichLoans, location="query")
@blueprint.response(200, LoanPage)
def loans(query: dict[str, Any]) -> Any:
    """Loans of the stations in scope, the newest first"""
    rows = equipment.loans(bank(), actor(), query["state"], before=query["before"], limit=query["limit"], now=now())
    return page(rows, query["limit"])


@blueprint.route("/equipment/<string:item_id>/loans", methods=["POST"])
@allow("equipment.run")
@blueprint.arguments(Lend)
@blueprint.response(201, Loan)
def lend(form: dict[str, Any], item_id: str) -> Any:
    """Lend one to a member"""
    person_id = members.by_number(bank(), form["member_number"])
    return equipment.lend(bank(), actor(), item_id, person_id, form["due_on"], now=now())


@blueprint.route("/equipment/loans/<string:loan_id>/return", methods=["POST"])
@allow("equipment.run")
@blueprint.arguments(TakeBack)
@blueprint.response(200, Loan)
def take_back(form: dict[str, Any], loan_id: str) -> Any:
    """It came back, in which condition"""
    return equipment.take_back(bank(), actor(), loan_id, form["condition"], now=now())
