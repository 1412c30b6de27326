"""Members over the API: register, find, see."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import members
from timebank.services.members import Application, Correction
from timebank.web.api.schemas import SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_members", __name__, description="Members of the stations in scope")

DOCUMENT_TYPES = ["resident", "hmt_residence", "passport", "permanent_residence", "none"]


class NewMember(ma.Schema):
    """What is told at the desk. `consent` must be true: without it nothing is kept."""

    name = SafeText(required=True)
    phone = SafeText(required=True)
    document_type = SafeText(load_default="resident", validate=ma.validate.OneOf(DOCUMENT_TYPES))
    document_number = SafeText(load_default="")
    born_on = ma.fields.Date(load_default=None)
    station_id = SafeText(required=True)
    serves = ma.fields.Boolean(load_default=True, truthy={True}, falsy={False})
    receives = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})
    address = SafeText(load_default="")
    tags = ma.fields.List(SafeText(), load_default=list)
    consent = ma.fields.Boolean(required=True, truthy={True}, falsy={False})


class Member(ma.Schema):
    """A member; personal data in its masked form."""

    id = ma.fields.String(attribute="person_id")
    number = ma.fields.String()
    state = ma.fields.String()
    station_id = ma.fields.String()
    serves = ma.fields.Boolean()
    receives = ma.fields.Boolean()
    name = ma.fields.Function(lambda view: view.data.name)
    phone = ma.fields.Function(lambda view: view.data.masked().phone)
    age_years = ma.fields.Integer(attribute="age", allow_none=True)


class Members(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Member))


class Corrected(ma.Schema):
    """What is right; a field that is left out stays as it is. `consent`: to circumstances that are new."""

    name = SafeText()
    phone = SafeText()
    address = SafeText()
    tags = ma.fields.List(SafeText())
    document_type = SafeText(validate=ma.validate.OneOf(DOCUMENT_TYPES))
    document_number = SafeText()
    born_on = ma.fields.Date()
    emergency_contact = SafeText()
    reason = SafeText(required=True, validate=ma.validate.Length(min=1, max=200))
    consent = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})


class Standing(ma.Schema):
    """Which member it was, without the data: the answer to a POST is kept for retries."""

    id = ma.fields.String(attribute="person_id")
    number = ma.fields.String()
    state = ma.fields.String()


class Find(ma.Schema):
    """By number, phone or part of the name. In a body, so that no URL holds a name."""

    words = SafeText(load_default="")


@blueprint.route("/members", methods=["POST"])
@allow("members.register")
@blueprint.arguments(NewMember)
@blueprint.response(201, Member)
def register(form: dict[str, Any]) -> Any:
    """Register a member; the account is opened at once"""
    return members.register(
        bank(), actor(), Application(**{**form, "tags": tuple(form["tags"]), "consent_channel": "api"}), now=now()
    )


@blueprint.route("/members/find", methods=["POST"])
@allow("members.list")
@blueprint.arguments(Find)
@blueprint.response(200, Members)
def find(form: dict[str, Any]) -> Any:
    """Find members"""
    return {"items": members.find(bank(), actor(), form["words"], now=now())}


@blueprint.route("/members/<string:person_id>")
@allow("members.read")
@blueprint.response(200, Member)
def see(person_id: str) -> Any:
    """One member"""
    return members.see(bank(), actor(), person_id, now=now())


@blueprint.route("/members/<string:person_id>/approve", methods=["POST"])
@allow("members.approve")
@blueprint.response(200, Member)
def approve(person_id: str) -> Any:
    """Accept an application"""
    return members.approve(bank(), actor(), person_id, now=now())


@blueprint.route("/members/<string:person_id>/correct", methods=["POST"])
@allow("members.edit")
@blueprint.arguments(Corrected)
@blueprint.response(200, Standing)
def correct(form: dict[str, Any], person_id: str) -> Any:
    """Correct what is known of a member, on the member's word; the values before are kept"""
    reason, consent = form.pop("reason"), form.pop("consent")
    told = members.see(bank(), actor(), person_id, now=now()).data
    kind = form.get("document_type", str(told.document_type))
    known = {
        "name": told.name,
        "phone": told.phone,
        "address": told.address,
        "tags": told.tags,
        "document_type": kind,
        "document_number": told.document_number if kind == str(told.document_type) else "",
        "born_on": told.born_on,
        "emergency_contact": told.emergency_contact,
    }
    right = Correction(**{**known, **form, "tags": tuple(form.get("tags", told.tags))})
    return members.correct(bank(), actor(), person_id, right, reason, consent=consent, now=now())
