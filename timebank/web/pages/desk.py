"""The station's desk: the queue to verify, slips typed in, slips printed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from timebank.domain.errors import GuestNotNeeded, Invalid, StationSignatureNeeded, TimebankError
from timebank.domain.hours import REASON_LABELS
from timebank.services import consent_notes, hours, members, needs, network, redemptions, station_keys
from timebank.services.hours import LogHours, RowRefused, StationSignature
from timebank.services.members import MemberView
from timebank.web.errors import Refusal, in_words
from timebank.web.guard import actor, allow, bank, now
from timebank.web.language import in_language
from timebank.web.pages.hours import duration_choices, service_groups, zone

blueprint = Blueprint("desk", __name__)
ROWS = 6
SALT = re.compile(r"[0-9a-f]{64}", re.ASCII).fullmatch


@blueprint.route("/desk", methods=["GET", "POST"])
@allow("members.register")
def index() -> Any:
    """Who stands at the desk: found by name, phone, number or card. Words are posted, so that no URL holds a name."""
    words, card = request.form.get("words", "").strip(), request.form.get("card", "").strip()
    found: tuple[MemberView, ...] | None = None
    refusal = None
    if request.method == "POST" and (words or card):
        try:
            if card:
                return _by_card(card)
            found = members.find(bank(), actor(), words, now=now())
        except TimebankError as error:
            refusal = in_words(error)
        if found is not None and len(found) == 1:
            return redirect(url_for("members.show", person_id=found[0].person_id))
    records, requests = hours.counts(bank(), actor()), redemptions.counts(bank(), actor())
    wanted = needs.counts(bank(), actor())
    page = render_template(
        "desk/index.html", found=found, words=words, refusal=refusal,
        waiting=records.get("confirmed", 0) + records.get("disputed", 0),
        requests=sum(requests.get(state, 0) for state in ("held", "waiting", "delivered")),
        needs=wanted.get("posted", 0) + wanted.get("open", 0),
        papers_out=len(consent_notes.at_stations(bank(), actor(), now=now())),
        slips=hours.slips_out(bank(), actor()),
    )  # fmt: skip
    return page, refusal.status if refusal else 200


def _by_card(card: str) -> Response:
    """To the member's page; a member of another station is a guest, which the card proves."""
    person_id = members.by_card(bank(), card)
    try:
        members.receive(bank(), actor(), person_id, card=card, now=now())
    except GuestNotNeeded:
        return redirect(url_for("members.show", person_id=person_id))
    return redirect(url_for("guests.show", person_id=person_id))


@blueprint.get("/desk/verify")
@allow("hours.verify")
def queue() -> str:
    """What waits to be verified, the oldest first, with what is unusual beside it."""
    return render_template("desk/queue.html", records=hours.queue(bank(), actor()), reasons=REASON_LABELS["reject"])


@blueprint.post("/desk/verify")
@allow("hours.verify")
def decide() -> Response | str:
    """Verify or reject one or many. What was refused is named; the rest is done."""
    ids = request.form.getlist("record") or [request.form.get("only", "")]
    only = request.form.get("only")
    if only:
        ids = [only]
    if request.form.get("action") == "reject":
        done = _reject(ids)
    else:
        outcomes = hours.verify(bank(), actor(), ids, now=now(), signatures=_signatures(ids))
        done = sum(outcome.refusal is None for outcome in outcomes)
        unsigned = [outcome.record_id for outcome in outcomes if isinstance(outcome.refusal, StationSignatureNeeded)]
        for outcome in outcomes:
            if outcome.refusal is not None and outcome.record_id not in unsigned:
                refusal = in_words(outcome.refusal)
                flash(f"{outcome.number} {refusal.text} {refusal.remedy}".strip(), "notice")
        if unsigned:
            return _sign(unsigned)
    if done:
        flash(ngettext("%(num)s record is done.", "%(num)s records are done.", done), "success")
    return redirect(url_for("desk.queue"))


