"""The page on which anybody checks a receipt, and the same page as one file to save. Both compute in the browser."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from flask import Blueprint, Response, current_app, make_response, render_template

from timebank.domain.errors import NotFound
from timebank.domain.words import N_
from timebank.services import papers, publishing
from timebank.web.guard import bank, now, public
from timebank.web.pages.log import slug
from timebank.web.security import WITH_CAMERA

blueprint = Blueprint("verify", __name__)
SCRIPTS = ("bytes.js", "merkle.js", "notes.js", "receipts.js", "papers.js", "page.js")
CRYPTO = "vendor/verify/crypto.js"
STYLES = ("vendor/govuk-frontend.min.css", "site.css")
KINDS = {
    "genesis": N_("The book was opened"),
    "open": N_("The account was opened"),
    "close": N_("The account was closed"),
    "policy": N_("New rules"),
    "key": N_("A key was added or retired"),
    "earn": N_("Verified hours became credit"),
    "care": N_("Hours served to somebody who pays with hours"),
    "hold": N_("Hours were reserved for care"),
    "settle": N_("Reserved hours were used"),
    "release": N_("A reservation ended, the hours went back"),
    "gift": N_("Hours were given to another member"),
    "donate": N_("Hours were donated to the pool"),
    "grant": N_("Hours were granted to an elder"),
    "expire": N_("Hours lapsed under the rules"),
    "inherit": N_("Hours were passed on to heirs"),
    "retire": N_("Hours were withdrawn from circulation"),
    "clear": N_("Hours moved to or from another book"),
    "reverse": N_("An entry was corrected"),
    "audit": N_("An audit"),
}


@blueprint.get("/verify")
@public
def index() -> Response:
    """Paste, drop or scan a receipt; the browser says what it proves."""
    response = make_response(render_template("verify/index.html", scripts=SCRIPTS, **_trust()))
    response.headers["Permissions-Policy"] = WITH_CAMERA
    return response


@blueprint.get("/verify/offline.html")
@public
def offline() -> Response:
    """The same as one file, for a disk: it allows its own script and style by their hashes, and nothing else."""
    style = "\n".join(_static(name) for name in STYLES)
    script = "\n".join(_static(name) for name in (CRYPTO, *(f"verify/{name}" for name in SCRIPTS)))
    security = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "img-src data: blob:",
            "base-uri 'none'",
        )
    )
    page = render_template(
        "verify/offline.html", style=style, script=script, security=security, day=now(), **{**_trust(), "log": ""}
    )
    response = make_response(page)
    response.headers["Content-Security-Policy"] = f"{security}; form-action 'none'; frame-ancestors 'none'"
    response.headers["Content-Disposition"] = "inline; filename=timebank-verify.html"
    return response


def _trust() -> dict[str, object]:
    """What the page trusts, as it is known now, for whoever reads it to compare; and the words for kinds of entries."""
    try:
        policy = publishing.describe(bank()).policy
    except NotFound:
        policy = ""
    return {
        "policy": policy,
        "papers": papers.verifier(bank()) or "",
        "log": f"/log/{slug(bank().settings.book)}",
        "kinds": KINDS,
    }


def _static(name: str) -> str:
    return Path(current_app.static_folder or "", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
