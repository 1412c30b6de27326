"""Programmes that grant hours to elders in need, and where all hours in circulation come from and are."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response
from wtforms import IntegerField, SelectMultipleField
from wtforms.validators import Optional

from timebank.domain.errors import GrantProgrammeInvalid, TimebankError
from timebank.domain.ledger_words import ORIGIN_LABELS
from timebank.domain.roles import permits
from timebank.domain.words import N_
from timebank.services import circulation, policies, transfers
from timebank.web.errors import Refusal, in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now
from timebank.web.language import in_language
from timebank.web.pages.verify import KINDS

blueprint = Blueprint("issued", __name__)
MOST_HOURS = 1_000_000
ACCOUNTS = {
    "member": N_("with members"),
    "pool": N_("in the pool"),
    "provider": N_("with stations, for care given"),
    "escrow": N_("set aside for requests"),
    "clearing": N_("owed to other books; below zero: taken over from them"),
}


class ProgrammeForm(Form):
    name = SafeText(lazy_gettext("Name of the programme"), [needed()])
    sponsor = SafeText(lazy_gettext("Who pays for it"), [needed()])
    groups = SelectMultipleField(lazy_gettext("For which groups"))
    hours = IntegerField(lazy_gettext("Hours for each elder and month"), [needed()])
    budget = IntegerField(lazy_gettext("Budget in hours"), [needed()])
    lasts_months = IntegerField(
        lazy_gettext("Months after which what is not used lapses"),
        [Optional()],
        description=lazy_gettext("Leave it empty if it never lapses."),
    )


def _groups() -> dict[str, str]:
    """The groups that the rules in force grant to: code → label."""
    policy = policies.in_force(bank(), now=now())
    labels = {one.code: in_language(one.name, one.name_en) for one in policy.groups}
    return {code: labels.get(code, code) for code in policy.grants.groups}


@blueprint.get("/grants/programmes")
@allow("grant_programmes.read")
def index() -> Any:
    """The programmes, and what came of each."""
    return _index(ProgrammeForm(), None)


def _index(form: ProgrammeForm, refusal: Refusal | None) -> Any:
    groups = _groups()
    form.groups.choices = list(groups.items())
    page = render_template(
        "issued/index.html", programmes=transfers.grant_programmes(bank(), actor()), form=form, refusal=refusal,
        groups=groups, may_decide=permits(actor(), "grant_programmes.decide"),
    )  # fmt: skip
    return page, refusal.status if refusal else 422 if form.errors else 200


@blueprint.post("/grants/programmes")
@allow("grant_programmes.decide")
def propose() -> Any:
    """Propose a programme; a second person opens it."""
    form = ProgrammeForm()
    form.groups.choices = list(_groups().items())
    if form.validate_on_submit():
        try:
            hours, budget = form.hours.data or 0, form.budget.data or 0
            if not (0 < hours <= MOST_HOURS and 0 < budget <= MOST_HOURS):
                raise GrantProgrammeInvalid
            transfers.propose_programme(
                bank(), actor(), form.name.data, form.sponsor.data, form.groups.data or (), hours * 60, budget * 60,
                form.lasts_months.data, now=now(),
            )  # fmt: skip
            flash(gettext("Proposed. A second person of the county opens it."), "success")
            return redirect(url_for("issued.index"))
        except TimebankError as error:
            return _index(form, in_words(error))
    return _index(form, None)


@blueprint.post("/grants/programmes/<programme_id>/<any(open, close):verb>")
@allow("grant_programmes.decide")
def step(programme_id: str, verb: str) -> Response:
    """Open or close it."""
    act = transfers.open_programme if verb == "open" else transfers.close_programme
    act(bank(), actor(), programme_id, now=now())
    flash(gettext("Done."), "success")
    return redirect(url_for("issued.index"))


@blueprint.route("/grants/programmes/<programme_id>/run", methods=["GET", "POST"])
@allow("grant_programmes.decide")
def run(programme_id: str) -> Any:
    """The dry run first; then what it showed is carried out."""
    refusal = None
    if request.method == "POST":
        try:
            count = transfers.run_programme(bank(), actor(), programme_id, request.form.get("digest", ""), now=now())
            text = ngettext("%(num)s elder was granted hours.", "%(num)s elders were granted hours.", count)
            flash(text, "success")
            return redirect(url_for("issued.index"))
        except TimebankError as error:
            refusal = in_words(error)
    dry = transfers.dry_run(bank(), actor(), programme_id, now=now())
    return render_template("issued/run.html", dry=dry, refusal=refusal), refusal.status if refusal else 200


@blueprint.get("/circulation")
@allow("ledger.read")
def circulation_page() -> str:
    """All hours in circulation: where they came from, where they are."""
    return render_template(
        "issued/circulation.html", view=circulation.see(bank(), actor()), origins=ORIGIN_LABELS, accounts=ACCOUNTS,
        kinds=KINDS,
    )  # fmt: skip


@blueprint.get("/circulation/<kind>")
@allow("ledger.read")
def entries(kind: str) -> str:
    """The entries behind a figure."""
    text = request.args.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
    rows = circulation.entries(bank(), actor(), kind, before=before, limit=100)
    older = url_for("issued.entries", kind=kind, before=rows[-1][0]) if len(rows) == 100 else None
    return render_template("issued/entries.html", kind=kind, kinds=KINDS, rows=rows, older=older)
