"""Records of hours over the API: log, enter slips, confirm, verify, the steps between people, the queue."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import families, hours, members
from timebank.services.hours import LogHours, RowRefused
from timebank.web.api.schemas import Cursor, Minutes, Reason, SafeText, page, page_of
from timebank.web.errors import in_words, problem
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_hours", __name__, description="Records of hours: what, for whom, when, where")
PLACES = ["home", "station", "institution", "outside"]


class Told(ma.Schema):
    """Hours as they are told. The elder is named by member number."""

    elder_number = SafeText(required=True)
    service_code = SafeText(required=True)
    started_at = ma.fields.AwareDateTime(required=True)
    minutes = Minutes(required=True, validate=ma.validate.Range(min=1, max=1440))
    place = ma.fields.String(load_default="home", validate=ma.validate.OneOf(PLACES))
    note = SafeText(load_default="", validate=ma.validate.Length(max=500))
    in_group = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})
    redemption_id = ma.fields.String(load_default=None, allow_none=True)


class Slip(Told):
    """A paper slip, or hours without one (then `slip_number` is empty, and that stays marked)."""

    volunteer_number = SafeText(required=True)
    slip_number = SafeText(load_default="")


class Slips(ma.Schema):
    """A table of slips: all are entered, or none."""

    slips = ma.fields.List(ma.fields.Nested(Slip), required=True, validate=ma.validate.Length(min=1, max=100))


class Flag(ma.Schema):
    code = ma.fields.String()
    params = ma.fields.Dict()


class Record(ma.Schema):
    """A record of hours. `verbs` says what the caller may do with it now."""

    id = ma.fields.String()
    number = ma.fields.String()
    state = ma.fields.String()
    source = ma.fields.String()
    station_id = ma.fields.String()
    volunteer_id = ma.fields.String()
    elder_id = ma.fields.String()
    service_code = ma.fields.String()
    started_at = ma.fields.AwareDateTime()
    ended_at = ma.fields.AwareDateTime()
    minutes = ma.fields.Integer()
    credited_minutes = ma.fields.Integer(allow_none=True)
    slip_number = ma.fields.String(allow_none=True)
    logged_at = ma.fields.AwareDateTime()
    entry_seq = ma.fields.Integer(allow_none=True)
    redemption_id = ma.fields.String(allow_none=True)
    flags = ma.fields.List(ma.fields.Nested(Flag))
    verbs = ma.fields.List(ma.fields.String())


class Records(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Record))


class Presence(ma.Schema):
    """The PIN that the elder typed, or the secret of the elder's card."""

    pin = ma.fields.String(load_default="", load_only=True)
    card = ma.fields.String(load_default="", load_only=True)


class How(ma.Schema):
    how = ma.fields.String(load_default="desk", validate=ma.validate.OneOf(["desk", "phone"]))


class Ids(ma.Schema):
    """Records, each decided on its own."""

    ids = ma.fields.List(ma.fields.String(), required=True, validate=ma.validate.Length(min=1, max=200))


class StationSignature(ma.Schema):
    """A station's signature under the statement of a record, with the salt that came with the statement."""

    record_id = ma.fields.String(required=True)
    station_key = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=0))
    signature = ma.fields.String(required=True, validate=ma.validate.Length(max=100))
    salt = ma.fields.String(required=True, validate=ma.validate.Regexp(r"^[0-9a-f]{64}\Z"))


class ToVerify(Ids):
    """Records to verify; `signatures` for those whose station signs what it verifies."""

    signatures = ma.fields.List(
        ma.fields.Nested(StationSignature), load_default=[], validate=ma.validate.Length(max=200)
    )


class Statement(ma.Schema):
    """What a station is to sign: the text of the note, and what the commitment in it is made of."""

    record_id = ma.fields.String()
    number = ma.fields.String()
    station_id = ma.fields.String()
    text = ma.fields.String()
    document = ma.fields.String()
    salt = ma.fields.Function(lambda one: one.salt.hex())
    minutes = ma.fields.Integer()


class Statements(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Statement))


class Outcome(ma.Schema):
    """What became of one record: its entry, or the code of the refusal."""

    record_id = ma.fields.String()
    entry_seq = ma.fields.Integer(allow_none=True)
    credited_minutes = ma.fields.Integer()
    refusal = ma.fields.Function(lambda one: one.refusal.code if one.refusal else None)


class Outcomes(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Outcome))


RecordPage = page_of(Record)


def _told(form: dict[str, Any]) -> LogHours:
    return LogHours(
        elder_id=members.by_number(bank(), form["elder_number"]),
        service_code=form["service_code"],
        started_at=form["started_at"],
        minutes=form["minutes"],
        place=form["place"],
        note=form["note"],
        in_group=form["in_group"],
        redemption_id=form["redemption_id"],
    )


@blueprint.route("/hours", methods=["POST"])
@allow("hours.log")
@blueprint.arguments(Told)
@blueprint.response(201, Record)
def log(form: dict[str, Any]) -> Any:
    """Log own hours"""
    return hours.log(bank(), actor(), _told(form), now=now())


