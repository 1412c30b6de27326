"""Ratings after a service: by who received it and by who helped, each once. Never public, shown by station."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from timebank.domain.errors import Forbidden, Invalid, NotFound, RatingGiven, RatingTooEarly
from timebank.domain.local_time import local_day
from timebank.domain.ratings import FACE_LABELS, Direction, check_rating
from timebank.domain.roles import Actor, covers, permits, require, stations_of
from timebank.domain.rounds import month_span
from timebank.storage.hours import HoursRecord
from timebank.storage.ratings import Rating
from timebank.storage.redemptions import Redemption
from timebank.storage.unit import Bank, Unit


@dataclass(frozen=True, slots=True)
class RatingView:
    """A rating as its giver and the station's staff see it."""

    id: str
    booking_id: str
    direction: str
    face: str
    text: str
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BookingView:
    """A service that can be rated: which sides the actor may speak for, and what was said."""

    booking_id: str
    number: str
    on: date
    service_code: str
    receiver: str
    helper: str
    finished: bool
    sides: tuple[str, ...]
    given: tuple[RatingView, ...]


@dataclass(frozen=True, slots=True)
class StationFaces:
    """How many gave which face at a station in a month; `counts` None where there are too few to be shown."""

    station_id: str
    station: str
    station_en: str
    direction: str
    counts: Mapping[str, int] | None


@dataclass(frozen=True, slots=True)
class Mark:
    """The quality mark of one service and its date (Order 67 of Civil Affairs, article 10)."""

    face: str
    on: date


@dataclass(frozen=True, slots=True)
class _Booking:
    """What a request for care and a record of hours have in common."""

    id: str
    kind: str
    number: str
    station_id: str
    payer_id: str
    receiver_id: str
    helper_id: str | None
    service_code: str
    at: datetime
    finished: bool


def booking(bank: Bank, actor: Actor, booking_id: str) -> BookingView:
    """A service by the id of its request or of its record. Raises NotFound for who has nothing to do with it."""
    with bank.read() as unit:
        found = _require(unit, booking_id)
        sides = _sides(unit, actor, found)
        people = unit.persons({one for one in (found.receiver_id, found.helper_id) if one})
        given = unit.ratings.of_booking(found.id)
        taken = {one.direction for one in given}
        return BookingView(
            booking_id=found.id,
            number=found.number,
            on=local_day(found.at),
            service_code=found.service_code,
            receiver=people[found.receiver_id].name,
            helper=people[found.helper_id].name if found.helper_id else "",
            finished=found.finished,
            sides=tuple(one for one in sides if one not in taken) if found.finished else (),
            given=tuple(_view(unit, one) for one in given if one.direction in sides),
        )


def rate(
    bank: Bank, actor: Actor, booking_id: str, direction: str, face: str, text: str = "", *, now: datetime
) -> RatingView:
    """Give a face to a service, with a few words. The desk writes down what an elder says, in the elder's name.

    Raises Invalid, NotFound, Forbidden, RatingTooEarly, RatingGiven.
    """
    check_rating(face, direction)
    with bank.unit() as unit:
        found = _require(unit, booking_id)
        if direction not in _sides(unit, actor, found):
            raise Forbidden
        if not found.finished:
            raise RatingTooEarly
        if any(one.direction == direction for one in unit.ratings.of_booking(found.id)):
            raise RatingGiven
        receives = direction == Direction.RECEIVER
        rater_id, rated_id = (found.receiver_id, found.helper_id) if receives else (found.helper_id, None)
        if rater_id is None:
            raise Invalid
        row = Rating(
            book=unit.origin,
            id=bank.new_id(now),
            booking_id=found.id,
            kind=found.kind,
            direction=direction,
            station_id=found.station_id,
            rater_id=rater_id,
            rated_id=rated_id,
            face=face,
            text_sealed=unit.seal_for(rater_id, text.strip()) if text.strip() else None,
            channel="self" if actor.person_id == rater_id else "desk" if permits(actor, "ratings.enter") else "proxy",
            entered_by=actor.person_id,
            at=now,
        )
        unit.ratings.add(row)
        unit.flush()
        return _view(unit, row)


def faces(bank: Bank, actor: Actor, month: date, *, now: datetime) -> tuple[StationFaces, ...]:
    """The faces of a month by station and side. Too few of a station are hidden from who doesn't work there.

    Raises Forbidden, CareRulesMissing.
    """
    require(actor, "ratings.read")
    with bank.read() as unit:
        parents = unit.network.parents()
        scope = stations_of(actor, "ratings.read", parents)
        counts = unit.ratings.counts(scope, *month_span(month))
        least = unit.care_at(now).figures.smallest_cell
        found = []
        for station in unit.network.stations():
            mine = permits(actor, "ratings.enter") and covers(actor, station.id, parents, "ratings.enter")
            for direction in Direction:
                given = {face: counts.get((station.id, direction, face), 0) for face in FACE_LABELS}
                total = sum(given.values())
                if station.id in scope and total:
                    shown = given if mine or total >= least else None
                    found.append(StationFaces(station.id, station.name, station.name_en, direction, shown))
        return tuple(found)


def marks(bank: Bank, actor: Actor, person_id: str) -> tuple[Mark, ...]:
    """The quality marks of a helper, for the staff of the helper's station; nobody's words. Raises Forbidden, NotFound.

    Facts with their dates; no mean, no rank.
    """
    require(actor, "ratings.enter")
    with bank.read() as unit:
        unit.require_member_at(actor, "ratings.enter", person_id)
        return tuple(Mark(row.face, local_day(row.at)) for row in unit.ratings.of_helper(person_id))


def _require(unit: Unit, booking_id: str) -> _Booking:
    """A request, or a record that answered no request: a service is one booking, however it is named."""
    record = unit.hours.get(booking_id)
    if record is not None and record.redemption_id is not None:
        booking_id = record.redemption_id
    elif record is not None:
        return _of_record(record)
    request = unit.redemptions.get(booking_id)
    if request is None:
        raise NotFound
    return _of_request(request)


def _of_record(row: HoursRecord) -> _Booking:
    return _Booking(
        row.id, "hours", row.number, row.station_id, row.elder_id, row.elder_id, row.volunteer_id, row.service_code,
        row.started_at, row.state == "verified",
    )  # fmt: skip


def _of_request(row: Redemption) -> _Booking:
    return _Booking(
        row.id, "redemption", row.number, row.station_id, row.member_id, row.receiver_id, row.volunteer_id,
        row.service_code, row.wanted_at, row.state == "settled",
    )  # fmt: skip


def _sides(unit: Unit, actor: Actor, found: _Booking) -> tuple[str, ...]:
    """The sides for which the actor may speak. Raises NotFound for none of them."""
    me, sides = actor.person_id, []
    at_desk = permits(actor, "ratings.enter") and covers(
        actor, found.station_id, unit.network.parents(), "ratings.enter"
    )
    for_elder = me in (found.receiver_id, found.payer_id) or unit.members.is_proxy(found.receiver_id, me)
    if me != found.helper_id and (for_elder or at_desk):
        sides.append(str(Direction.RECEIVER))
    if found.helper_id is not None and (me == found.helper_id or (at_desk and me != found.receiver_id)):
        sides.append(str(Direction.HELPER))
    if not sides:
        raise NotFound
    return tuple(sides)


def _view(unit: Unit, row: Rating) -> RatingView:
    text = unit.open_for(row.rater_id, row.text_sealed) or ""
    return RatingView(row.id, row.booking_id, row.direction, row.face, text, row.channel, row.at)
