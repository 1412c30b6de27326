"""Sign-in, second factor, devices, password."""

from __future__ import annotations

from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import PasswordField

from timebank.domain.errors import TimebankError
from timebank.services import sessions
from timebank.web.errors import in_words
from timebank.web.forms import Form, SafeText, needed
from timebank.web.guard import actor, bank, cookie_name, now, public, signed_in, visitor

blueprint = Blueprint("sessions", __name__)


class SignInForm(Form):
    login = SafeText(lazy_gettext("Phone number or user name"), [needed()])
    password = PasswordField(lazy_gettext("Password"), [needed()])


class CodeForm(Form):
    code = SafeText(lazy_gettext("The six digits from your authenticator"), [needed()])


class PasswordForm(Form):
    old = PasswordField(lazy_gettext("Present password"), [needed()])
    new = PasswordField(lazy_gettext("New password"), [needed()], description=lazy_gettext("At least 8 characters."))


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Any:
    """Ask for login and password."""
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("sessions/sign_in.html", form=form, refusal=None), 422 if form.is_submitted() else 200
    device = request.user_agent.string[:80] or "?"
    try:
        secret = sessions.sign_in(
            bank(), form.login.data, form.password.data, device=device, address=request.remote_addr or "", now=now()
        )
    except TimebankError as error:
        refusal = in_words(error)
        return render_template("sessions/sign_in.html", form=form, refusal=refusal), refusal.status
    target = request.args.get("next", "")
    safe = target.startswith("/") and not target.startswith("//") and "\\" not in target
    response = redirect(target if safe else url_for("home.index"))
    response.set_cookie(
        cookie_name(), secret, httponly=True, secure=bank().settings.cookies_secure, samesite="Lax", path="/"
    )
    return response


@blueprint.post("/sign-out")
@signed_in
def sign_out() -> Response:
    """End this session."""
    sessions.sign_out(bank(), request.cookies.get(cookie_name(), ""), now=now())
    response = redirect(url_for("home.index"))
    response.delete_cookie(
        cookie_name(), path="/", secure=bank().settings.cookies_secure, httponly=True, samesite="Lax"
    )
    return response


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@signed_in
def second_factor() -> Any:
    """Ask for the code of the authenticator."""
    form = CodeForm()
    refusal = None
    if form.validate_on_submit():
        try:
            sessions.second_factor(bank(), request.cookies.get(cookie_name(), ""), form.code.data, now=now())
            return redirect(url_for("home.index"))
        except TimebankError as error:
            refusal = in_words(error)
    return render_template(
        "sessions/second_factor.html", form=form, refusal=refusal
    ), refusal.status if refusal else 200


@blueprint.route("/account/authenticator", methods=["GET", "POST"])
@signed_in
def enrol() -> Any:
    """Set up an authenticator: the secret as QR code and as text, kept only once a code of it was typed."""
    form = CodeForm()
    refusal = None
    if form.validate_on_submit():
        try:
            secret = sessions.opened_enrolment(bank(), session.get("authenticator"))
            sessions.enrol_second_factor(
                bank(), request.cookies.get(cookie_name(), ""), secret, form.code.data, now=now()
            )
            session.pop("authenticator")
            flash(gettext("Your authenticator is set up."), "success")
            return redirect(url_for("home.index"))
        except TimebankError as error:
            refusal = in_words(error)
    secret, uri = sessions.begin_second_factor(bank(), actor(), now=now())
    session["authenticator"] = sessions.sealed_enrolment(bank(), secret)
    return render_template(
        "sessions/enrol.html", form=form, refusal=refusal, secret=secret, code=segno.make(uri).svg_data_uri(scale=6)
    ), refusal.status if refusal else 200


@blueprint.get("/account")
@signed_in
def devices() -> str:
    """Where I am signed in."""
    signed = visitor()
    this = signed.session_id if signed else ""
    return render_template("sessions/devices.html", devices=sessions.devices(bank(), actor(), this, now=now()))


@blueprint.post("/account/devices/<session_id>/end")
@signed_in
def revoke(session_id: str) -> Response:
    """Sign out another device of mine."""
    sessions.revoke(bank(), actor(), session_id, now=now())
    flash(gettext("That device is signed out."), "success")
    return redirect(url_for("sessions.devices"))


@blueprint.route("/account/password", methods=["GET", "POST"])
@signed_in
def change_password() -> Any:
    """Choose a new password; every other device is signed out."""
    form = PasswordForm()
    refusal = None
    signed = visitor()
    if form.validate_on_submit() and signed is not None:
        try:
            sessions.change_password(bank(), signed.actor, signed.session_id, form.old.data, form.new.data, now=now())
            flash(gettext("Your password is changed."), "success")
            return redirect(url_for("home.index"))
        except TimebankError as error:
            refusal = in_words(error)
    return render_template("sessions/password.html", form=form, refusal=refusal), refusal.status if refusal else 200
