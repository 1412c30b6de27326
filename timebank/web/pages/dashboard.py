"""Figures for those who steer, and the map of all stations."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_babel import gettext

from timebank.domain.errors import NotFound
from timebank.domain.figures import MAP_HEIGHT, MAP_WIDTH, TARGET_LABELS, placed
from timebank.domain.places import distance_metres
from timebank.domain.roles import permits
from timebank.domain.rounds import month_of
from timebank.services import dashboard, network, rounds
from timebank.web.guard import actor, allow, bank, now, public

blueprint = Blueprint("dashboard", __name__)


@blueprint.get("/dashboard")
@allow("reports.read")
def index() -> str:
    """All in reach, or one place of it."""
    view = dashboard.see(bank(), actor(), request.args.get("at") or None, now=now())
    names = {code: (name, name_en) for code, name, name_en in view.services}
    visits = None
    if permits(actor(), "rounds.read"):
        visits = rounds.coverage(bank(), actor(), month_of(None, now()), now=now())
    mine = [one for one in visits.stations if view.at is None or one.station_id == view.at.id] if visits else []
    return render_template(
        "dashboard/index.html", view=view, names=names, target_labels=TARGET_LABELS, visits=visits, visited=mine
    )


@blueprint.get("/map")
@public
def stations() -> str:
    """Where the stations are: a drawing from their coordinates, and the same as a list."""
    views = [one for one in network.stations(bank()) if one.state != "closed"]
    places = {one.id: (one.latitude_microdegrees, one.longitude_microdegrees) for one in views}
    chosen = request.args.get("from", "")
    if chosen and chosen not in places:
        raise NotFound
    numbered = {one.id: number for number, one in enumerate(views, 1)}
    distances = {one: distance_metres(places[chosen], place) for one, place in places.items()} if chosen else {}
    ordered = sorted(views, key=lambda one: (distances.get(one.id, 0), numbered[one.id]))
    return render_template(
        "dashboard/map.html", views=ordered, numbered=numbered, points=placed(places), width=MAP_WIDTH,
        height=MAP_HEIGHT, by_id={one.id: one for one in views}, chosen=chosen, distances=distances,
    )  # fmt: skip


@blueprint.app_template_filter("way")
def way(distance: int) -> str:
    """A distance as people say it."""
    if distance < 1000:
        return str(gettext("%(metres)s m", metres=round(distance, -1)))
    return str(gettext("%(km)s km", km=f"{distance / 1000:.1f}"))
