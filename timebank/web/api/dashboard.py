"""The figures of a scope over the API."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import dashboard
from timebank.services.dashboard import Dashboard
from timebank.web.api.schemas import SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_dashboard", __name__, description="Figures for street and county")


class DashboardQuery(ma.Schema):
    """`at`: a centre or station in reach; all of the reach without it."""

    at = SafeText(load_default=None)


class FiguresOfScope(ma.Schema):
    """Verified minutes and counts. null: too small to be told."""

    members = ma.fields.Integer(allow_none=True)
    volunteers = ma.fields.Integer(allow_none=True)
    elders = ma.fields.Integer(allow_none=True)
    needs_open = ma.fields.Integer()
    requests_open = ma.fields.Integer()
    minutes_by_month = ma.fields.Function(lambda view: {bar.key: bar.value for bar in view.months})
    minutes_by_service = ma.fields.Function(lambda view: {bar.key: bar.value for bar in view.by_service})
    unmet = ma.fields.Function(lambda view: _unmet(view))


def _unmet(view: Dashboard) -> dict[str, dict[str, int | None]]:
    """Station → service → how many, null where too few to be told."""
    return {
        place.id: dict(zip(view.unmet_services, (cell.number for cell in cells), strict=True))
        for place, cells in view.unmet
    }


@blueprint.route("/dashboard")
@allow("reports.read")
@blueprint.arguments(DashboardQuery, location="query")
@blueprint.response(200, FiguresOfScope)
def see(query: dict[str, Any]) -> Any:
    """The figures of all in reach, or of one place in it"""
    return dashboard.see(bank(), actor(), query["at"], now=now())
