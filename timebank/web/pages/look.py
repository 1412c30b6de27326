"""The three switches at the top of every page: elder mode, colours, language."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from timebank.web.guard import public
from timebank.web.language import switch

blueprint = Blueprint("look", __name__)


@blueprint.post("/look")
@public
def change() -> Response:
    """Turn a switch and go back to the page it was on."""
    switch(request.form.get("switch", ""))
    back = request.form.get("back", "/")
    return redirect(back if back.startswith("/") and not back.startswith("//") and "\\" not in back else "/")
