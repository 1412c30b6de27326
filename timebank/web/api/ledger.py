"""The ledger over the API: passbooks, grants, reversals, audits."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import audits, members, passbook, reversals, transfers
from timebank.web.api.schemas import Cursor, Minutes, Reason, SafeText, page, page_of
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_ledger", __name__, description="What stands in the book, and what puts it right")


class Line(ma.Schema):
    seq = ma.fields.Integer()
    at = ma.fields.AwareDateTime()
    on = ma.fields.String(allow_none=True)
    kind = ma.fields.String()
    origin = ma.fields.String()
    minutes = ma.fields.Integer()
    balance_after = ma.fields.Integer()


class Passbook(ma.Schema):
    """A member's book at one moment; `size` and `head` name that moment."""

    number = ma.fields.String()
    purses = ma.fields.Function(lambda book: dict(book.purses))
    total_minutes = ma.fields.Integer()
    held_minutes = ma.fields.Integer()
    lines = ma.fields.List(ma.fields.Nested(Line))
    size = ma.fields.Integer()
    head = ma.fields.String()


class NewGrant(ma.Schema):
    receiver_number = SafeText(required=True)
    minutes = Minutes(required=True, validate=ma.validate.Range(min=1, max=100_000))
    reason = SafeText(required=True)
    text = SafeText(load_default="", validate=ma.validate.Length(max=500))


class Decision(ma.Schema):
    """Yes or no; a no with a reason from the list, and words where the reason is `other`."""

    approve = ma.fields.Boolean(required=True, truthy={True}, falsy={False})
    reason = SafeText(load_default=None, allow_none=True, validate=ma.validate.Length(max=32))
    text = SafeText(load_default="", validate=ma.validate.Length(max=500))


class Transfer(ma.Schema):
    id = ma.fields.String()
    kind = ma.fields.String()
    giver_id = ma.fields.String(allow_none=True)
    receiver_id = ma.fields.String(allow_none=True)
    minutes = ma.fields.Integer()
    state = ma.fields.String()
    reason = ma.fields.String(allow_none=True)
    text = ma.fields.String()
    refused_reason = ma.fields.String(allow_none=True)
    refused_text = ma.fields.String()
    asked_at = ma.fields.AwareDateTime()
    entry_seq = ma.fields.Integer(allow_none=True)


TransferPage = page_of(Transfer)


class NewReversal(Reason):
    seq = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=0))


class Reversal(ma.Schema):
    id = ma.fields.String()
    of_seq = ma.fields.Integer()
    kind = ma.fields.String()
    minutes = ma.fields.Integer()
    reason = ma.fields.String()
    text = ma.fields.String()
    refused_reason = ma.fields.String(allow_none=True)
    refused_text = ma.fields.String()
    asked_at = ma.fields.AwareDateTime()
    state = ma.fields.String()
    entry_seq = ma.fields.Integer(allow_none=True)


ReversalPage = page_of(Reversal)


class Scope(ma.Schema):
    full = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})


class Audit(ma.Schema):
    """An audit with its findings: entry, field, what was expected and what was found."""

    id = ma.fields.String()
    scope = ma.fields.String()
    started_at = ma.fields.AwareDateTime()
    first_seq = ma.fields.Integer()
    size = ma.fields.Integer()
    verdict = ma.fields.String()
    findings = ma.fields.Integer()
    entry_seq = ma.fields.Integer(allow_none=True)
    report = ma.fields.Dict()


AuditPage = page_of(Audit)


@blueprint.route("/members/<string:person_id>/passbook")
@allow("passbook.read")
@blueprint.response(200, Passbook)
def see_passbook(person_id: str) -> Any:
    """A member's passbook"""
    return passbook.of_member(bank(), actor(), person_id, now=now())


@blueprint.route("/grants")
@allow("transfers.read")
@blueprint.arguments(Cursor, location="query")
@blueprint.response(200, TransferPage)
def grants(cursor: dict[str, Any]) -> Any:
    """Grants at the stations in scope, the newest first"""
    return page(transfers.grants(bank(), actor(), **cursor, now=now()), cursor["limit"])


@blueprint.route("/grants", methods=["POST"])
@allow("transfers.grant")
@blueprint.arguments(NewGrant)
@blueprint.response(201, Transfer)
def ask_grant(form: dict[str, Any]) -> Any:
    """Ask for hours for an elder in need"""
    receiver_id = members.by_number(bank(), form["receiver_number"])
    return transfers.ask_grant(bank(), actor(), receiver_id, form["minutes"], form["reason"], form["text"], now=now())


@blueprint.route("/grants/<string:transfer_id>/decide", methods=["POST"])
@allow("transfers.approve_grant")
@blueprint.arguments(Decision)
@blueprint.response(200, Transfer)
def decide_grant(form: dict[str, Any], transfer_id: str) -> Any:
    """Approve or refuse a grant, as a second person"""
    return transfers.decide_grant(bank(), actor(), transfer_id, **form, now=now())


@blueprint.route("/reversals")
@allow("reversals.read")
@blueprint.arguments(Cursor, location="query")
@blueprint.response(200, ReversalPage)
def every_reversal(cursor: dict[str, Any]) -> Any:
    """Requests to undo entries, the newest first"""
    return page(reversals.every(bank(), actor(), **cursor), cursor["limit"])


@blueprint.route("/reversals", methods=["POST"])
@allow("reversals.request")
@blueprint.arguments(NewReversal)
@blueprint.response(201, Reversal)
def ask_reversal(form: dict[str, Any]) -> Any:
    """Ask that an entry be undone"""
    return reversals.ask(bank(), actor(), form["seq"], form["reason"], form["text"], now=now())


@blueprint.route("/reversals/<string:reversal_id>/decide", methods=["POST"])
@allow("reversals.approve")
@blueprint.arguments(Decision)
@blueprint.response(200, Reversal)
def decide_reversal(form: dict[str, Any], reversal_id: str) -> Any:
    """Approve or refuse a correction, as a second person"""
    return reversals.decide(bank(), actor(), reversal_id, **form, now=now())


@blueprint.route("/audits")
@allow("audits.read")
@blueprint.arguments(Cursor, location="query")
@blueprint.response(200, AuditPage)
def history(cursor: dict[str, Any]) -> Any:
    """Audits, the newest first"""
    return page(audits.history(bank(), actor(), **cursor), cursor["limit"])


@blueprint.route("/audits", methods=["POST"])
@allow("audits.run")
@blueprint.arguments(Scope)
@blueprint.response(201, Audit)
def run(form: dict[str, Any]) -> Any:
    """Run an audit now"""
    return audits.run_now(bank(), actor(), full=form["full"], now=now())
