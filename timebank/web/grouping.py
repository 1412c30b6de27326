"""Writing an activity down: each person's hours and the activity itself, in one commit. For the page and the API."""

from __future__ import annotations

from collections.abc import Sequence

from timebank.domain.catalogue import Place
from timebank.services import activities, catalogue, hours
from timebank.services.activities import ActivityView, Line
from timebank.services.hours import LogHours, RowRefused
from timebank.web.guard import actor, bank, now


def write_down(view: ActivityView, lines: Sequence[Line]) -> int:
    """Enter the minutes of who was there. Gives how many. Raises the first refusal; then nothing was entered."""
    service = next((one for one in catalogue.offered(bank()) if one.code == view.service_code), None)
    usual = service.place if service is not None else Place.STATION
    place = str(Place.STATION if usual is Place.ANY else usual)
    rows = [
        (
            one.person_id,
            "",
            LogHours(one.elder_id, view.service_code, view.starts_at, view.minutes, place, in_group=view.in_group),
        )
        for one in lines
    ]
    try:
        with bank().together() as one:
            entered = hours.enter(one, actor(), rows, now=now())
            records = {record.volunteer_id: record.id for record in entered}
            activities.written(one, actor(), view.id, records, now=now())
    except RowRefused as refused:
        raise refused.error from refused
    return len(rows)
