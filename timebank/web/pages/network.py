"""The stations of the county, for everybody."""

from __future__ import annotations

from flask import Blueprint, render_template

from timebank.services import network
from timebank.web.guard import bank, public

blueprint = Blueprint("network", __name__)
ORDER = ("station", "street_centre", "county_centre")


@blueprint.get("/stations")
@public
def index() -> str:
    """Where to go: address, hours, telephone, and whether the station is filed with the county."""
    views = network.stations(bank())
    groups = [(kind, [view for view in views if view.kind == kind]) for kind in ORDER]
    return render_template("network/index.html", groups=groups)
