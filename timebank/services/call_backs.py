"""Call-backs: of the hand-typed records some are drawn, and the elder or a relative is called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from timebank.domain.errors import AlreadyRecorded, NotFound, OwnSignal, PolicyMissing, ReasonUnknown
from timebank.domain.hours import SMALLEST_SHARE
from timebank.domain.inspections import checkpoint_body
from timebank.domain.roles import Actor, require, require_at, stations_of
from timebank.domain.signals import LOOK_BACK, MOST_CALLS, Found, is_drawn
from timebank.domain.words import N_
from timebank.storage.hours import HoursRecord
from timebank.storage.supervision import OPEN, CallBack
from timebank.storage.unit import Bank, Unit

DRAWN_BACK = timedelta(days=30)
ANSWERS = {
    "right": N_("Yes, it was so"),
    "different": N_("No, it was not so"),
    "not_reached": N_("Nobody answered"),
}
CALLED = {"elder": N_("the elder"), "kin": N_("a relative")}


@dataclass(frozen=True, slots=True)
class CallBackView:
    """A call to make: what is asked about, and whom to call at which number."""

    id: str
    record_number: str
    service: str
    service_en: str
    started_at: datetime
    minutes: int
    volunteer: str
    elder: str
    elder_phone: str
    kin: tuple[tuple[str, str], ...]
    """(name, phone) of relatives who may speak for the elder."""
    tries: int
    state: str


@dataclass(frozen=True, slots=True)
class StationShare:
    """A station's hand-typed share of the last 90 days, for its row beside its peers'; None below ten records."""

    station_id: str
    station: str
    station_en: str
    records: int
    manual_percent: int | None


def draw_due(bank: Bank, *, now: datetime) -> int:
    """Draw among the hand-typed records that a published checkpoint covers. Gives how many are to be called."""
    with bank.unit() as unit:
        try:
            percent = unit.policy_at(now)[0].entry.call_back_percent
        except PolicyMissing:
            return 0
        known, drawn = unit.supervision.drawn_records(), 0
        bodies: dict[int, str] = {}
        for record_id, station_id, seq in unit.hours.manual_entries_since(now - DRAWN_BACK):
            found = unit.publishing.first_after(seq) if record_id not in known else None
            if found is None:
                continue
            body = bodies.setdefault(found[0], checkpoint_body(found[1]))
            if not is_drawn(body, seq, percent):
                continue
            unit.supervision.add(
                CallBack(
                    book=unit.origin, id=bank.new_id(now), record_id=record_id, station_id=station_id, drawn_at=now,
                    state=OPEN, tries=0,
                )
            )  # fmt: skip
            drawn += 1
        return drawn


def to_call(bank: Bank, actor: Actor) -> tuple[CallBackView, ...]:
    """The calls to make in reach, the longest waiting first."""
    require(actor, "spot_checks.record")
    with bank.read() as unit:
        reach = stations_of(actor, "spot_checks.record", unit.network.parents())
        rows = unit.supervision.call_backs(reach, (OPEN,))
        views = [_view(unit, row) for row in rows]
        return tuple(view for view in views if view is not None)


def answered(bank: Bank, actor: Actor, call_back_id: str, answer: str, called: str, *, now: datetime) -> None:
    """Write down what the elder or a relative said. Nobody answered: it is tried again, three times at most.

    "It was not so" raises a signal for a second look. Raises NotFound, OwnSignal, AlreadyRecorded, ReasonUnknown.
    """
    if answer not in ANSWERS or called not in CALLED:
        raise ReasonUnknown
    with bank.unit() as unit:
        row = unit.supervision.call_back(call_back_id)
        if row is None:
            raise NotFound
        require_at(actor, "spot_checks.record", row.station_id, unit.network.parents())
        record = _record(unit, row.record_id)
        part = (record.volunteer_id, record.elder_id, record.entered_by, record.verified_by)
        if actor.person_id in part:
            raise OwnSignal
        if row.state != OPEN:
            raise AlreadyRecorded
        row.tries += 1
        row.called, row.called_by, row.called_at = called, actor.person_id, now
        if answer != "not_reached":
            row.state = answer
        elif row.tries >= MOST_CALLS:
            row.state = "not_reached"
        if answer == "different":
            persons = tuple(filter(None, (record.volunteer_id, record.entered_by, record.verified_by)))
            denied = Found("call_denied", row.station_id, row.record_id, persons)
            unit.supervision.raise_signal(bank.new_id(now), denied, now)


def shares(bank: Bank, actor: Actor, *, now: datetime) -> tuple[StationShare, ...]:
    """How much each station in reach typed in by hand in the last 90 days, the largest share first."""
    require(actor, "signals.read")
    with bank.read() as unit:
        reach = stations_of(actor, "signals.read", unit.network.parents())
        counts: dict[str, list[int]] = {}
        for _, station_id, _, _, _, source, _, _ in unit.hours.verified_since(now - LOOK_BACK):
            both = counts.setdefault(station_id, [0, 0])
            both[0] += 1
            both[1] += source == "manual"
        views = [
            StationShare(
                row.id, row.name, row.name_en, counts[row.id][0],
                counts[row.id][1] * 100 // counts[row.id][0] if counts[row.id][0] >= SMALLEST_SHARE else None,
            )
            for row in unit.network.stations()
            if row.id in reach and row.id in counts
        ]  # fmt: skip
        return tuple(sorted(views, key=lambda one: -(one.manual_percent or -1)))


def _record(unit: Unit, record_id: str) -> HoursRecord:
    record = unit.hours.get(record_id)
    if record is None:
        raise NotFound
    return record


def _view(unit: Unit, row: CallBack) -> CallBackView | None:
    record = _record(unit, row.record_id)
    service = unit.catalogue.service(record.service_code)
    proxies = [one.proxy_id for one in unit.members.proxies_of(record.elder_id)]
    people = unit.persons({record.volunteer_id, record.elder_id, *proxies})
    return CallBackView(
        id=row.id,
        record_number=record.number,
        service=service.name if service else record.service_code,
        service_en=service.name_en if service else record.service_code,
        started_at=record.started_at,
        minutes=record.minutes,
        volunteer=people[record.volunteer_id].name,
        elder=people[record.elder_id].name,
        elder_phone=people[record.elder_id].phone,
        kin=tuple((people[one].name, people[one].phone) for one in proxies if one != record.volunteer_id),
        tries=row.tries,
        state=row.state,
    )
