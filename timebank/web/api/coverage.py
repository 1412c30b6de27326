"""Coverage over the API: the figures of the last night, and invitations."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.errors import NotFound
from timebank.services import coverage
from timebank.services.coverage import CaseView
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_coverage", __name__, description="Whether saved hours can be served when they are due")


class CoverageBand(ma.Schema):
    """Neighbouring ages, or years in which hours become redeemable, with so many members that nobody is found."""

    first = ma.fields.Integer()
    last = ma.fields.Integer()
    members = ma.fields.Integer()
    minutes = ma.fields.Integer()


class CoverageFigures(ma.Schema):
    """Minutes and percent. `cases`: name → for each year from now [5, 50, 95 of a hundred runs]."""

    day = ma.fields.Date()
    seed = ma.fields.Integer()
    runs = ma.fields.Integer()
    outstanding = ma.fields.Integer(allow_none=True)
    redeemable = ma.fields.Integer(allow_none=True)
    reserve = ma.fields.Integer()
    served_last = ma.fields.Integer()
    served_before = ma.fields.Integer()
    trend_percent = ma.fields.Integer()
    asked_next = ma.fields.Integer()
    percent_next = ma.fields.Integer(allow_none=True)
    never_redeemed = ma.fields.Integer(allow_none=True)
    ages = ma.fields.List(ma.fields.Nested(CoverageBand))
    years = ma.fields.List(ma.fields.Nested(CoverageBand))
    cases = ma.fields.Function(lambda view: {name: _case(one) for name, one in view.cases.items()})
    source = ma.fields.String()


class CoverageInvited(ma.Schema):
    """How many members were told."""

    invited = ma.fields.Integer()


def _case(view: CaseView) -> dict[str, list[list[int]]]:
    return {"asked": [list(one) for one in view.asked], "percent": [list(one) for one in view.percent]}


@blueprint.route("/coverage")
@allow("reports.read")
@blueprint.response(200, CoverageFigures)
def latest() -> Any:
    """The figures of the last night; 404 before the first"""
    view = coverage.latest(bank(), actor())
    if view is None:
        raise NotFound
    return view


@blueprint.route("/coverage/invitations", methods=["POST"])
@allow("coverage.invite")
@blueprint.response(200, CoverageInvited)
def invite() -> Any:
    """Invite members who may redeem and never did, each once in half a year"""
    return {"invited": coverage.invite(bank(), actor(), now=now())}
