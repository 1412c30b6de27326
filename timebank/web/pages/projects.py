"""The project bank: everybody reads it, members sign up, workers keep it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, SelectMultipleField

from timebank.domain.activities import NewProject
from timebank.domain.catalogue import TRAINING_LABELS
from timebank.domain.errors import TimebankError
from timebank.domain.roles import permits
from timebank.services import projects
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now, public, visitor
from timebank.web.pages.activities import my_station
from timebank.web.words import choices

blueprint = Blueprint("projects", __name__)


class ProjectForm(Form):
    name = SafeText(lazy_gettext("Name of the project"), [needed()])
    needs = SafeText(lazy_gettext("What is needed?"), [needed()])
    skills = SelectMultipleField(lazy_gettext("Which trainings are needed?"))
    head_count = IntegerField(lazy_gettext("How many people?"), [needed()], default=5)
    starts_on = DateField(lazy_gettext("First day"), [needed()])
    ends_on = DateField(lazy_gettext("Last day"), [needed()])


@blueprint.get("/projects")
@public
def index() -> str:
    """All projects, for everybody."""
    signed = visitor()
    me = signed.actor if signed else None
    rows = projects.every(bank(), me)
    edits = me is not None and permits(me, "projects.edit")
    joins = me is not None and permits(me, "projects.join")
    return render_template("projects/index.html", rows=rows, edits=edits, joins=joins)


@blueprint.route("/projects/new", methods=["GET", "POST"])
@allow("projects.edit")
def new() -> Any:
    """A new project of the station."""
    form = ProjectForm()
    form.skills.choices = choices(TRAINING_LABELS)
    refusal = None
    if form.validate_on_submit():
        told = NewProject(
            my_station(), form.name.data, form.needs.data, form.skills.data or (), form.head_count.data,
            form.starts_on.data, form.ends_on.data,
        )  # fmt: skip
        try:
            projects.make(bank(), actor(), told, now=now())
            flash(gettext("The project is in the bank. Members can sign up."), "success")
            return redirect(url_for("projects.index"))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("projects/new.html", form=form, refusal=refusal), status


@blueprint.post("/projects/<project_id>/join")
@allow("projects.join")
def join(project_id: str) -> Response:
    """I sign up."""
    projects.join(bank(), actor(), project_id, now=now())
    flash(gettext("You have signed up."), "success")
    return redirect(url_for("projects.index"))


@blueprint.post("/projects/<project_id>/leave")
@allow("projects.join")
def leave(project_id: str) -> Response:
    """I leave the project."""
    projects.leave(bank(), actor(), project_id)
    flash(gettext("You have left the project."), "success")
    return redirect(url_for("projects.index"))


@blueprint.post("/projects/<project_id>/move")
@allow("projects.edit")
def move(project_id: str) -> Response:
    """Running, done, closed, open again."""
    projects.move(bank(), actor(), project_id, request.form.get("state", ""))
    flash(gettext("Written down."), "success")
    return redirect(url_for("projects.index"))
