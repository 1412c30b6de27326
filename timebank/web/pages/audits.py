"""Audits for auditors and supervisors: history, findings, run now, acknowledge."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from timebank.domain.roles import permits
from timebank.services import audits, publishing
from timebank.web.guard import actor, allow, bank, now
from timebank.web.pages.log import slug

blueprint = Blueprint("audits", __name__)
PAGE = 30


@blueprint.get("/audits")
@allow("audits.read")
def index() -> str:
    """What was checked, when, and what was found."""
    runs = audits.history(bank(), actor(), before=request.args.get("before"), limit=PAGE)
    older = url_for("audits.index", before=runs[-1].id) if len(runs) == PAGE else None
    return render_template(
        "audits/index.html",
        runs=runs,
        older=older,
        alerts=audits.alerts(bank(), actor()) if permits(actor(), "alerts.read") else (),
        may_run=permits(actor(), "audits.run"),
        may_acknowledge=permits(actor(), "alerts.acknowledge"),
    )


@blueprint.get("/audits/<audit_id>")
@allow("audits.read")
def show(audit_id: str) -> str:
    """One audit: which entry, which field, what was expected and what was found."""
    return render_template("audits/show.html", run=audits.see(bank(), actor(), audit_id))


@blueprint.post("/audits/run")
@allow("audits.run")
def run() -> Response:
    """Run an audit now and show its result."""
    view = audits.run_now(bank(), actor(), full=request.form.get("scope") == "full", now=now())
    text = gettext("The book is sound.") if view.verdict == "sound" else gettext("The check found a problem.")
    flash(text, "success" if view.verdict == "sound" else "notice")
    return redirect(url_for("audits.show", audit_id=view.id))


@blueprint.post("/alerts/<alert_id>/acknowledge")
@allow("alerts.acknowledge")
def acknowledge(alert_id: str) -> Response:
    """An administrator has seen it and says what was done."""
    audits.acknowledge(bank(), actor(), alert_id, request.form.get("reason", ""), now=now())
    flash(gettext("Acknowledged. Checkpoints go on when no other finding is open."), "success")
    return redirect(url_for("audits.index"))


@blueprint.get("/audits/witnesses")
@allow("audits.read")
def witnesses() -> str:
    """Who has seen what of the book, and when: the cosignatures that hold its operator to one history."""
    return render_template(
        "audits/witnesses.html",
        witnesses=publishing.witnesses(bank(), actor()),
        published=publishing.latest(bank()),
        stamp=publishing.stamps(bank(), actor()),
        log=url_for("log.checkpoint", book=slug(bank().settings.book)),
        policy=url_for("log.policy", book=slug(bank().settings.book)),
    )
