"""The three switches at the top of every page: elder mode, colours, language."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from timebank.web.guard import public
from timebank.web.language import switch

blueprint = Blueprint("look", __name__)


@blueprint.post("/look")
@public
def change() -> Response:
    """Turn a switch and go back to the page it was on."""
    switch(request.form.get("switch", ""))
    return redirect(_page(request.form.get("back", "/")))


def _page(back: str) -> str:
    """The page itself; where it answered a form that can't be asked for again, the page above it."""
    path, _, query = back.partition("?")
    if not path.startswith("/") or path.startswith("//") or "\\" in back:
        return "/"
    adapter = current_app.url_map.bind("")
    while path:
        try:
            adapter.match(path, method="GET")
        except HTTPException:
            path, query = path.rpartition("/")[0], ""
        else:
            return f"{path}?{query}" if query else path
    return "/"
