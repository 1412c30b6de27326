"""Certificates over the API: issue at the desk, look, revoke; what waits with its time limit."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.certificates import REVOKE_REASONS
from timebank.services import certificates, members
from timebank.web.api.schemas import SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_certificates", __name__, description="Certificates of volunteer service by Order 67")


class NewCertificate(ma.Schema):
    """For a member of the station, of the days from `first` to `last`."""

    member_number = SafeText(required=True)
    first = ma.fields.Date(required=True)
    last = ma.fields.Date(required=True)


class CertificateLine(ma.Schema):
    day = ma.fields.String()
    service = ma.fields.String()
    minutes = ma.fields.Integer()
    number = ma.fields.String()
    entry = ma.fields.Integer(allow_none=True)


class VolunteerCertificate(ma.Schema):
    """Minutes are those really served. Names and the check code stand on the paper alone."""

    id = ma.fields.String()
    number = ma.fields.String()
    state = ma.fields.String()
    person_id = ma.fields.String()
    station_id = ma.fields.String()
    first_day = ma.fields.Date()
    last_day = ma.fields.Date()
    minutes = ma.fields.Integer()
    lines = ma.fields.List(ma.fields.Nested(CertificateLine))
    issued_at = ma.fields.AwareDateTime()
    superseded_by = ma.fields.String(allow_none=True)


class Revocation(ma.Schema):
    reason = SafeText(required=True, validate=ma.validate.OneOf(list(REVOKE_REASONS)))


class RecordClock(ma.Schema):
    days = ma.fields.Integer()
    due_on = ma.fields.Date()
    warns = ma.fields.Boolean()
    late = ma.fields.Boolean()
    certain = ma.fields.Boolean()


class DueRecord(ma.Schema):
    record_id = ma.fields.String()
    number = ma.fields.String()
    state = ma.fields.String()
    ended_at = ma.fields.AwareDateTime()
    clock = ma.fields.Nested(RecordClock)


class DueRecords(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(DueRecord))


@blueprint.route("/certificates", methods=["POST"])
@allow("passbook.print")
@blueprint.arguments(NewCertificate)
@blueprint.response(201, VolunteerCertificate)
def issue(form: dict[str, Any]) -> Any:
    """Issue a certificate at the desk"""
    person_id = members.by_number(bank(), form["member_number"])
    return certificates.issue(bank(), actor(), person_id, form["first"], form["last"], now=now())


@blueprint.route("/certificates/due")
@allow("certificates.read")
@blueprint.response(200, DueRecords)
def due() -> Any:
    """What waits to be verified, with the ten working days"""
    return {"items": certificates.due(bank(), actor(), now=now())}


@blueprint.route("/certificates/<string:certificate_id>")
@allow("certificates.read")
@blueprint.response(200, VolunteerCertificate)
def see(certificate_id: str) -> Any:
    """One certificate of a station in scope"""
    return certificates.see(bank(), actor(), certificate_id)


@blueprint.route("/certificates/<string:certificate_id>/revoke", methods=["POST"])
@allow("certificates.revoke")
@blueprint.arguments(Revocation)
@blueprint.response(200, VolunteerCertificate)
def revoke(form: dict[str, Any], certificate_id: str) -> Any:
    """Revoke it, with a reason"""
    return certificates.revoke(bank(), actor(), certificate_id, form["reason"], now=now())
