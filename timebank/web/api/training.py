"""Trainings over the API: announce, list, write down who was there."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.services import members, training
from timebank.services.training import NewTraining
from timebank.web.api.schemas import SafeText
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_training", __name__, description="Trainings")


class TrainingEvent(ma.Schema):
    """A training; `people` by id with whether they were there."""

    id = ma.fields.String(dump_only=True)
    station_id = SafeText(required=True)
    training = SafeText(load_default="", allow_none=True)
    name = SafeText(required=True)
    content = SafeText(required=True)
    organiser = SafeText(required=True)
    held_on = ma.fields.Date(required=True)
    minutes = ma.fields.Integer(required=True, strict=True)
    places = ma.fields.Integer(required=True, strict=True)
    audience = SafeText(load_default="volunteers")
    begins = SafeText(load_default="", allow_none=True, validate=ma.validate.Length(max=5))
    place = SafeText(load_default="", allow_none=True, validate=ma.validate.Length(max=120))
    valid_to = ma.fields.Date(load_default=None, allow_none=True)
    state = ma.fields.String(dump_only=True)
    people = ma.fields.Function(
        lambda view: [{"id": person_id, "attended": attended} for person_id, _, attended in view.people]
    )


class TrainingEvents(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(TrainingEvent))


class TrainingMade(ma.Schema):
    id = ma.fields.String()


class TrainingMember(ma.Schema):
    member_number = SafeText(required=True)


class TrainingAttendance(ma.Schema):
    """The ids of those who were there."""

    present = ma.fields.List(SafeText(), required=True)


class TrainingCounted(ma.Schema):
    attended = ma.fields.Integer()


@blueprint.route("/trainings")
@allow("trainings.run")
@blueprint.response(200, TrainingEvents)
def of_stations() -> Any:
    """The trainings of the stations in scope"""
    return {"items": training.of_stations(bank(), actor())}


@blueprint.route("/trainings", methods=["POST"])
@allow("trainings.run")
@blueprint.arguments(TrainingEvent)
@blueprint.response(201, TrainingMade)
def plan(form: dict[str, Any]) -> Any:
    """Announce a training"""
    told = NewTraining(**{**form, **{name: form[name] or "" for name in ("training", "begins", "place")}})
    return {"id": training.plan(bank(), actor(), told, now=now())}


@blueprint.route("/trainings/<string:event_id>/members", methods=["POST"])
@allow("trainings.run")
@blueprint.arguments(TrainingMember)
@blueprint.response(204)
def enter(form: dict[str, Any], event_id: str) -> None:
    """Put a member on the list"""
    person_id = members.by_number(bank(), form["member_number"])
    training.enter(bank(), actor(), event_id, person_id, now=now())


@blueprint.route("/trainings/<string:event_id>/attendance", methods=["POST"])
@allow("trainings.run")
@blueprint.arguments(TrainingAttendance)
@blueprint.response(200, TrainingCounted)
def attend(form: dict[str, Any], event_id: str) -> Any:
    """Write down who was there"""
    return {"attended": training.attend(bank(), actor(), event_id, form["present"], now=now())}
