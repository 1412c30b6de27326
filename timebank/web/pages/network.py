"""The stations of the county, for everybody: where they are, what hangs at each door, and the sign itself on A3."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

import segno
from flask import Blueprint, Response, render_template, send_file, url_for

from timebank.domain.credit_files import KIND_LABELS
from timebank.domain.inspections import OUTCOME_LABELS
from timebank.domain.organisations import PRICE_UNITS
from timebank.services import credit_files, inspections, network
from timebank.services.credit_files import ListingView, PublicEvent
from timebank.web.guard import bank, now, public
from timebank.web.language import in_language
from timebank.web.paper import drawn

blueprint = Blueprint("network", __name__)
ORDER = ("station", "street_centre", "county_centre")


@blueprint.get("/stations")
@public
def index() -> str:
    """Where to go: address, hours, telephone, and whether the station is filed with the county."""
    views = network.stations(bank())
    groups = [(kind, [view for view in views if view.kind == kind]) for kind in ORDER]
    return render_template("network/index.html", groups=groups)


@blueprint.get("/stations/<code>")
@public
def show(code: str) -> str:
    """All that hangs at a station's door: promise, prices with their basis, permits, penalties, checks."""
    page = network.public_page(bank(), code, now=now())
    events = credit_files.public_events(bank(), page.station.id, now=now())
    return render_template(
        "network/show.html", page=page, view=page.station, units=PRICE_UNITS, outcomes=OUTCOME_LABELS,
        inspected=inspections.of_station(bank(), code), checks=_events(events, ("inspection",)),
        penalties=_events(events, ("breach", "complaint")), awards=_events(events, ("award",)), kinds=KIND_LABELS,
        listed=_listed(page.station.operator_uscc),
    )  # fmt: skip


def _listed(uscc: str) -> list[ListingView]:
    return [one for one in credit_files.public_listings(bank(), now=now()) if one.uscc == uscc]


def _events(events: Iterable[PublicEvent], kinds: tuple[str, ...]) -> list[PublicEvent]:
    return [one for one in events if one.kind in kinds]


@blueprint.get("/stations/<code>/sign.pdf")
@public
def sign(code: str) -> Response:
    """The station's sign for the wall, on A3, with a code that leads to its page."""
    page = network.public_page(bank(), code, now=now())
    address = url_for("network.show", code=code, _external=True)
    html = render_template(
        "network/sign.html", page=page, view=page.station, units=PRICE_UNITS, address=address,
        code=segno.make(address, error="m").svg_data_uri(scale=8, border=4),
    )  # fmt: skip
    name = in_language("标识牌", "sign")
    return send_file(BytesIO(drawn(html)), "application/pdf", download_name=f"{name}-{page.station.code}.pdf")
