"""Ratings: each side once, after the service is finished, seen by station and never by others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.timebank.world import NOW, World
from timebank.domain import errors
from timebank.domain.roles import Actor
from timebank.services import families, ratings, redemptions
from timebank.services.hours import HoursView
from timebank.services.redemptions import AskForCare

MONTH = date(2026, 9, 1)


def size(world: World) -> int:
    with world.bank.read() as unit:
        return unit._session.scalar(text("select count(*) from rating")) or 0


def refused(world: World, error: type[errors.TimebankError], deed: Callable[[], Any]) -> None:
    before = size(world)
    with pytest.raises(error):
        deed()
    assert size(world) == before


def served(world: World, station: str = "A") -> tuple[Actor, Actor, HoursView]:
    volunteer, elder = world.member(station), world.member(station, name="李秀英")
    return volunteer, elder, world.verified(volunteer, elder)


def test_both_sides_rate_a_verified_record_once(world: World) -> None:
    bank = world.bank
    volunteer, elder, record = served(world)
    assert ratings.booking(bank, elder, record.id).sides == ("receiver",)
    given = ratings.rate(bank, elder, record.id, "receiver", "good", "很细心", now=NOW)
    assert (given.face, given.text, given.channel) == ("good", "很细心", "self")
    ratings.rate(bank, volunteer, record.id, "helper", "so_so", now=NOW)
    refused(world, errors.RatingGiven, lambda: ratings.rate(bank, elder, record.id, "receiver", "bad", now=NOW))
    assert ratings.booking(bank, elder, record.id).sides == ()
    assert [one.direction for one in ratings.booking(bank, volunteer, record.id).given] == ["helper"]
    with bank.read() as unit:
        kept = unit._session.execute(text("select text_sealed from rating where face = 'good'")).scalar()
    assert "很细心".encode() not in bytes(kept)


def test_a_request_and_its_record_are_one_service(world: World) -> None:
    bank, worker, elder = world.bank, world.staff["worker A"], world.rich(120)
    helper = world.member()
    wish = AskForCare(elder.person_id, elder.person_id, "chatting", 60, NOW + timedelta(hours=1))
    request = redemptions.ask(bank, elder, wish, now=NOW)
    redemptions.assign(bank, worker, request.id, helper.person_id, now=NOW)
    refused(world, errors.RatingTooEarly, lambda: ratings.rate(bank, elder, request.id, "receiver", "good", now=NOW))
    record = world.verified(helper, elder, redemption_id=request.id)
    assert ratings.rate(bank, elder, record.id, "receiver", "good", now=NOW).booking_id == request.id
    refused(world, errors.RatingGiven, lambda: ratings.rate(bank, elder, request.id, "receiver", "good", now=NOW))


def test_the_desk_and_a_proxy_speak_for_an_elder(world: World) -> None:
    bank, worker = world.bank, world.staff["worker A"]
    _, _, first = served(world)
    assert ratings.rate(bank, worker, first.id, "receiver", "bad", "说话太快", now=NOW).channel == "desk"
    _, elder, second = served(world)
    child = world.member(born=date(1980, 1, 1))
    families.record_kin(bank, worker, elder.person_id, child.person_id, "child", now=NOW)
    families.record_proxy(bank, worker, elder.person_id, child.person_id, "desk", now=NOW)
    assert ratings.rate(bank, child, second.id, "receiver", "good", now=NOW).channel == "proxy"


def test_what_cannot_be_rated_is_refused(world: World) -> None:
    bank = world.bank
    volunteer, elder, record = served(world)
    open_record = world.logged(volunteer, world.member(), ago=timedelta(hours=6))

    def rate(who: Actor, one: str, direction: str = "receiver", face: str = "good") -> Callable[[], Any]:
        return lambda: ratings.rate(bank, who, one, direction, face, now=NOW)

    refused(world, errors.Invalid, rate(elder, record.id, face="great"))
    refused(world, errors.Invalid, rate(elder, record.id, "station"))
    refused(world, errors.Forbidden, rate(elder, record.id, "helper"))
    refused(world, errors.Forbidden, rate(volunteer, record.id))
    refused(world, errors.RatingTooEarly, rate(volunteer, open_record.id, "helper"))
    for who in (world.member(), world.staff["worker B"], world.staff["county"], world.staff["auditor"]):
        refused(world, errors.NotFound, rate(who, record.id))
    refused(world, errors.NotFound, rate(elder, "0" * 32))


def test_faces_are_counted_by_station_and_few_are_hidden_from_above(world: World) -> None:
    bank, worker = world.bank, world.staff["worker A"]
    for face in ("good", "good", "bad"):
        _, elder, record = served(world)
        ratings.rate(bank, elder, record.id, "receiver", face, now=NOW)
    own = ratings.faces(bank, worker, MONTH, now=NOW)
    assert [dict(one.counts or {}) for one in own] == [{"good": 2, "so_so": 0, "bad": 1}]
    assert [one.counts for one in ratings.faces(bank, world.staff["county"], MONTH, now=NOW)] == [None]
    assert ratings.faces(bank, world.staff["worker B"], MONTH, now=NOW) == ()
    for _ in range(2):
        _, elder, record = served(world)
        ratings.rate(bank, elder, record.id, "receiver", "good", now=NOW)
    assert [dict(one.counts or {}) for one in ratings.faces(bank, world.staff["county"], MONTH, now=NOW)] == [
        {"good": 4, "so_so": 0, "bad": 1}
    ]
    assert ratings.faces(bank, worker, date(2026, 8, 1), now=NOW) == ()
    with pytest.raises(errors.Forbidden):
        ratings.faces(bank, world.staff["auditor"], MONTH, now=NOW)


def test_a_helpers_marks_have_a_date_and_are_the_stations(world: World) -> None:
    bank = world.bank
    volunteer, elder, record = served(world)
    ratings.rate(bank, elder, record.id, "receiver", "good", "很细心", now=NOW)
    ratings.rate(bank, volunteer, record.id, "helper", "bad", now=NOW)
    found = ratings.marks(bank, world.staff["worker A"], volunteer.person_id)
    assert [(one.face, one.on) for one in found] == [("good", date(2026, 9, 15))]
    for who, error in (("worker B", errors.NotFound), ("county", errors.Forbidden), ("auditor", errors.Forbidden)):
        with pytest.raises(error):
            ratings.marks(bank, world.staff[who], volunteer.person_id)
    for member in (volunteer, elder):
        with pytest.raises(errors.Forbidden):
            ratings.marks(bank, member, volunteer.person_id)
