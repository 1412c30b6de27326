"""Group activities and teams: planned by the station, joined by members, written down once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, SelectField, TimeField

from timebank.domain.activities import NewActivity
from timebank.domain.errors import TimebankError
from timebank.domain.roles import permits
from timebank.services import activities, catalogue, members, network, teams
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.grouping import write_down
from timebank.web.guard import actor, allow, bank, now, signed_in
from timebank.web.language import in_language
from timebank.web.pages.hours import duration_choices, zone

blueprint = Blueprint("activities", __name__)
PAGE = 20


class ActivityForm(Form):
    name = SafeText(lazy_gettext("Name of the activity"), [needed()])
    service = SelectField(lazy_gettext("What service?"))
    day = DateField(lazy_gettext("On which day?"), [needed()])
    start = TimeField(lazy_gettext("From when?"), [needed()])
    minutes = SelectField(lazy_gettext("Minutes for each person"), coerce=int, default=60)
    place = SafeText(lazy_gettext("Where?"), [needed()])
    content = SafeText(lazy_gettext("What is done?"), [needed()])
    leader = SafeText(lazy_gettext("Member number of the leader"), [needed()])
    places = IntegerField(lazy_gettext("How many can join?"), [needed()], default=5)
    served = SafeText(
        lazy_gettext("Member numbers of those who are served"),
        [needed()],
        description=lazy_gettext("One after the other, with spaces between: a meal run has many."),
    )
    team = SelectField(lazy_gettext("For a team?"), default="")


class TeamForm(Form):
    name = SafeText(lazy_gettext("Name of the team"), [needed()])
    leader = SafeText(lazy_gettext("Member number of the leader"), [needed()])


def my_station() -> str:
    """The station at which this worker plans."""
    return next((role.station_id for role in actor().roles if role.name == "worker" and role.station_id), "")


@blueprint.get("/activities")
@allow("activities.join")
def index() -> str:
    """What can be joined."""
    return render_template("activities/index.html", rows=activities.to_join(bank(), actor(), now=now()))


@blueprint.get("/activities/<activity_id>")
@allow("activities.join")
def show(activity_id: str) -> str:
    """One activity, with the seven facts."""
    return render_template("activities/show.html", view=activities.see(bank(), actor(), activity_id), refusal=None)


@blueprint.post("/activities/<activity_id>/join")
@allow("activities.join")
def join(activity_id: str) -> Any:
    """I come."""
    try:
        activities.join(bank(), actor(), activity_id, now=now())
    except TimebankError as error:
        refusal = in_words(error)
        if refusal.status == 404:
            raise
        view = activities.see(bank(), actor(), activity_id)
        return render_template("activities/show.html", view=view, refusal=refusal), refusal.status
    flash(gettext("You have joined. We remind you before."), "success")
    return redirect(url_for("activities.show", activity_id=activity_id))


@blueprint.post("/activities/<activity_id>/leave")
@allow("activities.join")
def leave(activity_id: str) -> Response:
    """I can't come."""
    activities.leave(bank(), actor(), activity_id)
    flash(gettext("You have left the activity."), "success")
    return redirect(url_for("activities.index"))


@blueprint.get("/activities/desk")
@allow("activities.read")
def desk() -> str:
    """The activities and teams of the station."""
    rows = activities.at_stations(bank(), actor(), before=request.args.get("before"), limit=PAGE)
    older = url_for("activities.desk", before=rows[-1].id) if len(rows) == PAGE else None
    return render_template(
        "activities/desk.html", rows=rows, older=older, teams=teams.at_stations(bank(), actor()), now=now(),
        runs=permits(actor(), "activities.run"),
    )  # fmt: skip


