"""Sheets from other systems over the API: how far they are, what is wrong. People load them and decide."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import imports
from timebank.web.guard import actor, allow, bank

blueprint = Blueprint("api_imports", __name__, description="Sheets from other systems")


class ImportedSheet(ma.Schema):
    """`lines`: state of the lines that were carried out to their number."""

    id = ma.fields.String()
    kind = ma.fields.String()
    state = ma.fields.String()
    source = ma.fields.String()
    file_digest = ma.fields.String()
    rows_good = ma.fields.Integer()
    rows_wrong = ma.fields.Integer()
    rows_done = ma.fields.Integer()
    total_minutes = ma.fields.Integer()
    lines = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())
    account = ma.fields.String(allow_none=True)
    proposed_at = ma.fields.AwareDateTime()
    ended_at = ma.fields.AwareDateTime(allow_none=True)


class ImportedSheets(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(ImportedSheet))


class SheetFinding(ma.Schema):
    line = ma.fields.Integer()
    field = ma.fields.String()
    code = ma.fields.String()


class SheetFindings(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(SheetFinding))


@blueprint.route("/imports")
@allow("imports.read")
@blueprint.response(200, ImportedSheets)
def every() -> Any:
    """The sheets, the newest first"""
    return {"items": imports.every(bank(), actor())}


@blueprint.route("/imports/<string:import_id>")
@allow("imports.read")
@blueprint.response(200, ImportedSheet)
def see(import_id: str) -> Any:
    """One sheet"""
    return imports.see(bank(), actor(), import_id)


@blueprint.route("/imports/<string:import_id>/findings")
@allow("imports.read")
@blueprint.response(200, SheetFindings)
def findings(import_id: str) -> Any:
    """What is wrong in it, line by line"""
    imports.see(bank(), actor(), import_id)
    return {"items": imports.findings(bank(), actor(), import_id)}
