"""The exchange with other books over the API: agreements, transfers, statements. Read only."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import interchange
from timebank.web.guard import actor, allow, bank

blueprint = Blueprint("api_interchange", __name__, description="Credit that goes to other books and comes from them")


class InterchangePartner(ma.Schema):
    """`balance_minutes`: above zero we owe them, below zero they owe us."""

    id = ma.fields.String()
    origin = ma.fields.String()
    name = ma.fields.String()
    url = ma.fields.String()
    limit_minutes = ma.fields.Integer()
    balance_minutes = ma.fields.Integer()
    state = ma.fields.String()


class InterchangePartners(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(InterchangePartner))


class InterchangeTransfer(ma.Schema):
    id = ma.fields.String()
    direction = ma.fields.String()
    minutes = ma.fields.Integer()
    state = ma.fields.String()
    reason = ma.fields.String(allow_none=True)
    made_at = ma.fields.AwareDateTime()
    ended_at = ma.fields.AwareDateTime(allow_none=True)
    entry_seq = ma.fields.Integer(allow_none=True)
    their_seq = ma.fields.Integer(allow_none=True)


class InterchangeFinding(ma.Schema):
    code = ma.fields.String()
    transfer_id = ma.fields.String()
    minutes = ma.fields.Integer()


class InterchangeStatement(ma.Schema):
    at = ma.fields.AwareDateTime()
    balance_minutes = ma.fields.Integer()
    their_balance_minutes = ma.fields.Integer()
    under_way_minutes = ma.fields.Integer()
    findings = ma.fields.List(ma.fields.Nested(InterchangeFinding))


class InterchangeMonth(ma.Schema):
    month = ma.fields.String()
    out_minutes = ma.fields.Integer()
    in_minutes = ma.fields.Integer()


class InterchangeAccount(InterchangePartner):
    """An agreement with its newest transfers, the daily statements, and the sums by month."""

    transfers = ma.fields.List(ma.fields.Nested(InterchangeTransfer))
    statements = ma.fields.List(ma.fields.Nested(InterchangeStatement))
    months = ma.fields.List(ma.fields.Nested(InterchangeMonth))


@blueprint.route("/interchange")
@allow("interchange.read")
@blueprint.response(200, InterchangePartners)
def every() -> Any:
    """The agreements with other books"""
    return {"items": interchange.partners(bank(), actor())}


@blueprint.route("/interchange/<string:partner_id>")
@allow("interchange.read")
@blueprint.response(200, InterchangeAccount)
def see(partner_id: str) -> Any:
    """One agreement with its account"""
    view = interchange.partner(bank(), actor(), partner_id)
    return {
        **{name: getattr(view, name) for name in InterchangePartner().fields},
        "transfers": interchange.transfers(bank(), actor(), partner_id),
        "statements": interchange.statements(bank(), actor(), partner_id),
        "months": interchange.netting(bank(), actor(), partner_id),
    }
