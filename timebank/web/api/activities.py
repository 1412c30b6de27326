"""Activities, teams and projects over the API: plan, join, write down once."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint

from timebank.domain.activities import NewActivity, NewProject
from timebank.services import activities, members, projects, teams
from timebank.web.api.schemas import Cursor, Minutes, Nothing, SafeText, page, page_of
from timebank.web.grouping import write_down
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("api_activities", __name__, description="Group activities, teams, the project bank")
NAME = ma.validate.Length(min=1, max=80)


class Planned(ma.Schema):
    """An activity with its seven facts. People are named by their member numbers."""

    station_id = SafeText(required=True)
    name = SafeText(required=True, validate=NAME)
    starts_at = ma.fields.AwareDateTime(required=True)
    minutes = Minutes(required=True)
    place = SafeText(required=True, validate=ma.validate.Length(min=1, max=120))
    content = SafeText(required=True, validate=ma.validate.Length(min=1, max=500))
    service_code = SafeText(required=True)
    leader_number = SafeText(required=True)
    places = ma.fields.Integer(required=True, strict=True)
    served_numbers = ma.fields.List(SafeText(), required=True)
    team_id = SafeText(load_default=None, allow_none=True)


class Activity(ma.Schema):
    id = ma.fields.String()
    number = ma.fields.String()
    state = ma.fields.String()
    station_id = ma.fields.String()
    name = ma.fields.String()
    place = ma.fields.String()
    content = ma.fields.String()
    service_code = ma.fields.String()
    starts_at = ma.fields.AwareDateTime()
    minutes = ma.fields.Integer()
    places = ma.fields.Integer()
    taken = ma.fields.Integer()
    served_count = ma.fields.Integer()
    in_group = ma.fields.Boolean()


class There(ma.Schema):
    """Who was there, by member number."""

    volunteer_numbers = ma.fields.List(SafeText(), required=True, validate=ma.validate.Length(min=1))


class NewTeam(ma.Schema):
    station_id = SafeText(required=True)
    name = SafeText(required=True, validate=NAME)
    leader_number = SafeText(required=True)


class TeamMember(ma.Schema):
    member_number = SafeText(required=True)


class Team(ma.Schema):
    """A team; its members by id."""

    id = ma.fields.String()
    station_id = ma.fields.String()
    name = ma.fields.String()
    leader_id = ma.fields.String()
    members = ma.fields.Function(lambda view: [person_id for person_id, _ in view.members])


class Teams(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Team))


class Draft(ma.Schema):
    """A project of the bank."""

    station_id = SafeText(required=True)
    name = SafeText(required=True, validate=NAME)
    needs = SafeText(required=True, validate=ma.validate.Length(min=1, max=500))
    skills = ma.fields.List(SafeText(), load_default=list)
    head_count = ma.fields.Integer(required=True, strict=True)
    starts_on = ma.fields.Date(required=True)
    ends_on = ma.fields.Date(required=True)


class Project(ma.Schema):
    id = ma.fields.String()
    station_id = ma.fields.String()
    name = ma.fields.String()
    needs = ma.fields.String()
    skills = ma.fields.List(ma.fields.String())
    head_count = ma.fields.Integer()
    signed_up = ma.fields.Integer()
    starts_on = ma.fields.Date()
    ends_on = ma.fields.Date()
    state = ma.fields.String()


class Projects(ma.Schema):
    items = ma.fields.List(ma.fields.Nested(Project))


class ProjectState(ma.Schema):
    state = SafeText(required=True, validate=ma.validate.OneOf(["open", "running", "done", "closed"]))


ActivityPage = page_of(Activity)


@blueprint.route("/activities", methods=["POST"])
@allow("activities.run")
@blueprint.arguments(Planned)
@blueprint.response(201, Activity)
def plan(form: dict[str, Any]) -> Any:
    """Plan an activity"""
    leader_id = members.by_number(bank(), form.pop("leader_number"))
    served = [members.by_number(bank(), number) for number in form.pop("served_numbers")]
    return activities.plan(bank(), actor(), NewActivity(leader_id=leader_id, served=served, **form), now=now())


@blueprint.route("/activities")
@allow("activities.read")
@blueprint.arguments(Cursor, location="query")
@blueprint.response(200, ActivityPage)
def every(cursor: dict[str, Any]) -> Any:
    """Activities of the stations in scope, the newest first"""
    return page(activities.at_stations(bank(), actor(), **cursor), cursor["limit"])


@blueprint.route("/activities/<string:activity_id>")
@allow("activities.read")
@blueprint.response(200, Activity)
def see(activity_id: str) -> Any:
    """One activity"""
    return activities.see(bank(), actor(), activity_id)


@blueprint.route("/activities/<string:activity_id>/record", methods=["POST"])
@allow("activities.run")
@blueprint.arguments(There)
@blueprint.response(200, Activity)
def record(form: dict[str, Any], activity_id: str) -> Any:
    """Write down who was there: each one's minutes once, as hours"""
    there = {members.by_number(bank(), number) for number in form["volunteer_numbers"]}
    lines = [one for one in activities.sheet(bank(), actor(), activity_id) if one.person_id in there]
    write_down(activities.see(bank(), actor(), activity_id), lines)
    return activities.see(bank(), actor(), activity_id)


