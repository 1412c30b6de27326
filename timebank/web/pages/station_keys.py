"""The station's own key: made in this browser, vouched for by another computer's, retired."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from timebank.services import station_keys
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("station_keys", __name__)


@blueprint.get("/station-keys")
@allow("station_keys.read")
def index() -> str:
    """The stations in scope with their keys, and what can be done about them here."""
    return render_template("station_keys/index.html", stations=station_keys.every(bank(), actor()))


@blueprint.post("/station-keys/<station_id>")
@allow("station_keys.hold")
def add(station_id: str) -> Response:
    """A key that was made in a browser. The first speaks for itself, each later one needs an earlier one's word."""
    station_keys.add(
        bank(),
        actor(),
        station_id,
        key=request.form.get("key", "")[:400],
        possession=request.form.get("possession", "")[:100],
        by=_number("by"),
        signature=request.form.get("signature", "")[:100],
        now=now(),
    )
    flash(gettext("The key stands in the book. From now on this station signs what it verifies."), "success")
    return redirect(url_for("station_keys.index"))


@blueprint.post("/station-keys/<station_id>/<int:seq>/retire")
@allow("station_keys.hold")
def retire(station_id: str, seq: int) -> Response:
    """By the word of a key in force."""
    by = _number("by")
    signature = request.form.get("signature", "")[:100]
    station_keys.retire(bank(), actor(), station_id, seq, by=-1 if by is None else by, signature=signature, now=now())
    flash(gettext("The key is retired: nothing that is signed with it from now on counts."), "success")
    return redirect(url_for("station_keys.index"))


@blueprint.post("/station-keys/<station_id>/<int:seq>/revoke")
@allow("station_keys.retire")
def revoke(station_id: str, seq: int) -> Response:
    """The county retires a lost or stolen key without its word; the book shows that."""
    station_keys.retire(bank(), actor(), station_id, seq, now=now())
    flash(gettext("The key is retired: nothing that is signed with it from now on counts."), "success")
    return redirect(url_for("station_keys.index"))


def _number(name: str) -> int | None:
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
