"""Consent notes over the API: which papers are out, writing one at the desk, their return."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import consent_notes, members
from timebank.services.consent_notes import STATES, NewNote
from timebank.web.api.schemas import Nothing, SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_consent_notes", __name__, description="Papers that a helper carries for an elder")


class NewConsentNote(ma.Schema):
    """What the elder agreed to at the desk. Empty papers: the helper carries none."""

    elder_number = SafeText(required=True)
    helper_number = SafeText(required=True)
    service_code = SafeText(required=True, validate=ma.validate.Length(max=24))
    papers = SafeText(load_default="", validate=ma.validate.Length(max=300))
    given_at = ma.fields.AwareDateTime(required=True)
    due_at = ma.fields.AwareDateTime(required=True)
    need_id = SafeText(load_default=None, allow_none=True, validate=ma.validate.Length(max=32))
    redemption_id = SafeText(load_default=None, allow_none=True, validate=ma.validate.Length(max=32))


class ConsentNote(ma.Schema):
    id = ma.fields.String()
    number = ma.fields.String()
    station_id = ma.fields.String()
    elder_id = ma.fields.String()
    helper_id = ma.fields.String()
    service_code = ma.fields.String()
    need_id = ma.fields.String(allow_none=True)
    redemption_id = ma.fields.String(allow_none=True)
    record_id = ma.fields.String(allow_none=True)
    papers = ma.fields.String()
    given_at = ma.fields.AwareDateTime()
    given_how = ma.fields.String()
    due_at = ma.fields.AwareDateTime()
    state = ma.fields.String()
    back_at = ma.fields.AwareDateTime(allow_none=True)
    overdue = ma.fields.Boolean()


class ConsentNoteMade(ma.Schema):
    """Which note it was, without its words: the answer to a POST is kept for retries."""

    id = ma.fields.String()
    number = ma.fields.String()
    state = ma.fields.String()


class ConsentNotes(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(ConsentNote))


class WhichNotes(ma.Schema):
    state = ma.fields.String(load_default="out", validate=ma.validate.OneOf(STATES))


@blueprint.route("/consent-notes")
@allow("consent_notes.read")
@blueprint.arguments(WhichNotes, location="query")
@blueprint.response(200, ConsentNotes)
def every(query: dict[str, Any]) -> Any:
    """Notes of the stations in scope: what is out, what is due first, first"""
    return {"items": consent_notes.at_stations(bank(), actor(), query["state"], now=now())}


@blueprint.route("/consent-notes", methods=["POST"])
@allow("consent_notes.run")
@blueprint.arguments(NewConsentNote)
@blueprint.response(201, ConsentNoteMade)
def give(form: dict[str, Any]) -> Any:
    """Write down at the desk what the elder agreed to"""
    elder_id = members.by_number(bank(), form.pop("elder_number"))
    helper_id = members.by_number(bank(), form.pop("helper_number"))
    return consent_notes.give(bank(), actor(), NewNote(elder_id, helper_id, **form), now=now())


@blueprint.route("/consent-notes/<string:note_id>")
@allow("consent_notes.read")
@blueprint.response(200, ConsentNote)
def see(note_id: str) -> Any:
    """One note"""
    return consent_notes.see(bank(), actor(), note_id, now=now())


@blueprint.route("/consent-notes/<string:note_id>/back", methods=["POST"])
@allow("consent_notes.run")
@blueprint.arguments(Nothing)
@blueprint.response(200, ConsentNoteMade)
def give_back(form: dict[str, Any], note_id: str) -> Any:
    """The papers are back with the elder"""
    return consent_notes.give_back(bank(), actor(), note_id, now=now())
