"""Credit files over the API: facts, their steps, and the list of dishonest organisations."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.credit_files import KIND_LABELS, NUMBER_LENGTH, SUBJECT_LABELS, TEXT_LENGTH
from timebank.services import credit_files
from timebank.services.credit_files import NewEvent
from timebank.web.api.schemas import Cursor, SafeText, page, page_of
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_credit_files", __name__, description="Credit files of organisations, stations and staff")
WORDS = ma.validate.Length(min=1, max=TEXT_LENGTH)
NUMBER = ma.validate.Length(min=1, max=NUMBER_LENGTH)


class Fact(ma.Schema):
    """A fact with its source. `person_id` for a file of the staff alone."""

    subject = SafeText(required=True, validate=ma.validate.OneOf(list(SUBJECT_LABELS)))
    station_id = SafeText(required=True, validate=ma.validate.Length(max=32))
    kind = SafeText(required=True, validate=ma.validate.OneOf(list(KIND_LABELS)))
    text = SafeText(required=True, validate=WORDS)
    source_number = SafeText(required=True, validate=NUMBER)
    happened_on = ma.fields.Date(required=True)
    person_id = SafeText(load_default=None, allow_none=True, validate=ma.validate.Length(max=32))


class Words(ma.Schema):
    text = SafeText(required=True, validate=WORDS)


class MaybeWords(ma.Schema):
    text = SafeText(load_default="", validate=ma.validate.Length(max=TEXT_LENGTH))


class CreditEvent(ma.Schema):
    id = ma.fields.String()
    subject = ma.fields.String()
    station_id = ma.fields.String()
    uscc = ma.fields.String(allow_none=True)
    kind = ma.fields.String()
    text = ma.fields.String()
    source_number = ma.fields.String()
    happened_on = ma.fields.Date()
    valid_to = ma.fields.Date()
    state = ma.fields.String()
    verbs = ma.fields.List(ma.fields.String())


class Propose(ma.Schema):
    """Only the code of an organisation that runs one of the network's stations is taken."""

    uscc = SafeText(required=True, validate=ma.validate.Length(max=40))
    text = SafeText(required=True, validate=WORDS)
    decision_number = SafeText(required=True, validate=NUMBER)
    starts_on = ma.fields.Date(required=True)
    ends_on = ma.fields.Date(required=True)


class Listing(ma.Schema):
    id = ma.fields.String()
    uscc = ma.fields.String()
    name = ma.fields.String()
    text = ma.fields.String()
    decision_number = ma.fields.String()
    starts_on = ma.fields.Date()
    ends_on = ma.fields.Date()
    state = ma.fields.String()
    verbs = ma.fields.List(ma.fields.String())


class FactsOfUse(ma.Schema):
    """What is told of a member's use, to the own station alone. It is no score."""

    no_shows = ma.fields.Integer()
    last_on = ma.fields.Date(allow_none=True)


class Listings(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Listing))


CreditEventPage = page_of(CreditEvent)


@blueprint.route("/credit-files")
@allow("credit_files.read")
@blueprint.arguments(Cursor, location="query")
@blueprint.response(200, CreditEventPage)
def every(query: dict[str, Any]) -> Any:
    """Facts of the stations in scope, the newest first"""
    return page(credit_files.events(bank(), actor(), **query, now=now()), query["limit"])


@blueprint.route("/credit-files", methods=["POST"])
@allow("credit_files.record")
@blueprint.arguments(Fact)
@blueprint.response(201, CreditEvent)
def record(form: dict[str, Any]) -> Any:
    """Write a fact into a file"""
    return credit_files.record(bank(), actor(), NewEvent(**form), now=now())


@blueprint.route("/members/<string:person_id>/facts-of-use")
@allow("members.read")
@blueprint.response(200, FactsOfUse)
def facts_of_use(person_id: str) -> Any:
    """How often a member was not there when help came"""
    return credit_files.facts_of_use(bank(), actor(), person_id)


@blueprint.route("/credit-files/<string:event_id>")
@allow("credit_files.read")
@blueprint.response(200, CreditEvent)
def see(event_id: str) -> Any:
    """One fact"""
    return credit_files.see(bank(), actor(), event_id, now=now())


@blueprint.route("/listings")
@allow("credit_files.read")
@blueprint.response(200, Listings)
def listings() -> Any:
    """Organisations that are proposed or listed, the newest first"""
    return {"items": credit_files.listings(bank(), actor(), now=now())}


@blueprint.route("/listings", methods=["POST"])
@allow("listings.propose")
@blueprint.arguments(Propose)
@blueprint.response(201, Listing)
def propose(form: dict[str, Any]) -> Any:
    """Propose that an organisation be listed"""
    return credit_files.propose(bank(), actor(), **form, now=now())


@blueprint.route("/listings/<string:listing_id>")
@allow("credit_files.read")
@blueprint.response(200, Listing)
def see_listing(listing_id: str) -> Any:
    """One organisation's listing"""
    return credit_files.see_listing(bank(), actor(), listing_id, now=now())[0]


def _step(verb: str, permission: str) -> Any:
    @allow(permission)
    @blueprint.arguments(Words)
    @blueprint.response(200, CreditEvent)
    def step(form: dict[str, Any], event_id: str) -> Any:
        return credit_files.step(bank(), actor(), event_id, verb, form["text"], now=now())

    step.__doc__ = STEPS[verb]
    return step


def _step_listing(verb: str, permission: str) -> Any:
    @allow(permission)
    @blueprint.arguments(MaybeWords)
    @blueprint.response(200, Listing)
    def step(form: dict[str, Any], listing_id: str) -> Any:
        return credit_files.step_listing(bank(), actor(), listing_id, verb, form["text"], now=now())

    step.__doc__ = LISTING_STEPS[verb]
    return step


STEPS = {
    "appeal": "Object to a fact",
    "strike": "Strike a fact out: the objection is right",
    "keep": "Let a fact stay: the objection is not right",
    "repair": "Record the repair, with its evidence",
}
LISTING_STEPS = {
    "confirm": "Confirm a listing as the second person",
    "appeal": "Object to a listing",
    "strike": "Strike a listing out: the objection is right",
    "keep": "Let a listing stay: the objection is not right",
}
for name in STEPS:
    may = "credit_files.read" if name == "appeal" else "credit_files.decide"
    blueprint.route(f"/credit-files/<string:event_id>/{name}", methods=["POST"], endpoint=f"{name}_event")(
        _step(name, may)
    )
for name in LISTING_STEPS:
    may = "credit_files.read" if name == "appeal" else "listings.decide"
    blueprint.route(f"/listings/<string:listing_id>/{name}", methods=["POST"], endpoint=f"{name}_listing")(
        _step_listing(name, may)
    )