@blueprint.route("/activities/new", methods=["GET", "POST"])
@allow("activities.run")
def new() -> Any:
    """Plan an activity of the own station."""
    form = ActivityForm()
    offered = [one for one in catalogue.offered(bank()) if not one.carries_papers]
    form.service.choices = [(one.code, in_language(one.name, one.name_en)) for one in offered]
    form.minutes.choices = duration_choices()
    mine = [(one.id, one.name) for one in teams.at_stations(bank(), actor()) if one.station_id == my_station()]
    form.team.choices = [("", gettext("No, each by themselves")), *mine]
    refusal = None
    if form.validate_on_submit():
        try:
            view = activities.plan(bank(), actor(), _told(form), now=now())
            flash(gettext("Planned. Members can join now."), "success")
            return redirect(url_for("activities.record", activity_id=view.id))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("activities/new.html", form=form, refusal=refusal, stations=network.stations(bank())), status


def _told(form: ActivityForm) -> NewActivity:
    starts = datetime.combine(form.day.data, form.start.data, zone()).astimezone(UTC)
    numbers = form.served.data.replace("，", " ").replace(",", " ").replace("、", " ").split()
    return NewActivity(
        station_id=my_station(),
        name=form.name.data,
        starts_at=starts,
        minutes=form.minutes.data,
        place=form.place.data,
        content=form.content.data,
        service_code=form.service.data,
        leader_id=members.by_number(bank(), form.leader.data),
        places=form.places.data,
        served=[members.by_number(bank(), number) for number in numbers],
        team_id=form.team.data or None,
    )


@blueprint.route("/activities/<activity_id>/record", methods=["GET", "POST"])
@allow("activities.run")
def record(activity_id: str) -> Any:
    """Who was there: each one's minutes are entered once, as hours that the elders confirm."""
    lines = activities.sheet(bank(), actor(), activity_id)
    view = activities.see(bank(), actor(), activity_id)
    refusal = None
    if request.method == "POST":
        there = request.form.getlist("there")
        try:
            count = write_down(view, [one for one in lines if one.person_id in there])
            flash(gettext("Written down for %(count)s people. The elders confirm it.", count=count), "success")
            return redirect(url_for("activities.desk"))
        except TimebankError as error:
            refusal = in_words(error)
    reasons = {one.person_id: in_words(one.refusal) for one in lines if one.refusal is not None}
    page = render_template(
        "activities/record.html", view=view, lines=lines, refusal=refusal, reasons=reasons,
        over=view.starts_at <= now(),
    )  # fmt: skip
    return page, refusal.status if refusal else 200


@blueprint.post("/activities/<activity_id>/enter")
@allow("activities.run")
def enter(activity_id: str) -> Response:
    """The desk enters somebody who asked to join in person or by phone."""
    person_id = members.by_number(bank(), request.form.get("number", "").strip())
    activities.join(bank(), actor(), activity_id, person_id, now=now())
    flash(gettext("Entered. We remind them before."), "success")
    return redirect(url_for("activities.record", activity_id=activity_id))


@blueprint.post("/activities/<activity_id>/cancel")
@allow("activities.run")
def cancel(activity_id: str) -> Response:
    """The station calls it off."""
    activities.cancel(bank(), actor(), activity_id, now=now())
    flash(gettext("Called off. All who joined are told."), "success")
    return redirect(url_for("activities.desk"))


@blueprint.route("/teams/new", methods=["GET", "POST"])
@allow("activities.run")
def new_team() -> Any:
    """A new team of the station."""
    form = TeamForm()
    refusal = None
    if form.validate_on_submit():
        try:
            leader = members.by_number(bank(), form.leader.data)
            teams.make(bank(), actor(), my_station(), form.name.data, leader, now=now())
            flash(gettext("The team is there."), "success")
            return redirect(url_for("activities.desk"))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("activities/new_team.html", form=form, refusal=refusal), status


@blueprint.post("/teams/<team_id>/members")
@signed_in
def add_member(team_id: str) -> Response:
    """The station, or the leader, takes somebody in."""
    person_id = members.by_number(bank(), request.form.get("number", "").strip())
    teams.add(bank(), actor(), team_id, person_id, now=now())
    flash(gettext("The team has a new member."), "success")
    return redirect(url_for("activities.desk" if permits(actor(), "activities.run") else "activities.index"))
