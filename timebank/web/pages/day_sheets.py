"""The day sheet: print what is planned on numbered slips, and enter or void each of them afterwards."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO
from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from timebank.domain.errors import Invalid, NotFound, SheetDayInvalid, TimebankError
from timebank.domain.local_time import local_day
from timebank.domain.roles import permits, workplaces
from timebank.domain.slips import STATE_LABELS, VOID_REASONS
from timebank.services import hours, members, network
from timebank.services.hours import RowRefused, SheetView, SlipTold, SlipView
from timebank.web.errors import Refusal, in_words
from timebank.web.guard import actor, allow, bank, now
from timebank.web.language import in_language
from timebank.web.pages.hours import duration_choices, service_choices, zone
from timebank.web.paper import drawn

blueprint = Blueprint("day_sheets", __name__)
PAGE = 20
BLANKS = 4
SERVED = "served"


@blueprint.get("/desk/day-sheets")
@allow("day_sheet.read")
def index() -> str:
    """The sheets that were printed, the newest first, with what is missing."""
    return _index(None)


def _index(refusal: Refusal | None) -> str:
    rows = hours.sheets(bank(), actor(), before=request.args.get("before"), limit=PAGE)
    places = [one for one in network.stations(bank()) if one.id in workplaces(actor())]
    return render_template(
        "day_sheets/index.html", rows=rows, refusal=refusal, today=local_day(now()), blanks=BLANKS,
        stations=[(one.id, in_language(one.name, one.name_en)) for one in places],
        older=url_for("day_sheets.index", before=rows[-1].id) if len(rows) == PAGE else None,
    )  # fmt: skip


@blueprint.post("/desk/day-sheets")
@allow("slips.issue")
def make() -> Any:
    """A new sheet for a day; it can be printed at once."""
    blanks = request.form.get("blanks", "")
    try:
        try:
            day = date.fromisoformat(request.form.get("day", ""))
        except ValueError as error:
            raise SheetDayInvalid from error
        count = int(blanks) if blanks.isascii() and blanks.isdigit() and len(blanks) < 4 else BLANKS
        sheet = hours.make_sheet(bank(), actor(), request.form.get("station_id", ""), day, count, now=now())
    except TimebankError as error:
        refusal = in_words(error)
        return _index(refusal), refusal.status
    flash(gettext("The sheet is ready. Print it now."), "success")
    return redirect(url_for("day_sheets.show", sheet_id=sheet.id))


@blueprint.get("/desk/day-sheets/<sheet_id>")
@allow("day_sheet.read")
def show(sheet_id: str) -> str:
    """One sheet: what is entered, what is void, what is not back yet."""
    return _show(hours.sheet(bank(), actor(), sheet_id), None, None)


def _show(sheet: SheetView, refusal: Refusal | None, wrong: str | None) -> str:
    return render_template(
        "day_sheets/show.html", sheet=sheet, refusal=refusal, wrong=wrong, states=STATE_LABELS, reasons=VOID_REASONS,
        services=service_choices(hours.choices(bank(), actor())), durations=duration_choices(), typed=request.form,
        may_enter=permits(actor(), "hours.enter") and sheet.station_id in workplaces(actor()),
    )  # fmt: skip


@blueprint.post("/desk/day-sheets/<sheet_id>")
@allow("hours.enter")
def reconcile(sheet_id: str) -> Any:
    """Enter or void what came back: all that is filled in, or nothing."""
    sheet = hours.sheet(bank(), actor(), sheet_id)
    wanted = [slip for slip in sheet.slips if request.form.get(f"what-{slip.number}")]
    refused: tuple[TimebankError, str] | None = None
    told: list[SlipTold] = []
    for slip in wanted:
        try:
            told.append(_told(slip, sheet.day))
        except TimebankError as error:
            refused = refused or (error, slip.number)
    if refused is None:
        try:
            done = hours.reconcile(bank(), actor(), sheet_id, told, now=now())
        except RowRefused as error:
            refused = error.error, wanted[error.row].number
    if refused is not None:
        refusal = in_words(refused[0])
        return _show(sheet, refusal, refused[1]), refusal.status
    flash(
        gettext("Saved: %(count)s slips. %(open)s are not back yet.", count=len(told), open=done.counts["open"]),
        "success",
    )
    return redirect(url_for("day_sheets.show", sheet_id=sheet_id))


def _told(slip: SlipView, day: date) -> SlipTold:
    """One row of the table. Raises MemberNumberInvalid, NotFound, Invalid."""
    number, what = slip.number, request.form.get(f"what-{slip.number}", "")
    if what != SERVED:
        return SlipTold(number, reason=what)
    typed = {name: request.form.get(f"{name}-{number}", "").strip() for name in ("volunteer", "elder", "service")}
    try:
        start = datetime.fromisoformat(f"{day}T{request.form.get(f'start-{number}', '')}").replace(tzinfo=zone())
        minutes = int(request.form.get(f"minutes-{number}", ""))
    except ValueError as error:
        raise Invalid from error
    return SlipTold(
        number,
        volunteer_id=_member(typed["volunteer"], slip.volunteer_number, slip.volunteer_id),
        elder_id=_member(typed["elder"], slip.elder_number, slip.elder_id),
        service_code=typed["service"] or slip.service_code,
        started_at=start,
        minutes=minutes,
    )


def _member(typed: str, planned: str, planned_id: str | None) -> str:
    if planned_id is not None and typed in ("", planned):
        return planned_id
    if not typed:
        raise NotFound
    return members.by_number(bank(), typed)


@blueprint.post("/desk/day-sheets/<sheet_id>/slips/<number>/reopen")
@allow("hours.enter")
def reopen(sheet_id: str, number: str) -> Response:
    """A void slip turned up after all."""
    hours.reopen_slip(bank(), actor(), sheet_id, number, now=now())
    flash(gettext("Slip %(number)s is open again.", number=number), "success")
    return redirect(url_for("day_sheets.show", sheet_id=sheet_id))


@blueprint.get("/desk/day-sheets/<sheet_id>.pdf")
@allow("day_sheet.read")
def paper(sheet_id: str) -> Response:
    """The sheet on A4: the list of the day first, then a slip for each number."""
    sheet = hours.sheet(bank(), actor(), sheet_id)
    words = f"{bank().settings.book}\n{sheet.head_size}\n{sheet.head_hash}"
    html = render_template(
        "day_sheets/print.html", sheet=sheet, code=segno.make(words, error="m").svg_data_uri(scale=4, border=4)
    )
    name = in_language("日程单", "day-sheet")
    return send_file(BytesIO(drawn(html)), "application/pdf", download_name=f"{name}-{sheet.day}.pdf")
