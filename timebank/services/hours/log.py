"""Logging hours: what is refused, what is flagged, and the record that comes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from timebank.domain.catalogue import Place, Service
from timebank.domain.errors import NotFound, ServiceNotOffered, SlipNumberTaken
from timebank.domain.hours import (
    Circumstances,
    Claim,
    Neighbourhood,
    Source,
    flags,
    require_loggable,
    source_counts,
)
from timebank.domain.identity import matter_number
from timebank.domain.local_time import day_start, local_day
from timebank.domain.redemptions import RedemptionState, settlement
from timebank.domain.redemptions import after as redemption_after
from timebank.domain.roles import Actor, require
from timebank.domain.states import Party
from timebank.services.hours.values import HoursView, add_event, views
from timebank.storage.carrying import note_before
from timebank.storage.circumstances import circumstances, worked
from timebank.storage.hours import HoursFlag, HoursRecord
from timebank.storage.unit import Bank, Unit

LOOK_BACK = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class LogHours:
    """Hours as they are told: what, for whom, when, where. Seconds are dropped."""

    elder_id: str
    service_code: str
    started_at: datetime
    minutes: int
    place: str = "home"
    note: str = ""
    in_group: bool = False
    redemption_id: str | None = None


def log(bank: Bank, actor: Actor, form: LogHours, *, now: datetime) -> HoursView:
    """A volunteer logs own hours in the web form. The elder then confirms them.

    Raises each refusal of `domain.hours.rules`; nothing is trimmed to fit, nothing is kept of what is refused.
    """
    require(actor, "hours.log")
    with bank.unit() as unit:
        row = write(
            bank, unit, actor, claim_of(form, actor.person_id, Source.CONFIRMED), form.note, form.redemption_id, now
        )
        add_event(bank, unit, row, actor, None, now)
        unit.flush()
        return views(unit, actor, [row])[0]


def claim_of(form: LogHours, volunteer_id: str, source: Source, slip_number: str | None = None) -> Claim:
    """The claim that a form makes, in whole minutes."""
    start = form.started_at.astimezone(UTC).replace(second=0, microsecond=0)
    return Claim(
        volunteer_id=volunteer_id,
        elder_id=form.elder_id,
        service_code=form.service_code,
        started_at=start,
        ended_at=start + timedelta(minutes=form.minutes),
        place=Place(form.place),
        source=source,
        in_group=form.in_group,
        slip_number=slip_number,
    )


def write(
    bank: Bank, unit: Unit, actor: Actor, claim: Claim, note: str, redemption_id: str | None, now: datetime,
    station_id: str | None = None,
) -> HoursRecord:  # fmt: skip
    """Check a claim and keep it as a record in the state `logged`, with its flags. `station_id`: that records it; the
    volunteer's own if none is said."""
    membership = unit.members.get(claim.volunteer_id, lock=True)
    if membership is None:
        raise NotFound
    station_id = station_id or membership.station_id
    service = unit.catalogue.service(claim.service_code)
    around = circumstances(unit, claim, service, now)
    require_loggable(claim, around)
    if service is None:
        raise ServiceNotOffered
    if claim.slip_number and unit.hours.by_slip(station_id, claim.slip_number) is not None:
        raise SlipNumberTaken
    note_of_papers = note_before(unit, service, claim.volunteer_id, claim.elder_id, claim.started_at)
    card = unit.standards.in_force(claim.service_code, claim.started_at)
    number = matter_number("H", local_day(now).year, unit.network.next_number(f"hours {local_day(now).year}"))
    row = HoursRecord(
        book=unit.origin,
        id=bank.new_id(now),
        number=number,
        station_id=station_id,
        volunteer_id=claim.volunteer_id,
        elder_id=claim.elder_id,
        service_code=claim.service_code,
        started_at=claim.started_at,
        ended_at=claim.ended_at,
        minutes=claim.minutes,
        place=str(claim.place),
        source=str(claim.source),
        state="logged",
        in_group=claim.in_group,
        slip_number=claim.slip_number,
        note_sealed=unit.seal_for(claim.volunteer_id, note) if note else None,
        entered_by=actor.person_id,
        logged_at=now,
        redemption_id=redemption_id,
        card_version=card.version if card is not None else None,
        version=1,
    )
    unit.hours.add(row)
    unit.flush()
    if note_of_papers is not None:
        note_of_papers.record_id = row.id
    if redemption_id is not None:
        _deliver(unit, actor, row, redemption_id, now)
    for flag in flags(claim, _neighbourhood(unit, actor, claim, around, service, station_id)):
        params = json.dumps(dict(flag.params))
        unit.hours.add(HoursFlag(book=unit.origin, record_id=row.id, code=flag.code, params=params))
    unit.members.remember(claim.volunteer_id, claim.elder_id, claim.service_code, now)
    return row


def _deliver(unit: Unit, actor: Actor, row: HoursRecord, redemption_id: str, now: datetime) -> None:
    """These hours answer a request: it is delivered, and verifying the hours will pay for them.

    Raises NotFound unless the request was given to this volunteer, for this elder and service; DeliveredMoreThanHeld.
    """
    request = unit.redemptions.get(redemption_id, lock=True)
    given = (row.volunteer_id, row.elder_id, row.service_code)
    if request is None or (request.volunteer_id, request.receiver_id, request.service_code) != given:
        raise NotFound
    state = redemption_after(RedemptionState(request.state), "deliver", frozenset({Party.VOLUNTEER}))
    settlement(unit.policy_at(now)[0], row.service_code, request.minutes, row.minutes)
    request.delivered_minutes, request.delivered_at, request.delivered_by = row.minutes, row.ended_at, actor.person_id
    request.record_id = row.id
    unit.redemptions.move(request, str(state), actor.person_id, actor.via, now)


def _neighbourhood(
    unit: Unit, actor: Actor, claim: Claim, around: Circumstances, service: Service, station_id: str
) -> Neighbourhood:
    counts: dict[Source, int] = {}
    for (_, source), count in unit.hours.counts([station_id]).items():
        counts[Source(source)] = counts.get(Source(source), 0) + count
    manual, all_of_them = source_counts(counts)
    today = day_start(local_day(around.now))
    pair = unit.hours.between(claim.volunteer_id, claim.elder_id, claim.started_at - LOOK_BACK)
    elder = unit.hours.of_elder(claim.elder_id, claim.started_at, claim.ended_at)
    me = {claim.volunteer_id, claim.elder_id}
    return Neighbourhood(
        now=around.now,
        policy=around.policy,
        service=service,
        relation=around.relation,
        trainings=around.volunteer.trainings,
        own=around.others,
        pair=tuple(worked(row) for row in pair if not _same(row, claim)),
        elder=tuple(worked(row) for row in elder if row.volunteer_id != claim.volunteer_id),
        entries_today=len(unit.hours.entered_since(actor.person_id, today)) if actor.person_id not in me else 0,
        station_manual=manual,
        station_all=all_of_them,
    )


def _same(row: HoursRecord, claim: Claim) -> bool:
    return row.volunteer_id == claim.volunteer_id and row.started_at == claim.started_at
