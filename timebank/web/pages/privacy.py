"""My data: see, download, have erased. And the requests for erasure, which the county confirms."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as Answer

from timebank.domain.privacy import WAITING_DAYS
from timebank.services import credit_files, members, own_data, privacy
from timebank.web.guard import actor, allow, bank, now
from timebank.web.own_words import in_parts
from timebank.web.paper import drawn

blueprint = Blueprint("privacy", __name__)


@blueprint.get("/my-data")
@allow("members.export_own")
def index() -> str:
    """What is kept of me, and what I can do about it."""
    me = members.see(bank(), actor(), actor().person_id, now=now())
    use = credit_files.facts_of_use(bank(), actor(), actor().person_id)
    return render_template(
        "privacy/index.html", member=me, use=use, erasure=privacy.own(bank(), actor(), now=now()), days=WAITING_DAYS
    )


@blueprint.get("/my-data.json")
@allow("members.export_own")
def download() -> Response:
    """All of it, for a machine."""
    return _file(own_data.own(bank(), actor(), now=now()))


@blueprint.get("/my-data.pdf")
@allow("members.export_own")
def paper() -> Response:
    """All of it, to read and to print."""
    return _paper(own_data.own(bank(), actor(), now=now()))


@blueprint.post("/my-data/erase")
@allow("members.erase_own")
def erase() -> Answer:
    """I ask that my data be erased."""
    privacy.ask(bank(), actor(), actor().person_id, now=now())
    flash(gettext("Asked. You can take it back here until it is done."), "success")
    return redirect(url_for("privacy.index"))


@blueprint.post("/my-data/keep/<erasure_id>")
@allow("members.erase_own")
def keep(erasure_id: str) -> Answer:
    """I take it back."""
    privacy.withdraw(bank(), actor(), erasure_id, now=now())
    flash(gettext("Taken back. Your data stay."), "success")
    return redirect(url_for("privacy.index"))


@blueprint.get("/members/<person_id>/data")
@allow("erasures.request")
def of_member(person_id: str) -> str:
    """What the desk does about a member's data."""
    view = members.see(bank(), actor(), person_id, now=now())
    return render_template("privacy/member.html", member=view, days=WAITING_DAYS)


@blueprint.post("/members/<person_id>/data.json")
@allow("erasures.request")
def download_of(person_id: str) -> Response:
    """All data of a member, for the member."""
    return _file(own_data.of_member(bank(), actor(), person_id, now=now()))


@blueprint.post("/members/<person_id>/data.pdf")
@allow("erasures.request")
def paper_of(person_id: str) -> Response:
    """All data of a member on paper, for the member."""
    return _paper(own_data.of_member(bank(), actor(), person_id, now=now()))


@blueprint.post("/members/<person_id>/erase")
@allow("erasures.request")
def erase_of(person_id: str) -> Answer:
    """The member, or the heirs, ask at the desk."""
    privacy.ask(bank(), actor(), person_id, request.form.get("channel", "desk"), now=now())
    flash(gettext("Asked. A second person decides."), "success")
    return redirect(url_for("privacy.requests"))


@blueprint.get("/erasures")
@allow("erasures.read")
def requests() -> str:
    """The requests that are open at my stations."""
    return render_template("privacy/requests.html", rows=privacy.open_ones(bank(), actor(), now=now()))


@blueprint.post("/erasures/<erasure_id>/confirm")
@allow("erasures.confirm")
def confirm(erasure_id: str) -> Answer:
    privacy.confirm(bank(), actor(), erasure_id, now=now())
    flash(gettext("Confirmed. The data are erased within the hour."), "success")
    return redirect(url_for("privacy.requests"))


@blueprint.post("/erasures/<erasure_id>/withdraw")
@allow("erasures.request")
def withdraw(erasure_id: str) -> Answer:
    privacy.withdraw(bank(), actor(), erasure_id, now=now())
    flash(gettext("Taken back. The data stay."), "success")
    return redirect(url_for("privacy.requests"))


def _paper(document: dict[str, Any]) -> Response:
    """Part by part, field by field, in the reader's words."""
    made_at = datetime.fromisoformat(document["made_at"])
    html = render_template("privacy/print.html", parts=in_parts(document), made_at=made_at)
    return _given(drawn(html), "application/pdf", "my-data.pdf")


def _file(document: dict[str, Any]) -> Response:
    text = json.dumps(document, ensure_ascii=False, indent=1)
    return _given(text, "application/json; charset=utf-8", "my-data.json")


def _given(content: str | bytes, kind: str, name: str) -> Response:
    response = Response(content, content_type=kind)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Cache-Control"] = "no-store"
    return response
