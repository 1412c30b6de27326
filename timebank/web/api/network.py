"""The network over the API: divisions, operators, stations and their papers, what is missing, closing."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import network
from timebank.web.api.schemas import SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_network", __name__, description="Divisions, operators and stations")


class Station(ma.Schema):
    """A station as everybody may see it. `state`: open, closing (see `closes_on` and `successor_id`) or closed."""

    id = ma.fields.String()
    kind = ma.fields.String()
    code = ma.fields.String()
    name = ma.fields.String()
    name_en = ma.fields.String()
    division_code = ma.fields.String()
    parent_id = ma.fields.String(allow_none=True)
    address = ma.fields.String()
    phone = ma.fields.String()
    opening = ma.fields.String()
    latitude_microdegrees = ma.fields.Integer()
    longitude_microdegrees = ma.fields.Integer()
    operator_id = ma.fields.String(allow_none=True)
    operator_name = ma.fields.String()
    operator_uscc = ma.fields.String()
    site_number = ma.fields.String()
    opened_on = ma.fields.Date(allow_none=True)
    floor_area_sqm = ma.fields.Integer(allow_none=True)
    beds = ma.fields.Integer(allow_none=True)
    day_seats = ma.fields.Integer(allow_none=True)
    estates = ma.fields.String()
    promise = ma.fields.String()
    filing_number = ma.fields.String(allow_none=True)
    filed_on = ma.fields.Date(allow_none=True)
    level = ma.fields.String(allow_none=True)
    state = ma.fields.String()
    closes_on = ma.fields.Date(allow_none=True)
    successor_id = ma.fields.String(allow_none=True)


class Stations(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Station))


class NewStation(ma.Schema):
    """A station or centre. `parent_id`: the centre above it; null for the county's own."""

    kind = SafeText(required=True)
    code = SafeText(required=True)
    name = SafeText(required=True)
    name_en = SafeText(required=True)
    division_code = SafeText(required=True)
    parent_id = SafeText(load_default=None, allow_none=True)
    operator_id = SafeText(required=True)
    site_number = SafeText(load_default="")
    address = SafeText(required=True)
    phone = SafeText(required=True)
    opening = SafeText(required=True)
    latitude_microdegrees = ma.fields.Integer(required=True, strict=True)
    longitude_microdegrees = ma.fields.Integer(required=True, strict=True)
    opened_on = ma.fields.Date(load_default=None, allow_none=True)


class NetworkMade(ma.Schema):
    id = ma.fields.String()


class StationPrice(ma.Schema):
    """A line of the price board; amounts in fen, `per`: time, hour, meal, day or month."""

    id = ma.fields.String(dump_only=True)
    item = SafeText(required=True)
    item_en = SafeText(load_default="")
    cents = ma.fields.Integer(required=True, strict=True)
    per = SafeText(required=True)
    market_cents = ma.fields.Integer(load_default=None, allow_none=True, strict=True)
    basis = SafeText(required=True)
    since = ma.fields.Date(required=True)


class StationFiling(ma.Schema):
    """The filing; `papers`: each paper's code and date (application, registration, promise)."""

    number = SafeText(required=True)
    office = SafeText(required=True)
    began_on = ma.fields.Date(required=True)
    filed_on = ma.fields.Date(required=True)
    papers = ma.fields.Dict(keys=SafeText(), values=ma.fields.Date(), required=True)


class StationGrade(ma.Schema):
    """Three scores from 0 to 100; level and last day follow from the rules."""

    content = ma.fields.Integer(required=True, strict=True)
    scale = ma.fields.Integer(required=True, strict=True)
    quality = ma.fields.Integer(required=True, strict=True)
    assessor = SafeText(required=True)
    graded_on = ma.fields.Date(required=True)
    level = ma.fields.String(dump_only=True, allow_none=True)
    valid_to = ma.fields.Date(dump_only=True)
    is_valid = ma.fields.Boolean(dump_only=True)


class StationPage(ma.Schema):
    """All that hangs at a station's door."""

    station = ma.fields.Nested(Station)
    prices = ma.fields.List(ma.fields.Nested(StationPrice))
    filing = ma.fields.Nested(StationFiling, allow_none=True)
    grade = ma.fields.Nested(StationGrade, allow_none=True)


class Operator(ma.Schema):
    """A body that runs stations. `certificate_number` only where the code's last character doesn't add up."""

    id = ma.fields.String(dump_only=True)
    name = SafeText(required=True)
    name_en = SafeText(load_default="")
    kind = SafeText(required=True)
    uscc = SafeText(required=True)
    certificate_number = SafeText(load_default=None, load_only=True, allow_none=True)
    stations = ma.fields.Integer(dump_only=True)


class Operators(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Operator))


class Division(ma.Schema):
    code = ma.fields.String()
    level = ma.fields.String()
    name = ma.fields.String()
    name_en = ma.fields.String()
    parent_code = ma.fields.String(allow_none=True)
    valid_from = ma.fields.Date()
    valid_to = ma.fields.Date(allow_none=True)
    successor_code = ma.fields.String(allow_none=True)


class Divisions(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Division))


class CodeList(ma.Schema):
    """A code list as CSV text. All of it is taken or nothing; with `dry_run` nothing is kept."""

    csv = ma.fields.String(required=True)
    dry_run = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})


class DivisionsImported(ma.Schema):
    added = ma.fields.Integer()
    changed = ma.fields.Integer()
    same = ma.fields.Integer()