@blueprint.route("/activities/<string:activity_id>/cancel", methods=["POST"])
@allow("activities.run")
@blueprint.arguments(Nothing)
@blueprint.response(200, Activity)
def cancel(form: dict[str, Any], activity_id: str) -> Any:
    """Call an activity off"""
    return activities.cancel(bank(), actor(), activity_id, now=now())


@blueprint.route("/activities/<string:activity_id>/join", methods=["POST"])
@allow("activities.join")
@blueprint.arguments(Nothing)
@blueprint.response(200, Activity)
def join(form: dict[str, Any], activity_id: str) -> Any:
    """Join an activity"""
    return activities.join(bank(), actor(), activity_id, now=now())


@blueprint.route("/activities/<string:activity_id>/leave", methods=["POST"])
@allow("activities.join")
@blueprint.arguments(Nothing)
@blueprint.response(200, Activity)
def leave(form: dict[str, Any], activity_id: str) -> Any:
    """Leave an activity"""
    return activities.leave(bank(), actor(), activity_id)


@blueprint.route("/teams", methods=["POST"])
@allow("activities.run")
@blueprint.arguments(NewTeam)
@blueprint.response(201, Team)
def make_team(form: dict[str, Any]) -> Any:
    """Make a team"""
    leader_id = members.by_number(bank(), form["leader_number"])
    return teams.make(bank(), actor(), form["station_id"], form["name"], leader_id, now=now())


@blueprint.route("/teams")
@allow("activities.read")
@blueprint.response(200, Teams)
def every_team() -> Any:
    """Teams of the stations in scope"""
    return {"items": teams.at_stations(bank(), actor())}


@blueprint.route("/teams/<string:team_id>/members", methods=["POST"])
@allow("activities.run")
@blueprint.arguments(TeamMember)
@blueprint.response(200, Team)
def take_in(form: dict[str, Any], team_id: str) -> Any:
    """Take a member into a team"""
    return teams.add(bank(), actor(), team_id, members.by_number(bank(), form["member_number"]), now=now())


@blueprint.route("/projects", methods=["POST"])
@allow("projects.edit")
@blueprint.arguments(Draft)
@blueprint.response(201, Project)
def make_project(form: dict[str, Any]) -> Any:
    """Put a project into the bank"""
    return projects.make(bank(), actor(), NewProject(**form), now=now())


@blueprint.route("/projects")
@allow("activities.read")
@blueprint.response(200, Projects)
def every_project() -> Any:
    """The project bank"""
    return {"items": projects.every(bank(), actor())}


@blueprint.route("/projects/<string:project_id>")
@allow("activities.read")
@blueprint.response(200, Project)
def see_project(project_id: str) -> Any:
    """One project"""
    return projects.see(bank(), actor(), project_id)


@blueprint.route("/projects/<string:project_id>/move", methods=["POST"])
@allow("projects.edit")
@blueprint.arguments(ProjectState)
@blueprint.response(200, Project)
def move_project(form: dict[str, Any], project_id: str) -> Any:
    """Running, done, closed, open again"""
    return projects.move(bank(), actor(), project_id, form["state"])


@blueprint.route("/projects/<string:project_id>/join", methods=["POST"])
@allow("projects.join")
@blueprint.arguments(Nothing)
@blueprint.response(200, Project)
def join_project(form: dict[str, Any], project_id: str) -> Any:
    """Sign up for a project"""
    return projects.join(bank(), actor(), project_id, now=now())


@blueprint.route("/projects/<string:project_id>/leave", methods=["POST"])
@allow("projects.join")
@blueprint.arguments(Nothing)
@blueprint.response(200, Project)
def leave_project(form: dict[str, Any], project_id: str) -> Any:
    """Leave a project"""
    return projects.leave(bank(), actor(), project_id)
