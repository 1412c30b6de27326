"""Certificates: issue one for oneself or at the desk, print, check, revoke; and the time limit of records."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField

from timebank.domain.certificates import REVOKE_REASONS, STATE_LABELS
from timebank.domain.errors import NotFound, TimebankError
from timebank.domain.local_time import local_day
from timebank.domain.roles import permits
from timebank.services import certificates, papers, receipts
from timebank.services.certificates import CertificateView, Checked
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now, public, signed_in
from timebank.web.paper import drawn
from timebank.web.words import PLACE_CHOICES

blueprint = Blueprint("certificates", __name__)
PROOFS = "receipts.tlog-proofs"


class PeriodForm(Form):
    first = DateField(lazy_gettext("From which day?"), [needed()])
    last = DateField(lazy_gettext("Until which day?"), [needed()])


class CheckForm(Form):
    number = SafeText(lazy_gettext("Number of the certificate"), [needed()])
    code = SafeText(lazy_gettext("Check code"), [needed()], description=lazy_gettext("Ten signs, below the number."))


def _address() -> str:
    return request.remote_addr or ""


@blueprint.route("/certificates", methods=["GET", "POST"])
@allow("passbook.see_own")
def index() -> Any:
    """My certificates; a new one at once."""
    return _of(actor().person_id, certificates.own(bank(), actor()), None)


@blueprint.route("/members/<person_id>/certificates", methods=["GET", "POST"])
@allow("passbook.print")
def of_member(person_id: str) -> Any:
    """A member's certificates, at the desk."""
    return _of(person_id, certificates.of_member(bank(), actor(), person_id), person_id)


def _of(person_id: str, rows: tuple[CertificateView, ...], at_desk: str | None) -> Any:
    today = local_day(now())
    form, refusal = PeriodForm(data={"first": today.replace(month=1, day=1), "last": today}), None
    if form.validate_on_submit():
        try:
            view = certificates.issue(bank(), actor(), person_id, form.first.data, form.last.data, now=now())
            flash(gettext("The certificate is ready. Print it now."), "success")
            return redirect(url_for("certificates.show", certificate_id=view.id))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    page = render_template("certificates/index.html", rows=rows, form=form, refusal=refusal, at_desk=at_desk)
    return page, status


@blueprint.get("/certificates/<certificate_id>")
@signed_in
def show(certificate_id: str) -> str:
    """One certificate."""
    view = certificates.see(bank(), actor(), certificate_id)
    return render_template(
        "certificates/show.html", view=view, states=STATE_LABELS, reasons=REVOKE_REASONS,
        may_revoke=permits(actor(), "certificates.revoke") and view.revoked_why is None,
    )  # fmt: skip


@blueprint.get("/certificates/<certificate_id>.pdf")
@signed_in
def paper(certificate_id: str) -> Response:
    """The paper, with the receipts of its entries attached."""
    view = _printable(certificate_id)
    return send_file(BytesIO(_pdf(view)), "application/pdf", download_name=f"certificate-{view.number}.pdf")


@blueprint.get("/certificates/<certificate_id>.zip")
@signed_in
def signed(certificate_id: str) -> Response:
    """The paper with a signed note over its bytes beside it. Raises NotFound without a key."""
    view = _printable(certificate_id)
    pdf, name, files = _pdf(view), f"certificate-{view.number}.pdf", BytesIO()
    with zipfile.ZipFile(files, "w", zipfile.ZIP_DEFLATED) as both:
        both.writestr(name, pdf)
        both.writestr(f"{name}.sig", papers.sign(bank(), pdf, now=now()))
    files.seek(0)
    return send_file(files, "application/zip", download_name=f"certificate-{view.number}.zip")


def _printable(certificate_id: str) -> CertificateView:
    view = certificates.see(bank(), actor(), certificate_id)
    if not view.code:
        raise NotFound
    return view


def _pdf(view: CertificateView) -> bytes:
    address = url_for("certificates.check", number=view.number, _external=True)
    html = render_template(
        "certificates/print.html", view=view, address=address, places=dict(PLACE_CHOICES),
        code=segno.make(address, error="m").svg_data_uri(scale=4, border=4),
    )  # fmt: skip
    proofs = receipts.of_lines(bank(), [line.entry for line in view.lines if line.entry is not None])
    return drawn(html, [(PROOFS, proofs, gettext("Receipts of the entries"))] if proofs else [])


@blueprint.post("/certificates/<certificate_id>/revoke")
@allow("certificates.revoke")
def revoke(certificate_id: str) -> Response:
    """Revoke it, with a reason."""
    certificates.revoke(bank(), actor(), certificate_id, request.form.get("reason", ""), now=now())
    flash(gettext("Revoked. The public check says so from now on."), "success")
    return redirect(url_for("certificates.show", certificate_id=certificate_id))


@blueprint.route("/certificates/check", methods=["GET", "POST"])
@public
def check() -> Any:
    """Is this paper genuine? The code is posted, so that no address holds it."""
    form, refusal = CheckForm(), None
    found: Checked | None = None
    if not form.is_submitted():
        form.number.data = request.args.get("number", "")[:24]
    if form.validate_on_submit():
        try:
            found = certificates.check(bank(), form.number.data, form.code.data, _address(), now=now())
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template(
        "certificates/check.html", form=form, refusal=refusal, found=found, states=STATE_LABELS
    ), status


@blueprint.get("/hours/due")
@allow("hours.queue")
def due() -> str:
    """What waits to be recorded, with the ten working days of Order 67."""
    return render_template("certificates/due.html", rows=certificates.due(bank(), actor(), now=now()))