class NetworkWarning(ma.Schema):
    """What should be looked at: a stable code and its numbers."""

    code = ma.fields.String()
    params = ma.fields.Dict()


class NetworkGap(ma.Schema):
    code = ma.fields.String()
    name = ma.fields.String()
    warnings = ma.fields.List(ma.fields.Nested(NetworkWarning))


class StationLine(ma.Schema):
    """A station with its warnings. `members` is null where they are too few to be told."""

    station_id = ma.fields.Function(lambda line: line.station.id)
    warnings = ma.fields.List(ma.fields.Nested(NetworkWarning))
    members = ma.fields.Integer(allow_none=True)


class NetworkReport(ma.Schema):
    gaps = ma.fields.List(ma.fields.Nested(NetworkGap))
    lines = ma.fields.List(ma.fields.Nested(StationLine))


class StationClosing(ma.Schema):
    """Announce that a station closes after `last_day`."""

    successor_id = SafeText(required=True)
    last_day = ma.fields.Date(required=True)
    reason = SafeText(required=True)


class MembersTold(ma.Schema):
    told = ma.fields.Integer()


class StationMoved(ma.Schema):
    moved = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())


@blueprint.route("/stations")
@allow("network.read")
@blueprint.response(200, Stations)
def stations() -> Any:
    """All stations of the county"""
    return {"items": network.stations(bank())}


@blueprint.route("/stations", methods=["POST"])
@allow("network.edit")
@blueprint.arguments(NewStation)
@blueprint.response(201, NetworkMade)
def add_station(form: dict[str, Any]) -> Any:
    """Add a station or centre"""
    return {"id": network.add_station(bank(), actor(), network.NewStation(**form), now=now())}


@blueprint.route("/stations/<string:station_id>")
@allow("network.read")
@blueprint.response(200, StationPage)
def see(station_id: str) -> Any:
    """One station with its prices, filing and grading"""
    return network.public_page(bank(), network.station(bank(), station_id).code, now=now())


@blueprint.route("/stations/<string:station_id>/prices", methods=["POST"])
@allow("stations.keep")
@blueprint.arguments(StationPrice)
@blueprint.response(201, StationPage)
def add_price(form: dict[str, Any], station_id: str) -> Any:
    """Add a line to the price board"""
    network.add_price(bank(), actor(), station_id, network.NewPrice(**form), now=now())
    return see_again(station_id)


@blueprint.route("/stations/<string:station_id>/filings", methods=["POST"])
@allow("stations.file")
@blueprint.arguments(StationFiling)
@blueprint.response(201, StationPage)
def file(form: dict[str, Any], station_id: str) -> Any:
    """Record a filing with its papers"""
    network.file(bank(), actor(), station_id, **form, now=now())
    return see_again(station_id)


@blueprint.route("/stations/<string:station_id>/grades", methods=["POST"])
@allow("stations.file")
@blueprint.arguments(StationGrade)
@blueprint.response(201, StationPage)
def grade(form: dict[str, Any], station_id: str) -> Any:
    """Record a grading"""
    network.grade(bank(), actor(), station_id, **form, now=now())
    return see_again(station_id)


@blueprint.route("/stations/<string:station_id>/closing", methods=["POST"])
@allow("stations.close")
@blueprint.arguments(StationClosing)
@blueprint.response(200, MembersTold)
def begin_closing(form: dict[str, Any], station_id: str) -> Any:
    """Announce that a station closes; its members are told"""
    return {"told": network.begin_closing(bank(), actor(), station_id, **form, now=now())}


@blueprint.route("/stations/<string:station_id>/closing/call-off", methods=["POST"])
@allow("stations.close")
@blueprint.response(200, StationPage)
def call_off(station_id: str) -> Any:
    """Keep a station open after all"""
    network.call_off(bank(), actor(), station_id, now=now())
    return see_again(station_id)


@blueprint.route("/stations/<string:station_id>/closing/hand-over", methods=["POST"])
@allow("stations.close")
@blueprint.response(200, StationMoved)
def hand_over(station_id: str) -> Any:
    """Close it: members and open matters go to the successor"""
    return {"moved": network.hand_over(bank(), actor(), station_id, now=now())}


def see_again(station_id: str) -> Any:
    """The station after a change."""
    return network.public_page(bank(), network.station(bank(), station_id).code, now=now())


@blueprint.route("/operators")
@allow("network.read")
@blueprint.response(200, Operators)
def operators() -> Any:
    """Who runs stations"""
    return {"items": network.operators(bank())}


@blueprint.route("/operators", methods=["POST"])
@allow("network.edit")
@blueprint.arguments(Operator)
@blueprint.response(201, NetworkMade)
def add_operator(form: dict[str, Any]) -> Any:
    """Add an operator"""
    return {"id": network.add_operator(bank(), actor(), **form, now=now())}


@blueprint.route("/divisions")
@allow("network.read")
@blueprint.response(200, Divisions)
def divisions() -> Any:
    """Divisions under their 12-digit codes"""
    return {"items": network.divisions(bank())}


@blueprint.route("/divisions/import", methods=["POST"])
@allow("network.edit")
@blueprint.arguments(CodeList)
@blueprint.response(200, DivisionsImported)
def import_divisions(form: dict[str, Any]) -> Any:
    """Take a code list"""
    return network.import_divisions(bank(), actor(), form["csv"], dry_run=form["dry_run"])


@blueprint.route("/network/report")
@allow("network.report")
@blueprint.response(200, NetworkReport)
def report() -> Any:
    """What is missing in the network, in reach"""
    return network.report(bank(), actor(), now=now())
