"""The network as its staff keeps it: what is missing, operators, divisions, and the papers of each station."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, DateField, FileField, SelectField
from wtforms.validators import Optional

from timebank.domain.errors import ImportRefused, TimebankError
from timebank.domain.organisations import ABOVE, OPERATOR_KINDS, WARNINGS
from timebank.domain.roles import permits
from timebank.services import network
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now, visitor
from timebank.web.language import in_language, local_date
from timebank.web.words import choices

blueprint = Blueprint("organisations", __name__)
KINDS = {
    "station": lazy_gettext("Community station"),
    "street_centre": lazy_gettext("Street centre"),
    "county_centre": lazy_gettext("County centre"),
}
DAYS = frozenset({"began_on", "valid_to", "expires_on"})
LARGEST_FILE = 4 * 1024 * 1024


class OperatorForm(Form):
    name = SafeText(lazy_gettext("Name in Chinese"), [needed()])
    name_en = SafeText(lazy_gettext("Name in English"))
    kind = SelectField(lazy_gettext("Kind of organisation"))
    uscc = SafeText(lazy_gettext("Unified social credit code"), [needed()])
    certificate_number = SafeText(
        lazy_gettext("Number of the registration certificate"),
        description=lazy_gettext("Only needed where the code's last character does not add up."),
    )


class StationForm(Form):
    kind = SelectField(lazy_gettext("Kind"))
    code = SafeText(
        lazy_gettext("Short code"), [needed()], description=lazy_gettext("Letters, digits and hyphens, as on the sign.")
    )
    name = SafeText(lazy_gettext("Name in Chinese"), [needed()])
    name_en = SafeText(lazy_gettext("Name in English"), [needed()])
    division_code = SelectField(lazy_gettext("Division"))
    parent_id = SelectField(lazy_gettext("Belongs to"))
    operator_id = SelectField(lazy_gettext("Operator"))
    site_number = SafeText(
        lazy_gettext("Site number at the operator"),
        description=lazy_gettext("For a station without a credit code of its own."),
    )
    address = SafeText(lazy_gettext("Address"), [needed()])
    phone = SafeText(lazy_gettext("Phone number"), [needed()])
    opening = SafeText(lazy_gettext("Opening hours"), [needed()])
    latitude = SafeText(lazy_gettext("Latitude"), [needed()], description=lazy_gettext("In degrees, e.g. 39.6178."))
    longitude = SafeText(lazy_gettext("Longitude"), [needed()], description=lazy_gettext("In degrees, e.g. 118.1739."))
    opened_on = DateField(lazy_gettext("In service since"), [Optional()])


class DivisionsForm(Form):
    file = FileField(
        lazy_gettext("Code list as a CSV file"),
        description=lazy_gettext("Its columns: %(names)s.", names=", ".join(network.COLUMNS)),
    )
    dry_run = BooleanField(lazy_gettext("Only look what it would change"), default="checked")


class GridForm(Form):
    code = SafeText(lazy_gettext("Grid code"), [needed()])
    division_code = SelectField(lazy_gettext("Community"))
    name = SafeText(lazy_gettext("Name of the place"), [needed()])


@blueprint.app_template_filter("warning_words")
def warning_words(warned: Any) -> str:
    """What should be looked at, with its numbers and days."""
    told = {
        key: local_date(date.fromisoformat(str(value))) if key in DAYS else value
        for key, value in warned.params.items()
    }
    return str(gettext(WARNINGS[warned.code]) % told)


@blueprint.get("/network")
@allow("network.report")
def index() -> str:
    """What is missing, division by division, and each station in reach with what should be looked at."""
    found = network.report(bank(), actor(), now=now())
    keepable = network.keepable(bank(), actor())
    return render_template("organisations/index.html", report=found, kinds=KINDS, keepable=keepable)


@blueprint.app_context_processor
def _permitted() -> dict[str, bool]:
    signed = visitor()
    return {"permitted_network": signed is not None and permits(signed.actor, "network.edit")}


@blueprint.route("/network/operators", methods=["GET", "POST"])
@allow("network.edit")
def operators() -> Any:
    """Who runs stations; one more."""
    form = OperatorForm()
    form.kind.choices = choices(OPERATOR_KINDS)
    refusal = None
    if form.validate_on_submit():
        try:
            told = {name: field.data for name, field in form._fields.items()}
            network.add_operator(bank(), actor(), **told, now=now())
            flash(gettext("The operator is added."), "success")
            return redirect(url_for("organisations.operators"))
        except TimebankError as error:
            refusal = in_words(error)
    views = network.operators(bank())
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "organisations/operators.html", form=form, refusal=refusal, views=views, kinds=OPERATOR_KINDS
    ), status


@blueprint.route("/network/stations/new", methods=["GET", "POST"])
@allow("network.edit")
def add() -> Any:
    """A new station or centre."""
    form = StationForm()
    _fill(form)
    refusal = None
    if form.validate_on_submit():
        try:
            station_id = network.add_station(bank(), actor(), _told(form), now=now())
            flash(gettext("The station is added. Now write down its papers."), "success")
            return redirect(url_for("stations.show", station_id=station_id))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("organisations/new.html", form=form, refusal=refusal), status


def _fill(form: StationForm) -> None:
    views = network.stations(bank())
    form.kind.choices = [(kind, str(KINDS[kind])) for kind in reversed(ABOVE)]
    form.division_code.choices = [
        (one.code, f"{in_language(one.name, one.name_en)} {one.code}") for one in network.divisions(bank())
    ]
    above = [one for one in views if one.kind != "station" and one.state == "open"]
    form.parent_id.choices = [("", gettext("nobody: it is the county centre"))] + [
        (one.id, in_language(one.name, one.name_en)) for one in above
    ]
    form.operator_id.choices = [(one.id, in_language(one.name, one.name_en)) for one in network.operators(bank())]


def microdegrees(text: str) -> int:
    """Degrees as typed → microdegrees; 0, which no station has, for what is no number."""
    try:
        return round(float(text) * 1_000_000)
    except (ValueError, OverflowError):
        return 0


def _told(form: StationForm) -> network.NewStation:
    return network.NewStation(
        kind=form.kind.data,
        code=form.code.data,
        name=form.name.data,
        name_en=form.name_en.data,
        division_code=form.division_code.data,
        parent_id=form.parent_id.data or None,
        operator_id=form.operator_id.data,
        site_number=form.site_number.data,
        address=form.address.data,
        phone=form.phone.data,
        opening=form.opening.data,
        latitude_microdegrees=microdegrees(form.latitude.data),
        longitude_microdegrees=microdegrees(form.longitude.data),
        opened_on=form.opened_on.data,
    )


@blueprint.route("/network/divisions", methods=["GET", "POST"])
@allow("network.edit")
def divisions() -> Any:
    """Divisions under their codes; a code list is taken as a whole or not at all."""
    form, refusal, outcome = DivisionsForm(), None, None
    if form.validate_on_submit():
        try:
            outcome = network.import_divisions(bank(), actor(), _text(), dry_run=bool(form.dry_run.data))
        except TimebankError as error:
            refusal = in_words(error)
        if outcome is not None and not form.dry_run.data:
            flash(
                gettext(
                    "Taken: %(added)s new, %(changed)s changed, %(same)s as before.",
                    added=outcome.added, changed=outcome.changed, same=outcome.same,
                ),
                "success",
            )  # fmt: skip
            return redirect(url_for("organisations.divisions"))
    return _divisions(form, GridForm(formdata=None), refusal, outcome)


def _text() -> str:
    sent = request.files.get("file")
    content = sent.read(LARGEST_FILE + 1) if sent else b""
    if not content or len(content) > LARGEST_FILE:
        raise ImportRefused(line=0, reason=gettext("the file is empty or too long"))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ImportRefused(line=0, reason=gettext("the file is not UTF-8")) from error


def _divisions(form: DivisionsForm, grid_form: GridForm, refusal: Any, outcome: Any) -> Any:
    views = network.divisions(bank())
    grid_form.division_code.choices = [
        (one.code, in_language(one.name, one.name_en)) for one in views if one.level == "village"
    ]
    return render_template(
        "organisations/divisions.html", form=form, grid_form=grid_form, refusal=refusal, outcome=outcome, views=views,
        grids=network.grids(bank()),
    ), refusal.status if refusal else 200  # fmt: skip


@blueprint.post("/network/grids")
@allow("network.edit")
def add_grid() -> Any:
    """A grid below a community."""
    form = GridForm()
    try:
        network.add_grid(
            bank(), actor(), code=form.code.data or "", division_code=form.division_code.data or "",
            name=form.name.data or "",
        )  # fmt: skip
    except TimebankError as error:
        return _divisions(DivisionsForm(formdata=None), form, in_words(error), None)
    flash(gettext("The grid is added."), "success")
    return redirect(url_for("organisations.divisions"))