@blueprint.route("/hours/slips", methods=["POST"])
@allow("hours.enter")
@blueprint.arguments(Slips)
@blueprint.response(201, Records)
def enter(form: dict[str, Any]) -> Any:
    """Enter slips; a refusal names the row and leaves all of them out"""
    rows = [
        (members.by_number(bank(), slip["volunteer_number"]), slip["slip_number"], _told(slip))
        for slip in form["slips"]
    ]
    try:
        return {"items": hours.enter(bank(), actor(), rows, now=now())}
    except RowRefused as refused:
        return problem(in_words(refused.error), {"row": refused.row})


@blueprint.route("/hours")
@allow("hours.read")
@blueprint.arguments(Cursor, location="query")
@blueprint.response(200, RecordPage)
def every(cursor: dict[str, Any]) -> Any:
    """Records of the stations in scope, the newest first"""
    states = ("logged", "confirmed", "verified", "disputed", "rejected", "withdrawn")
    return page(hours.of_station(bank(), actor(), states, **cursor), cursor["limit"])


@blueprint.route("/hours/queue")
@allow("hours.queue")
@blueprint.response(200, Records)
def queue() -> Any:
    """What waits to be verified, the oldest first"""
    return {"items": hours.queue(bank(), actor())}


@blueprint.route("/hours/verify", methods=["POST"])
@allow("hours.verify")
@blueprint.arguments(ToVerify)
@blueprint.response(200, Outcomes)
def verify(form: dict[str, Any]) -> Any:
    """Verify records; each becomes an entry of the ledger in the same commit"""
    signatures = {
        one["record_id"]: hours.StationSignature(one["station_key"], one["signature"], bytes.fromhex(one["salt"]))
        for one in form["signatures"]
    }
    return {"items": hours.verify(bank(), actor(), form["ids"], now=now(), signatures=signatures)}


@blueprint.route("/hours/statements", methods=["POST"])
@allow("hours.verify")
@blueprint.arguments(Ids)
@blueprint.response(200, Statements)
def statements(form: dict[str, Any]) -> Any:
    """What the stations of these records are to sign before they are verified"""
    return {"items": hours.statements(bank(), actor(), form["ids"], now=now())}


@blueprint.route("/hours/<string:record_id>")
@allow("hours.read")
@blueprint.response(200, Record)
def see(record_id: str) -> Any:
    """One record"""
    return hours.see(bank(), actor(), record_id)


@blueprint.route("/hours/<string:record_id>/confirm", methods=["POST"])
@allow("hours.confirm_at_desk")
@blueprint.arguments(How)
@blueprint.response(200, Record)
def confirm(form: dict[str, Any], record_id: str) -> Any:
    """Write down that the elder said yes, at the desk or on the phone"""
    elder_id = hours.see(bank(), actor(), record_id).elder_id
    families.count_act(bank(), actor(), elder_id, "hours.confirm", now=now())
    return hours.confirm(bank(), actor(), record_id, form["how"], now=now())


@blueprint.route("/hours/<string:record_id>/presence", methods=["POST"])
@allow("hours.confirm_at_desk")
@blueprint.arguments(Presence)
@blueprint.response(200, Record)
def presence(form: dict[str, Any], record_id: str) -> Any:
    """The elder types the PIN, or shows the card"""
    return hours.confirm_by_elder(bank(), actor(), record_id, **form, now=now())


@blueprint.route("/hours/<string:record_id>/reject", methods=["POST"])
@allow("hours.reject")
@blueprint.arguments(Reason)
@blueprint.response(200, Record)
def reject(form: dict[str, Any], record_id: str) -> Any:
    """Reject with a reason"""
    return hours.step(bank(), actor(), record_id, "reject", form["reason"], form["text"], now=now())


@blueprint.route("/hours/<string:record_id>/dispute", methods=["POST"])
@allow("hours.dispute_at_desk")
@blueprint.arguments(Reason)
@blueprint.response(200, Record)
def dispute(form: dict[str, Any], record_id: str) -> Any:
    """Write down that the elder does not agree"""
    return hours.step(bank(), actor(), record_id, "dispute", form["reason"], form["text"], now=now())


@blueprint.route("/hours/<string:record_id>/uphold", methods=["POST"])
@allow("hours.resolve")
@blueprint.arguments(Reason)
@blueprint.response(200, Record)
def uphold(form: dict[str, Any], record_id: str) -> Any:
    """Decide that a disputed record is right after all"""
    return hours.step(bank(), actor(), record_id, "uphold", form["reason"], form["text"], now=now())


@blueprint.route("/hours/<string:record_id>/withdraw", methods=["POST"])
@allow("hours.withdraw_at_desk")
@blueprint.arguments(Reason)
@blueprint.response(200, Record)
def withdraw(form: dict[str, Any], record_id: str) -> Any:
    """Take back what the caller entered"""
    return hours.step(bank(), actor(), record_id, "withdraw", form["reason"], form["text"], now=now())
