"""One place turns an error into an answer: a page for people, problem details (RFC 9457) for programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import structlog
from flask import Flask, current_app, flash, redirect, render_template, request, url_for
from flask_babel import format_date, gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from timebank.domain.errors import FormExpired, TimebankError, Unauthenticated
from timebank.web.language import hours_minutes, local_moment

log = structlog.get_logger()
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as people read it: what is wrong, and what to do next."""

    code: str
    status: int
    text: str
    remedy: str


def in_words(error: TimebankError) -> Refusal:
    """The error in the visitor's language; amounts and times as people say them."""
    params = {name: _said(name, value) for name, value in error.params.items()}
    return Refusal(error.code, error.status, gettext(error.message) % params, gettext(error.remedy) % params)


def _said(name: str, value: Any) -> str:
    if isinstance(value, datetime):
        return local_moment(value)
    if isinstance(value, date):
        return str(format_date(value))
    if isinstance(value, int) and name.endswith("minutes"):
        return hours_minutes(value)
    return gettext(value) if isinstance(value, str) and value else str(value)


def wants_problem() -> bool:
    return request.path.startswith(("/api/", "/log/"))


def problem(refusal: Refusal, extra: dict[str, Any] | None = None) -> Response:
    """Problem details with our stable code; `type` is a URN of it, so that nothing must be fetched."""
    body = {
        "type": f"urn:timebank:problem:{refusal.code}",
        "title": refusal.text,
        "status": refusal.status,
        "detail": refusal.remedy,
        "code": refusal.code,
        **(extra or {}),
    }
    return Response(current_app.json.dumps(body), status=refusal.status, mimetype=PROBLEM)


def page(refusal: Refusal) -> tuple[str, int]:
    return render_template("errors/refused.html", refusal=refusal), refusal.status


def init_errors(app: Flask) -> None:
    """Register the handlers. What nobody foresaw is logged with its request id and shown without its insides."""

    @app.errorhandler(TimebankError)
    def refused(error: TimebankError) -> Any:
        refusal = in_words(error)
        if wants_problem():
            response = problem(refusal)
            if "wait_seconds" in error.params:
                response.headers["Retry-After"] = str(error.params["wait_seconds"])
            return response
        if isinstance(error, Unauthenticated) and request.endpoint != "sessions.sign_in":
            flash(refusal.text, "notice")
            return redirect(url_for("sessions.sign_in"))
        return page(refusal)

    @app.errorhandler(CSRFError)
    def forged(error: CSRFError) -> Any:
        return refused(FormExpired())

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Any:
        refusal = _of_http(error)
        if not wants_problem():
            return page(refusal)
        response = problem(refusal)
        for name, value in error.get_headers():
            if name.lower() not in ("content-type", "content-length"):
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Any:
        log.error("unforeseen", kind=type(error).__name__, exc_info=app.debug or app.testing)
        if app.testing:
            raise error
        refusal = Refusal(
            "unforeseen",
            500,
            gettext("Something went wrong on our side."),
            gettext("Nothing was changed. Please try again, or call the hotline."),
        )
        return problem(refusal) if wants_problem() else page(refusal)


def _of_http(error: HTTPException) -> Refusal:
    status = error.code or 500
    texts = {
        400: gettext("The request could not be understood."),
        404: gettext("This page does not exist, or it is not yours to see."),
        405: gettext("This address can't be used in this way."),
        413: gettext("This is too large."),
        415: gettext("This kind of content is not taken here."),
        422: gettext("Some of what was sent is not right."),
    }
    text = texts.get(status, gettext("The request could not be answered."))
    return Refusal(f"http_{status}", status, text, gettext("Go back to the start page, or call the hotline."))
