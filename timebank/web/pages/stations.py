"""One station as its staff keeps it: description, price board, staff register, filing, grading, closing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import DateField, IntegerField, SelectField, TextAreaField
from wtforms.validators import Optional

from timebank.domain.errors import PriceInvalid, TimebankError
from timebank.domain.organisations import CERTIFICATE_KINDS, JOBS, POWERS, PRICE_UNITS
from timebank.domain.roles import permits
from timebank.domain.words import N_
from timebank.services import network
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now
from timebank.web.language import in_language
from timebank.web.words import choices

blueprint = Blueprint("stations", __name__)
EVENTS = {
    "opened": N_("added to the network"),
    "described": N_("description changed"),
    "filed": N_("filed"),
    "graded": N_("graded"),
    "priced": N_("price added"),
    "price_ended": N_("price taken off"),
    "closing": N_("closing announced"),
    "called_off": N_("closing called off"),
    "closed": N_("closed and handed over"),
    "filing_number": N_("filing number from before"),
}


class DescribeForm(Form):
    address = SafeText(lazy_gettext("Address"), [needed()])
    phone = SafeText(lazy_gettext("Phone number"), [needed()])
    opening = SafeText(lazy_gettext("Opening hours"), [needed()])
    floor_area_sqm = IntegerField(lazy_gettext("Floor area in ㎡"), [Optional()])
    beds = IntegerField(lazy_gettext("Beds"), [Optional()])
    day_seats = IntegerField(lazy_gettext("Places in day care"), [Optional()])
    estates = SafeText(lazy_gettext("Estates that it serves"))
    promise = TextAreaField(lazy_gettext("Public promise"))


class PriceForm(Form):
    item = SafeText(lazy_gettext("Item in Chinese"), [needed()])
    item_en = SafeText(lazy_gettext("Item in English"))
    yuan = SafeText(lazy_gettext("Price in yuan"), [needed()], description=lazy_gettext("0 where it is free."))
    per = SelectField(lazy_gettext("For"))
    market_yuan = SafeText(lazy_gettext("What the market charges, in yuan"))
    basis = SafeText(lazy_gettext("By which paper"), [needed()])
    since = DateField(lazy_gettext("From"), [needed()])


class EmployeeForm(Form):
    name = SafeText(lazy_gettext("Full name"), [needed()])
    job = SelectField(lazy_gettext("Work"))
    since = DateField(lazy_gettext("Since"), [needed()])


class CertificateForm(Form):
    employee_id = SelectField(lazy_gettext("Whose"))
    kind = SelectField(lazy_gettext("Certificate"))
    number = SafeText(lazy_gettext("Number"), [needed()])
    issued_on = DateField(lazy_gettext("Issued on"), [needed()])
    expires_on = DateField(lazy_gettext("Valid to"), [Optional()])


class FilingForm(Form):
    number = SafeText(lazy_gettext("File number"), [needed()])
    office = SafeText(lazy_gettext("Civil-affairs office"), [needed()])
    began_on = DateField(lazy_gettext("In service since"), [needed()])
    filed_on = DateField(lazy_gettext("Filed on"), [needed()])


class GradeForm(Form):
    content = IntegerField(lazy_gettext("Content of service"), [needed()])
    scale = IntegerField(lazy_gettext("Scale of service"), [needed()])
    quality = IntegerField(lazy_gettext("Quality of service"), [needed()])
    assessor = SafeText(lazy_gettext("Assessed by"), [needed()])
    graded_on = DateField(lazy_gettext("Assessed on"), [needed()])


class ClosingForm(Form):
    successor_id = SelectField(lazy_gettext("Successor"))
    last_day = DateField(lazy_gettext("Last day"), [needed()])
    reason = SafeText(lazy_gettext("Why?"), [needed()])


FORMS: dict[str, type[Form]] = {
    "describe": DescribeForm,
    "price": PriceForm,
    "employee": EmployeeForm,
    "certificate": CertificateForm,
    "filing": FilingForm,
    "grade": GradeForm,
    "closing": ClosingForm,
}


@blueprint.get("/network/stations/<station_id>")
@allow("stations.keep")
def show(station_id: str) -> Any:
    """Everything of one station, each matter with its form."""
    return _page(station_id)


def _page(station_id: str, sent: str = "", form: Form | None = None, refusal: Any = None) -> Any:
    """The page; `form` is the one that was sent and refused, as it was typed."""
    papers = network.papers(bank(), actor(), station_id, now=now())
    view = papers.public.station
    forms: dict[str, Any] = {}
    for name, kind in FORMS.items():
        forms[name] = form if name == sent and form is not None else kind(formdata=None, prefix=f"{name}-", obj=view)
    _fill(forms, papers)
    status = refusal.status if refusal else 422 if form is not None and form.errors else 200
    return render_template(
        "stations/show.html", papers=papers, view=view, forms_of=forms, sent=forms.get(sent), refusal=refusal,
        papers_of_filing=papers.care.organisations.filing_papers, dates=_dates(sent), units=PRICE_UNITS, jobs=JOBS,
        kinds=CERTIFICATE_KINDS, events=EVENTS, powers=POWERS[view.kind], may_close=permits(actor(), "stations.close"),
    ), status  # fmt: skip


def _dates(sent: str) -> dict[str, str]:
    return {name: request.form.get(name, "") for name in request.form if name.startswith("paper-")} if sent else {}


def _fill(forms: dict[str, Any], papers: network.Papers) -> None:
    forms["price"].per.choices = choices(PRICE_UNITS)
    forms["employee"].job.choices = choices(JOBS)
    forms["certificate"].kind.choices = choices(CERTIFICATE_KINDS)
    forms["certificate"].employee_id.choices = [(one.id, one.name) for one in papers.employees if one.until is None]
    view = papers.public.station
    forms["closing"].successor_id.choices = [
        (one.id, in_language(one.name, one.name_en))
        for one in network.stations(bank())
        if one.kind == view.kind and one.state == "open" and one.id != view.id
    ]


def _carry_out(station_id: str, name: str, work: Callable[[Any], Any], done: str) -> Any:
    """Read one of the forms and do the work; a refusal gives the page back with what was typed."""
    form = FORMS[name](prefix=f"{name}-")
    if name in ("price", "employee", "certificate", "closing"):
        papers = network.papers(bank(), actor(), station_id, now=now())
        _fill({**{each: kind(formdata=None, prefix="x-") for each, kind in FORMS.items()}, name: form}, papers)
    if not form.validate():
        return _page(station_id, name, form)
    try:
        work(form)
    except TimebankError as error:
        return _page(station_id, name, form, in_words(error))
    return _then(station_id, done)


def _then(station_id: str, done: str) -> Response:
    flash(done, "success")
    return redirect(url_for("stations.show", station_id=station_id))


@blueprint.post("/network/stations/<station_id>/description")
@allow("stations.keep")
def describe(station_id: str) -> Any:
    """Address, hours, rooms, promise."""

    def work(form: Any) -> None:
        told = {name: field.data for name, field in form._fields.items()}
        told["promise"] = told["promise"] or ""
        network.describe(bank(), actor(), station_id, network.Description(**told), now=now())

    return _carry_out(station_id, "describe", work, gettext("The description is kept."))


def cents(text: str) -> int:
    """Yuan as typed → fen. Raises PriceInvalid."""
    try:
        amount = Decimal(text.strip()) * 100
    except InvalidOperation as error:
        raise PriceInvalid from error
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise PriceInvalid
    return int(amount)


@blueprint.post("/network/stations/<station_id>/prices")
@allow("stations.keep")
def add_price(station_id: str) -> Any:
    """One more line of the price board."""

    def work(form: Any) -> None:
        market = cents(form.market_yuan.data) if form.market_yuan.data else None
        new = network.NewPrice(
            form.item.data, form.item_en.data, cents(form.yuan.data), form.per.data, market, form.basis.data,
            form.since.data,
        )  # fmt: skip
        network.add_price(bank(), actor(), station_id, new, now=now())

    return _carry_out(station_id, "price", work, gettext("The price stands on the board."))


@blueprint.post("/network/stations/<station_id>/prices/<price_id>/end")
@allow("stations.keep")
def end_price(station_id: str, price_id: str) -> Response:
    network.end_price(bank(), actor(), station_id, price_id, now=now())
    return _then(station_id, gettext("The price is taken off after today."))


@blueprint.post("/network/stations/<station_id>/employees")
@allow("stations.keep")
def employ(station_id: str) -> Any:
    """Somebody new in the staff register."""

    def work(form: Any) -> None:
        network.employ(
            bank(), actor(), station_id, name=form.name.data, job=form.job.data, since=form.since.data, now=now()
        )

    return _carry_out(station_id, "employee", work, gettext("The register has one more name."))


@blueprint.post("/network/stations/<station_id>/employees/<employee_id>/leave")
@allow("stations.keep")
def dismiss(station_id: str, employee_id: str) -> Response:
    network.dismiss(bank(), actor(), station_id, employee_id, now=now())
    return _then(station_id, gettext("It is written down that this person left."))


@blueprint.post("/network/stations/<station_id>/certificates")
@allow("stations.keep")
def certify(station_id: str) -> Any:
    """A certificate that was seen."""

    def work(form: Any) -> None:
        network.certify(
            bank(), actor(), station_id, form.employee_id.data, kind=form.kind.data, number=form.number.data,
            issued_on=form.issued_on.data, expires_on=form.expires_on.data, now=now(),
        )  # fmt: skip

    return _carry_out(station_id, "certificate", work, gettext("The certificate is recorded."))


def _day_or_none(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@blueprint.post("/network/stations/<station_id>/filings")
@allow("stations.file")
def file(station_id: str) -> Any:
    """The filing with its papers."""

    def work(form: Any) -> None:
        papers = {
            name.removeprefix("paper-"): _day_or_none(text)
            for name, text in request.form.items()
            if name.startswith("paper-")
        }
        network.file(
            bank(), actor(), station_id, number=form.number.data, office=form.office.data,
            began_on=form.began_on.data, filed_on=form.filed_on.data, papers=papers, now=now(),
        )  # fmt: skip

    return _carry_out(station_id, "filing", work, gettext("The filing is recorded."))


@blueprint.post("/network/stations/<station_id>/grades")
@allow("stations.file")
def grade(station_id: str) -> Any:
    """Three scores; the level follows from them."""

    def work(form: Any) -> None:
        network.grade(
            bank(), actor(), station_id, content=form.content.data, scale=form.scale.data, quality=form.quality.data,
            assessor=form.assessor.data, graded_on=form.graded_on.data, now=now(),
        )  # fmt: skip

    return _carry_out(station_id, "grade", work, gettext("The grading is recorded."))


@blueprint.post("/network/stations/<station_id>/closing")
@allow("stations.close")
def begin_closing(station_id: str) -> Any:
    """Announce that the station closes; its members are told."""

    def work(form: Any) -> None:
        network.begin_closing(
            bank(), actor(), station_id, successor_id=form.successor_id.data, last_day=form.last_day.data,
            reason=form.reason.data, now=now(),
        )  # fmt: skip

    return _carry_out(station_id, "closing", work, gettext("Announced. Every member of the station has a message."))


@blueprint.post("/network/stations/<station_id>/closing/call-off")
@allow("stations.close")
def call_off(station_id: str) -> Response:
    network.call_off(bank(), actor(), station_id, now=now())
    return _then(station_id, gettext("The station stays open."))


@blueprint.post("/network/stations/<station_id>/closing/hand-over")
@allow("stations.close")
def hand_over(station_id: str) -> Response:
    """Members and open matters go to the successor. A second person does it, after the last day."""
    network.hand_over(bank(), actor(), station_id, now=now())
    return _then(station_id, gettext("Closed. The successor has the members and all open matters."))