def _signatures(ids: list[str]) -> dict[str, StationSignature]:
    """What the page of the texts to sign sends back."""
    given = {}
    for record_id in ids:
        key, salt = request.form.get(f"key-{record_id}", ""), request.form.get(f"salt-{record_id}", "")
        signature = request.form.get(f"signature-{record_id}", "")
        if signature and key.isascii() and key.isdigit() and len(key) < 16 and SALT(salt):
            given[record_id] = StationSignature(int(key), signature[:100], bytes.fromhex(salt))
    return given


def _sign(ids: list[str]) -> str:
    """The page on which the browser signs with the station's key."""
    statements = hours.statements(bank(), actor(), ids, now=now())
    stations = {statement.station_id for statement in statements}
    known = [one for one in station_keys.every(bank(), actor()) if one.station_id in stations]
    return render_template(
        "desk/sign.html",
        rows=[(one, hours.see(bank(), actor(), one.record_id)) for one in statements],
        keys=[key for station in known for key in station.in_force],
        book=bank().settings.book,
    )


def _reject(ids: list[str]) -> int:
    done = 0
    for record_id in ids:
        try:
            hours.step(
                bank(),
                actor(),
                record_id,
                "reject",
                request.form.get("reason"),
                request.form.get("text", "")[:500],
                now=now(),
            )
            done += 1
        except TimebankError as error:
            refusal = in_words(error)
            flash(f"{refusal.text} {refusal.remedy}", "notice")
    return done


@blueprint.route("/desk/enter", methods=["GET", "POST"])
@allow("hours.enter")
def enter() -> Any:
    """Type in slips: one or many in one table; all rows or none."""
    offer = hours.choices(bank(), actor())
    rows = [_row(position) for position in range(ROWS)]
    refusal: Refusal | None = None
    wrong: int | None = None
    if request.method == "POST":
        filled = [(position, row) for position, row in enumerate(rows) if row["volunteer"] or row["elder"]]
        try:
            drafts = [_draft(position, row) for position, row in filled]
            entered = hours.enter(bank(), actor(), drafts, now=now())
            flash(ngettext("%(num)s slip is entered.", "%(num)s slips are entered.", len(entered)), "success")
            return redirect(url_for("desk.enter"))
        except RowRefused as error:
            refusal, wrong = in_words(error.error), filled[error.row][0] if error.row < len(filled) else error.row
    elif request.args.get("volunteer"):
        rows[0]["volunteer"] = request.args["volunteer"]
    return render_template(
        "desk/enter.html", rows=rows, services=service_groups(replace(offer, elders=())),
        durations=duration_choices(), refusal=refusal,
        wrong=wrong, today=now().astimezone(zone()).date(),
    ), refusal.status if refusal else 200  # fmt: skip


def _row(position: int) -> dict[str, str]:
    names = ("slip", "volunteer", "elder", "service", "day", "start", "minutes")
    return {name: request.form.get(f"{name}-{position}", "").strip() for name in names}


def _draft(position: int, row: dict[str, str]) -> tuple[str, str, LogHours]:
    """A row as the service takes it. Raises RowRefused when it can't be read."""
    try:
        volunteer_id, elder_id = members.by_number(bank(), row["volunteer"]), members.by_number(bank(), row["elder"])
        start = datetime.fromisoformat(f"{row['day']}T{row['start']}").replace(tzinfo=zone())
        form = LogHours(elder_id=elder_id, service_code=row["service"], started_at=start, minutes=int(row["minutes"]))
    except TimebankError as error:
        raise RowRefused(position, error) from error
    except ValueError as error:
        raise RowRefused(position, Invalid()) from error
    return volunteer_id, row["slip"], form


@blueprint.route("/desk/slips", methods=["GET", "POST"])
@allow("slips.issue")
def slips() -> Any:
    """Print numbered slips, to be signed by both."""
    places = [view for view in network.stations(bank()) if view.kind == "station"]
    numbers: tuple[str, ...] = ()
    if request.method == "POST":
        count = request.form.get("count", "")
        numbers = hours.issue_slips(
            bank(), actor(), request.form.get("station_id", ""), int(count) if count.isdigit() else 6, now=now()
        )
    stations = [(view.id, in_language(view.name, view.name_en)) for view in places]
    return render_template("desk/slips.html", numbers=numbers, stations=stations, title=gettext("Paper slips"))
