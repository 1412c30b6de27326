"""Members: apply, register at the desk, find, approve, PIN, card, password, kin, proxies, close."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, PasswordField, SelectField, SelectMultipleField
from wtforms.validators import Optional

from timebank.domain.errors import TimebankError
from timebank.domain.kin import DECLARED, PROOF_LABELS, RELATION_LABELS, Relation
from timebank.services import credit_files, families, hours, members, needs, network, redemptions
from timebank.services.members import Application, Correction
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, allow, bank, now, public, signed_in
from timebank.web.language import in_language
from timebank.web.words import DOCUMENT_LABELS, choices, circumstance_choices, state_word

blueprint = Blueprint("members", __name__)


class ApplicationForm(Form):
    name = SafeText(lazy_gettext("Full name"), [needed()])
    phone = SafeText(lazy_gettext("Phone number"), [needed()])
    document_type = SelectField(lazy_gettext("Kind of identity document"), default="resident")
    document_number = SafeText(
        lazy_gettext("Number of the document"),
        description=lazy_gettext("It is kept encrypted, and serves only to see that nobody is registered twice."),
    )
    born_on = DateField(
        lazy_gettext("Date of birth"),
        [Optional()],
        description=lazy_gettext("Only needed without a resident identity card."),
    )
    station_id = SelectField(lazy_gettext("Your station"))
    serves = BooleanField(lazy_gettext("I want to help others"))
    receives = BooleanField(lazy_gettext("I want to be helped"))
    address = SafeText(lazy_gettext("Address"), description=lazy_gettext("Where the helper comes to. Kept encrypted."))
    consent = BooleanField(lazy_gettext("I agree that the time bank keeps these data to record my hours."))


class AlonePasswordForm(ApplicationForm):
    password = PasswordField(
        lazy_gettext("Choose a password"), [needed()], description=lazy_gettext("At least 8 characters.")
    )


class DeskForm(ApplicationForm):
    tags = SelectMultipleField(lazy_gettext("Circumstances"))


class CorrectionForm(Form):
    name = SafeText(lazy_gettext("Full name"), [needed()])
    phone = SafeText(lazy_gettext("Phone number"), [needed()])
    address = SafeText(lazy_gettext("Address"), description=lazy_gettext("Where the helper comes to. Kept encrypted."))
    tags = SelectMultipleField(lazy_gettext("Circumstances"))
    document_type = SelectField(lazy_gettext("Kind of identity document"))
    document_number = SafeText(
        lazy_gettext("Number of the document"),
        description=lazy_gettext("Leave it empty if the number that is kept is right."),
    )
    born_on = DateField(
        lazy_gettext("Date of birth"),
        [Optional()],
        description=lazy_gettext("A resident identity card says it itself."),
    )
    emergency_contact = SafeText(lazy_gettext("Emergency contact"))
    consent = BooleanField(lazy_gettext("The member agrees that the circumstances that I added are written down."))
    reason = SafeText(
        lazy_gettext("Why it is corrected"),
        [needed()],
        description=lazy_gettext(
            "The earlier values are kept, with your name and this reason; the member may see them."
        ),
    )


class KinForm(Form):
    number = SafeText(lazy_gettext("Member number of the relative"), [needed()])
    relation = SelectField(lazy_gettext("The relative is this member's"))
    proof = SelectField(lazy_gettext("Which paper was seen?"))
    proxy = BooleanField(lazy_gettext("The member agrees that this relative acts for them"))


class PinForm(Form):
    pin = PasswordField(
        lazy_gettext("New PIN"), [needed()], description=lazy_gettext("Six digits, typed by the member.")
    )


class PasswordForm(Form):
    password = PasswordField(lazy_gettext("First password"), [needed()])


def _fill(form: ApplicationForm) -> None:
    places = [view for view in network.stations(bank()) if view.kind == "station" and view.state == "open"]
    form.station_id.choices = [(view.id, in_language(view.name, view.name_en)) for view in places]
    form.document_type.choices = choices(DOCUMENT_LABELS)
    if isinstance(form, DeskForm):
        form.tags.choices = circumstance_choices()


def _application(form: ApplicationForm, channel: str) -> Application:
    return Application(
        name=form.name.data,
        phone=form.phone.data,
        document_type=form.document_type.data,
        document_number=form.document_number.data or "",
        station_id=form.station_id.data,
        serves=form.serves.data,
        receives=form.receives.data,
        consent=form.consent.data,
        consent_channel=channel,
        born_on=form.born_on.data,
        address=form.address.data or "",
        tags=tuple(form.tags.data or ()) if isinstance(form, DeskForm) else (),
        password=form.password.data if isinstance(form, AlonePasswordForm) else None,
    )


@blueprint.route("/join", methods=["GET", "POST"])
@public
def apply() -> Any:
    """Somebody asks to become a member; the station approves."""
    form = AlonePasswordForm()
    _fill(form)
    refusal = None
    if form.validate_on_submit():
        try:
            number = members.apply(bank(), _application(form, "screen"), now=now())
            return render_template("members/applied.html", number=number)
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("members/form.html", form=form, refusal=refusal, at_desk=False), status


@blueprint.route("/members/new", methods=["GET", "POST"])
@allow("members.register")
def register() -> Any:
    """A worker registers somebody at the desk."""
    form = DeskForm()
    _fill(form)
    refusal = None
    if form.validate_on_submit():
        try:
            view = members.register(bank(), actor(), _application(form, "desk"), now=now())
            flash(gettext("The member is registered."), "success")
            return redirect(url_for("members.show", person_id=view.person_id, new="yes"))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("members/form.html", form=form, refusal=refusal, at_desk=True), status


@blueprint.route("/members", methods=["GET", "POST"])
@allow("members.list")
def index() -> str:
    """The members of my stations; found by name, phone or number. Words are posted, so that no URL holds a name."""
    words = request.form.get("words", "")
    found = members.find(bank(), actor(), words, now=now())
    return render_template("members/index.html", members=found, words=words)


@blueprint.get("/members/<person_id>")
@allow("members.read")
def show(person_id: str) -> str:
    """One member, and what the desk can do."""
    view = members.see(bank(), actor(), person_id, now=now())
    relatives = families.relatives(bank(), actor(), person_id)
    form = KinForm()
    form.relation.choices = choices({k: v for k, v in RELATION_LABELS.items() if k is not Relation.SELF})
    form.proof.choices = choices(PROOF_LABELS)
    return render_template(
        "members/show.html", member=view, relatives=relatives, kin_form=form, pin_form=PinForm(),
        password_form=PasswordForm(), relation_labels=RELATION_LABELS, proof_labels=PROOF_LABELS,
        is_new=request.args.get("new") == "yes", use=credit_files.facts_of_use(bank(), actor(), person_id),
        waiting=_waiting(person_id), stations=_other_stations(view.station_id),
    )  # fmt: skip


def _other_stations(station_id: str) -> list[tuple[str, str]]:
    """Where a member can move to."""
    places = [one for one in network.stations(bank()) if one.kind == "station" and one.state == "open"]
    return [(one.id, in_language(one.name, one.name_en)) for one in places if one.id != station_id]


@dataclass(frozen=True, slots=True)
class Matter:
    """Something of a member that waits, and where it goes on."""

    url: str
    what: str
    words: str


def _waiting(person_id: str) -> list[Matter]:
    """What is open for a member: hours to be confirmed or clarified, requests, needs."""
    found = [
        Matter(
            url_for("hours.show", record_id=one.id),
            gettext("Confirm the hours") if one.elder_id == person_id else gettext("Hours logged"),
            f"{in_language(one.service, one.service_en)} {one.number}",
        )
        for one in hours.of_member(bank(), actor(), person_id, ("logged", "disputed"))
    ]
    wanted = needs.of_member(bank(), actor(), person_id)
    ridden = {one.redemption_id for one in wanted}
    found += [
        Matter(
            url_for("redemptions.show", redemption_id=one.id),
            in_language(one.service, one.service_en),
            f"{state_word(one.state, 'redemption')} {one.number}",
        )
        for one in redemptions.of_member(bank(), actor(), person_id)
        if one.id not in ridden
    ]
    return found + [
        Matter(
            url_for("needs.show", need_id=one.id),
            in_language(one.service, one.service_en),
            f"{state_word(one.state, 'need')} {one.number}",
        )
        for one in wanted
    ]


@blueprint.post("/members/<person_id>/move")
@allow("members.edit")
def move(person_id: str) -> Response:
    """The member moves within the county."""
    view = members.move(bank(), actor(), person_id, request.form.get("station", ""), now=now())
    station = in_language(view.station, view.station_en)
    flash(gettext("%(station)s looks after the account now.", station=station), "success")
    return redirect(url_for("desk.index"))


def _then(person_id: str, text: str) -> Response:
    flash(text, "success")
    return redirect(url_for("members.show", person_id=person_id))


@blueprint.route("/members/<person_id>/correct", methods=["GET", "POST"])
@allow("members.edit")
def correct(person_id: str) -> Any:
    """The desk corrects what is known of a member."""
    view = members.see(bank(), actor(), person_id, now=now())
    told = view.data
    form = CorrectionForm(
        data={
            "name": told.name,
            "phone": told.phone,
            "address": told.address,
            "tags": list(told.tags),
            "document_type": str(told.document_type),
            "born_on": told.born_on,
            "emergency_contact": told.emergency_contact,
        }
    )
    form.document_type.choices = choices(DOCUMENT_LABELS)
    form.tags.choices = circumstance_choices(told.tags)
    refusal = None
    if form.validate_on_submit():
        kept = told.document_number if form.document_type.data == str(told.document_type) else ""
        right = Correction(
            name=form.name.data,
            phone=form.phone.data,
            address=form.address.data,
            tags=tuple(form.tags.data or ()),
            document_type=form.document_type.data,
            document_number=form.document_number.data or kept,
            born_on=form.born_on.data,
            emergency_contact=form.emergency_contact.data,
        )
        try:
            members.correct(bank(), actor(), person_id, right, form.reason.data, consent=form.consent.data, now=now())
            return _then(person_id, gettext("Corrected. The earlier values are kept."))
        except TimebankError as error:
            refusal = in_words(error)
    status = refusal.status if refusal else 422 if form.errors else 200
    return render_template("members/correct.html", form=form, member=view, refusal=refusal), status


@blueprint.post("/members/<person_id>/approve")
@allow("members.approve")
def approve(person_id: str) -> Response:
    members.approve(bank(), actor(), person_id, now=now())
    return _then(person_id, gettext("The application is accepted."))


@blueprint.post("/members/<person_id>/decline")
@allow("members.approve")
def decline(person_id: str) -> Response:
    members.decline(bank(), actor(), person_id, now=now())
    flash(gettext("The application is declined."), "success")
    return redirect(url_for("members.index"))


@blueprint.post("/members/<person_id>/suspend")
@allow("members.suspend")
def suspend(person_id: str) -> Response:
    members.suspend(bank(), actor(), person_id, now=now())
    return _then(person_id, gettext("Done."))


@blueprint.post("/members/<person_id>/close")
@allow("members.close")
def close(person_id: str) -> Response:
    members.close(bank(), actor(), person_id, now=now())
    return _then(person_id, gettext("The membership is closed."))


@blueprint.post("/members/<person_id>/pin")
@allow("members.pin")
def pin(person_id: str) -> Response:
    members.set_pin(bank(), actor(), person_id, PinForm().pin.data or "", now=now())
    return _then(person_id, gettext("The PIN is set."))


@blueprint.post("/members/<person_id>/password")
@allow("members.pin")
def password(person_id: str) -> Response:
    members.set_password(bank(), actor(), person_id, PasswordForm().password.data or "", now=now())
    return _then(person_id, gettext("The password is set; it must be changed at the first sign-in."))


@blueprint.post("/members/<person_id>/card")
@allow("members.card")
def card(person_id: str) -> str:
    """A new card, shown once for printing."""
    secret = members.issue_card(bank(), actor(), person_id, now=now())
    view = members.see(bank(), actor(), person_id, now=now())
    code = segno.make(secret, error="m").svg_data_uri(scale=8)
    return render_template("members/card.html", member=view, code=code, secret=secret)


@blueprint.post("/members/<person_id>/kin")
@allow("kin.record")
def kin(person_id: str) -> Response:
    form = KinForm()
    relative_id = members.by_number(bank(), form.number.data or "")
    relation, proof = form.relation.data or "", form.proof.data or DECLARED
    families.record_kin(bank(), actor(), person_id, relative_id, relation, proof, now=now())
    if form.proxy.data:
        families.record_proxy(bank(), actor(), person_id, relative_id, "desk", now=now())
    return _then(person_id, gettext("The relative is recorded."))


@blueprint.post("/members/<person_id>/kin/<relative_id>/proof")
@allow("kin.record")
def prove_kin(person_id: str, relative_id: str) -> Response:
    """A paper was seen for a relation that is recorded."""
    families.prove_kin(bank(), actor(), person_id, relative_id, request.form.get("proof", ""), now=now())
    return _then(person_id, gettext("The paper is noted."))


@blueprint.post("/members/<person_id>/proxies/<proxy_id>/end")
@signed_in
def end_proxy(person_id: str, proxy_id: str) -> Response:
    """The elder, or the station on the elder's word, ends it."""
    families.end_proxy(bank(), actor(), person_id, proxy_id, now=now())
    flash(gettext("This relative no longer acts for the member."), "success")
    return redirect(
        url_for("home.index") if actor().person_id == person_id else url_for("members.show", person_id=person_id)
    )
