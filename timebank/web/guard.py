"""Who may: every route names it, or nobody may. The check stands before the view, not inside it.

`@allow("hours.verify")` names a permission of `domain.roles`; `@signed_in` lets in anybody who signed in; `@public`
lets in everybody. A view with none of the three is refused for all, and a test walks the route map to find it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from flask import Flask, current_app, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from timebank.domain.errors import Forbidden, Unauthenticated
from timebank.domain.roles import Actor, permits
from timebank.services import sessions
from timebank.services.sessions import SignedIn

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC, SIGNED_IN = "public", "signed in"
API = "api_"
"""How the names of the API's blueprints begin; they are checked by their bearer token instead."""
LOG = "log"
"""The blueprint of the public log: it knows no sessions, so that it is answered from the ledger alone."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def cookie_name() -> str:
    return "__Host-timebank" if current_app.extensions["bank"].settings.cookies_secure else "timebank"


def allow(permission: str) -> Callable[[View], View]:
    """Only who holds this permission."""

    def mark(view: View) -> View:
        view.__dict__["allows"] = permission
        return view

    return mark


def signed_in(view: View) -> View:
    view.__dict__["allows"] = SIGNED_IN
    return view


def public(view: View) -> View:
    view.__dict__["allows"] = PUBLIC
    return view


def bank() -> Any:
    """The bank: the app's, or the one that joins all of this request in one commit (web/api/access.py)."""
    return g.get("bank") or current_app.extensions["bank"]


def now() -> datetime:
    """The time of this request: one moment for all that it does."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    return cast(datetime, g.now)


def actor() -> Actor:
    """Who asks. Raises Unauthenticated for nobody."""
    signed = visitor()
    if signed is None:
        raise Unauthenticated()
    return signed.actor


def visitor() -> SignedIn | None:
    return cast("SignedIn | None", g.get("visitor"))


def allows_of(app: Flask, endpoint: str) -> str | None:
    """What a route's view was marked with; None is a route that lets in nobody."""
    return cast("str | None", getattr(app.view_functions[endpoint], "allows", None))


def init_guard(app: Flask) -> None:
    """Check every request before its view."""
    app.view_functions["static"].__dict__["allows"] = (
        PUBLIC if hasattr(app.view_functions["static"], "__dict__") else None
    )
    app.before_request(_check)


def _check() -> Response | None:
    if request.endpoint is None or request.endpoint == "static":
        return None
    allows = allows_of(current_app, request.endpoint)
    if allows is None:
        raise Forbidden()
    if request.blueprint is not None and request.blueprint.startswith(API):
        return None  # the API's blueprint reads the bearer token and checks the same mark (web/api/access.py)
    if request.blueprint == LOG and allows == PUBLIC:
        return None
    _read_cookie()
    if allows == PUBLIC:
        return None
    signed = visitor()
    if signed is None:
        if request.method in SAFE_METHODS:
            return redirect(url_for("sessions.sign_in", next=request.full_path.rstrip("?")))
        raise Unauthenticated()
    step = first_step(signed)
    if step is not None and request.endpoint not in (step, "sessions.sign_out"):
        return redirect(url_for(step))
    if allows != SIGNED_IN and not permits(signed.actor, allows):
        raise Forbidden()
    return None


def _read_cookie() -> None:
    secret = request.cookies.get(cookie_name())
    g.visitor = None
    if not secret:
        return
    try:
        g.visitor = sessions.who(bank(), secret, now=now())
    except Unauthenticated:
        flash(gettext("You were signed out after a while without use. Please sign in again."), "notice")


def first_step(signed: SignedIn) -> str | None:
    """The page that somebody must pass before all others; None for nobody's."""
    if signed.second_factor == "ask":
        return "sessions.second_factor"
    if signed.second_factor == "enrol":
        return "sessions.enrol"
    return "sessions.change_password" if signed.must_change_password else None
