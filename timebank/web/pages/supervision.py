"""The supervisor's work lists: signals of what may be wrong, and elders to be called back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from timebank.domain.errors import TimebankError
from timebank.domain.signals import RULE_LABELS, RULE_TEXTS
from timebank.services import call_backs, signals
from timebank.services.call_backs import ANSWERS, CALLED
from timebank.services.signals import SignalView
from timebank.web.errors import in_words
from timebank.web.guard import actor, allow, bank, now

blueprint = Blueprint("supervision", __name__)


@blueprint.app_template_filter("signal_words")
def signal_words(view: SignalView) -> str:
    """What a rule found, with its numbers."""
    return str(gettext(RULE_TEXTS[view.rule])) % view.params


@blueprint.get("/supervision")
@allow("signals.read")
def index() -> str:
    """Signals that wait for a look, decided ones behind them, and the stations' hand-typed shares."""
    return _page()


def _page(refusal: Any = None, typed: tuple[str, str] = ("", "")) -> str:
    return render_template(
        "supervision/index.html", waiting=signals.work_list(bank(), actor()),
        decided=signals.work_list(bank(), actor(), signals.DECISIONS),
        shares=call_backs.shares(bank(), actor(), now=now()), labels=RULE_LABELS, refusal=refusal, typed=typed,
    )  # fmt: skip


@blueprint.post("/supervision/signals/<signal_id>")
@allow("signals.decide")
def decide(signal_id: str) -> Any:
    """Close a signal with words."""
    words = request.form.get("words", "")
    try:
        signals.decide(bank(), actor(), signal_id, request.form.get("decision", ""), words, now=now())
    except TimebankError as error:
        refusal = in_words(error)
        return _page(refusal, (signal_id, words)), refusal.status
    flash(gettext("It is closed, with your words."), "success")
    return redirect(url_for("supervision.index"))


@blueprint.get("/call-backs")
@allow("spot_checks.record")
def calls() -> str:
    """Whom to call, and what to ask."""
    return render_template(
        "supervision/calls.html", views=call_backs.to_call(bank(), actor()), answers=ANSWERS, called=CALLED
    )


@blueprint.post("/call-backs/<call_back_id>")
@allow("spot_checks.record")
def answered(call_back_id: str) -> Any:
    """What was said on the phone."""
    answer, called = request.form.get("answer", ""), request.form.get("called", "")
    call_backs.answered(bank(), actor(), call_back_id, answer, called, now=now())
    flash(gettext("The answer is kept."), "success")
    return redirect(url_for("supervision.calls"))
